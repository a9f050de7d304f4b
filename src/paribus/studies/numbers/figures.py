"""What a figure is like: its direction and unit from its name, its values from what stands in a column."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from paribus.errors import EvidenceError
from paribus.records.metric import ACCURACY, IOU, LOSS, PRECISION, PSNR, SSIM, Metric
from paribus.studies.numbers.table import EMPTY, Column, Table

SCORE = Metric("score", higher_is_better=True)
KINDS: dict[str, Metric] = {  # word in a name → what such figures are like; of several words, the first row that fits
    **dict.fromkeys(("neg", "negative"), SCORE),  # neg_mean_squared_error
    **dict.fromkeys(("loss", "losses", "error", "errors", "err", "nll", "perplexity", "ppl", "bpc", "bpd"), LOSS),
    **dict.fromkeys(("mse", "rmse", "mae", "mape", "smape", "rmsle", "wer", "cer", "ter", "eer", "ece", "brier"), LOSS),
    **dict.fromkeys(("fid", "kid", "lpips", "kl", "divergence", "entropy", "deviance", "regret"), LOSS),
    **dict.fromkeys(("latency", "seconds", "time", "cost"), LOSS),
    **dict.fromkeys(("accuracy", "acc", "top1", "top5", "f1", "fscore"), ACCURACY),
    **dict.fromkeys(("iou", "miou", "jaccard", "dice"), IOU),
    **dict.fromkeys(("auc", "auroc", "aupr", "auprc", "ap", "map", "precision", "recall", "sensitivity"), PRECISION),
    **dict.fromkeys(("specificity", "em"), PRECISION),
    "psnr": PSNR,
    "ssim": SSIM,
    **dict.fromkeys(("r2", "bleu", "rouge", "meteor", "chrf", "mcc", "kappa", "ndcg", "mrr", "elbo", "elo"), SCORE),
    **dict.fromkeys(("likelihood", "loglik", "correlation", "pearson", "spearman", "throughput"), SCORE),
    **dict.fromkeys(("reward", "rewards", "return", "returns", "score", "scores", "silhouette"), SCORE),
}
NEGATED = ("neg", "negative")
_WORDS = re.compile(r"[a-z]+\d*|\d+")


def figure(name: str, lower_is_better: bool | None, values: NDArray[np.float64], percent: bool) -> tuple[Metric, str]:
    """What a figure is like: as was said, else as its name says; and what was taken for what.

    Args:
        name: of its column.
        lower_is_better: where that was said.
        values: of it, finite.
        percent: whether it was said that they are in per cent.

    Raises:
        EvidenceError: where neither says which direction is good, or shares and percentages are mixed.
    """
    known = kind_of(name)
    if known is None and lower_is_better is None:
        raise EvidenceError(
            "whether more or less of this figure is good is not known by its name",
            got=name,
            hint="say --lower-is-better or --higher-is-better (Python: lower_is_better=True or False)",
        )
    found = replace(known or SCORE, name=name, counted=False)
    if lower_is_better is not None and lower_is_better == found.higher_is_better:  # then it is another figure
        found = Metric(name, not lower_is_better, found.percent)
    found = replace(found, percent=found.percent or percent)
    good = "higher" if found.higher_is_better else "lower"
    by = "as its name says" if lower_is_better is None else "as was said"
    said = f"{name}: {good} is better, {by}"
    return found, f"{said}; {_scale(found, values, percent)}." if found.percent else f"{said}."


def kind_of(name: str) -> Metric | None:
    """What a figure of this name is like: ``val/top1-acc``, ``testLoss``; ``None`` for one that nobody knows."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    words = {*_WORDS.findall(parted)}
    words |= {word.rstrip("0123456789") for word in words}
    if {"log", "likelihood"} <= words and words & {*NEGATED}:
        return LOSS
    return next((kind for word, kind in KINDS.items() if word in words), None)


def in_per_cent(metric: Metric, values: NDArray[np.float64], percent: bool) -> bool:
    """Whether the values of a share are per cent and not shares."""
    return metric.percent and (percent or bool(values.size and values.max() > 1 + 1e-9))


def _scale(metric: Metric, values: NDArray[np.float64], percent: bool) -> str:
    if not in_per_cent(metric, values, percent):
        return "its values are shares, 0 to 1"
    if values.size and values.max() <= 1:
        return "its values are per cent, as was said, though none is above 1 %: leave --percent out if they are shares"
    return "its values are per cent, 0 to 100"


def check_scale(name: str, metric: Metric, found: Mapping[str, float], percent: bool) -> None:
    """Refuse shares outside of 0 to 1, percentages outside of 0 to 100, and runs of which some have one and some other.

    Args:
        name: of the figure.
        metric: what it is like.
        found: what a run is called → its figure.
        percent: whether it was said that all are per cent.
    """
    finite = {run: value for run, value in found.items() if np.isfinite(value)}
    if not metric.percent or not finite:
        return
    most = 100 if in_per_cent(metric, np.array([*finite.values()]), percent) else 1
    if wrong := next((run for run, value in finite.items() if not 0 <= value <= most * (1 + 1e-9)), None):
        rule = f"{name} is a share: its values lie between 0 and {most}"
        hint = "is this the right column? A figure that is no share has another name"
        raise EvidenceError(rule, got=f"{finite[wrong]:g} of {wrong}", hint=hint)
    small = next((run for run, value in finite.items() if 0 < value <= 1), None)
    if most == 100 and small and not percent:
        large = next(run for run, value in finite.items() if value > 1)
        raise EvidenceError(
            f"{name} has shares and percentages in one column",
            got=f"{finite[small]:g} of {small}, {finite[large]:g} of {large}",
            hint="write all of them alike; where all are per cent, say --percent",
        )


def numbers(
    table: Table, name: str, column: Column, padded: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The values of a column, and where there is none; NaN and infinity are values: of runs that diverged.

    Args:
        table: what was read.
        name: of the column.
        column: it.
        padded: whether NaN stands where there is nothing.

    Raises:
        EvidenceError: naming the row and the value that is no number.
    """
    try:
        values = np.fromiter(map(float, column), np.float64, len(column))
        return values, np.isnan(values) & padded
    except (TypeError, ValueError, OverflowError):
        pass
    missing = np.array([cell is None or (isinstance(cell, str) and cell.strip().lower() in EMPTY) for cell in column])
    values = np.full(len(column), np.nan)
    for place in np.flatnonzero(~missing):
        values[place] = _number(table, name, column, int(place))
    return values, missing | (np.isnan(values) & padded)


def _number(table: Table, name: str, column: Sequence[object], place: int) -> float:
    cell = column[place]
    try:
        return float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        text = (cell if isinstance(cell, str) else repr(cell))[:80]
    hint = "leave the cell empty where a run has no figure, and write nan where it diverged"
    if text.strip().endswith("%"):
        hint = "write the number alone, and say --percent"
    elif re.fullmatch(r"\s*-?\d+,\d+\s*", text):
        hint = "write a decimal point instead of the comma"
    raise EvidenceError(f"{name} holds numbers", got=f"{text!r} in {table.row(place)}", hint=hint)
