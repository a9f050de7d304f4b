"""From the run folders of a study to its evidence."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from statistics import fmean
from typing import Any, TypeVar

from paribus.errors import DamagedRecord, StudyError, nearest
from paribus.evidence import (
    Contrast,
    Estimate,
    InterimAnalyses,
    Interval,
    Judged,
    NoiseBudget,
    Ranking,
    Verdict,
    about_interaction,
    at_every_look,
    contrast,
    contrast_of_means,
    interactions,
    judge_anytime,
    judge_family,
    main_effects,
    mean_curve,
    mean_interval,
    rank,
    sequential_test,
    variance_components,
)
from paribus.evidence.anytime import reach
from paribus.evidence.ranking import t_reach
from paribus.records import opened
from paribus.records.choices import ABSENT, compared
from paribus.records.claims import Claim
from paribus.records.metric import Metric
from paribus.records.opened import HeldOut
from paribus.records.parts import find
from paribus.records.result import ArmResult, Effect, StudyResult
from paribus.records.run import COUNTERS, SEALED, RunFolder, RunResult, State, Status
from paribus.records.study import ARM, Arm, Judging, StudyDesign, run_folder
from paribus.records.wording import ABOUT, count, metric_of, percent, short_names, threshold
from paribus.studies.folds import incomplete
from paribus.studies.looks import anytime, in_order, looks, reached, seen, tables, unfinished

Level = TypeVar("Level", Estimate, Interval)
RECORDS = tuple(name for name in SEALED if name != "weights.safetensors")  # of a run, beside its result
DAMAGED_SHOWN = 5  # damaged runs that are named one by one

TELLING = 3  # figures of two runs that are not all the same by chance
LOST: tuple[State, ...] = ("failed", "killed")  # runs that met an end without a figure


@dataclass(frozen=True)
class Measure:
    """What a study compares.

    Args:
        name: the figure's full name: ``val/accuracy``.
        metric: what is known of it.
        delta: the smallest difference that matters.
        resolution: its smallest step, 0 if it is continuous.
        overlap: validation examples for each one that may train, where every seed draws its own validation split:
            then a claim about data like these can be made; ``None`` where all seeds share one.
        foreign: whether the trainings are not those of a recipe.
        metrics: all that the task knows, by name.
    """

    name: str
    metric: Metric
    delta: float | None
    resolution: float
    overlap: float | None = None
    foreign: bool = False
    metrics: Mapping[str, Metric] = field(default_factory=dict)

    @property
    def overlaps(self) -> dict[Claim, float]:
        """The claims that can be made, the narrower first, with the overlap that each takes into account."""
        return {"these": 0.0, **({} if self.overlap is None else {"like-these": self.overlap})}

    def claim(self, asked: Claim | None) -> Claim:
        """What verdicts are about: what was asked for, or the widest that can be said.

        Raises:
            StudyError: where that cannot be said.
        """
        if asked is None or asked in self.overlaps:
            return asked or [*self.overlaps][-1]
        raise no_claim(asked, self.foreign)


@dataclass(frozen=True)
class RunRecord:
    """What a run folder says of a run: each of its files is read once."""

    status: Status
    result: RunResult | None
    rows: Sequence[Mapping[str, Any]]
    test: HeldOut | None = None
    damaged: str = ""

    @classmethod
    def read(cls, folder: RunFolder) -> RunRecord:
        """All that a study needs to know of a run; one that is damaged counts as failed, and is left out."""
        try:
            found = cls(folder.status, folder.result, folder.history)
            if found.result is not None:
                folder.check_seal(RECORDS, found.result)
        except DamagedRecord as error:
            said = f"{folder.path}: {error.rule}; {error.hint}"
            return cls(Status("failed", error=str(error)), None, (), damaged=said)
        try:
            return replace(found, test=opened.read(folder.path))
        except DamagedRecord as error:  # its other figures are sound
            return replace(found, damaged=f"{error.got}: {error.rule}; {error.hint}")

    def figure(self, name: str) -> float | None:
        """A figure of a finished run: of its final weights, or of the epoch they come from."""
        if self.result is None:
            return None
        if name in self.result.metrics:
            return self.result.metrics[name]
        row = next((row for row in self.rows if row["epoch"] == self.result.best_epoch), {})
        return row.get(name)


def analyse(design: StudyDesign, folder: Path) -> StudyResult:
    """Read all runs of a study and draw the conclusions that they allow."""
    arms = design.arms()
    folders = _folders(design, folder)
    everywhere = [run for of_arm in folders.values() for run in of_arm.values()]
    infos = _infos(folders)
    info, environment = next(filter(None, infos), {}), _first(run.environment for run in everywhere)
    measure = measure_of(design, infos)
    claim = measure.claim(design.claim)
    runs = {name: {seed: RunRecord.read(run) for seed, run in of_arm.items()} for name, of_arm in folders.items()}
    results = tuple(_arm(arm, runs[arm.name], measure, claim, design.confidence) for arm in arms)
    tests = {name: {seed: test for seed, run in of_arm.items() if (test := run.test)} for name, of_arm in runs.items()}
    tests = {name: of_arm for name, of_arm in tests.items() if of_arm}
    found = conclude(design, results, measure)
    warnings = (*_damage(runs), *found.warnings, *_spent(tests))
    return replace(found, environment=environment, data=info, warnings=warnings, tests=tests)


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
    measure = _measure(design, {}, design.overlap)
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
        warnings=(*said, *_warnings(design, arms), *incomplete(design), *_coarse(measure)),
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
    return measure_of(design, _infos(_folders(design, folder))).claim(None)


def _folders(design: StudyDesign, folder: Path) -> dict[str, dict[int, RunFolder]]:
    """The run folders of every arm by seed."""
    return {arm.name: {seed: run_folder(folder, arm, seed) for seed in design.seeds} for arm in design.arms()}


def _infos(folders: Mapping[str, Mapping[int, RunFolder]]) -> list[dict[str, Any]]:
    """What each arm knows of its data."""
    return [_first(run.info for run in of_arm.values()) for of_arm in folders.values()]


def _first(readers: Iterable[Callable[[], dict[str, Any]]]) -> dict[str, Any]:
    """What the first run says that says something and is not damaged."""
    for read in readers:
        with suppress(DamagedRecord):
            if found := read():
                return found
    return {}


def find_metrics(design: StudyDesign) -> Sequence[Metric]:
    """The figures that the task of a study knows; without a recipe its own one."""
    if design.foreign:
        return (_own_figure(design),)
    found: Sequence[Metric] = getattr(find("task", design.base.task.use), "metrics")  # noqa: B009
    return found


def find_metric(design: StudyDesign) -> Metric:
    """The figure that a study compares: its own, the named one, or the task's first."""
    metrics = find_metrics(design)
    if design.foreign or design.metric is None:
        return metrics[0]
    known = {f"{split}/{metric.name}": metric for split in ("val", "train") for metric in metrics}
    if design.metric.startswith("test/"):
        meant = design.metric.replace("test/", "val/", 1)
        rule = "a study compares figures of the validation split: a test that chooses an arm is no test of it any more"
        choice = meant if meant in known else next(iter(known))
        hint = f"write --metric {choice}; afterwards open the test of the arm that was chosen: paribus test"
        raise StudyError(rule, got=design.metric, hint=hint)
    if design.metric not in known:
        raise StudyError("there is no such figure", got=design.metric, hint=nearest(design.metric, known))
    return known[design.metric]


