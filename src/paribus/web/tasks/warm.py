"""What takes long at first, before anybody waits for it."""

from __future__ import annotations


def up() -> None:
    """Import what the pages of runs and studies need."""
    import paribus.reports.run
    import paribus.reports.study
    import paribus.study  # noqa: F401
