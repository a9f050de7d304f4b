"""From what a network says in columns or at places to a text: greedily, by beams, and within a grammar."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from paribus.data.grammar import Grammar, State

Floats = NDArray[np.float64]
NEVER = -math.inf


@dataclass(frozen=True)
class Reading:
    """A text that was read.

    Args:
        text: it; empty where no text is possible.
        sure: of each of its characters, from 0 to 1.
        logp: the logarithm of its probability, as far as the way of reading knows it.
    """

    text: str
    sure: tuple[float, ...]
    logp: float

    @property
    def confidence(self) -> float:
        """Of the whole text: the product over its characters; 0 of none."""
        return math.prod(self.sure) if self.sure else 0.0


def greedy(logp: Tensor, alphabet: Sequence[str]) -> list[Reading]:
    """The likeliest answer of each column; repeated ones are one, and blanks are left out (Graves et al., 2006).

    Args:
        logp: (B, T, K + 1), the blank last.
        alphabet: the K characters.
    """
    best, answers = logp.max(2)
    new = torch.ones_like(answers, dtype=torch.bool)
    new[:, 1:] = answers[:, 1:] != answers[:, :-1]
    found = []
    for row, begins, sure in zip(answers.tolist(), new.tolist(), best.exp().tolist(), strict=True):
        text, shares = "", list[float]()
        for answer, begin, share in zip(row, begins, sure, strict=True):
            if answer == len(alphabet):
                continue
            if begin:
                text, shares = text + alphabet[answer], [*shares, share]
            else:
                shares[-1] = max(shares[-1], share)
        found.append(Reading(text, tuple(shares), float(sum(map(math.log, sure)))))
    return found


@dataclass
class Beam:
    """A prefix, and the probabilities of all paths to it that end with a blank or with its last character.

    Args:
        blank, character: their logarithms.
        state: of the grammar behind it.
        sure: of each character, the most that a column gave it.
    """

    blank: float = NEVER
    character: float = NEVER
    state: State = frozenset()
    sure: tuple[float, ...] = field(default=())

    @property
    def total(self) -> float:
        """Of all paths."""
        return _add(self.blank, self.character)


def beam(logp: Tensor, alphabet: Sequence[str], width: int = 8, grammar: Grammar | None = None) -> Reading:
    """The likeliest text of one line by a prefix beam search (Graves & Jaitly, 2014), within a grammar if there is one.

    Args:
        logp: (T, K + 1), the blank last.
        alphabet: the K characters.
        width: prefixes that are followed.
        grammar: what texts there are; an empty reading where none of them is left.
    """
    steps = logp.double().cpu().numpy()
    beams = {"": Beam(0.0, NEVER, grammar.start if grammar else frozenset())}
    for step in steps:
        beams = _pruned(_extended(beams, step, alphabet, grammar), width)
    whole = {text: one for text, one in beams.items() if grammar is None or grammar.ends(one.state)}
    if not whole:
        return Reading("", (), NEVER)
    text = max(whole, key=lambda one: whole[one].total)
    return Reading(text, whole[text].sure, whole[text].total)


def at_places(logp: Tensor, alphabet: Sequence[str], grammar: Grammar | None = None) -> Reading:
    """The text of one line from answers at numbered places: the likeliest of each, up to the first that is empty.

    With a grammar, the pattern whose likeliest text is the likeliest of all.

    Args:
        logp: (slots, K + 1), that of an empty place last.
        alphabet: the K characters.
        grammar: what texts there are.
    """
    table = logp.double().cpu().numpy()
    if grammar is None:
        answers = table.argmax(1).tolist()
        length = answers.index(len(alphabet)) if len(alphabet) in answers else len(answers)
        return _placed(table, answers[:length], alphabet)
    readings = [_within(table, choice, alphabet) for choice in grammar.choices if len(choice) <= len(table)]
    return max(readings, key=lambda one: one.logp, default=Reading("", (), NEVER))


def _within(table: Floats, choice: Sequence[frozenset[str]], alphabet: Sequence[str]) -> Reading:
    """The likeliest text of one pattern."""
    answers = []
    for row, allowed in zip(table, choice, strict=False):
        known = [number for number, character in enumerate(alphabet) if character in allowed]
        if not known:
            return Reading("", (), NEVER)
        answers.append(known[int(row[known].argmax())])
    return _placed(table, answers, alphabet)


def _placed(table: Floats, answers: Sequence[int], alphabet: Sequence[str]) -> Reading:
    rows = table[np.arange(len(answers)), list(answers)] if answers else np.zeros(0)
    empty = table[len(answers) :, -1].sum()
    text = "".join(alphabet[number] for number in answers)
    return Reading(text, tuple(np.exp(rows).tolist()), float(rows.sum() + empty))


def _extended(
    beams: dict[str, Beam], step: Floats, alphabet: Sequence[str], grammar: Grammar | None
) -> dict[str, Beam]:
    """All prefixes behind one more column."""
    found: dict[str, Beam] = {}
    likely = np.flatnonzero(step[:-1] > -12.0).tolist()  # what is less than 6e-6 ends in no text
    for text, one in beams.items():
        stays = found.setdefault(text, Beam(state=one.state, sure=one.sure))
        stays.blank = _add(stays.blank, one.total + step[-1])
        for number in likely:
            character, share = alphabet[number], float(step[number])
            again = text.endswith(character)
            if again:
                stays.character = _add(stays.character, one.character + share)
                stays.sure = (*one.sure[:-1], max(one.sure[-1], math.exp(share)))
            state = grammar.after(one.state, character) if grammar else one.state
            if grammar is None or state:
                longer = found.setdefault(text + character, Beam(state=state, sure=(*one.sure, math.exp(share))))
                longer.character = _add(longer.character, (one.blank if again else one.total) + share)
    return found


def _pruned(beams: dict[str, Beam], width: int) -> dict[str, Beam]:
    kept = sorted(beams.items(), key=lambda one: -one[1].total)[:width]
    return dict(kept)


def _add(one: float, other: float) -> float:
    """log(eᵃ + eᵇ)."""
    high, low = max(one, other), min(one, other)
    return high if low == NEVER else high + math.log1p(math.exp(low - high))
