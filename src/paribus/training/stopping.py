"""When to stop before the budget is used, and which epoch's weights to keep."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

PARTS: Mapping[str, str] = {"never": ":Never", "patience": ":Patience"}


class Rule:
    """Whether to stop, and which epoch was the best so far (0 for none)."""

    restore = False
    best_epoch = 0
    stop = False

    def observe(self, epoch: int, row: Mapping[str, Any], higher_is_better: Mapping[str, bool]) -> bool:
        """Look at an epoch's figures; true if its weights are the best so far and shall be kept."""
        return False

    def state(self) -> dict[str, Any]:
        """What must be remembered over an interruption."""
        return {}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from a remembered state."""


class Never(Rule):
    """Train for the whole budget and keep the last weights."""


class Patience(Rule):
    """Stop when a validation figure has not improved for some epochs (early stopping; Prechelt, 1998).

    Args:
        metric: the figure that is watched; one that is not a number counts as no improvement.
        patience: epochs without improvement after which training stops.
        min_delta: smallest change that counts as an improvement.
        restore: whether the best epoch's weights are restored at the end.
    """

    def __init__(
        self,
        metric: str = "val/loss",
        patience: Annotated[int, Field(ge=1)] = 5,
        min_delta: Annotated[float, Field(ge=0)] = 0.0,
        restore: bool = True,
    ) -> None:
        self.metric, self.patience, self.min_delta, self.restore = metric, patience, min_delta, restore
        self.best, self.best_epoch, self.stop = math.nan, 0, False

    def observe(self, epoch: int, row: Mapping[str, Any], higher_is_better: Mapping[str, bool]) -> bool:
        """Compare with the best epoch so far."""
        value = row[self.metric]
        gain = value - self.best if higher_is_better[self.metric] else self.best - value
        first = math.isnan(self.best) and not math.isnan(value)
        improved = first or gain > self.min_delta
        if improved:
            self.best, self.best_epoch = value, epoch
        self.stop = epoch - self.best_epoch >= self.patience
        return improved

    def state(self) -> dict[str, Any]:
        """The best value and its epoch."""
        return {"best": self.best, "best_epoch": self.best_epoch, "stop": self.stop}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on with them."""
        self.best, self.best_epoch, self.stop = state["best"], state["best_epoch"], state["stop"]
