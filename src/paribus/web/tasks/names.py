"""What things are called on the page."""

from __future__ import annotations

from typing import Any


def called(folder: Any) -> str:
    """A run by its recipe and its seed."""
    from paribus.records.wording import clean

    content = folder.read()
    return f"{clean(content['name'])}, seed {content['seed']}"
