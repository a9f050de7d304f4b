"""From the run folders of a study to its evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from statistics import fmean
from typing import Any

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
from paribus.records.choices import compared
from paribus.records.claims import Claim
from paribus.records.looks import Looks
from paribus.records.metric import Metric
from paribus.records.opened import HeldOut
from paribus.records.parts import find
from paribus.records.result import ArmResult, Effect, StudyResult
from paribus.records.run import SEALED, RunFolder, RunResult, State, Status
from paribus.records.study import Arm, Judging, StudyDesign, run_folder
from paribus.records.wording import count, percent, short_names, threshold
from paribus.studies.looks import anytime, in_order, looks, reached, unfinished

RECORDS = tuple(name for name in SEALED if name != "weights.safetensors")  # of a run, beside its result
DAMAGED_SHOWN = 5  # damaged runs that are named one by one

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
    """

    name: str
    metric: Metric
    delta: float | None
    resolution: float
    overlap: float | None = None

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
        raise no_claim(asked)


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
    folders = {arm.name: {seed: run_folder(folder, arm, seed) for seed in design.seeds} for arm in arms}
    everywhere = [run for of_arm in folders.values() for run in of_arm.values()]
    environment = _first(run.environment for run in everywhere)
    infos = [_first(run.info for run in of_arm.values()) for of_arm in folders.values()]
    info = next(filter(None, infos), {})
    measure = measure_of(design, infos)
    claim = measure.claim(design.claim)
    runs = {name: {seed: RunRecord.read(run) for seed, run in of_arm.items()} for name, of_arm in folders.items()}
    results = tuple(_arm(arm, runs[arm.name], measure, claim, design.confidence) for arm in arms)
    if unfinished(results) or anytime(design, results):
        results = tuple(_at_every_look(arm, design, measure) for arm in results)
    noise = design.layout == "noise"
    tests = {name: {seed: test for seed, run in of_arm.items() if (test := run.test)} for name, of_arm in runs.items()}
    tests = {name: of_arm for name, of_arm in tests.items() if of_arm}
    found = () if noise else effects(design, results, measure)
    look = looks(design, results, found)
    return StudyResult(
        design=design,
        metric_name=measure.name,
        metric=measure.metric,
        delta=measure.delta,
        arms=results,
        effects=found,
        noise=_noise(results, design.confidence) if noise else None,
        claim=claim,
        choices=compared(design),
        environment=environment,
        data=info,
        warnings=(*_look(look), *_damage(runs), *_warnings(design, results), *_coarse(measure), *_spent(tests)),
        command=design.command,
        tests=tests,
        looks=look,
        ranking=ranking(design, results, measure),
    )


def _first(readers: Iterable[Callable[[], dict[str, Any]]]) -> dict[str, Any]:
    """What the first run says that says something and is not damaged."""
    for read in readers:
        with suppress(DamagedRecord):
            if found := read():
                return found
    return {}


def find_metric(design: StudyDesign) -> Metric:
    """The figure that a study compares: the named one, or the task's first."""
    metrics: Sequence[Metric] = getattr(find("task", design.base.task.use), "metrics")  # noqa: B009
    if design.metric is None:
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


def find_figure(design: StudyDesign) -> str:
    """The full name of the figure that a study compares: ``val/accuracy``."""
    return design.metric or f"val/{find_metric(design).name}"


def find_delta(design: StudyDesign) -> float | None:
    """The smallest difference that matters: the study's own, or the metric's."""
    return design.delta if design.delta is not None else find_metric(design).matters