def _own_figure(design: StudyDesign) -> Metric:
    """The metric of a study without a recipe, which has no task that would know it."""
    if design.figure is None:
        raise StudyError("a study without a recipe says what its metric is like", got=design.name)
    return design.figure


def find_figure(design: StudyDesign) -> str:
    """The full name of the figure that a study compares: ``val/accuracy``."""
    name = find_metric(design).name
    return design.metric or (name if design.foreign else f"val/{name}")


def find_delta(design: StudyDesign) -> float | None:
    """The smallest difference that matters: the study's own, or the metric's."""
    return design.delta if design.delta is not None else find_metric(design).matters


def judging(design: StudyDesign, widest: Claim) -> Judging:
    """By what a study is judged, what it leaves to the task and to the split written out."""
    return Judging(
        metric=find_figure(design),
        delta=find_delta(design),
        confidence=design.confidence,
        seeds=len(design.seeds),
        claim=design.claim or widest,
    )


def contrasts(design: StudyDesign) -> tuple[Contrast, ...]:
    """What a study compares, in the order in which it is reported."""
    arms = design.arms()
    if len(arms) < 2 or design.layout == "noise":
        return ()
    if design.layout == "factorial":
        effects = main_effects(design.factors)
        if len(design.factors) == 1:  # there is nothing to average over
            return tuple(replace(effect, kind="arm") for effect in effects)
        return (*effects, *interactions(design.factors))
    reference, *others = arms
    return tuple(_against(reference, arm, place, len(arms)) for place, arm in enumerate(others, start=1))


