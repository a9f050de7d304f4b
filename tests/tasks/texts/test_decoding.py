"""Decoding against enumeration of all paths, and within grammars."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from paribus.data.grammar import read
from paribus.tasks.texts.decoding import at_places, beam, greedy
from paribus.tasks.texts.metrics import character_error_rate, edits, right_places

ALPHABET = ("A", "B", "1")
GRAMMAR = read("own", {"sets": {"L": "AB", "D": "1"}, "patterns": ["LD", "LL", "L"]})


def drawn(seed, steps=5, sharp=2.0):
    draw = torch.Generator().manual_seed(seed)
    return (sharp * torch.randn(steps, len(ALPHABET) + 1, generator=draw, dtype=torch.float64)).log_softmax(1)


def collapsed(path):
    kept = [one for place, one in enumerate(path) if not place or one != path[place - 1]]
    return "".join(ALPHABET[one] for one in kept if one < len(ALPHABET))


def all_texts(logp):
    """Text → the probability of all paths to it."""
    found = {}
    for path in itertools.product(range(logp.shape[1]), repeat=len(logp)):
        share = math.exp(sum(float(logp[step, one]) for step, one in enumerate(path)))
        found[collapsed(path)] = found.get(collapsed(path), 0.0) + share
    return found


@pytest.mark.parametrize("seed", range(8))
def test_T16_a_wide_beam_finds_the_likeliest_text_and_its_probability(seed):
    logp = drawn(seed)
    texts = all_texts(logp)
    assert sum(texts.values()) == pytest.approx(1)
    best = max(texts, key=texts.__getitem__)
    found = beam(logp, ALPHABET, width=2000)
    assert found.text == best
    assert math.exp(found.logp) == pytest.approx(texts[best])
    within = {text: share for text, share in texts.items() if GRAMMAR.accepts(text)}
    best = max(within, key=within.__getitem__)
    found = beam(logp, ALPHABET, width=2000, grammar=GRAMMAR)
    assert found.text == best
    assert math.exp(found.logp) == pytest.approx(within[best])


@pytest.mark.parametrize("seed", range(4))
def test_the_probability_of_a_text_is_that_of_the_loss(seed):
    logp = drawn(seed)
    found = beam(logp, ALPHABET, width=2000)
    numbers = torch.tensor([ALPHABET.index(one) for one in found.text])
    if len(numbers):
        loss = torch.nn.functional.ctc_loss(logp[:, None], numbers[None], (5,), (len(numbers),), len(ALPHABET), "sum")
        assert float(loss) == pytest.approx(-found.logp)


@pytest.mark.parametrize("seed", range(8))
def test_greedy_reading_collapses_the_likeliest_path(seed):
    logp = drawn(seed, steps=9)
    [found] = greedy(logp[None], ALPHABET)
    assert found.text == collapsed(logp.argmax(1).tolist())
    assert len(found.sure) == len(found.text)
    assert all(0 < one <= 1 for one in found.sure)


def test_repeated_characters_need_a_blank_between():
    sure = torch.full((4, 4), -20.0)
    for step, answer in enumerate((0, 0, 3, 0)):
        sure[step, answer] = 0
    assert greedy(sure.log_softmax(1)[None], ALPHABET)[0].text == "AA"
    assert beam(sure.log_softmax(1), ALPHABET).text == "AA"


@pytest.mark.parametrize("seed", range(8))
def test_T16_places_within_a_grammar_are_the_likeliest_text_of_it(seed):
    logp = drawn(seed, steps=3)
    texts = [
        "".join(one) for n in range(4) for one in itertools.product(ALPHABET, repeat=n) if GRAMMAR.accepts("".join(one))
    ]

    def share(text):
        numbers = [ALPHABET.index(one) for one in text] + [len(ALPHABET)] * (3 - len(text))
        return sum(float(logp[place, number]) for place, number in enumerate(numbers))

    found = at_places(logp, ALPHABET, GRAMMAR)
    assert found.text == max(texts, key=share)
    assert found.logp == pytest.approx(share(found.text))


def test_places_without_a_grammar_end_at_the_first_empty_one():
    sure = torch.full((4, 4), -9.0)
    for place, answer in enumerate((1, 2, 3, 0)):
        sure[place, answer] = 0
    assert at_places(sure.log_softmax(1), ALPHABET).text == "B1"


def test_edits_are_those_of_the_recursion():
    def plain(one, other):
        if not one or not other:
            return len(one) + len(other)
        if one[0] == other[0]:
            return plain(one[1:], other[1:])
        return 1 + min(plain(one[1:], other), plain(one, other[1:]), plain(one[1:], other[1:]))

    words = ["", "A", "AB", "BA", "ABBA", "BAB", "AAB"]
    for one, other in itertools.product(words, repeat=2):
        assert edits(one, other) == plain(one, other)
    assert edits("kitten", "sitting") == 3
    assert character_error_rate(["AB", ""], ["AC", "BB"]) == 3 / 4
    assert right_places("AXC", "ABCD") == [True, False, True, False]