def judging(design: StudyDesign) -> Judging:
    """By what a study is judged, what it leaves to the task written out."""
    return Judging(
        metric=find_figure(design),
        delta=find_delta(design),
        confidence=design.confidence,
        seeds=len(design.seeds),
        claim=design.claim,
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
    """An arm in which one field differs from the reference."""
    path = next(path for path, value in arm.settings.items() if value != reference.settings[path])
    weights = [0.0] * count
    weights[0], weights[place] = -1.0, 1.0
    return Contrast("arm", (path,), (arm.settings[path],), (reference.settings[path],), tuple(weights))


def no_claim(asked: Claim) -> StudyError:
    """What is said where seeds share one validation split, and a claim about other data is asked for."""
    return StudyError(
        "all seeds share one validation split here, so they say nothing about data like these",
        got=f"--claim {asked}",
        hint="leave chance.split out, so that each seed draws its own; where the data bring a validation split, "
        "write --claim these",
    )


def splits_vary(design: StudyDesign) -> bool:
    """Whether a design lets every seed draw its own validation split, if the data bring none."""
    fixed = design.base.chance.split is not None or "chance.split" in design.factors
    return not fixed and design.layout != "noise"


def _overlap(design: StudyDesign, infos: Sequence[Mapping[str, Any]]) -> float | None:
    """The largest overlap of any arm; ``None`` where all seeds share one validation split, or none has begun."""
    if not splits_vary(design):
        return None
    return max((found for info in infos if (found := info.get("overlap"))), default=None)


def measure_of(design: StudyDesign, infos: Sequence[Mapping[str, Any]]) -> Measure:
    """What a study compares, as far as one run of each arm says what its data are."""
    metric, info = find_metric(design), next(filter(None, infos), {})
    return Measure(
        name=find_figure(design),
        metric=metric,
        delta=find_delta(design),
        resolution=_resolution(info) if metric.counted else 0.0,
        overlap=_overlap(design, infos),
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
    names = [key for key in next((run.rows[0] for run in runs.values() if run.rows), {}) if "/" in key]
    states = {seed: run.status.state for seed, run in runs.items()}
    curves = {key: tuple(tuple(row.get(key) for row in run.rows) for run in runs.values()) for key in names}
    return ArmResult(
        name=arm.name,
        settings=arm.settings,
        states=states,
        values=values,
        level=within(mean_interval(list(values.values()), confidence, overlap=measure.overlaps[claim]), measure.metric),
        stream=arm.stream,
        parameters=finished[0].parameters if finished else None,
        seconds=fmean(result.seconds for result in finished) if finished else None,
        examples_per_second=fmean(result.examples_per_second for result in finished) if finished else None,
        peak_memory_mb=fmean(result.peak_memory_mb for result in finished) if finished else None,
        curves=curves,
        means=mean_curves(curves, list(states.values()), confidence),
        execution=finished[0].execution if finished else {},
        errors={
            seed: run.status.error for seed, run in runs.items() if run.status.error and run.status.state != "finished"
        },
    )


def _at_every_look(arm: ArmResult, design: StudyDesign, measure: Measure) -> ArmResult:
    """The same with a level of the seeds that count at a look, and an interval that holds at all of them."""
    seen = [arm.values[seed] for seed in in_order(design, [arm])]
    level = mean_interval(seen, design.confidence, overlap=arm.level.overlap)
    return replace(arm, level=within(at_every_look(level, 1 - design.confidence), measure.metric))


def mean_curves(
    curves: Mapping[str, Sequence[Sequence[float | None]]], states: Sequence[State], confidence: float
) -> dict[str, tuple[Interval | None, ...]]:
    """The means over seeds, epoch by epoch, as far as every run that did not diverge has come.

    A mean over fewer and fewer seeds would show who is left rather than how they learn.
    """
    found = {}
    for name, of_seeds in curves.items():
        runs = zip(of_seeds, states, strict=True)
        sound = [curve for curve, state in runs if state != "diverged" and any(y is not None for y in curve)]
        if sound:
            of_one_length = list(zip(*zip_longest(*sound), strict=True))
            found[name] = mean_curve(of_one_length, confidence)
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
            tuple(names[factor] for factor in one.factors),
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
    values, diverged = _tables(design, arms)
    weights = [one.weights for one in asked]
    alpha, better = 1 - design.confidence, measure.metric.higher_is_better
    if anytime(design, arms):
        estimates = [
            contrast(_seen(values, design, arms, row), row, design.confidence, measure.resolution, diverged, overlap)
            for row in weights
        ]
        return judge_anytime(estimates, delta=measure.delta, higher_is_better=better, alpha=alpha)
    if design.interim:
        decision = sequential_test(
            values[: reached(design, arms)] if unfinished(arms) else values,
            weights,
            InterimAnalyses(design.interim, alpha),
            delta=measure.delta,
            higher_is_better=better,
            resolution=measure.resolution,
            diverged=diverged[: reached(design, arms)] if unfinished(arms) else diverged,
            overlap=overlap,
        )
        if decision.judged:
            return decision.judged
    estimates = [contrast(values, row, design.confidence, measure.resolution, diverged, overlap) for row in weights]
    return judge_family(estimates, delta=measure.delta, higher_is_better=better, alpha=alpha)


def ranking(design: StudyDesign, arms: Sequence[ArmResult], measure: Measure) -> Ranking | None:
    """Three arms or more, each against the best of the others.

    Where results decide when one looks, be it at planned looks, with intervals that hold at all looks.
    """
    if len(arms) < 3 or design.layout == "noise":
        return None
    values, diverged = _tables(design, arms)
    free = bool(design.interim) or anytime(design, arms)
    found = rank(
        _seen(values, design, arms, [1] * len(arms)) if free else values,
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
    return replace(
        found, winner=replace(found.winner, naive=within(found.winner.naive, measure.metric), low=low, high=high)
    )


Table = list[list[float | None]]


def _tables(design: StudyDesign, arms: Sequence[ArmResult]) -> tuple[Table, list[list[bool]]]:
    """Figures, and whether runs diverged, by seeds (rows) and arms (columns)."""
    values = [[arm.values[seed] for arm in arms] for seed in design.seeds]
    return values, [[arm.states[seed] == "diverged" for arm in arms] for seed in design.seeds]


def _seen(values: Table, design: StudyDesign, arms: Sequence[ArmResult], weights: Sequence[float]) -> Table:
    """The figures that count at a look: of seeds that are over in the arms compared, and so are all before them."""
    known = len(in_order(design, [arm for arm, weight in zip(arms, weights, strict=True) if weight]))
    return [row if place < known else [None] * len(row) for place, row in enumerate(values)]


def within(estimate: Estimate, metric: Metric) -> Estimate:
    """An estimate of a level whose interval ends where the metric does: no accuracy is above 100 %."""
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


def _look(look: Looks) -> tuple[str, ...]:
    """That a study goes on, or may be looked at whenever one likes, and what that costs."""
    return (look.sentence,) if look.sentence else ()


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
            "above the stated one; looks that are planned before, with --until-decided, keep it, and so does "
            "--looks anytime."
        )
    if design.judged:
        found.append(
            f"This study was judged before by {'; by '.join(_judged_by(design, one) for one in design.judged)}. "
            "Who chooses metric, δ or confidence after a look can choose the verdict with it."
        )
    return tuple(found)


def _judged_by(design: StudyDesign, one: Judging) -> str:
    """By what a study was judged, in words."""
    metric = find_metric(design.model_copy(update={"metric": one.metric}))
    delta = threshold(metric, one.delta) if one.delta is not None else "none"
    return f"{one.metric} with δ = {delta}, {percent(one.confidence)} confidence and {count(one.seeds, 'seed')}"