def _against(reference: Arm, arm: Arm, place: int, count: int) -> Contrast:
    """An arm against the reference: by the field in which they differ; where several do, by their names."""
    weights = [0.0] * count
    weights[0], weights[place] = -1.0, 1.0
    known = {**reference.settings, **arm.settings}
    pairs = {path: (arm.settings.get(path, ABSENT), reference.settings.get(path, ABSENT)) for path in known}
    different = {path: pair for path, pair in pairs.items() if pair[0] != pair[1]}
    if len(different) == 1:
        [(path, (ours, theirs))] = different.items()
        return Contrast("arm", (path,), (ours,), (theirs,), tuple(weights))
    return Contrast("arm", (ARM,), (arm.name,), (reference.name,), tuple(weights))


def no_claim(asked: Claim, foreign: bool = False) -> StudyError:
    """What is said where seeds share one validation split, and a claim about other data is asked for."""
    if foreign:
        return StudyError(
            "nobody said that seeds draw their own validation splits, so they say nothing about data like these",
            got=f"--claim {asked}",
            hint="where they do, say how many examples validate for each one that trains: --overlap 0.25",
        )
    return StudyError(
        "all seeds share one validation split here, so they say nothing about data like these",
        got=f"--claim {asked}",
        hint="leave chance.split out, so that each seed draws its own; where the data bring a validation split, "
        "write --claim these",
    )


def splits_vary(design: StudyDesign) -> bool:
    """Whether a design lets every seed draw its own validation split, if the data bring none."""
    if design.foreign:
        return design.overlap is not None
    fixed = design.base.chance.split is not None or "chance.split" in design.factors
    return not fixed and design.layout != "noise"


def measure_of(design: StudyDesign, infos: Sequence[Mapping[str, Any]]) -> Measure:
    """What a study compares, where its runs say this of their data."""
    return _measure(design, next((info for info in infos if info), {}), _overlap(design, infos))


def _overlap(design: StudyDesign, infos: Sequence[Mapping[str, Any]]) -> float | None:
    """The largest overlap of any arm; ``None`` where all seeds share one validation split, or none has begun."""
    if design.foreign or not splits_vary(design):
        return design.overlap
    return max((found for info in infos if (found := info.get("overlap"))), default=None)


def _measure(design: StudyDesign, info: Mapping[str, Any], overlap: float | None) -> Measure:
    metric = find_metric(design)
    return Measure(
        name=find_figure(design),
        metric=metric,
        delta=find_delta(design),
        resolution=_resolution(info) if metric.counted else 0.0,
        overlap=overlap,
        foreign=design.foreign,
        metrics={one.name: one for one in find_metrics(design)},
    )


