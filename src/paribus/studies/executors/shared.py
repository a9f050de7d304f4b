"""What jobs need beside themselves, by name: forked workers inherit it, others get it with the user's own parts.

A function with the data that it closes over is kept once, not sent again with each of thousands of runs.
"""

from __future__ import annotations

from typing import Any

things: dict[str, Any] = {}


def why_not_sent(thing: Any) -> str:
    """Why something cannot be sent to a process that was not forked; empty where it can."""
    import cloudpickle

    try:
        cloudpickle.dumps(thing)
    except Exception as error:  # whatever the object says of itself
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return ""
