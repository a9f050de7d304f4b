"""Which examples flip between the arms of a study more than between its seeds."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from paribus.analysis.examples import SMALL, address
from paribus.data.deliver.loader import Loader
from paribus.errors import ParibusError, StudyError
from paribus.evidence.agreement import flips, holm
from paribus.inference.trained import load, prepared_with
from paribus.records.run import RunFolder
from paribus.records.study import Arm, StudyDesign, find_arm, run_folder

RATE = 0.1  # share of false discoveries among the examples that are named
FIGURE = "accuracy"  # of single examples: whether each is right


@dataclass(frozen=True)
class Flipped:
    """An example, and how many seeds of either arm have it right.

    Args:
        row: where it stands in the data set.
        reference, arm: seeds that have it right.
        p: by Fisher's exact test.
        q: the smallest share of false discoveries at which it would be named.
        truth: its class.
        pictures: as addresses of HTML, small.
    """

    row: int
    reference: int
    arm: int
    p: float
    q: float
    truth: str = ""
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True)
class ArmFlips:
    """An arm against the reference, as :class:`paribus.evidence.agreement.Flips`.

    Args:
        arm: its name.
        seeds: that both arms finished.
        within, between, excess: churn between two seeds of one arm, of different arms, and their difference.
        p: of the excess, adjusted for all arms (Holm).
        least_p: the smallest that so few seeds could give, before that.
        tested: examples that could be significant at all.
        found: examples that flip with the arm.
        shown: those first, then the next ones.
    """

    arm: str
    seeds: int
    within: float
    between: float
    excess: float
    p: float
    least_p: float
    tested: int
    found: int
    shown: tuple[Flipped, ...]


@dataclass(frozen=True)
class StudyFlips:
    """Which examples flip between arms more than between seeds.

    Args:
        study: its name.
        reference: the arm that all others are compared with.
        examples: validation examples, the same of all runs.
        rate: share of false discoveries among the examples that are found.
        arms: the others.
    """

    study: str
    reference: str
    examples: int
    rate: float
    arms: tuple[ArmFlips, ...]


def flips_of(study: Path, arm: str | None = None, shown: int = 12, rate: float = RATE) -> StudyFlips:
    """Compare what the arms of a study have right, example by example.

    Args:
        study: its folder.
        arm: the one that is compared with the reference; all others by default.
        shown: examples of each arm that are kept.
        rate: share of false discoveries among those that are found.

    Raises:
        StudyError: if the runs validate on different examples, keep no figures of single ones, or are too few.
    """
    design = StudyDesign.open(study)
    reference, *others = design.arms()
    chosen = [find_arm(design, arm)] if arm else others
    if design.foreign or not chosen or reference in chosen:
        rule = "flips are between the reference of a study of recipes and another arm"
        got = f"{study.name}, of {'a command' if design.foreign else 'one arm' if not others else reference.name}"
        raise StudyError(rule, got=got, hint="compare two runs instead: paribus compare RUN RUN")
    found = [_compared(design, study, reference, one, shown, rate) for one in chosen]
    adjusted = holm([one.p for _, one in found])
    arms = tuple(replace(one, p=p) for (_, one), p in zip(found, adjusted, strict=True))
    return StudyFlips(study.name, reference.name, found[0][0], rate, arms)


def _compared(
    design: StudyDesign, study: Path, reference: Arm, other: Arm, shown: int, rate: float
) -> tuple[int, ArmFlips]:
    """One arm against the reference, and over how many examples."""
    pairs = [(run_folder(study, reference, seed), run_folder(study, other, seed)) for seed in design.seeds]
    pairs = [pair for pair in pairs if all(run.exists and run.result is not None for run in pair)]
    if len(pairs) < 2:
        rule = "flips between seeds need two finished seeds of both arms"
        raise StudyError(rule, got=f"{len(pairs)} of {other.name}", hint="run the study, or add --seeds")
    rows, one = _hits([pair[0] for pair in pairs])
    again, two = _hits([pair[1] for pair in pairs])
    if not np.array_equal(rows, again):
        raise StudyError("the arms validate on different examples", got=f"{reference.name}; {other.name}")
    found = flips(one, two, rate)
    q, p = np.array(found.q_of), np.array(found.p_of)
    a, b = one.sum(0), two.sum(0)
    order = np.lexsort((-np.abs(a - b), p, q))[:shown]
    kept = [
        Flipped(int(rows[at]), int(a[at]), int(b[at]), float(p[at]), float(q[at])) for at in order if a[at] != b[at]
    ]
    sizes = (found.within, found.between, found.excess, found.p, found.least_p, found.tested)
    return len(rows), ArmFlips(other.name, len(pairs), *sizes, int((q <= rate).sum()), _drawn(pairs[0][0], kept))


def _hits(runs: Sequence[RunFolder]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The validation examples of runs, and which each has right (runs, N)."""
    found = [run.read_examples(FIGURE) for run in runs]
    known = [one for one in found if one is not None]
    if len(known) < len(found) or any(not np.array_equal(known[0][0], rows) for rows, _ in known):
        rule = "flips need runs that say classes and validate on the same examples, whose figures are kept then"
        hint = "run the study with chance.split=0, or with data that bring a validation split"
        raise StudyError(rule, got=str(runs[0].path.parent), hint=hint)
    return known[0][0].astype(np.int64), np.stack([values for _, values in known]) > 0.5


def _drawn(run: RunFolder, found: Sequence[Flipped]) -> tuple[Flipped, ...]:
    """The same with classes and pictures, where the run and its data are still there."""
    with suppress(ParibusError):
        trained = load(run)
        prepared = prepared_with(trained, "val")
        rows = torch.tensor([one.row for one in found], dtype=torch.int64)
        batch = next(Loader(prepared.examples, rows, max(1, len(rows)), torch.device("cpu")).in_order(), None)
        if batch is None:
            return ()
        with torch.inference_mode():
            seen = trained.task.inspect(trained.network, batch)
        pictures = [()] * len(rows) if seen.pictures is None else [map(_small, one) for one in seen.pictures]
        return tuple(replace(one, truth=seen.truth[at], pictures=tuple(pictures[at])) for at, one in enumerate(found))
    return tuple(found)


def _small(picture: torch.Tensor) -> str:
    return address(picture, SMALL)
