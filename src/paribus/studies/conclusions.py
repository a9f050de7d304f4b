"""From the run folders of a study to its evidence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from paribus.errors import StudyError, nearest
from paribus.evidence import (
    Estimate,
    Judged,
    Looks,
    NoiseBudget,
    about_interaction,
    contrast,
    follow,
    interactions,
    judge_family,
    main_effects,
    mean_interval,
    variance_components,
)
from paribus.records.choices import choices
from paribus.records.metric import Metric
from paribus.records.parts import find
from paribus.records.result import ArmResult, Effect, StudyResult
from paribus.records.run import RunFolder
from paribus.records.study import Arm, StudyDesign
from paribus.records.wording import short_names, show

DIVERGED = -math.inf  # how evidence is told of a run that diverged; a missing one is NaN


def run_folder(study: Path, arm: Arm, seed: int) -> RunFolder:
    """Where a run of a study lies."""
    return RunFolder(study / arm.slug / f"seed-{seed}")


def analyse(folder: Path) -> StudyResult:
    """Read all runs of a study and draw the conclusions that they allow."""
    design = StudyDesign.open(folder)
    arms = design.arms()
    runs = {arm.name: {seed: run_folder(folder, arm, seed) for seed in design.seeds} for arm in arms}
    metric = find_metric(design)
    name = design.metric or f"val/{metric.name}"
    everything = [run for of_arm in runs.values() for run in of_arm.values()]
    info = next((info for run in everything if (info := run.info())), {})
    resolution = 1 / info["sizes"]["val"] if info and metric.counted else 0.0
    results = tuple(_arm(arm, runs[arm.name], name, design.confidence) for arm in arms)
    delta = design.delta if design.delta is not None else metric.matters
    return StudyResult(
        design=design,
        metric_name=name,
        metric=metric,
        delta=delta,
        arms=results,
        effects=() if design.layout == "noise" else _effects(design, results, metric, delta, resolution),
        noise=_noise(results, design.confidence) if design.layout == "noise" else None,
        choices=choices(design.base, varied=tuple(design.factors)),
        environment=next((found for run in everything if (found := run.environment())), {}),
        data=info,
        warnings=_warnings(design, results),
        command=design.command,
    )


def find_metric(design: StudyDesign) -> Metric:
    """The figure that a study compares: the named one, or the task's first."""
    metrics: Sequence[Metric] = getattr(find("task", design.base.task.use), "metrics")  # noqa: B009
    if design.metric is None:
        return metrics[0]
    known = {f"{split}/{metric.name}": metric for split in ("val", "train") for metric in metrics}
    if design.metric not in known:
        raise StudyError("there is no such figure", got=design.metric, hint=nearest(design.metric, known))
    return known[design.metric]


def _arm(arm: Arm, runs: Mapping[int, RunFolder], name: str, confidence: float) -> ArmResult:
    statuses = {seed: run.status for seed, run in runs.items()}
    finished = [result for run in runs.values() if (result := run.result)]
    values = {seed: _value(run, name) for seed, run in runs.items()}
    rows = [run.metrics() for run in runs.values()]
    names = [key for key in next((of_seed[0] for of_seed in rows if of_seed), {}) if "/" in key]
    return ArmResult(
        name=arm.name,
        settings=arm.settings,
        states={seed: status.state for seed, status in statuses.items()},
        values=values,
        level=mean_interval([value for value in values.values() if value is not None] or [math.nan], confidence),
        parameters=finished[0].parameters if finished else None,
        seconds=fmean(result.seconds for result in finished) if finished else None,
        examples_per_second=fmean(result.examples_per_second for result in finished) if finished else None,
        peak_memory_mb=fmean(result.peak_memory_mb for result in finished) if finished else None,
        curves={key: tuple(tuple(row.get(key) for row in of_seed) for of_seed in rows) for key in names},
        execution=finished[0].execution if finished else {},
        errors={seed: status.error for seed, status in statuses.items() if status.error and status.state != "finished"},
    )


def _value(run: RunFolder, name: str) -> float | None:
    """The figure of a finished run: of its final weights, or of the epoch they come from."""
    result = run.result
    if result is None:
        return None
    if name in result.metrics:
        return result.metrics[name]
    row = next((row for row in run.metrics() if row["epoch"] == result.best_epoch), {})
    value = row.get(name)
    return float(value) if value is not None else None


