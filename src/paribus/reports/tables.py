"""The tables of a study's report."""

from __future__ import annotations

import math
from collections.abc import Callable

from paribus.evidence import Interval
from paribus.records import wording
from paribus.records.claims import CLAIMS, Claim
from paribus.records.metric import Metric
from paribus.records.result import ArmResult, Effect, StudyResult
from paribus.records.study import REFERENCE
from paribus.reports.page import Row, Table
from paribus.studies.measure import splits_vary

FEW = 6  # arms that stand beside each other in one table
AS_IF: dict[Claim, str] = {
    "these": "as if only other seeds had been drawn",
    "like-these": "as if other examples had been drawn from the same source",
    "examples": "as if other examples had been drawn to evaluate on, and the same ones trained",
}
NBSP = "\u00a0"  # no line breaks there
KINDS = {"arm": "two arms", "main": "main effect", "interaction": "interaction"}


def effects(result: StudyResult) -> Table:
    """Every comparison with all numbers that support its verdict, and beside it the intervals of the other claim."""
    names, _ = wording.comparisons([(effect.contrast, effect.names) for effect in result.effects])
    claim, *others = shown(result)
    several = len({effect.kind for effect in result.effects}) > 1
    heads = (
        "comparison",
        "difference",
        _interval_head(result, claim),
        "p (adjusted)" if len(result.effects) > 1 else "p",
        "detectable",
        _counted(result),
        "verdict",
        *(_interval_head(result, other) for other in others),
    )
    rows = [
        (
            name + (f" ({KINDS[effect.kind]})" if several else ""),
            wording.difference(result.metric, effect.estimate.value),
            _interval(result, effect, claim),
            wording.probability(effect.p_adjusted, effect.judged.alpha),
            wording.difference(result.metric, effect.detectable, signed=False),
            str(effect.estimate.n),
            effect.conclusion,
            *(_beside(result, effect, other) for other in others),
        )
        for name, effect in zip(names, result.effects, strict=True)
    ]
    tones = tuple(effect.verdict.word.replace(" ", "-") for effect in result.effects)
    align = "lrrrrrl" + "l" * len(others)
    return Table(heads, tuple(rows), align, tones, tinted=6, data=lambda: effects_data(result))


def _interval_head(result: StudyResult, claim: Claim) -> str:
    return wording.interval_head([effect.claims[claim] for effect in result.effects], wording.ABOUT[claim])


def _interval(result: StudyResult, effect: Effect, claim: Claim) -> str:
    among = [other.claims[claim] for other in result.effects]
    return wording.effect_interval(result.metric, effect.claims[claim], among)


def _beside(result: StudyResult, effect: Effect, claim: Claim) -> str:
    """The interval of another claim, and its word where that is another one."""
    word = effect.claims[claim].verdict.word
    interval = _interval(result, effect, claim).replace(", ", f",{NBSP}")
    return interval if word == effect.verdict.word else f"{word} {interval}"


def shown(result: StudyResult) -> tuple[Claim, ...]:
    """The claims that can be made, the one that verdicts are about first."""
    made = result.effects[0].claims if result.effects else (result.claim,)
    return tuple(sorted(made, key=lambda claim: claim != result.claim))


def about(result: StudyResult) -> str:
    """What verdicts are about, and what that means; of one claim alone, why there is no other."""
    if len(shown(result)) == 1:
        return f"verdicts are only {wording.ABOUT['these']}: {why}" if (why := _why_only(result)) else ""
    return "verdicts are " + "; beside them ".join(f"{wording.ABOUT[claim]}, {AS_IF[claim]}" for claim in shown(result))


def _why_only(result: StudyResult) -> str:
    """Why nothing is said about data like these."""
    if result.design.foreign:
        return "nobody said that seeds draw their own validation splits (overlap)"
    if not result.data:
        return ""
    if not splits_vary(result.design):
        return "all seeds share one validation split"
    if "overlap" not in result.data:
        return "these runs are of an earlier version, which did not record how their split was drawn"
    return "the data bring their validation split, which all seeds share"


def _counted(result: StudyResult) -> str:
    """What the number behind an effect counts: pairs of runs, or where there are none the fewest runs of any arm."""
    return "pairs" if result.design.paired else "runs"


