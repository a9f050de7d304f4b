"""Runs without a recipe: trainings of somebody's own, called as functions, run as commands, or logged by a loop."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from paribus.errors import ParibusError
from paribus.records.metric import Metric

Origin = Literal["function", "command", "log"]
ORIGINS: dict[str, str] = {  # who trained, in words
    "function": "a function of your own trained it",
    "command": "a command of your own trained it",
    "log": "a loop of your own wrote it",
}


@dataclass(frozen=True)
class OwnTraining:
    """What stands in place of a recipe: all that decides the outcome but the seed, as far as it is known.

    Args:
        origin: how it is trained.
        name: what people call it.
        settings: what it is given, field → value; plain data.
        sources: fingerprints of what trains: ``function train`` → SHA-256.
        metrics: its figures of merit, as far as it is known how they are read.
    """

    origin: Origin
    name: str
    settings: Mapping[str, Any]
    sources: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[Metric, ...] = ()
    about: str = ""
    why: str = ""

    @cached_property
    def content(self) -> dict[str, Any]:
        """What a run writes down of it, and its identity; as :attr:`Recipe.content`."""
        return {"origin": self.origin, "recipe": dict(self.settings), "sources": dict(self.sources)}

    @cached_property
    def identity(self) -> str:
        """16 hexadecimal digits that change when its settings or its code change."""
        text = json.dumps(self.content, separators=(",", ":"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def figures_of_merit(self) -> tuple[Metric, ...]:
        """As :meth:`Recipe.figures_of_merit`."""
        return self.metrics


def numbers(found: Mapping[Any, Any], prefix: str = "") -> dict[str, float | None]:
    """The figures among named values: ``{"val": {"loss": tensor(0.5)}, "note": "x"}`` holds ``val/loss``.

    ``None`` is a figure that is missing. What is no single number (texts, arrays, objects) is no figure.
    """
    figures: dict[str, float | None] = {}
    for name, value in found.items():
        if isinstance(value, Mapping):
            figures |= numbers(value, f"{prefix}{name}/")
        elif value is None or (number := as_number(value)) is not None:
            figures[f"{prefix}{name}"] = None if value is None else number
    return figures


def as_number(value: Any) -> float | None:
    """A number, also one in a tensor or array of one element; ``None`` for anything else."""
    if isinstance(value, (str, bytes)):
        return None
    try:
        return float(value.item() if hasattr(value, "item") else value)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None


def plain(value: Any, what: str) -> Any:
    """A setting as plain data; classes and functions by their names, objects by what they say of themselves.

    Args:
        value: it.
        what: its name, for the message.

    Raises:
        ParibusError: for an object that says nothing of itself but its place in memory.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        return {str(name): plain(entry, f"{what}.{name}") for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry, what) for entry in value]
    if hasattr(value, "tolist"):  # of NumPy, of torch
        return plain(value.tolist(), what)
    name = getattr(value, "__qualname__", "") or repr(value)
    if " at 0x" in name or "<lambda>" in name:
        hint = "give a name, and make the object of it in your function; or give its class a __repr__"
        rule = f"the value of {what} does not say what it is, so runs of it cannot be told apart"
        raise ParibusError(rule, got=name, hint=hint)
    return name
