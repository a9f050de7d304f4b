"""What is to be said beside the verdicts: what was lost, looked at before, or is too coarse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paribus.records.result import ArmResult, StudyResult
from paribus.records.run import State
from paribus.records.study import Judging, StudyDesign
from paribus.records.wording import ABOUT, count, percent, threshold
from paribus.studies.measure import Measure, find_metric
from paribus.studies.runs import RunRecord

DAMAGED_SHOWN = 5  # damaged runs that are named one by one


TELLING = 3  # figures of two runs that are not all the same by chance


LOST: tuple[State, ...] = ("failed", "killed")  # runs that met an end without a figure


def damage(runs: Mapping[str, Mapping[int, RunRecord]]) -> list[str]:
    """Which runs are left out because a file of theirs is not what was written."""
    found = [
        f"{'A record of a run is damaged' if run.result else 'A run is damaged and left out'}: {run.damaged}."
        for of_arm in runs.values()
        for run in of_arm.values()
        if run.damaged
    ]
    many = [f"{len(found) - DAMAGED_SHOWN} more runs are damaged"] if len(found) > DAMAGED_SHOWN else []
    return found[:DAMAGED_SHOWN] + many


def coarse(measure: Measure) -> tuple[str, ...]:
    """One validation example more or less is worth more than the smallest difference that matters."""
    if measure.delta is None or measure.resolution <= measure.delta:
        return ()
    return (
        f"One validation example weighs {threshold(measure.metric, measure.resolution)} in each run, more than "
        f"δ = {threshold(measure.metric, measure.delta)}: a single answer decides. A larger validation split "
        "(split.val) shows smaller differences.",
    )


def spent(tests: Mapping[str, Any]) -> tuple[str, ...]:
    """More than one arm was looked at on the test."""
    if len(tests) < 2:
        return ()
    return (
        f"The held-out test was opened for {len(tests)} arms: {'; '.join(tests)}. Who compares arms on the test "
        "chooses by it, and the best of several figures is too good.",
    )


def unkept(design: StudyDesign, measure: Measure, result: StudyResult) -> tuple[str, ...]:
    """A claim about examples like these was asked for, and some finished run did not keep them one by one."""
    if design.claim in (None, "these") or not measure.scored or measure.examples or not result.complete:
        return ()
    return (
        "Not every run kept its figures of single validation examples, or they are damaged, so nothing is said about "
        "examples like these. Delete such runs, and they are trained again.",
    )


def of_arms(design: StudyDesign, arms: Sequence[ArmResult]) -> tuple[str, ...]:
    """What is to be said of the runs of a study, and of how it was looked at."""
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
