"""What is gathered between two looks, and the looks themselves: a part of every checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from paribus.records.signals import Look
from paribus.training.signals.readings import fetched, rounded


@dataclass
class Gathered:
    """Signals of a training so far.

    Args:
        wanted: whether any are recorded.
        looks: that were taken, but for the one behind the last step.
        step: what the last step that was watched left behind, as fields of a look, and ``at``: how many there were.
        batches: the share of the most frequent class in each of the first batches.
        batch_inputs: figures of the inputs of the first batch.
        clipping: stage → steps, clipped ones, and the sum of all factors, since the last look.
    """

    wanted: bool = True
    looks: list[Look] = field(default_factory=list)
    step: dict[str, Any] = field(default_factory=dict)
    batches: list[float] = field(default_factory=list)
    batch_inputs: dict[str, tuple[float, ...]] = field(default_factory=dict)
    clipping: dict[str, tuple[int, int, float]] = field(default_factory=dict)
    _norms: dict[str, list[Tensor]] = field(default_factory=dict)
    _most: float | None = None

    def clipped(self, stage: str, norm: Tensor, most: float) -> None:
        """Keep the norm of a gradient, which was clipped to ``most`` if it was longer; nobody waits for the device."""
        if self.wanted:
            self._norms.setdefault(stage, []).append(norm)
            self._most = most

    def count(self) -> None:
        """Count what was clipped since this was asked last."""
        for stage, norms in self._norms.items():
            steps, clipped, total = self.clipping.get(stage, (0, 0, 0.0))
            factors = [min(1.0, (self._most or 0.0) / norm) if norm > 0 else 1.0 for norm in fetched(norms)]
            more = sum(factor < 1 for factor in factors)
            self.clipping[stage] = steps + len(factors), clipped + more, total + sum(factors)
        self._norms = {}

    def clips(self) -> dict[str, dict[str, float]]:
        """Shares and mean factors of clipping since the last look, as fields of the next."""
        self.count()
        counted, self.clipping = self.clipping, {}
        return {
            "clipped": {stage: rounded(clipped / steps) for stage, (steps, clipped, _) in counted.items()},
            "clip_factor": {stage: rounded(total / steps) for stage, (steps, _, total) in counted.items()},
        }

    def state(self) -> dict[str, Any]:
        """As plain values for a checkpoint."""
        self.count()
        return {
            "looks": [look.plain() for look in self.looks],
            "step": self.step,
            "batches": self.batches,
            "batch_inputs": self.batch_inputs,
            "clipping": self.clipping,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from there; an earlier version recorded none."""
        self.looks = [look for row in state.get("looks", ()) if (look := Look.read(row)) is not None]
        self.step, self.batches = dict(state.get("step", {})), list(state.get("batches", ()))
        self.batch_inputs = {name: tuple(row) for name, row in state.get("batch_inputs", {}).items()}
        self.clipping = {stage: tuple(counts) for stage, counts in state.get("clipping", {}).items()}