def effects_data(result: StudyResult) -> list[Row]:
    """Every comparison in raw numbers: first what the verdict is about, then each claim, empty if it cannot be made."""
    return [
        {
            "comparison": effect.label,
            "kind": effect.kind,
            wording.with_unit("difference", result.metric): effect.estimate.value,
            "claim": effect.claim,
            wording.with_unit("low", result.metric): effect.estimate.low,
            wording.with_unit("high", result.metric): effect.estimate.high,
            "confidence": 1 - effect.judged.alpha,
            "intervals together": effect.judged.family,
            "p (adjusted)": effect.p_adjusted,
            wording.with_unit("detectable", result.metric): effect.detectable,
            wording.with_unit("delta", result.metric): result.delta,
            _counted(result): effect.estimate.n,
            "verdict": effect.verdict.word,
            "more seeds": effect.verdict.more_seeds,
            "needs data": effect.verdict.needs_data,
            **{name: entry for claim in CLAIMS for name, entry in _claimed(effect, claim, result.metric).items()},
        }
        for effect in result.effects
    ]


def _claimed(effect: Effect, claim: Claim, metric: Metric) -> Row:
    """One claim in raw numbers."""
    judged, about = effect.claims.get(claim), wording.ABOUT[claim]
    return {
        wording.with_unit(f"low {about}", metric): judged and judged.estimate.low,
        wording.with_unit(f"high {about}", metric): judged and judged.estimate.high,
        f"p {about}": judged and judged.p_adjusted,
        f"verdict {about}": judged and judged.verdict.word,
    }


def arms(result: StudyResult) -> Table:
    """Every arm with its mean, and how all of its runs ended."""
    sure = wording.percent(result.design.confidence)
    heads = ("arm", "mean", f"{sure} interval {wording.ABOUT[result.claim]}", "standard deviation", "n", "runs")
    rows = [
        (
            _called(arm, result),
            wording.level(result.metric, arm.level.value),
            wording.level_interval(result.metric, arm.level),
            wording.difference(result.metric, arm.level.sd, signed=False),
            str(arm.level.n),
            wording.runs(arm.states.values()),
        )
        for arm in result.arms
    ]
    return Table(heads, tuple(rows), "lrrrrl", data=lambda: arms_data(result))


def _called(arm: ArmResult, result: StudyResult) -> str:
    """The name of an arm, and whether others are compared with it."""
    first = arm is result.arms[0] and bool(result.effects) and arm.name != REFERENCE
    return f"{wording.clean(arm.name)} (reference)" if first else wording.clean(arm.name)


def arms_data(result: StudyResult) -> list[Row]:
    """Every arm in raw numbers."""
    return [
        {
            "arm": arm.name,
            wording.with_unit("mean", result.metric): arm.level.value,
            "claim": result.claim,
            wording.with_unit("low", result.metric): arm.level.low,
            wording.with_unit("high", result.metric): arm.level.high,
            "confidence": result.design.confidence,
            wording.with_unit("standard deviation", result.metric): arm.level.sd,
            "n": arm.level.n,
            "runs": wording.runs(arm.states.values()).replace("\u00a0", " "),
        }
        for arm in result.arms
    ]


def values(result: StudyResult) -> Table:
    """The metric of every single run, from which all else follows."""
    seeds = list(dict.fromkeys(seed for arm in result.arms for seed in arm.states))
    rows = [(wording.clean(arm.name), *(_value(result, arm, seed) for seed in seeds)) for arm in result.arms]
    heads = ("arm", *(f"{'seed' if result.design.paired else 'run'} {seed}" for seed in seeds))
    return Table(heads, tuple(rows), "l" + "r" * len(seeds), data=lambda: values_data(result))


def values_data(result: StudyResult) -> list[Row]:
    """The metric of every single run, a row for each."""
    figure = wording.with_unit(result.metric_name, result.metric)
    return [
        {"arm": arm.name, "seed": seed, "state": state, figure: arm.values.get(seed)}
        for arm in result.arms
        for seed, state in arm.states.items()
    ]


def lost(result: StudyResult) -> Table | None:
    """The runs that have no result, and why."""
    rows = [
        (wording.clean(arm.name), str(seed), state, wording.clean(arm.errors.get(seed, "")) or wording.NONE)
        for arm in result.arms
        for seed, state in arm.states.items()
        if state != "finished"
    ]
    return Table(("arm", "seed", "state", "error"), tuple(rows), "lrll") if rows else None


