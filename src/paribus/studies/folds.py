"""The folds of a study: which rounds are whole, and the figures over all examples of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from paribus.errors import StudyError
from paribus.records.run import RunFolder
from paribus.records.study import Arm, StudyDesign, run_folder
from paribus.records.wording import count


@dataclass(frozen=True)
class OutOfFold:
    """Figures over all examples of one round of folds.

    Args:
        arm: its name.
        repetition: number of the round, from 0.
        folds: how many runs it has.
        examples: how many there are, each validated once.
        metrics: figures by name, ``val/accuracy``.
    """

    arm: str
    repetition: int
    folds: int
    examples: int
    metrics: dict[str, float]


def out_of_fold(folder: Path) -> list[OutOfFold]:
    """The figures of every arm and whole round of a study with ``split.folds``: all networks are asked anew.

    Raises:
        StudyError: if it has no folds, or no round of which all runs have finished.
    """
    from paribus.inference.out_of_fold import pooled  # it takes torch, and a report does not

    design = StudyDesign.open(folder)
    rounds = [(arm, *one) for arm in design.arms() for one in _whole(design, folder, arm)]
    if not rounds:
        rule = "no round of folds is whole: each needs the finished runs of as many seeds as there are folds"
        raise StudyError(rule, got=folder.name, hint=_hint(design))
    return [OutOfFold(arm.name, repetition, len(runs), *pooled(runs)) for arm, repetition, runs in rounds]


def incomplete(design: StudyDesign) -> tuple[str, ...]:
    """What is said of a study whose seeds do not take all folds of a round."""
    if design.foreign or not (folds := folds_of(design, design.arms()[0])):
        return ()
    if design.base.chance.split is not None or "chance.split" in design.factors:
        return (f"All seeds validate on the same of the {folds} folds: leave chance.split out for a cross-validation.",)
    missing = [seed for start in _starts(design, folds) for seed in range(start, start + folds)]
    missing = [seed for seed in missing if seed not in design.seeds]
    if not missing:
        return ()
    return (
        f"A round of {folds} folds is not whole: {count(len(missing), 'seed')} more, "
        f"{', '.join(map(str, missing[:10]))}, would let every example validate equally often.",
    )


def folds_of(design: StudyDesign, arm: Arm) -> int | None:
    """Into how many folds an arm divides its examples; ``None`` if it does not."""
    return None if design.foreign else design.recipe_of(arm).split.folds


def _starts(design: StudyDesign, folds: int) -> list[int]:
    """The first seed of every round that was begun."""
    return sorted({seed - seed % folds for seed in design.seeds})


def _whole(design: StudyDesign, folder: Path, arm: Arm) -> Iterator[tuple[int, Sequence[RunFolder]]]:
    """The rounds of which all runs have finished, each with its number."""
    folds = folds_of(design, arm)
    if folds is None or design.recipe_of(arm).chance.split is not None:
        return
    for start in _starts(design, folds):
        runs = [run_folder(folder, arm, seed) for seed in range(start, start + folds)]
        if all(run.result is not None for run in runs):
            yield start // folds, runs


def _hint(design: StudyDesign) -> str:
    if folds := folds_of(design, design.arms()[0]):
        return f"run the study with --seeds {folds}"
    return "a study has folds with split.folds=5 --seeds 5"
