"""Meters of adversarial training: both losses, the discriminator's accuracy, the quality of generated examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from paribus.data.deliver.loader import Batch
from paribus.tasks.generators import quality
from paribus.tasks.generators.extractor import FeatureExtractor
from paribus.tasks.meter import Means


class GanMeter:
    """Means of both losses and of the discriminator's hits.

    Args:
        threshold: the score above which the discriminator takes an example to be real.
        quality: looks at how good what is drawn is, in evaluation.
    """

    def __init__(self, threshold: float, quality: QualityMeter | None = None) -> None:
        self.threshold, self.quality = threshold, quality
        self.means = {"discriminator": Means(self._hits), "generator": Means()}

    def update(self, stage: str, loss: Tensor, outputs: Tensor, batch: Batch) -> None:
        """Count one batch of one stage: the discriminator's scores (B, 2), or what the generator drew."""
        self.means[stage].update(stage, loss, outputs, batch)
        if self.quality is not None and stage == "generator":
            self.quality.update(batch.inputs, outputs)

    def figures(self) -> dict[str, float]:
        """Losses, the discriminator's accuracy, and the figures of quality."""
        figures = {name: value for means in self.means.values() for name, value in means.figures().items()}
        return figures if self.quality is None else {**figures, **self.quality.figures()}

    def state(self) -> dict[str, Any]:
        """The sums."""
        return {stage: means.state() for stage, means in self.means.items()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from saved sums."""
        for stage, means in self.means.items():
            means.load(state[stage])

    def _hits(self, scores: Tensor, batch: Batch) -> dict[str, Tensor]:
        real, fake = (scores > self.threshold).double().mean(0)
        return {"discriminator_accuracy": (real + 1 - fake) / 2}


class QualityMeter:
    """Collects the features of real and of drawn examples, and compares them.

    Args:
        extractor: whose features they are compared in; it is moved to where the first examples are.
        stored: drawn examples → as the data are stored.
        counts: training examples of each class, which say how often each mode is due.
    """

    def __init__(self, extractor: FeatureExtractor, stored: Callable[[Tensor], Tensor], counts: Sequence[int]) -> None:
        self.extractor, self.stored, self.counts = extractor, stored, counts
        self.real: list[Tensor] = []
        self.fake: list[Tensor] = []
        self.modes: list[quality.Modes] = []

    def update(self, real: Tensor, drawn: Tensor) -> None:
        """Take in stored real examples and as many drawn ones."""
        if not self.real:
            self.extractor = self.extractor.to(real.device)
        fake = self.stored(drawn)
        self.real.append(self.extractor.features(real))
        self.fake.append(self.extractor.features(fake))
        if (modes := self.extractor.modes(fake)) is not None:
            self.modes.append(modes)

    def figures(self) -> dict[str, float]:
        """Fréchet distance, precision and recall; where modes are known, how many are covered and how well."""
        real, fake = torch.cat(self.real), torch.cat(self.fake)
        precision, recall = quality.precision_recall(real, fake)
        figures = {"frechet": quality.frechet(real, fake), "precision": precision, "recall": recall}
        if not self.modes:
            return figures
        modes = quality.Modes(*map(torch.cat, zip(*self.modes, strict=True)))
        due = torch.tensor(self.counts, device=modes.nearest.device)
        return figures | quality.mode_figures(modes, due / due.sum())
