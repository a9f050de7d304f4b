"""By which rule a study is judged, and which of its seeds count: looking must never cost honesty."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from paribus.errors import StudyError, nearest
from paribus.evidence import plan_analyses
from paribus.evidence.anytime import grown, wider
from paribus.records.looks import LOOKING, Looking, Looks
from paribus.records.result import ArmResult, Effect
from paribus.records.run import State
from paribus.records.study import StudyDesign

Table = list[list[float | None]]
TO_COME: tuple[State, ...] = ("new", "running", "interrupted", "crashed")
"""States of runs that have not been trained to an end; one that failed or was killed has met its end."""


def sizes(first: int, most: int | None, looks: Looking) -> tuple[int, ...]:
    """At how many seeds a study that adds them until decided looks: few planned times, or all along; none without most.

    Raises:
        StudyError: for another word than ``planned`` and ``anytime``.
    """
    if looks not in LOOKING:
        rule = "results count at looks that are planned, or at any time"
        raise StudyError(rule, got=looks, hint=nearest(looks, LOOKING))
    if not most:
        return ()
    return plan_analyses(first, most).sizes if looks == "planned" else grown(first, most)


def unfinished(arms: Sequence[ArmResult]) -> bool:
    """Whether a run is still to come."""
    return any(arm.count(*TO_COME) for arm in arms)


def anytime(design: StudyDesign, arms: Sequence[ArmResult]) -> bool:
    """Whether intervals must hold at every look: where seeds may be added at will, or a run is still to come.

    Between planned looks nothing new is judged, so those need it only before the first one.
    """
    if design.layout == "noise":  # it has no verdicts
        return False
    if design.looking == "anytime":
        return True
    return unfinished(arms) and not reached(design, arms)


def reached(design: StudyDesign, arms: Sequence[ArmResult]) -> int:
    """The last planned look whose seeds are all over; 0 if there is none."""
    known = len(in_order(design, arms))
    return max((size for size in design.interim if size <= known), default=0)


def in_order(design: StudyDesign, arms: Sequence[ArmResult]) -> tuple[int, ...]:
    """The seeds that count at a look: those of which all runs are over, up to the first that is not, as planned.

    Runs end in any order, and those that end first may be a selection: the ones that stopped early, say. An order that
    was fixed before keeps the seeds a sample.
    """
    return tuple(takewhile(lambda seed: not any(arm.states.get(seed) in TO_COME for arm in arms), design.seeds))


def tables(design: StudyDesign, arms: Sequence[ArmResult]) -> tuple[Table, list[list[bool]]]:
    """Figures, and whether runs diverged, by seeds (rows) and arms (columns)."""
    values = [[arm.values.get(seed) for arm in arms] for seed in design.seeds]
    return values, [[arm.states.get(seed) == "diverged" for arm in arms] for seed in design.seeds]


def seen(design: StudyDesign, arms: Sequence[ArmResult], weights: Sequence[float]) -> Table:
    """The figures that count at a look, in the order of all seeds; for arms with a weight, which are compared."""
    known = len(in_order(design, [arm for arm, weight in zip(arms, weights, strict=True) if weight]))
    values, _ = tables(design, arms)
    return [row if place < known else [None] * len(row) for place, row in enumerate(values)]


def looks(design: StudyDesign, arms: Sequence[ArmResult], effects: Sequence[Effect]) -> Looks:
    """The rule by which all this was judged, and what it costs."""
    coming = sum(arm.count(*TO_COME) for arm in arms)
    runs = sum(len(arm.states) for arm in arms)
    free = anytime(design, arms)
    pairs = max((effect.estimate.n for effect in effects), default=max((arm.level.n for arm in arms), default=0))
    overlap = effects[0].estimate.overlap if effects else arms[0].level.overlap
    level = (1 - design.confidence) / max(1, len(effects))
    return Looks(
        rule="anytime" if free else "planned" if design.interim else "end",
        over=runs - coming,
        runs=runs,
        running=any(arm.count("running") for arm in arms),
        pairs=pairs,
        wider=wider(pairs, level, overlap) if free else None,
    )