def costs(result: StudyResult) -> Table:
    """The costs of the arms, each figure with its ratio to the reference."""
    figures: tuple[tuple[str, Callable[[ArmResult], float | None]], ...] = (
        ("parameters", lambda arm: arm.parameters),
        ("seconds a run", lambda arm: arm.seconds),
        ("examples a second", lambda arm: arm.examples_per_second),
        ("peak memory (MB)", lambda arm: arm.peak_memory_mb),
    )
    rows = [
        (wording.clean(arm.name), *(_cost(figure(arm), figure(result.arms[0])) for _, figure in figures))
        for arm in result.arms
    ]
    return Table(("arm", *(name for name, _ in figures)), tuple(rows), "lrrrr")


def noise(result: StudyResult) -> Table | None:
    """The parts of the variance, as shares and as standard deviations."""
    if result.noise is None:
        return None
    rows = [
        (
            wording.clean(part.stream),
            str(part.n),
            *wording.part_of(part.share, part.n),
            wording.difference(result.metric, math.sqrt(part.variance.value), signed=False),
        )
        for part in result.noise.components
    ]
    if total := result.noise.total:
        spread = wording.difference(result.metric, math.sqrt(total.value), signed=False)
        rows.append(("all streams", wording.NONE, wording.share(1.0), wording.NONE, spread))
    if (rest := result.noise.remaining) and total and total.value:
        ends = (end / total.value for end in (rest.value, rest.low, rest.high))
        fewest = min(part.n for part in result.noise.components)
        rows.append(("remaining", wording.NONE, *wording.part_of(Interval(*ends), fewest), wording.NONE))
    sure = wording.percent(result.noise.confidence)
    heads = ("stream", "runs", "share", f"{sure} interval", "standard deviation")
    return Table(heads, tuple(rows), "lrrrr", data=lambda: noise_data(result))


def noise_data(result: StudyResult) -> list[Row]:
    """The parts of the variance in raw numbers."""
    return [
        {
            "stream": part.stream,
            "runs": part.n,
            "share": part.share.value,
            "low": part.share.low,
            "high": part.share.high,
            "confidence": result.noise.confidence,
            wording.with_unit("standard deviation", result.metric): math.sqrt(part.variance.value),
        }
        for part in (result.noise.components if result.noise else ())
        if result.noise
    ]


def choices(result: StudyResult) -> Table:
    """Every setting of the recipe and what it means; those in which two arms differ first, with all their values."""
    ordered = sorted(result.choices, key=lambda choice: not choice.varied)
    rows = [
        (
            wording.clean(choice.field),
            wording.clean(choice.value) + (" (varied)" if choice.varied else ""),
            wording.clean(choice.meaning) or wording.NONE,
        )
        for choice in ordered
    ]
    tones = tuple("varied" if choice.varied else "" for choice in ordered)
    return Table(("field", "value", "meaning"), tuple(rows), "lll", tones)


def brought(result: StudyResult) -> Table | None:
    """What differs between arms beside the factors themselves: options of parts that are varied as a whole.

    What was tuned in every arm is meant to differ, which stands behind its name.
    """
    factors = {path.removesuffix(".use") for path in result.design.factors}
    rows = [
        (
            wording.clean(field) + (", tuned" if field in result.design.tune else ""),
            *map(wording.clean, by_arm.values()),
        )
        for field, by_arm in result.varied.items()
        if field not in factors
    ]
    if not rows or result.design.layout == "noise" or len(result.arms) > FEW:
        return None
    return Table(
        ("field", *(wording.clean(arm.name) for arm in result.arms)), tuple(rows), "l" * (1 + len(result.arms))
    )


def _value(result: StudyResult, arm: ArmResult, seed: int) -> str:
    value = arm.values.get(seed)
    return wording.level(result.metric, value) if wording.known(value) else arm.states.get(seed, wording.NONE)


def _cost(value: float | None, reference: float | None) -> str:
    if not wording.known(value):
        return wording.NONE
    shown = wording.text(value if isinstance(value, int) or value >= 1000 else float(f"{value:.3g}"))
    return f"{shown} ({value / reference:.2f}×)" if wording.known(reference) and reference else shown
