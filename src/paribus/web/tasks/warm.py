"""What takes long at first, before anybody waits for it."""

from __future__ import annotations


def reports() -> None:
    """Import what the pages of runs and studies need."""
    import paribus.reports.run
    import paribus.reports.study
    import paribus.study  # noqa: F401


def networks() -> None:
    """Import what trained networks are asked with."""
    import paribus.analysis.kept
    import paribus.inference.predict
    import paribus.inference.sample  # noqa: F401


def theory() -> None:
    """Import what derivations are worked out with."""
    import paribus.reports.derivation
    import paribus.theory.derive  # noqa: F401
