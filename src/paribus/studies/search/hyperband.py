"""Stopping bad trials early: which trial is trained how far, decided from the figures that are known.

Successive halving trains many trials for a few epochs, goes on with the best 1/η of them for η times as many, and so
on.
Hyperband (Li et al. 2018) does so from several beginnings, since nobody knows how early figures tell; ASHA (Li et al.
2020) goes on with a trial as soon as it is among the best 1/η of its rung, without waiting for the others.

What is decided is a pure function of the trials so far: a search that was killed goes on as if nothing had happened.
A trial that goes on is the same run: it is paused, never trained anew, and its schedule is that of its whole budget.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

from paribus.errors import StudyError


@dataclass(frozen=True)
class Rung:
    """So many trials of a bracket are trained until so many epochs."""

    trials: int
    epochs: int


Bracket = tuple[Rung, ...]


@dataclass(frozen=True)
class Standing:
    """What is known of a trial.

    Args:
        number: of the trial.
        bracket: its position among the brackets.
        values: epochs → its figure then, where larger is better; one that ended early keeps its last figure.
        failed: whether it ended without a figure; it is trained no further.
        running: whether it is being trained now.
    """

    number: int
    bracket: int
    values: Mapping[int, float] = field(default_factory=dict)
    failed: bool = False
    running: bool = False


@dataclass(frozen=True)
class Step:
    """What is done next: a trial is trained until so many epochs.

    Args:
        trial: which; ``None`` for a new one.
        epochs: until when.
        bracket: to which it belongs.
    """

    trial: int | None
    epochs: int
    bracket: int = 0


class Plan(Protocol):
    """Which trial is trained next, and how far."""

    @property
    def trials(self) -> int:
        """How many there will be."""
        ...

    def next(self, known: Sequence[Standing]) -> Step | None:
        """What can be begun now; none where something must end before, or all is done."""
        ...


def brackets(most: int, eta: int = 3, least: int = 1) -> tuple[Bracket, ...]:
    """The brackets of Hyperband, the one with the most trials first: Li et al. 2018, Table 1.

    Bracket s begins with ⌊(s_max + 1)/(s + 1)⌋ · ηˢ trials at R·η⁻ˢ epochs, so that none costs more than (s_max + 1)·R.
    (Their Algorithm 1 rounds the whole up instead: by it 34, 15 and 8 trials begin where the table has 27, 9 and 6.)

    >>> for bracket in brackets(9):
    ...     print([(rung.trials, rung.epochs) for rung in bracket])
    [(9, 1), (3, 3), (1, 9)]
    [(3, 3), (1, 9)]
    [(3, 9)]

    Args:
        most: epochs of a whole training, R.
        eta: one in so many goes on, η.
        least: epochs below which no figure tells anything.

    Raises:
        StudyError: where there is nothing to stop early.
    """
    check(most, eta, least)
    deepest = 0
    while most // eta ** (deepest + 1) >= least:
        deepest += 1
    return tuple(_bracket(s, most, eta, (deepest + 1) // (s + 1) * eta**s) for s in range(deepest, -1, -1))


def check(most: int, eta: int, least: int) -> None:
    """Refuse what leaves nothing to stop early.

    Raises:
        StudyError: with the reason.
    """
    if eta < 2:
        raise StudyError("eta is at least 2: one trial in so many goes on", got=eta, hint="write --eta 3")
    if least < 1:
        raise StudyError("a trial is trained for at least one epoch", got=least, hint="write --min-epochs 1")
    if most < eta * least:
        rule = f"stopping early needs a budget of {eta * least} epochs or more: eta × the fewest epochs of a trial"
        raise StudyError(rule, got=f"budget.epochs={most}", hint="raise budget.epochs, or leave --stop out")


def _bracket(s: int, most: int, eta: int, trials: int) -> Bracket:
    return tuple(Rung(trials // eta**i, most // eta ** (s - i)) for i in range(s + 1))


@dataclass(frozen=True)
class Whole:
    """Every trial is trained to its end."""

    trials: int
    epochs: int

    def next(self, known: Sequence[Standing]) -> Step | None:
        """A trial that was interrupted, else a new one."""
        new = Step(None, self.epochs) if len(known) < self.trials else None
        return _going_on(known, self.epochs) or new


@dataclass(frozen=True)
class Hyperband:
    """One bracket after another; the next begins while trials of the one before are still trained."""

    brackets: tuple[Bracket, ...]

    @property
    def trials(self) -> int:
        """How many begin."""
        return sum(bracket[0].trials for bracket in self.brackets)

    def next(self, known: Sequence[Standing]) -> Step | None:
        """A trial that goes on, else a new one, of the first bracket where something can be begun."""
        for place, bracket in enumerate(self.brackets):
            own = [trial for trial in known if trial.bracket == place]
            new = Step(None, bracket[0].epochs, place) if len(own) < bracket[0].trials else None
            if step := _going_on(own, bracket[0].epochs, place) or new or _promoted(own, bracket, place):
                return step
        return None


@dataclass(frozen=True)
class Asha:
    """Asynchronous successive halving: nobody waits; where no trial is to go on, a new one begins."""

    trials: int
    most: int
    eta: int = 3
    least: int = 1

    @property
    def rungs(self) -> tuple[int, ...]:
        """The epochs at which trials are compared, and those of a whole training at the end."""
        found = [self.most]
        while found[-1] // self.eta >= self.least:
            found.append(found[-1] // self.eta)
        return tuple(reversed(found))

    def next(self, known: Sequence[Standing]) -> Step | None:
        """A trial that is among the best 1/η of the highest rung, else one that was interrupted, else a new one."""
        for epochs, after in reversed([*pairwise(self.rungs)]):
            there = [trial for trial in known if epochs in trial.values]
            if step := _going_on(_best(there, epochs, len(there) // self.eta), after):
                return step
        new = Step(None, self.rungs[0]) if len(known) < self.trials else None
        return _going_on(known, self.rungs[0]) or new


def _promoted(own: Sequence[Standing], bracket: Bracket, place: int) -> Step | None:
    """A trial that goes on in its bracket, all of whose trials have begun."""
    for rung, after in pairwise(bracket):
        if not all(trial.failed or rung.epochs in trial.values for trial in own):
            return None  # who is best is not known yet
        own = _best([trial for trial in own if rung.epochs in trial.values], rung.epochs, after.trials)
        if step := _going_on(own, after.epochs, place):
            return step
    return None


def _going_on(trials: Sequence[Standing], epochs: int, bracket: int = 0) -> Step | None:
    """The first of these trials that is still to be trained until so many epochs."""
    todo = (trial for trial in trials if not (trial.failed or trial.running or epochs in trial.values))
    return next((Step(trial.number, epochs, bracket) for trial in todo), None)


def _best(trials: Sequence[Standing], epochs: int, count: int) -> list[Standing]:
    """Those with the largest figures; of equal ones the first."""
    return sorted(trials, key=lambda trial: (-trial.values[epochs], trial.number))[:count]
