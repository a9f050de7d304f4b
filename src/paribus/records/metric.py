"""What a figure of merit is called, which direction is good, and in which unit people read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """A figure of merit.

    Args:
        name: as it stands in the records, without the split: ``accuracy``.
        higher_is_better: the good direction.
        percent: whether people read it in per cent, and differences of it in percentage points.
        counted: whether it is a share of the examples, so that it moves in steps of one over their number.
        matters: the smallest difference worth having, the default δ of verdicts; ``None`` if there is none.
    """

    name: str
    higher_is_better: bool
    percent: bool = False
    counted: bool = False
    matters: float | None = None


ACCURACY = Metric("accuracy", higher_is_better=True, percent=True, counted=True, matters=0.01)
LOSS = Metric("loss", higher_is_better=False)
MACRO_F1 = Metric("macro_f1", higher_is_better=True, percent=True, matters=0.01)
MIOU = Metric("miou", higher_is_better=True, percent=True, matters=0.01)
IOU = Metric("iou", higher_is_better=True, percent=True, matters=0.01)
PIXEL_ACCURACY = Metric("pixel_accuracy", higher_is_better=True, percent=True, matters=0.01)
PSNR = Metric("psnr", higher_is_better=True, matters=0.1)  # dB
SSIM = Metric("ssim", higher_is_better=True, matters=0.005)
ELBO = Metric("elbo", higher_is_better=True)  # nats per example
RECONSTRUCTION = Metric("reconstruction", higher_is_better=True)
KL = Metric("kl", higher_is_better=False)
LOG_LIKELIHOOD = Metric("log_likelihood", higher_is_better=True)
FRECHET = Metric("frechet", higher_is_better=False)
PRECISION = Metric("precision", higher_is_better=True, percent=True)
RECALL = Metric("recall", higher_is_better=True, percent=True)
MODES = Metric("modes", higher_is_better=True, matters=1.0)
QUALITY = Metric("quality", higher_is_better=True, percent=True)
MODE_KL = Metric("mode_kl", higher_is_better=False)
GENERATOR_LOSS = Metric("generator_loss", higher_is_better=False)
DISCRIMINATOR_LOSS = Metric("discriminator_loss", higher_is_better=False)


def percentages(names: Iterable[str]) -> dict[str, Metric]:
    """Metrics of which only this is known: that people read them in per cent."""
    return {name: Metric(name, higher_is_better=True, percent=True) for name in names}


def is_detail(name: str) -> bool:
    """Whether a figure is one of many that a metric has, like ``val/iou/road``: short lists leave it out."""
    return name.count("/") > 1


def details(metrics: Mapping[str, float | None]) -> dict[str, dict[str, float | None]]:
    """Figures that are one of many: metric → name → value, ``{"val/iou": {"road": 0.9}}``."""
    found: dict[str, dict[str, float | None]] = {}
    for name, value in metrics.items():
        if is_detail(name):
            split, metric, one = name.split("/", 2)
            found.setdefault(f"{split}/{metric}", {})[one] = value
    return found