def _resolution(info: Mapping[str, Any]) -> float:
    """The smallest step of a share of the validation examples; 0 if their number is not known."""
    try:
        return 1 / int(info["sizes"]["val"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return 0.0


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
    overlap = measure.overlaps[claim]
    return ArmResult(
        name=arm.name,
        settings=arm.settings,
        states=states,
        values=values,
        level=within(mean_interval(list(values.values()), confidence, overlap=overlap), measure.metric),
        stream=arm.stream,
        curves={name: tuple(map(tuple, of_seeds)) for name, of_seeds in curves.items()},
        means=mean_curves(curves, list(states.values()), confidence, overlap, measure.metrics),
    )


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


def effects(design: StudyDesign, arms: Sequence[ArmResult], measure: Measure) -> tuple[Effect, ...]:
    """All comparisons of a study, judged together."""
    asked = contrasts(design)
    if not asked:
        return ()
    names, claim = short_names(design.factors), measure.claim(design.claim)
    judged = {about: _judge(design, asked, arms, measure, overlap) for about, overlap in measure.overlaps.items()}
    return tuple(
        Effect(
            one,
            claim,
            {about: _about(one, found[place], arms) for about, found in judged.items()},
            tuple(names.get(factor, factor) for factor in one.factors),
            measure.metric,
        )
        for place, one in enumerate(asked)
    )


def _about(asked: Contrast, judged: Judged, arms: Sequence[ArmResult]) -> Judged:
    """An interaction is neither better nor worse; and more seeds decide nothing where all runs of an arm failed."""
    compared = (arm for arm, weight in zip(arms, asked.weights, strict=True) if weight)
    if reason := next((reason for arm in compared if (reason := _failure(arm))), ""):
        return replace(judged, verdict=Verdict("failed", judged.verdict.delta, reason=reason))
    return replace(judged, verdict=about_interaction(judged.verdict)) if asked.kind == "interaction" else judged


def _judge(
    design: StudyDesign, asked: Sequence[Contrast], arms: Sequence[ArmResult], measure: Measure, overlap: float
) -> Sequence[Judged]:
    values, diverged = tables(design, arms)
    weights = [one.weights for one in asked]
    alpha, better = 1 - design.confidence, measure.metric.higher_is_better
    estimate = contrast if design.paired else contrast_of_means
    if anytime(design, arms):
        estimates = [
            estimate(seen(design, arms, row), row, design.confidence, measure.resolution, diverged, overlap)
            for row in weights
        ]
        return judge_anytime(estimates, delta=measure.delta, higher_is_better=better, alpha=alpha)
    if design.interim:
        known = reached(design, arms) if unfinished(arms) else len(values)
        decision = sequential_test(
            values[:known],
            weights,
            InterimAnalyses(design.interim, alpha),
            delta=measure.delta,
            higher_is_better=better,
            resolution=measure.resolution,
            diverged=diverged[:known],
            overlap=overlap,
        )
        if decision.judged:
            return decision.judged
    estimates = [estimate(values, row, design.confidence, measure.resolution, diverged, overlap) for row in weights]
    return judge_family(estimates, delta=measure.delta, higher_is_better=better, alpha=alpha)


def ranking(design: StudyDesign, arms: Sequence[ArmResult], measure: Measure) -> Ranking | None:
    """Three arms or more, each against the best of the others; nothing where no seeds pair them.

    Where results decide when one looks, be it at planned looks, with intervals that hold at all looks.
    """
    if len(arms) < 3 or design.layout == "noise" or not design.paired:
        return None
    free = bool(design.interim) or anytime(design, arms)
    values, diverged = tables(design, arms)
    found = rank(
        seen(design, arms, [1] * len(arms)) if free else values,
        higher_is_better=measure.metric.higher_is_better,
        confidence=design.confidence,
        resolution=measure.resolution,
        diverged=diverged,
        overlap=measure.overlaps[measure.claim(design.claim)],
        reach=reach if free else t_reach,
    )
    if found.winner is None:
        return found
    least, most = measure.metric.bounds
    low, high = max(found.winner.low, least), min(found.winner.high, most)
    naive = within(found.winner.naive, measure.metric)
    return replace(found, winner=replace(found.winner, naive=naive, low=low, high=high))


def within(estimate: Level, metric: Metric) -> Level:
    """A level whose interval ends where the metric does: no accuracy is above 100 %; what is not known stays so."""
    if math.isinf(estimate.low) and math.isinf(estimate.high):
        return estimate
    least, most = metric.bounds
    return replace(estimate, low=max(estimate.low, least), high=min(estimate.high, most))


def _failure(arm: ArmResult) -> str:
    """Why an arm has no figure: all of its runs ended in errors."""
    if arm.count("failed", "killed", "crashed") < len(arm.states):
        return ""
    said = next((error for error in arm.errors.values() if error), "").partition("\n")[0]
    return f"all runs of {arm.name}" + (f": {said}" if said else "")


def _noise(arms: Sequence[ArmResult], confidence: float) -> NoiseBudget:
    streams = {arm.stream: list(arm.values.values()) for arm in arms if arm.stream}
    [total] = [list(arm.values.values()) for arm in arms if not arm.stream]
    return variance_components(streams, total, confidence)


def _damage(runs: Mapping[str, Mapping[int, RunRecord]]) -> list[str]:
    """Which runs are left out because a file of theirs is not what was written."""
    found = [
        f"{'A record of a run is damaged' if run.result else 'A run is damaged and left out'}: {run.damaged}."
        for of_arm in runs.values()
        for run in of_arm.values()
        if run.damaged
    ]
    many = [f"{len(found) - DAMAGED_SHOWN} more runs are damaged"] if len(found) > DAMAGED_SHOWN else []
    return found[:DAMAGED_SHOWN] + many


def _coarse(measure: Measure) -> tuple[str, ...]:
    """One validation example more or less is worth more than the smallest difference that matters."""
    if measure.delta is None or measure.resolution <= measure.delta:
        return ()
    return (
        f"One validation example weighs {threshold(measure.metric, measure.resolution)} in each run, more than "
        f"δ = {threshold(measure.metric, measure.delta)}: a single answer decides. A larger validation split "
        "(split.val) shows smaller differences.",
    )


def _spent(tests: Mapping[str, Any]) -> tuple[str, ...]:
    """More than one arm was looked at on the test."""
    if len(tests) < 2:
        return ()
    return (
        f"The held-out test was opened for {len(tests)} arms: {'; '.join(tests)}. Who compares arms on the test "
        "chooses by it, and the best of several figures is too good.",
    )


def _warnings(design: StudyDesign, arms: Sequence[ArmResult]) -> tuple[str, ...]:
    found = []
    lost = sum(arm.count(*LOST) for arm in arms)
    values = [value for arm in arms for value in arm.values.values()]
    if any(arm.count("finished") for arm in arms) and not any(value is not None for value in values):
        unsaid = "the figure that is compared, for nobody said which that is" if design.foreign else ""
        found.append(f"No run recorded {design.metric or unsaid}; recorded are {', '.join(arms[0].curves)}.")
    if lost:
        runs = sum(len(arm.states) for arm in arms)
        found.append(f"{lost} of {runs} runs did not finish; figures rest on the others.")
    if diverged := sum(arm.count("diverged") for arm in arms):
        became = "figure is" if design.foreign else "loss became"
        found.append(
            f"{diverged} runs diverged: their {became} infinite or not a number. They count, and no mean hides them."
        )
    if design.foreign and len({*values} - {None}) == 1 and len(values) > 1:
        found.append(f"{design.metric} is the same in every run: it tells no arms apart.")
    if design.foreign and (deaf := [text for arm in arms if (text := _equal_seeds(arm))]):
        found.append(f"To the last bit the same: {'; '.join(deaf)}. Does the training use its seed?")
    if (len(design.seeds) if design.paired else min(len(arm.states) for arm in arms)) < 3:
        found.append("With fewer than three seeds the spread is hardly known; conclusions need more.")
    threads = {(arm.execution.get("threads"), arm.execution.get("device")) for arm in arms if arm.execution}
    if len(threads) > 1:
        found.append("Arms ran with different thread counts or devices: costs are not comparable.")
    if design.extended:
        sizes = ", ".join(map(str, design.extended))
        found.append(
            f"The results were looked at before, with {sizes} seeds. Looking again raises the rate of false alarms "
            "above the stated one; looks that are planned before, with --until-decided, keep it, and so does "
            "--looks anytime."
        )
    if design.judged:
        found.append(
            f"This study was judged before by {'; by '.join(_judged_by(design, one) for one in design.judged)}. "
            "Who chooses metric, δ, claim or confidence after a look can choose the verdict with it."
        )
    return tuple(found)


def _equal_seeds(arm: ArmResult) -> str:
    """Which seeds of an arm left the same figures; a single coarse figure may be the same by chance, unless all are."""
    groups: dict[tuple[Any, ...], list[int]] = {}
    for place, (seed, value) in enumerate(arm.values.items()):
        if value is not None:
            groups.setdefault((value, *(tuple(curves[place]) for curves in arm.curves.values())), []).append(seed)
    for figures, seeds in groups.items():
        many = len({figure for curve in figures[1:] for figure in curve}) >= TELLING
        if len(seeds) > 1 and (many or len(seeds) == len(arm.values)):
            return f"seeds {', '.join(map(str, seeds))} of {arm.name}"
    return ""


def _judged_by(design: StudyDesign, one: Judging) -> str:
    """By what a study was judged, in words."""
    metric = find_metric(design.model_copy(update={"metric": one.metric}))
    delta = threshold(metric, one.delta) if one.delta is not None else "none"
    what = f"{one.metric} {ABOUT[one.claim]}" if one.claim else one.metric  # earlier versions knew one claim
    return f"{what} with δ = {delta}, {percent(one.confidence)} confidence and {count(one.seeds, 'seed')}"
