"""What a check of a claim says: kept, broken, or that it cannot be checked and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

State = Literal["broken", "unchecked", "kept"]
Evidence = Mapping[str, float | str]


class Unchecked(Exception):
    """Raised by a check that has nothing to go by; its text goes on behind "cannot be checked, because"."""


@dataclass(frozen=True)
class Outcome:
    """One claim, and what the records say of it.

    Args:
        check: the name of the check.
        claim: what should hold, in a few words.
        state: kept; broken; or unchecked, where the records do not say.
        says: what was seen; of what is unchecked, why.
        evidence: the figures behind it, by name.
        way_out: what to do about it, where it is broken.
        runs: of a study, those that it is about.
    """

    check: str
    claim: str
    state: State
    says: str
    evidence: Evidence = field(default_factory=dict)
    way_out: str = ""
    runs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What a check returns; the table of checks knows its name and its claim."""

    state: State
    says: str
    evidence: Evidence = field(default_factory=dict)
    way_out: str = ""


def kept(says: str, **evidence: float | str) -> Verdict:
    """The claim holds, as far as the records tell."""
    return Verdict("kept", says, _named(evidence))


def broken(says: str, way_out: str, **evidence: float | str) -> Verdict:
    """The claim does not hold."""
    return Verdict("broken", says, _named(evidence), way_out)


def _named(evidence: Evidence) -> dict[str, float | str]:
    """Keywords as the words that they stand for."""
    return {name.replace("_", " "): value for name, value in evidence.items()}


@dataclass(frozen=True)
class Leak:
    """One of the eight kinds of leakage of Kapoor & Narayanan (2023, table 1), and what the checks say of it.

    Args:
        number: theirs.
        title: in a few words.
        state: broken if one of its checks is; unchecked if one of them is; else kept.
        says: which checks tell, or why none does.
    """

    number: str
    title: str
    state: State
    says: str


@dataclass(frozen=True)
class Lint:
    """All that was checked of a run or a study.

    Args:
        about: its folder.
        runs: how many runs were looked at.
        outcomes: broken ones first, then what cannot be checked, then what is kept.
        leaks: the same by kinds of leakage.
    """

    about: str
    runs: int
    outcomes: tuple[Outcome, ...]
    leaks: tuple[Leak, ...] = ()

    def of(self, state: State) -> tuple[Outcome, ...]:
        """The outcomes of one kind."""
        return tuple(one for one in self.outcomes if one.state == state)

    @property
    def broken(self) -> tuple[Outcome, ...]:
        """Claims that do not hold."""
        return self.of("broken")

    @property
    def names(self) -> list[str]:
        """Of the checks that found something broken, each once."""
        return list(dict.fromkeys(one.check for one in self.broken))

    @property
    def exit_code(self) -> int:
        """For scripts: 1 if a claim is broken. What cannot be checked does not count."""
        return 1 if self.broken else 0


ORDER: tuple[State, ...] = ("broken", "unchecked", "kept")


def worst(states: Iterable[State]) -> State:
    """The gravest of some states."""
    return min(states, key=ORDER.index)
