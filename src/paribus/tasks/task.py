"""What the training loop asks of a task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from torch import Tensor, nn

from paribus.data.feed import Batch
from paribus.records.metric import Metric


class Meter(Protocol):
    """Adds up figures over batches on the device, without waiting for it."""

    def update(self, stage: str, loss: Tensor, outputs: Tensor, batch: Batch) -> None:
        """Count one batch of one stage. ``loss`` is its mean loss, detached."""
        ...

    def figures(self) -> dict[str, float]:
        """Metric name → value over everything counted so far."""
        ...

    def state(self) -> dict[str, Any]:
        """The sums themselves, tensors or plain values, to be saved in the middle of an epoch."""
        ...

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from saved sums."""
        ...


class Task(Protocol):
    """What is learned. The loop steps, records and stops; all that depends on the kind of problem is here."""

    metrics: ClassVar[tuple[Metric, ...]]  # the first one is what a study compares by default

    def stages(self, network: nn.Module) -> Mapping[str, list[nn.Parameter]]:
        """Named sets of parameters, each with its own loss and optimizer, stepped in this order on every batch.

        Most tasks have one; a GAN has two.
        """
        ...

    def loss(self, stage: str, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """The mean loss of a batch for one stage (a scalar), and the outputs that the meter counts."""
        ...

    def meter(self, split: str) -> Meter:
        """A fresh meter for a part of the data."""
        ...

    def predict(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """What the network says of some inputs, one row per example: for classes their probabilities."""
        ...