def _effects(
    design: StudyDesign, arms: Sequence[ArmResult], metric: Metric, delta: float | None, resolution: float
) -> tuple[Effect, ...]:
    questions = _questions(design)
    if not questions:
        return ()
    table = [[_number(arm, seed) for arm in arms] for seed in design.seeds]
    estimates = [contrast(table, weights, design.confidence, resolution) for _, _, weights in questions]
    differences = [[_difference(row, weights) for _, _, weights in questions] for row in table]
    judged = _judge(design, estimates, differences, metric, delta, resolution)
    return tuple(
        Effect(
            label=label,
            kind=kind,  # type: ignore[arg-type]
            differences=dict(zip(design.seeds, (_finite(row[i]) for row in differences), strict=True)),
            estimate=one.estimate,
            p_adjusted=one.p_adjusted,
            verdict=about_interaction(one.verdict) if kind == "interaction" else one.verdict,
            detectable=one.detectable,
            diverged=one.estimate.diverged,
            metric=metric,
        )
        for i, ((label, kind, _), one) in enumerate(zip(questions, judged, strict=True))
    )


def _questions(design: StudyDesign) -> list[tuple[str, str, list[float]]]:
    """What is compared: label, kind, weights over the arms."""
    arms = design.arms()
    labels = short_names(design.factors)
    shown = {labels[path]: [show(value) for value in values] for path, values in design.factors.items()}
    if len(arms) < 2:
        return []
    if design.layout == "factorial":
        several = (*main_effects(shown), *interactions(shown))
        return [(question.name, _kind(question.kind, shown), list(question.weights)) for question in several]
    questions = []
    for i, arm in enumerate(arms[1:], start=1):
        path = next(path for path, value in arm.settings.items() if value != arms[0].settings[path])
        label = f"{labels[path]}: {show(arm.settings[path])} − {show(arms[0].settings[path])}"
        weights = [0.0] * len(arms)
        weights[0], weights[i] = -1.0, 1.0
        questions.append((label, "arm", weights))
    return questions


def _kind(kind: str, factors: Mapping[str, Any]) -> str:
    return "arm" if len(factors) == 1 else kind  # with one factor there is nothing to average over


def _judge(
    design: StudyDesign,
    estimates: Sequence[Estimate],
    differences: Sequence[Sequence[float]],
    metric: Metric,
    delta: float | None,
    resolution: float,
) -> Sequence[Judged]:
    better = metric.higher_is_better
    if design.looks:
        looks = Looks(design.looks, 1 - design.confidence)
        judged = follow(differences, looks, delta=delta, higher_is_better=better, resolution=resolution).judged
        if judged:
            return judged
    return judge_family(estimates, delta=delta, higher_is_better=better, alpha=1 - design.confidence)


def _number(arm: ArmResult, seed: int) -> float:
    value = arm.values[seed]
    if value is not None:
        return value
    return DIVERGED if arm.states[seed] == "diverged" else math.nan


def _difference(row: Sequence[float], weights: Sequence[float]) -> float:
    """One seed's contrast; infinite if a run that counts in it diverged, NaN if one is missing."""
    counted = [(weight, value) for weight, value in zip(weights, row, strict=True) if weight]
    if any(math.isnan(value) for _, value in counted):
        return math.nan
    if any(math.isinf(value) for _, value in counted):
        return DIVERGED
    return float(sum(weight * value for weight, value in counted))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _noise(arms: Sequence[ArmResult], confidence: float) -> NoiseBudget:
    values = [[value for value in arm.values.values() if value is not None] for arm in arms]
    streams = {arm.name.removesuffix(" only"): of_arm for arm, of_arm in zip(arms[1:], values[1:], strict=True)}
    return variance_components(streams, values[0], confidence)


def _warnings(design: StudyDesign, arms: Sequence[ArmResult]) -> tuple[str, ...]:
    found = []
    lost = sum(arm.count("failed", "killed", "crashed", "interrupted", "new", "running") for arm in arms)
    values = [value for arm in arms for value in arm.values.values()]
    if any(arm.count("finished") for arm in arms) and not any(value is not None for value in values):
        found.append(f"No run recorded {design.metric}; recorded are {', '.join(arms[0].curves)}.")
    if lost:
        found.append(f"{lost} of {len(arms) * len(design.seeds)} runs did not finish; figures rest on the others.")
    if diverged := sum(arm.count("diverged") for arm in arms):
        found.append(
            f"{diverged} runs diverged: their loss became infinite or not a number. They count, and no mean hides them."
        )
    if len(design.seeds) < 3:
        found.append("With fewer than three seeds the spread is hardly known; conclusions need more.")
    threads = {(arm.execution.get("threads"), arm.execution.get("device")) for arm in arms if arm.execution}
    if len(threads) > 1:
        found.append("Arms ran with different thread counts or devices: costs are not comparable.")
    if design.extended:
        sizes = ", ".join(map(str, design.extended))
        found.append(
            f"The results were looked at before, with {sizes} seeds. Looking again raises the rate of false alarms "
            "above the stated one; looks that are planned before, with --until-decided, keep it."
        )
    return tuple(found)
