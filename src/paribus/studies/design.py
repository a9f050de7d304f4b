"""From the arguments of a study to a checked design, before anything is trained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from operator import index
from pathlib import Path
from typing import Any

from paribus.chance import STREAMS
from paribus.errors import StudyError, nearest
from paribus.progress import Announce
from paribus.records.claims import Claim
from paribus.records.looks import Looking
from paribus.records.parts import Part, register_own
from paribus.records.recipe import Recipe
from paribus.records.shortcuts import expand_factors
from paribus.records.study import Arm, Judging, Layout, StudyDesign, slug
from paribus.studies import tuning
from paribus.studies.contradictions import check_arms, check_claim, check_factors, check_given, check_values
from paribus.studies.executors.job import Job
from paribus.studies.looks import sizes
from paribus.studies.measure import find_metric, judging, no_claim, scored
from paribus.training.check import Check

MOST_SEEDS = 100_000
HISTORY = {
    *("name", "seeds", "interim", "extended", "judged", "command", "metric", "delta", "confidence", "claim", "looking"),
    *("tuned", "tuned_by"),
    *("figure", "overlap", "uncontrolled"),  # of trainings that are not a recipe's
}
"""What may differ on resuming."""


def plan(
    base: Recipe,
    vary: Mapping[str, Sequence[Any]],
    seeds: tuple[int, ...],
    most: int | None,
    *,
    name: str | None,
    layout: Layout,
    delta: float | str | None = None,
    looks: Looking = "planned",
    tune: Mapping[str, Any] | None = None,
    trials: int | None = None,
    **fields: Any,
) -> StudyDesign:
    """The design of a study, checked.

    Args:
        base: the recipe that is varied.
        vary: field → values, the first being the reference.
        seeds: which seeds.
        most: with how many seeds to stop if still undecided; ``None`` adds no seeds.
        name: of the study; by default after the recipe and what is varied.
        layout: how factors are combined.
        delta: the smallest difference that matters, as people write it; see :meth:`Metric.read_delta`.
        looks: when results count: when they are planned to, or at any time.
        tune: field → range or values, of which every arm gets its own best.
        trials: how many of them each arm tries.
        fields: the other fields of the design.
    """
    given = {path: values(base, path, wished) for path, wished in vary.items()}
    factors = {path: tuple(fitted) for path, fitted in expand_factors(given, dict(base))[0].items()}
    varied = "noise" if layout == "noise" else "+".join(factors) or "repeat"
    if tune or trials:
        base, asked = tuning.prepared(base, tune or {}, trials, layout)
        fields |= asked
    design = StudyDesign.make(
        name=name or f"{base.name}--{varied}{'--tuned' if tune else ''}",
        recipe=base.plain(),
        factors=factors,
        layout=layout,
        seeds=seeds,
        looking=looks,
        interim=sizes(len(seeds), most, looks),
        **fields,
    )
    check(design)
    return design if delta is None else design.model_copy(update={"delta": find_metric(design).read_delta(delta)})


def rejudged(
    design: StudyDesign, metric: str | None = None, delta: float | str | None = None, claim: Claim | None = None
) -> StudyDesign:
    """A design that is judged by something else, where that is given; the δ of another metric is not kept.

    Raises:
        StudyError: for what cannot be; a study without a recipe keeps its metric, of which nobody else knows the kind.
    """
    given: dict[str, Any] = {"claim": claim or design.claim}
    if metric not in (None, design.metric):
        if design.foreign:
            rule = "a study without a recipe has the metric that it was given"
            raise StudyError(rule, got=str(metric), hint=f"leave it out for {design.metric or 'that one'}")
        given |= {"metric": metric, "delta": None}
    found = StudyDesign.make(**{**design.model_dump(), **given})
    if not found.foreign:
        check(found)
    else:
        check_claim(found)
    return found if delta is None else found.model_copy(update={"delta": find_metric(found).read_delta(delta)})


def values(base: Recipe, path: str, given: Any) -> tuple[Any, ...]:
    """The values of a factor as plain data; classes and parts among them are registered."""
    given = given.tolist() if hasattr(given, "tolist") else given  # arrays hold numbers that JSON does not know
    if isinstance(given, (str, Mapping)) or not isinstance(given, Iterable):
        raise StudyError(f"the values of {path} are a list, the reference first", got=given, hint="write [A, B]")
    return tuple(_plain(base, path, value) for value in given)


def seeds_of(given: int | str | Iterable[int]) -> tuple[int, ...]:
    """``5`` for five seeds from 0, ``[3, 4, 7]`` for these; as words ``5``, ``3,4,7``, and ``3,`` for this one.

    Raises:
        StudyError: for anything else.
    """
    try:
        listed: Any = _numbers(given) if isinstance(given, str) else given
        alone = isinstance(listed, Integral)  # arrays have an __index__ too
        seeds = tuple(map(index, range(min(index(listed), MOST_SEEDS + 1)) if alone else listed))
    except (TypeError, ValueError):
        seeds = ()
    if not 0 < len(seeds) <= MOST_SEEDS or min(seeds) < 0 or isinstance(given, bool | bytes):
        rule = f"seeds are a number of seeds from 1 to {MOST_SEEDS:,}, or a list of them, none negative"
        raise StudyError(rule, got=given, hint="write --seeds 5 or --seeds 3,4,7 (Python: seeds=5 or seeds=[3, 4, 7])")
    return seeds


def _numbers(text: str) -> int | list[int]:
    numbers = [int(word) for word in text.removesuffix(",").split(",")]
    return numbers if "," in text else numbers[0]


def check(design: StudyDesign) -> None:
    """Refuse a design that cannot be compared."""
    find_metric(design)
    check_claim(design)
    if design.layout == "noise":
        _check_noise(design)
    check_given(design)
    check_factors(design)
    check_arms(design)
    tuning.check(design)
    if design.layout != "noise":
        check_values(design)
    arms = design.arms()
    if equal := _duplicates(arms, [design.recipe_of(arm).identity for arm in arms]):
        raise StudyError("two arms are the same recipe", got=equal, hint="vary something that differs")
    if equal := _duplicates(arms, [arm.slug for arm in arms]):
        raise StudyError("two arms would share a folder", got=equal, hint="choose values that read differently")


def preflight(jobs: Sequence[Job], progress: Announce, design: StudyDesign) -> None:
    """Refuse every arm that needs training and could not take a step: what cannot work is said now.

    So is a claim that the validation split does not allow, which the data may bring.
    """
    check = Check(progress)
    for job in {job.arm: job for job in jobs if not (job.path.exists() and job.folder.last_status().over)}.values():
        assert isinstance(job.recipe, Recipe)
        prepared = check(job.recipe, job.seed, job.settings)
        shared = prepared.info.overlap is None or job.recipe.chance.split is not None
        if design.claim == "examples" and not shared:
            raise no_claim(design.claim, varies=True)
        if design.claim == "like-these" and shared and not scored(design):
            raise no_claim(design.claim)


def same(known: StudyDesign, wished: StudyDesign) -> bool:
    """Whether two designs compare the same things."""
    return known.model_dump(mode="json", exclude=HISTORY) == wished.model_dump(mode="json", exclude=HISTORY)


def folder_for(design: StudyDesign, runs: Path, named: bool = False) -> Path:
    """The folder of this design below ``runs``: the first of NAME, NAME-2, … that is free or holds the same design.

    Finished runs are never trained twice, so another folder costs nothing. A study that was ``named`` gets its name.
    """
    if named:
        return runs / slug(design.name)
    number, folder = 1, runs / slug(design.name)
    while (folder / "study.json").exists() and not same(StudyDesign.open(folder), design):
        number += 1
        folder = runs / slug(f"{design.name}-{number}")
    return folder


def merged(known: StudyDesign, wished: StudyDesign, widest: Claim) -> StudyDesign:
    """The wished design with the history of the known one: planned interim analyses stay, unplanned looks are noted.

    A study that was begun for looks at any time stays so, and seeds are added to those it has.

    So is by what it was judged before, where metric, δ, claim or confidence are others now.

    Args:
        known: the design so far.
        wished: what is asked for now.
        widest: the claim that stands where none is asked for.
    """
    tuned = {"tuned": known.tuned, "tuned_by": known.tuned_by}
    wished = wished.model_copy(update={"judged": _judged(known, wished, widest), **tuned})
    seeds = tuple(dict.fromkeys((*known.seeds, *wished.seeds)))
    if known.looking == "anytime":
        return wished.model_copy(update={"extended": known.extended, "seeds": seeds, "looking": "anytime"})
    if known.interim:
        if wished.looking == "anytime" or wished.interim not in ((), known.interim) or len(seeds) > known.interim[-1]:
            raise StudyError(
                "looks are planned before the first one, and this study has had it",
                got=f"{max(wished.interim, default=len(seeds))} seeds, planned were looks at {known.interim}",
                hint="choose another name with --name; its finished runs are not trained again",
            )
        return wished.model_copy(update={"extended": known.extended, "seeds": seeds, "interim": known.interim})
    looked = known.extended
    if wished.interim or wished.looking != known.looking or set(wished.seeds) != set(known.seeds):
        looked = (*looked, len(known.seeds))
    return wished.model_copy(update={"extended": looked})


def _judged(known: StudyDesign, wished: StudyDesign, widest: Claim) -> tuple[Judging, ...]:
    """By what a study was judged before, the last time at the end."""
    before, now = judging(known, widest), judging(wished, widest)
    other = before != now.model_copy(update={"seeds": before.seeds})  # seeds have a history of their own
    return (*known.judged, before) if other else known.judged


def _plain(base: Recipe, path: str, value: Any) -> Any:
    value = getattr(value, "part", value)  # pb.Data stands for one
    if not isinstance(value, Part) and not callable(value):
        return value
    register_own(base.override({path: value}).parts())
    return Part.of(value).flat()


def _duplicates(arms: Sequence[Arm], keys: Sequence[str]) -> str:
    """The first two arms whose keys are the same."""
    for i, (arm, key) in enumerate(zip(arms, keys, strict=True)):
        if key in keys[:i]:
            return f"{arms[keys.index(key)].name} and {arm.name}"
    return ""


def _check_noise(design: StudyDesign) -> None:
    streams = design.factors.get("chance", STREAMS)
    if others := set(design.factors) - {"chance"}:
        raise StudyError("a noise study varies chance and nothing else", got=min(others), hint="leave --vary out")
    if unknown := [stream for stream in streams if stream not in STREAMS]:
        raise StudyError("there is no such stream of chance", got=unknown[0], hint=nearest(str(unknown[0]), STREAMS))
    if design.interim or design.looking == "anytime":
        raise StudyError("a noise study decides nothing, so it cannot stop when decided", hint="choose --seeds 10")
    if len(design.arms()) < 2:
        raise StudyError("a noise study needs a stream that is free", hint="leave chance out of the recipe")
