"""What can go wrong here. Every message names the operation, the shapes it received and the layer it ran in."""

from __future__ import annotations

from collections.abc import Sequence


class ScratchError(Exception):
    """Base of every error raised on purpose by this library."""


class GradientError(ScratchError):
    """A gradient was asked for that does not exist."""


class BudgetError(ScratchError):
    """No plan fits into the memory that was granted."""


class ShapeError(ScratchError, ValueError):
    """Shapes that do not fit together.

    Args:
        operation: name of the operation that refused.
        shapes: what it received.
        rule: what it expects.
    """

    def __init__(self, operation: str, shapes: Sequence[tuple[int, ...]], rule: str) -> None:
        super().__init__(operation, tuple(shapes), rule)
        self.operation, self.shapes, self.rule = operation, tuple(shapes), rule
        self.layers: list[str] = []  # outermost first; filled while the error travels through the network

    def __str__(self) -> str:
        received = " and ".join(map(str, self.shapes)) or "nothing"
        where = f"\n  in layer: {' → '.join(self.layers)}" if self.layers else ""
        return f"{self.operation}: {self.rule}\n  received: {received}{where}"
