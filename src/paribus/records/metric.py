"""What a figure of merit is called, which direction is good, and in which unit people read it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from paribus.errors import StudyError


@dataclass(frozen=True)
class Metric:
    """A figure of merit.

    >>> ACCURACY.read_delta("1pt"), ACCURACY.read_delta(0.005), PSNR.read_delta("0.2dB")
    (0.01, 0.005, 0.2)

    Args:
        name: as it stands in the records, without the split: ``accuracy``.
        higher_is_better: the good direction.
        percent: whether people read it in per cent, and differences of it in percentage points.
        counted: whether it is a share of the examples, so that it moves in steps of one over their number.
        matters: the smallest difference worth having, the default δ of verdicts; ``None`` if there is none.
        unit: of its values, where it has one that is no share: ``dB``.
        span: from its least to its largest value; ``None`` where it has no bounds.
    """

    name: str
    higher_is_better: bool
    percent: bool = False
    counted: bool = False
    matters: float | None = None
    unit: str = ""
    span: float | None = None

    @property
    def range(self) -> float:
        """From its least to its largest value; infinite where it has no bounds."""
        return self.span or (1.0 if self.percent else math.inf)

    @property
    def bounds(self) -> tuple[float, float]:
        """Its least and its largest value, infinite where it has none."""
        return (0.0, 1.0) if self.percent else (-math.inf, math.inf)

    def read_delta(self, given: Any) -> float:
        """The smallest difference that matters, as people write it, in the unit of the records.

        Of a share it is written with its unit, ``1pt`` for a percentage point, or as a share below a tenth, ``.01``: a
        larger number without unit may be meant either way. Of another figure it is in that one's own unit.

        Args:
            given: a number, or a text with or without a unit.

        Raises:
            StudyError: for a unit that does not fit, and for a δ that no two values can differ by, or all do.
        """
        number, unit = _amount(given)
        points = unit in POINTS
        if points and not self.percent:
            own = f"in {self.unit}" if self.unit else "a plain number, without unit"
            raise StudyError(
                f"{self.name} is no share, and has no percentage points", got=str(given), hint=f"write δ as {own}"
            )
        if unit and not points and unit != self.unit.lower():
            raise StudyError(f"δ of {self.name} has no such unit", got=str(given), hint=self._example())
        if self.percent and not points and number >= PLAIN:
            raise StudyError(
                f"δ of a share such as {self.name} has its unit, or is below {PLAIN:g}: this may be points or a share",
                got=str(given),
                hint=f"write {number:g}pt for percentage points, or {100 * number:g}pt for the share",
            )
        value = round(number / 100, 15) if points else number
        if not 0 < value <= self.range:
            most = f", and at most {100 * self.range:g}pt" if self.percent else ""
            most = most or (f", and at most {self.range:g}" if self.span else "")
            raise StudyError(
                f"delta (δ), the smallest difference in {self.name} that matters, is above 0{most}",
                got=str(given),
                hint=self._example(),
            )
        return value

    def _example(self) -> str:
        """What to write for δ."""
        if self.percent:
            return "write 1pt for one percentage point, or .01"
        typical = self.matters or 0.1
        return f"write {typical:g}{self.unit}, or {typical:g}" if self.unit else f"write a plain number: {typical:g}"


POINTS = ("pt", "pts", "pp", "point", "points", "percentage point", "percentage points")  # of a share
PLAIN = 0.1  # from here on a δ without unit may be a share or points
_AMOUNT = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*([^\d\s].*?)?\s*\Z", re.IGNORECASE)


def _amount(given: Any) -> tuple[float, str]:
    """The number and the unit in ``1pt``, ``0.2 dB``, ``.01`` or 0.01."""
    if isinstance(given, str):
        found = _AMOUNT.match(given)
        number, unit = (found[1], found[2] or "") if found else ("nan", "")
    else:
        number, unit = given, ""
    try:
        value = math.nan if isinstance(number, bool) else float(number)
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        hint = "write 1pt for one percentage point, or a number in the unit of the metric"
        raise StudyError("δ is a number, with or without its unit", got=given, hint=hint)
    return value, unit.lower()


ACCURACY = Metric("accuracy", higher_is_better=True, percent=True, counted=True, matters=0.01)
LOSS = Metric("loss", higher_is_better=False)
MACRO_F1 = Metric("macro_f1", higher_is_better=True, percent=True, matters=0.01)
BALANCED_ACCURACY = Metric("balanced_accuracy", higher_is_better=True, percent=True, matters=0.01)
AUROC = Metric("auroc", higher_is_better=True, percent=True, matters=0.01)
ECE = Metric("ece", higher_is_better=False, percent=True, matters=0.01)  # of probabilities, in points
BRIER = Metric("brier", higher_is_better=False, span=2.0)
MIOU = Metric("miou", higher_is_better=True, percent=True, matters=0.01)
IOU = Metric("iou", higher_is_better=True, percent=True, matters=0.01)
PIXEL_ACCURACY = Metric("pixel_accuracy", higher_is_better=True, percent=True, matters=0.01)
MAP50 = Metric("map50", higher_is_better=True, percent=True, matters=0.01)  # COCO's average precision at IoU .50
MAP = Metric("map", higher_is_better=True, percent=True, matters=0.01)  # its mean over IoU .50, .55, … .95
EXACT = Metric("exact", higher_is_better=True, percent=True, counted=True, matters=0.01)  # whole texts
CHARACTERS = Metric("characters", higher_is_better=True, percent=True, matters=0.01)  # right ones, place by place
CER = Metric("cer", higher_is_better=False, matters=0.01)  # edits for each true character; may be above 1
PSNR = Metric("psnr", higher_is_better=True, matters=0.1, unit="dB")
SSIM = Metric("ssim", higher_is_better=True, matters=0.005, span=2.0)
ELBO = Metric("elbo", higher_is_better=True)  # nats per example
RECONSTRUCTION = Metric("reconstruction", higher_is_better=True)
KL = Metric("kl", higher_is_better=False)
LOG_LIKELIHOOD = Metric("log_likelihood", higher_is_better=True)
FRECHET = Metric("frechet", higher_is_better=False)
PRECISION = Metric("precision", higher_is_better=True, percent=True)
RECALL = Metric("recall", higher_is_better=True, percent=True)
MODES = Metric("modes", higher_is_better=True, matters=1.0, unit="modes")
QUALITY = Metric("quality", higher_is_better=True, percent=True)
MODE_KL = Metric("mode_kl", higher_is_better=False)
GENERATOR_LOSS = Metric("generator_loss", higher_is_better=False)
ONE_SHOT = Metric("one_shot", higher_is_better=True, percent=True, matters=0.01)
RECALL_AT_1 = Metric("recall_at_1", higher_is_better=True, percent=True, counted=True, matters=0.01)
RECALL_AT_5 = Metric("recall_at_5", higher_is_better=True, percent=True, counted=True, matters=0.01)
VERIFICATION = Metric("verification", higher_is_better=True, percent=True, matters=0.01)  # area under its ROC
EER = Metric("eer", higher_is_better=False, percent=True, matters=0.01)
SOLVED = Metric("solved", higher_is_better=True, percent=True, matters=0.01)  # of the puzzles of a pretext
PRETEXT_LOSS = Metric("pretext_loss", higher_is_better=False)
DISCRIMINATOR_LOSS = Metric("discriminator_loss", higher_is_better=False)


def percentages(names: Iterable[str]) -> dict[str, Metric]:
    """Metrics of which only this is known: that people read them in per cent."""
    return {name: Metric(name, higher_is_better=True, percent=True) for name in names}


QUIET = frozenset(metric.name for metric in (BALANCED_ACCURACY, AUROC, ECE, BRIER))
"""What is recorded in any case, and shown to those who ask for more than a first look."""


def is_detail(name: str) -> bool:
    """Whether a figure is one of many that a metric has, like ``val/iou/road``: short lists leave it out."""
    return name.count("/") > 1


def is_minor(name: str) -> bool:
    """Whether one line about a run leaves a figure out: a detail, or one of those that are quiet."""
    return is_detail(name) or name.rpartition("/")[2] in QUIET


def details(metrics: Mapping[str, float | None]) -> dict[str, dict[str, float | None]]:
    """Figures that are one of many: metric → name → value, ``{"val/iou": {"road": 0.9}}``."""
    found: dict[str, dict[str, float | None]] = {}
    for name, value in metrics.items():
        if is_detail(name):
            split, metric, one = name.split("/", 2)
            found.setdefault(f"{split}/{metric}", {})[one] = value
    return found
