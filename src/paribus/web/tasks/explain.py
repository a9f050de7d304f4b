"""What a trained network does: the analyses of the table, and predictions on a file."""

from __future__ import annotations

from typing import Any


def offered(folder: Any) -> list[dict[str, Any]]:
    """The analyses that apply to a run, with their options."""
    return []
