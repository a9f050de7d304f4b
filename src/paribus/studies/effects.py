"""The comparisons of a study, judged together: effects, and which of many arms is best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from paribus.evidence import (
    Contrast,
    InterimAnalyses,
    Judged,
    Ranking,
    Verdict,
    about_interaction,
    contrast,
    contrast_of_means,
    crossed_effects,
    interactions,
    judge_anytime,
    judge_family,
    main_effects,
    rank,
    sequential_test,
)
from paribus.evidence.anytime import reach
from paribus.evidence.ranking import t_reach
from paribus.records.choices import ABSENT
from paribus.records.result import ArmResult, Effect
from paribus.records.study import ARM, Arm, StudyDesign
from paribus.records.wording import short_names
from paribus.studies.looks import anytime, reached, seen, tables, unfinished
from paribus.studies.measure import Measure, within


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


def effects(design: StudyDesign, arms: Sequence[ArmResult], measure: Measure) -> tuple[Effect, ...]:
    """All comparisons of a study, judged together."""
    asked = contrasts(design)
    if not asked:
        return ()
    names, claim = short_names(design.factors), measure.claim(design.claim)
    judged = {about: _judge(design, asked, arms, measure, overlap) for about, overlap in measure.overlaps.items()}
    if measure.examples:
        judged["examples"] = _judge_examples(design, asked, arms, measure)
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


def _judge_examples(
    design: StudyDesign, asked: Sequence[Contrast], arms: Sequence[ArmResult], measure: Measure
) -> tuple[Judged, ...]:
    """All comparisons together, about further examples: what both arms did with each, seed by seed."""
    assert measure.examples is not None
    scores = [measure.examples[arm.name].table for arm in arms]
    alpha = 1 - design.confidence
    confidence = 1 - alpha / len(asked)
    estimates = []
    for one in asked:
        diverged = sum(arm.count("diverged") for arm, weight in zip(arms, one.weights, strict=True) if weight)
        table = sum(weight * of_arm for weight, of_arm in zip(one.weights, scores, strict=True) if weight)
        estimates.append(replace(crossed_effects(table, confidence).estimate, diverged=diverged))
    return judge_family(estimates, delta=measure.delta, higher_is_better=measure.metric.higher_is_better, alpha=alpha)


def ranking(design: StudyDesign, arms: Sequence[ArmResult], measure: Measure) -> Ranking | None:
    """Three arms or more, each against the best of the others; nothing where no seeds pair them.

    Where results decide when one looks, be it at planned looks, with intervals that hold at all looks. Where verdicts
    are about examples like these it is still about these data: by seeds alone.
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
        overlap=measure.overlap_of(measure.claim(design.claim)),
        reach=reach if free else t_reach,
    )
    if found.winner is None:
        return found
    least, most = measure.metric.bounds
    low, high = max(found.winner.low, least), min(found.winner.high, most)
    naive = within(found.winner.naive, measure.metric)
    return replace(found, winner=replace(found.winner, naive=naive, low=low, high=high))


def _failure(arm: ArmResult) -> str:
    """Why an arm has no figure: all of its runs ended in errors."""
    if arm.count("failed", "killed", "crashed") < len(arm.states):
        return ""
    said = next((error for error in arm.errors.values() if error), "").partition("\n")[0]
    return f"all runs of {arm.name}" + (f": {said}" if said else "")
