"""Why is R² negative? What is wrong with a forecast, from the records of its run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from paribus.data.info import DataInfo
from paribus.data.metadata import SeriesInfo
from paribus.diagnosis.finding import Diagnosis, Finding
from paribus.records.run import RunFolder

FAR = 3.0  # a level or a deviation beyond this keeps a network, which begins near 0, away for long
SHIFT = 1.0  # deviations by which the level moves, or values leave the range, before one speaks of drift


@dataclass(frozen=True)
class Record:
    """What a run left behind of a forecast.

    Args:
        options: dotted field → value of the recipe.
        series: what is known of them.
        figures: of the last epoch.
    """

    options: Mapping[str, Any]
    series: SeriesInfo
    figures: Mapping[str, Any]

    @property
    def poor(self) -> bool:
        """Whether the forecast is worse than the mean of the truth, or than repeating the last season or value."""
        return any(self.of(name) < 0 for name in ("r2", "skill", "skill_naive"))

    def of(self, name: str) -> float:
        """A validation figure; 0 where it is not known."""
        return float(self.figures.get(f"val/{name}") or 0.0)

    def range(self, split: str, name: str) -> tuple[float, ...]:
        """Mean, deviation, low or high of each target in one split."""
        return self.series.ranges[split][name]


def forecast(folder: RunFolder) -> Diagnosis:
    """All causes that the records show, gravest first; nothing is looked at in a run that has no figures yet."""
    rows = folder.history
    info = folder.info()
    series = DataInfo.read(info).series if info else None
    if not rows or series is None or not series.ranges:
        return Diagnosis(unchecked=("faults of forecasts: the figures or the ranges of the series are not recorded",))
    record = Record(_flat(folder.recipe.resolved()), series, folder.result.metrics if folder.result else rows[-1])
    causes = [finding for check in CHECKS if (finding := check(record))]
    found = causes or [finding for finding in (no_skill(record), hard_baseline(record)) if finding][:1]
    return Diagnosis(tuple(found), LOOKED_FOR)


def wrong_axis(record: Record) -> Finding | None:
    """The sequence runs over columns; said even of a good forecast, for it is never what was meant."""
    if record.options.get("model.axis") != "features":
        return None
    columns = record.series.columns
    return Finding(
        "wrong-axis",
        f"The {record.options['model.use']} takes its columns ({', '.join(columns)}) one after the other for moments in"
        " time. Its state goes from column to column, and never from one moment to the next.",
        {
            "model.axis": "features",
            "steps of its sequence": f"{len(columns)} columns",
            "steps of the past": float(record.series.length),
            **_figures(record),
        },
        {"model.axis": "time"},
    )


def not_scaled(record: Record) -> Finding | None:
    """Stored values reach the network as they are, and are far from where it begins."""
    mean, deviation = record.range("train", "mean"), record.range("train", "deviation")
    far = max(abs(level) for level in (*mean, *deviation))
    if record.options.get("data.scale") != "none" or far < FAR or not record.poor:
        return None
    return Finding(
        "inputs-not-scaled",
        f"Values around {mean[0]:,.4g} go in and must come out, while the network begins near 0 and its gates are"
        " saturated by such inputs. It spends its steps on learning the level.",
        {"data.scale": "none", "mean in training": mean[0], "deviation in training": deviation[0], **_figures(record)},
        {"data.scale": "standard"},
    )


def drift(record: Record) -> Finding | None:
    """The values of the validation split lie outside the range of training."""
    if record.options.get("task.anchor") != "none" or not record.poor:
        return None
    shift, beyond = _moved(record)
    if max(shift, beyond) < SHIFT:
        return None
    return Finding(
        "drift",
        f"Its level moved by {shift:.2g} deviations between training and validation, and its values reach {beyond:.2g}"
        " deviations beyond those of training. A network that forecasts levels cannot follow; one that forecasts"
        " changes can.",
        {
            "mean in training": record.range("train", "mean")[0],
            "mean in validation": record.range("val", "mean")[0],
            "deviation in training": record.range("train", "deviation")[0],
            **_figures(record),
        },
        {"task.anchor": "last"},
        "data.since leaves out a past that is no longer like the present.",
    )


def no_skill(record: Record) -> Finding | None:
    """Worse than repeating what was, and no other cause to be seen."""
    if not min(record.of("skill"), record.of("skill_naive")) < 0:
        return None
    last = record.of("skill_naive") < record.of("skill")  # the harder baseline is the better anchor
    anchor = "last" if last or record.series.season > record.series.length else "season"
    anchored = record.options.get("task.anchor") == anchor
    baseline = "the last value" if last else "the last season"
    return Finding(
        "no-skill",
        f"The forecast is worse than repeating {baseline}, which needs no model.",
        {**_figures(record), "epochs": float(record.options["budget.epochs"])},
        {"model.use": "linear"} if anchored else {"task.anchor": anchor},
        "Else train longer, show a longer past (data.length), or begin with model.use=linear.",
        severity="warning",
    )


def hard_baseline(record: Record) -> Finding | None:
    """R² is negative, and yet the forecast is better than what one can do without it."""
    if record.of("r2") >= 0:
        return None
    return Finding(
        "hard-baseline",
        "R² compares with the mean of the validation split itself, which nobody knows beforehand. The forecast is"
        " better than repeating the past: read its skill instead.",
        {**_figures(record), "deviation in validation": record.range("val", "deviation")[0]},
        advice="A longer validation split (split.val) holds more of the ups and downs that R² is about.",
        severity="note",
    )


LOOKED_FOR = (
    "data that are not scaled",
    "time along the wrong axis",
    "a series that leaves the range of training",
    "skill against repeating the last value or season",
)
CHECKS: tuple[Callable[[Record], Finding | None], ...] = (not_scaled, wrong_axis, drift)


def _moved(record: Record) -> tuple[float, float]:
    """By how many deviations the level moved, and values left the range of training: of the worst target."""
    splits = ("train", "val")
    (before, after), (low, lower), (high, higher) = (
        [record.range(split, name) for split in splits] for name in ("mean", "low", "high")
    )
    units = record.range("train", "deviation")
    shift = max(abs(b - a) / unit for a, b, unit in zip(before, after, units, strict=True))
    outside = zip(low, lower, high, higher, units, strict=True)
    return shift, max(0.0, *(max(a - b, d - c) / unit for a, b, c, d, unit in outside))


def _figures(record: Record) -> dict[str, float]:
    names = {"r2": "R²", "skill": "skill against the last season", "skill_naive": "skill against the last value"}
    return {said: record.of(name) for name, said in names.items()}


def _flat(recipe: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in recipe.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat
