"""How many seeds a study needs, from what is known of its spread before it is trained."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from paribus.errors import StudyError
from paribus.evidence import (
    MOST_SEEDS,
    Contrast,
    Spread,
    alpha_at,
    assured_difference,
    assured_power,
    assured_seeds,
    combined,
    contrast,
    enough_seeds,
    fewest,
    mean_interval,
    paired_difference,
    plan_analyses,
    seeds_for,
    smallest_difference,
)
from paribus.records import wording
from paribus.records.claims import Claim
from paribus.records.plan import LIKELY, Comparison, Need, Part, Plan, PlannedLooks, Size, Source
from paribus.records.study import StudyDesign
from paribus.studies.alike import Known, info_of
from paribus.studies.conclusions import analyse
from paribus.studies.design import folder_for
from paribus.studies.effects import contrasts
from paribus.studies.measure import Measure, measure_of, no_claim

PILOT_FROM = 1000  # seeds of pilots: none of those from 0 that studies count, which must not set their own number
FEWEST_ALIKE = 3  # seeds of another comparison, or of an arm alone, that tell of a spread
FIRST_LOOK = 3  # seeds at the first of planned looks
SIZES = (2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 50, 70, 100)
A_CHANGE = Contrast("arm", ("",), ("",), ("",), (-1.0, 1.0))  # of a recipe of which nothing is varied yet

Found = tuple[Spread, Source]
"""A spread, and the comparison that showed it."""
Sourced = tuple[Spread, tuple[Source, ...]]
"""The spread of a planned comparison, and what it comes from."""


def pilot(design: StudyDesign, seeds: int) -> StudyDesign:
    """A small study of the same arms, with seeds that no other study counts.

    Raises:
        StudyError: for fewer than two seeds.
    """
    if seeds < 2:
        raise StudyError("a pilot has two seeds or more: one alone shows no spread", got=seeds, hint="write --pilot 3")
    own: dict[str, Any] = {"interim": (), "extended": (), "judged": (), "command": ""}
    chosen = tuple(range(PILOT_FROM, PILOT_FROM + seeds))
    return design.model_copy(update={"name": f"{design.name}--pilot", "seeds": chosen, **own})


def check(design: StudyDesign, power: float) -> None:
    """Refuse what cannot be planned."""
    if design.layout == "noise":
        raise StudyError(
            "a noise study compares nothing, so there is no difference to plan for",
            got=design.name,
            hint="ten runs know a variance to within a factor of 3, thirty to within 2: paribus study … --noise",
        )
    if not design.paired:
        raise StudyError(
            "seeds pair no runs here, and plans are for paired differences",
            got=design.name,
            hint="give all arms the same seeds, where they share something with them",
        )
    if not 0.5 <= power <= 0.99:
        raise StudyError("the power is a probability from 0.5 to 0.99", got=power, hint="write --power 0.8")


def check_price(price: float | None) -> None:
    """Refuse a price that is none."""
    if price is not None and not 0 <= price < math.inf:
        raise StudyError("the price of an hour is a number of 0 or more", got=price, hint="write --price 2.40")


def plan(design: StudyDesign, known: Known, root: Path, power: float = 0.8, workers: int = 1) -> Plan:
    """How many seeds a study needs, for each claim.

    Args:
        design: of the study; its own number of seeds plays no part.
        known: the runs that tell of it.
        root: the folder in which they were looked for.
        power: probability with which a true difference of δ is to be found.
        workers: runs at the same time.

    Raises:
        StudyError: where nothing is known of the spread.
    """
    check(design, power)
    asked = contrasts(design) or (A_CHANGE,)
    measure = measure_of(design, info_of(known.runs))
    if design.claim is not None and design.claim not in measure.overlaps:
        raise _unplanned(design.claim, measure)
    found = _spreads(asked, known, measure)
    if not found:
        raise _unknown(design, known, root)
    alpha = (1 - design.confidence) / len(asked)
    names = wording.short_names(design.factors)
    comparisons = tuple(
        Comparison(_label(one, names), spread, _needs(spread, measure, alpha, power))
        for one, (spread, _) in zip(asked, found, strict=True)
    )
    sources = tuple(dict.fromkeys(source for _, of_one in found for source in of_one))
    return Plan(
        design=design,
        metric_name=measure.name,
        metric=measure.metric,
        delta=measure.delta,
        power=power,
        claim=measure.claim(design.claim),
        overlap=measure.overlap,
        comparisons=comparisons,
        sizes=_sizes(design, comparisons, measure, known, alpha, power, workers),
        looks=_looks(design, comparisons, measure, power),
        sources=sources,
        used=tuple(known.here) if sources[0].kind == "these arms" else (),
        workers=workers,
        noise=tuple(part for study in known.noise[:1] for part in _parts(study)),
    )


def _unplanned(asked: Claim, measure: Measure) -> StudyError:
    """What is said where a claim is asked for that no number of seeds is known to bear out."""
    if not measure.scored:
        return no_claim(asked, measure.foreign, varies=measure.overlap is not None)
    return StudyError(
        "all seeds share one validation split here, and how much its examples leave open shows in the study alone",
        got=f"--claim {asked}",
        hint="plan with --claim these: the study itself can say both",
    )


def _spreads(asked: Sequence[Contrast], known: Known, measure: Measure) -> list[Sourced]:
    """What is known of the spread of each comparison, from what is nearest to it; nothing if there is nothing."""
    nearest = _from_the_arms(asked, known, measure, FEWEST_ALIKE) or _from_others(asked, known, measure)
    return nearest or _from_the_arms(asked, known, measure, 2)  # of two seeds the spread is hardly known


def _from_the_arms(asked: Sequence[Contrast], known: Known, measure: Measure, least: int) -> list[Sourced]:
    """The spread of each comparison as its own arms showed it; nothing where that is of too few seeds."""
    if len(known.here) < least or len(known.here) < 2:
        return []
    values = [[run.value for run in row] for row in known.here.values()]
    rows = list(known.here.values())
    runs = tuple(run.name for row in rows for run in row)
    estimates = [contrast(values, one.weights, resolution=measure.resolution) for one in asked]
    if not all(estimate.sd > 0 for estimate in estimates):
        return []
    return [
        (Spread(one.sd, one.df), (Source(rows[0][0].study.name, "its own arms", "these arms", one.n, one.sd, runs),))
        for one in estimates
    ]


def _from_others(asked: Sequence[Contrast], known: Known, measure: Measure) -> list[Sourced]:
    """The spread of other comparisons; failing those, of single arms, as if pairing took nothing off it.

    A difference of two arms has the weights −1 and 1; the variance of another contrast is as its squared weights.
    """
    found = [*_largest(_pairs(known, measure))] or [*_largest(_singles(known, measure))]
    if not found:
        return []
    spread = combined([one for one, _ in found])
    sources = tuple(source for _, source in found)
    scales = [math.sqrt(sum(weight**2 for weight in one.weights) / 2) for one in asked]
    return [(Spread(scale * spread.sd, spread.df), sources) for scale in scales]


def _pairs(known: Known, measure: Measure) -> Iterator[tuple[frozenset[str], Found]]:
    """Each arm of each study against its first one, over the seeds that they share."""
    for study, arms in known.alike.items():
        reference, *others = arms.values()
        for arm in others:
            seeds = [seed for seed in arm if seed in reference]
            if len(seeds) < FEWEST_ALIKE:
                continue
            treated, untreated = [arm[seed] for seed in seeds], [reference[seed] for seed in seeds]
            values, base = [run.value for run in treated], [run.value for run in untreated]
            estimate = paired_difference(values, base, resolution=measure.resolution)
            if estimate.sd > 0:
                about = f"{treated[0].arm} − {untreated[0].arm}"
                runs = tuple(run.name for run in (*treated, *untreated))
                source = Source(study.name, about, "similar", estimate.n, estimate.sd, runs)
                key = frozenset((treated[0].setting, untreated[0].setting))
                yield key, (Spread(estimate.sd, estimate.df), source)


def _singles(known: Known, measure: Measure) -> Iterator[tuple[frozenset[str], Found]]:
    """Each arm alone: independent runs of two such arms differ with √2 times its standard deviation."""
    for study, arms in known.alike.items():
        for setting, arm in arms.items():
            estimate = mean_interval([run.value for run in arm.values()], resolution=measure.resolution)
            if estimate.n >= FEWEST_ALIKE and estimate.sd > 0:
                sd = math.sqrt(2) * estimate.sd
                runs = tuple(run.name for run in arm.values())
                source = Source(study.name, next(iter(arm.values())).arm, "single arm", estimate.n, sd, runs)
                yield frozenset((setting,)), (Spread(sd, estimate.df), source)


def _largest(found: Iterator[tuple[frozenset[str], Found]]) -> Iterator[Found]:
    """Of what lies in several studies, the one with the most seeds: runs that were taken over are no new ones."""
    kept: dict[frozenset[str], Found] = {}
    for key, one in found:
        if key not in kept or one[0].df > kept[key][0].df:
            kept[key] = one
    yield from kept.values()


def _unknown(design: StudyDesign, known: Known, root: Path) -> StudyError:
    """What is said where no run tells of a spread."""
    trial = folder_for(pilot(design, FEWEST_ALIKE), root)
    if trial.exists():
        rule = "the pilot shows no spread: too few of its runs ended with a figure, or all of them agree"
        return StudyError(rule, got=str(trial), hint=f"see: paribus report {trial.name}")
    runs = wording.count(FEWEST_ALIKE * len(design.arms()), "run")
    rule = f"nothing is known of the spread between seeds: there are no finished runs of {_alike(design)}"
    if there := len(known.runs):
        finished = "there is 1 finished run" if there == 1 else f"there are {there} finished runs"
        rule = f"nothing is known of the spread between seeds: {finished} that are alike, too few seeds or all equal"
    hint = f"train a pilot, here {runs}: --pilot {FEWEST_ALIKE}; or name another folder of runs: --runs DIR"
    return StudyError(rule, got=str(root), hint=hint)


def _alike(design: StudyDesign) -> str:
    """What runs are of that would tell something, in words."""
    if design.foreign:
        return f"the arms of {design.name}"
    recipe = design.base
    return f"{recipe.data.use} with {recipe.model.use} ({recipe.task.use}), the same split, budget and chance"


def _label(one: Contrast, names: Mapping[str, str]) -> str:
    return "a change" if one is A_CHANGE else wording.comparison(one, [names[factor] for factor in one.factors])


def _needs(spread: Spread, measure: Measure, alpha: float, power: float) -> dict[Claim, Need]:
    return {claim: _need(spread, measure.delta, overlap, alpha, power) for claim, overlap in measure.overlaps.items()}


def _need(spread: Spread, delta: float | None, overlap: float, alpha: float, power: float) -> Need:
    floor = smallest_difference(spread, alpha, power, overlap)
    enough = enough_seeds(spread, alpha, power, MOST_SEEDS, overlap)
    if delta is None:
        return Need(None, None, None, floor, enough, None)
    low, high = (seeds_for(delta, spread.quantile(p), alpha, power, MOST_SEEDS, overlap) for p in LIKELY)
    seeds = assured_seeds(delta, spread, alpha, power, MOST_SEEDS, overlap)
    return Need(seeds, low, high, floor, enough, (floor / delta) ** 2 if floor > delta else None)


def _sizes(
    design: StudyDesign,
    comparisons: Sequence[Comparison],
    measure: Measure,
    known: Known,
    alpha: float,
    power: float,
    workers: int,
) -> tuple[Size, ...]:
    """What numbers of seeds cost and show, those that are needed among them."""
    needed = {need.seeds for one in comparisons for need in one.needs.values() if need.seeds is not None}
    arms, second = max(2, len(design.arms())), fmean(run.seconds for run in known.runs) if known.runs else None
    trials = design.trials * arms
    return tuple(
        Size(
            seeds=n,
            runs=trials + arms * n,
            processor_seconds=second * (trials + arms * n) if second else None,
            seconds=second * (math.ceil(trials / workers) + math.ceil(arms * n / workers)) if second else None,
            detectable={
                claim: max(assured_difference(one.spread, n, alpha, power, overlap) for one in comparisons)
                for claim, overlap in measure.overlaps.items()
            },
        )
        for n in sorted({*SIZES, *needed})
    )


def _looks(
    design: StudyDesign, comparisons: Sequence[Comparison], measure: Measure, power: float
) -> PlannedLooks | None:
    """The fewest seeds at most, with planned looks: the last of them alone has the power asked for."""
    delta, overlap = measure.delta, measure.overlap_of(measure.claim(design.claim))
    if delta is None:
        return None

    def looks(most: int) -> PlannedLooks:
        sizes = plan_analyses(FIRST_LOOK, most, alpha=1 - design.confidence).sizes
        return PlannedLooks(sizes, alpha_at(sizes, most, 1 - design.confidence)[-1])

    def power_at(most: int) -> float:
        if most <= FIRST_LOOK:
            return 0.0
        alpha = looks(most).level / len(comparisons)
        return min(assured_power(delta, one.spread, most, alpha, overlap) for one in comparisons)

    most = fewest(power_at, power, MOST_SEEDS)
    return None if most is None else looks(most)


def _parts(study: Path) -> Iterator[Part]:
    """What a noise study found."""
    noise = analyse(StudyDesign.open(study), study).noise
    for part in noise.components if noise else ():
        if wording.tells_share(part.share, part.n):
            yield Part(part.stream, part.share.value, part.share.low, part.share.high)
