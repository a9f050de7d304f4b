"""Means over examples: the meter that most tasks need."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any

import torch
from torch import Tensor

from paribus.data.deliver.loader import Batch

Also = Callable[[Tensor, Batch], Mapping[str, Tensor]]


class Means:
    """The mean loss and other means over all examples counted so far.

    Sums stay on the device in float64 until they are read, so a step never waits for them.

    Args:
        also: (outputs, batch) → further figures by name, each the mean over the batch.
    """

    def __init__(self, also: Also | None = None) -> None:
        self.also = also
        self.sums: dict[str, Tensor] = {}
        self.counts: dict[str, int] = {}

    def update(self, stage: str, loss: Tensor, outputs: Tensor, batch: Batch) -> None:
        """Count one batch; the loss of a task with one stage is called ``loss``, else ``STAGE_loss``."""
        self._add("loss" if stage == "model" else f"{stage}_loss", loss, len(batch.rows))
        for name, value in (self.also(outputs, batch) if self.also else {}).items():
            self._add(name, value, len(batch.rows))

    def figures(self) -> dict[str, float]:
        """The means."""
        return {name: float(total) / self.counts[name] for name, total in self.sums.items()}

    def state(self) -> dict[str, Any]:
        """The sums and how many examples they are over."""
        return {"sums": self.sums, "counts": self.counts}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from saved sums."""
        self.sums, self.counts = dict(state["sums"]), dict(state["counts"])

    def _add(self, name: str, value: Tensor, examples: int) -> None:
        total = value.detach().to(torch.float64) * examples
        self.sums[name] = self.sums[name].to(total.device) + total if name in self.sums else total
        self.counts[name] = self.counts.get(name, 0) + examples


def added(states: Sequence[Any]) -> Any:
    """The state of a meter that counted what several have counted, from theirs.

    Numbers and tensors are added up, lists come one behind the other; of names each has the sum of those that know it.
    """
    first = states[0]
    if isinstance(first, Mapping):
        names = dict.fromkeys(name for state in states for name in state)
        return {name: added([state[name] for state in states if name in state]) for name in names}
    if isinstance(first, list):
        return [entry for state in states for entry in state]
    if first is None or isinstance(first, (str, bool)):
        return first
    return reduce(add, [state.cpu() if isinstance(state, Tensor) else state for state in states])
