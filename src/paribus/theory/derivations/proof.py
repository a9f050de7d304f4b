"""The proof of a derivation: both sides of every claim at random draws. What does not hold is never shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from paribus.errors import TheoryError
from paribus.theory.derivations.record import TOLERANCE

Draw = TypeVar("Draw")
FLOOR = 1e-6  # magnitude below which errors count as absolute: where all cancels, only rounding is left


@dataclass(frozen=True)
class Claim(Generic[Draw]):
    """Two sides that are equal at every draw.

    Args:
        rule: why they are.
        text: what is claimed, for the message if they are not.
        sides: both of them at a draw.
    """

    rule: str
    text: str
    sides: Callable[[Draw], tuple[Any, Any]]


class Proof(Generic[Draw]):
    """Claims, and the largest relative error of each over all draws so far."""

    def __init__(self, claims: Sequence[Claim[Draw]], floor: float = FLOOR) -> None:
        self.claims = tuple(claims)
        self.floor = floor
        self.errors = [0.0] * len(self.claims)

    @property
    def error(self) -> float:
        """The largest of all."""
        return max(self.errors, default=0.0)

    def at(self, draw: Draw) -> None:
        """Try all claims; a draw at which one of them raises does not count for any."""
        found = [relative_error(*claim.sides(draw), floor=self.floor) for claim in self.claims]
        self.errors = list(map(max, self.errors, found))

    def require(self, hint: str = "please report this expression") -> None:
        """Raise unless everything holds.

        Raises:
            TheoryError: the first claim that does not.
        """
        for claim, error in zip(self.claims, self.errors, strict=True):
            if error > TOLERANCE:
                raise TheoryError(
                    f"internal error: the check of '{claim.rule}' failed (relative error {error:.1e}); "
                    "nothing is shown",
                    got=claim.text,
                    hint=hint,
                )


def relative_error(found: Any, expected: Any, floor: float = FLOOR) -> float:
    """Largest difference over the largest magnitude; infinite where shapes differ or something is not finite."""
    a, b = np.asarray(found, float), np.asarray(expected, float)
    if a.shape != b.shape or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return float("inf")
    scale = max(float(np.abs(a).max(initial=0.0)), float(np.abs(b).max(initial=0.0)), floor)
    return float(np.abs(a - b).max(initial=0.0)) / scale
