"""From the run folders of a study to its evidence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from statistics import fmean
from typing import Any

from paribus.evidence import (
    Estimate,
    Interval,
    NoiseBudget,
    at_every_look,
    crossed_effects,
    mean_curve,
    mean_interval,
    variance_components,
)
from paribus.records.choices import compared
from paribus.records.claims import Claim
from paribus.records.metric import Metric
from paribus.records.result import ArmResult, StudyResult
from paribus.records.run import COUNTERS, State
from paribus.records.study import Arm, StudyDesign
from paribus.records.wording import metric_of
from paribus.studies import notes
from paribus.studies.effects import effects, ranking
from paribus.studies.folds import incomplete
from paribus.studies.looks import anytime, in_order, looks, unfinished
from paribus.studies.measure import Measure, measure_of, within
from paribus.studies.runs import RunRecord, first_of, folders_of, infos_of, single_examples
from paribus.studies.trials import tunings


def analyse(design: StudyDesign, folder: Path) -> StudyResult:
    """Read all runs of a study and draw the conclusions that they allow."""
    arms = design.arms()
    folders = folders_of(design, folder)
    everywhere = [run for of_arm in folders.values() for run in of_arm.values()]
    infos = infos_of(folders)
    info, environment = next(filter(None, infos), {}), first_of(run.environment for run in everywhere)
    runs = {name: {seed: RunRecord.read(run) for seed, run in of_arm.items()} for name, of_arm in folders.items()}
    measure = measure_of(design, infos)
    if measure.scored and not design.interim and design.looking == "planned":
        measure = replace(measure, examples=single_examples(folders, runs, measure.name))
    claim = measure.claim(design.claim)
    results = tuple(_arm(arm, runs[arm.name], measure, claim, design.confidence) for arm in arms)
    tests = {name: {seed: test for seed, run in of_arm.items() if (test := run.test)} for name, of_arm in runs.items()}
    tests = {name: of_arm for name, of_arm in tests.items() if of_arm}
    found = conclude(design, results, measure)
    tuned = tunings(design, folder, design.tuned_by or measure.name)
    said = (
        *notes.damage(runs),
        *notes.unkept(design, measure, found),
        *found.warnings,
        *notes.spent(tests),
        *(one.at_an_end for one in tuned if one.at_an_end),
    )
    return replace(found, environment=environment, data=info, warnings=said, tests=tests, tuning=tuned)


def of_values(
    design: StudyDesign,
    values: Mapping[str, Mapping[int, float | None]],
    curves: Mapping[str, Mapping[str, Sequence[Sequence[float | None]]]] = {},
) -> StudyResult:
    """The conclusions from numbers alone, of trainings that have no run folders.

    Args:
        design: what is compared; of another origin than a recipe.
        values: name of the arm → seed → its figure: ``None`` of a run that failed, NaN or infinite of one that
            diverged. A seed that an arm lacks was never run.
        curves: name of the arm → metric → one list per seed of ``values``, over epochs; gaps are ``None``.

    Raises:
        StudyError: where the claim that is asked for cannot be made.
    """
    measure = measure_of(design, ())
    claim = measure.claim(design.claim)
    results = []
    for arm in design.arms():
        states = {seed: _state(value) for seed, value in values[arm.name].items()}
        figures = {seed: value if states[seed] == "finished" else None for seed, value in values[arm.name].items()}
        of_arm = curves.get(arm.name, {})
        results.append(arm_result(arm, states, figures, measure, claim, design.confidence, of_arm))
    return conclude(design, tuple(results), measure)


def conclude(design: StudyDesign, arms: tuple[ArmResult, ...], measure: Measure) -> StudyResult:
    """What follows from the arms of a study, wherever their figures come from."""
    noise = design.layout == "noise"
    if unfinished(arms) or anytime(design, arms):
        arms = tuple(_at_every_look(arm, design, measure) for arm in arms)
    found = () if noise else effects(design, arms, measure)
    look = looks(design, arms, found)
    said = (look.sentence,) if look.sentence else ()
    return StudyResult(
        design=design,
        metric_name=measure.name,
        metric=measure.metric,
        delta=measure.delta,
        arms=arms,
        effects=found,
        noise=_noise(arms, design.confidence) if noise else None,
        claim=measure.claim(design.claim),
        choices=compared(design),
        warnings=(*said, *notes.of_arms(design, arms), *incomplete(design), *notes.coarse(measure)),
        command=design.command,
        looks=look,
        ranking=ranking(design, arms, measure),
    )


def _state(value: float | None) -> State:
    """How a run ended of which only the figure is known."""
    if value is None:
        return "failed"
    return "finished" if math.isfinite(value) else "diverged"


def widest_claim(design: StudyDesign, folder: Path) -> Claim:
    """The widest claim that the runs of a study allow, whatever is asked for."""
    return measure_of(design, infos_of(folders_of(design, folder))).claim(None)


def _arm(arm: Arm, runs: Mapping[int, RunRecord], measure: Measure, claim: Claim, confidence: float) -> ArmResult:
    finished = [run.result for run in runs.values() if run.result]
    values = {seed: run.figure(measure.name) for seed, run in runs.items()}
    rows: Sequence[Mapping[str, Any]] = next((run.rows for run in runs.values() if run.rows), ())
    if measure.foreign:  # where not every row has every figure
        names = [key for key in dict.fromkeys(key for row in rows for key in row) if key not in COUNTERS]
    else:
        names = [key for key in (rows[0] if rows else ()) if "/" in key]
    states = {seed: run.status.state for seed, run in runs.items()}
    curves = {key: tuple(tuple(row.get(key) for row in run.rows) for run in runs.values()) for key in names}
    known = arm_result(arm, states, values, measure, claim, confidence, curves)
    return replace(
        known,
        parameters=finished[0].parameters or None if finished else None,
        seconds=fmean(result.seconds for result in finished) if finished else None,
        examples_per_second=fmean(result.examples_per_second for result in finished) or None if finished else None,
        peak_memory_mb=fmean(result.peak_memory_mb for result in finished) if finished else None,
        execution=finished[0].execution if finished else {},
        errors={
            seed: run.status.error for seed, run in runs.items() if run.status.error and run.status.state != "finished"
        },
    )


def arm_result(
    arm: Arm,
    states: Mapping[int, State],
    values: Mapping[int, float | None],
    measure: Measure,
    claim: Claim,
    confidence: float,
    curves: Mapping[str, Sequence[Sequence[float | None]]],
) -> ArmResult:
    """An arm from how its runs ended, their figures and their curves; what they cost is not known here."""
    return ArmResult(
        name=arm.name,
        settings=arm.settings,
        states=states,
        values=values,
        level=within(_level(arm, values, measure, claim, confidence), measure.metric),
        stream=arm.stream,
        curves={name: tuple(map(tuple, of_seeds)) for name, of_seeds in curves.items()},
        means=mean_curves(curves, list(states.values()), confidence, measure.overlap_of(claim), measure.metrics),
    )


def _level(arm: Arm, values: Mapping[int, float | None], measure: Measure, claim: Claim, confidence: float) -> Estimate:
    """The mean of an arm, with the interval that the claim has."""
    if claim == "examples" and measure.examples:
        return crossed_effects(measure.examples[arm.name].table, confidence).estimate
    return mean_interval(list(values.values()), confidence, overlap=measure.overlap_of(claim))


def _at_every_look(arm: ArmResult, design: StudyDesign, measure: Measure) -> ArmResult:
    """The same with a level of the seeds that count at a look, and an interval that holds at all of them."""
    counted = [arm.values.get(seed) for seed in in_order(design, [arm])]
    level = mean_interval(counted, design.confidence, overlap=arm.level.overlap)
    return replace(arm, level=within(at_every_look(level, 1 - design.confidence), measure.metric))


def mean_curves(
    curves: Mapping[str, Sequence[Sequence[float | None]]],
    states: Sequence[State],
    confidence: float,
    overlap: float = 0.0,
    metrics: Mapping[str, Metric] = {},
) -> dict[str, tuple[Interval | None, ...]]:
    """The means over seeds, epoch by epoch, as far as every run that did not diverge has come.

    A mean over fewer and fewer seeds would show who is left rather than how they learn. Bands are about the claim that
    the verdicts are about, by its overlap, and end where their metric does.
    """
    found = {}
    for name, of_seeds in curves.items():
        runs = zip(of_seeds, states, strict=True)
        sound = [curve for curve, state in runs if state != "diverged" and any(y is not None for y in curve)]
        if sound:
            of_one_length = list(zip(*zip_longest(*sound), strict=True))
            means, metric = mean_curve(of_one_length, confidence, overlap), metric_of(name, metrics)
            found[name] = tuple(mean and within(mean, metric) for mean in means)
    return found


def _noise(arms: Sequence[ArmResult], confidence: float) -> NoiseBudget:
    streams = {arm.stream: list(arm.values.values()) for arm in arms if arm.stream}
    [total] = [list(arm.values.values()) for arm in arms if not arm.stream]
    return variance_components(streams, total, confidence)
