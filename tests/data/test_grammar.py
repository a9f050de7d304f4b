"""Grammars against regular expressions, and what is wrong with one."""

from __future__ import annotations

import re

import numpy as np
import pytest

from paribus.data.grammar import load, read, shipped
from paribus.errors import DataError


def expression(grammar):
    """The same texts as a regular expression."""
    forms = ["".join(f"[{re.escape(grammar.sets[sign])}]" for sign in pattern) for pattern in grammar.patterns]
    return re.compile("|".join(f"(?:{form})" for form in forms))


@pytest.mark.parametrize("name", shipped())
def test_T16_a_grammar_accepts_what_its_expression_does(name):
    grammar, chance = load(name), np.random.default_rng(0)
    wanted = expression(grammar)
    for _ in range(200):
        text = grammar.draw(chance)
        assert grammar.accepts(text)
        assert wanted.fullmatch(text)
        changed = list(text)
        changed[chance.integers(len(text))] = str(chance.choice(list(grammar.alphabet)))
        for other in ("".join(changed), text[:-1], text + text[0]):
            assert grammar.accepts(other) == bool(wanted.fullmatch(other)), other


def test_T16_a_persian_plate_has_seven_digits_and_a_letter():
    text = load("persian").draw(np.random.default_rng(1))
    assert sum(one.isdigit() for one in text) == 7
    assert len(text) == 8
    assert not text[2].isdigit()


def test_states_are_the_ways_to_go_on():
    grammar = read("own", {"sets": {"L": "AB", "D": "12"}, "patterns": ["LD", "LLD"]})
    state = grammar.after(grammar.start, "A")
    assert not grammar.ends(state)
    assert grammar.ends(grammar.after(state, "1"))
    assert not grammar.ends(grammar.after(state, "B"))
    assert not grammar.after(grammar.start, "1")
    assert grammar.longest == 3
    assert grammar.alphabet == "12AB"


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        ({"sets": {"L": "AB"}}, "needs sets and patterns"),
        ({"sets": {"L": "AB"}, "patterns": ["LD"]}, "a sign without a set"),
        ({"sets": {"L": "AB"}, "patterns": ["L"], "pattern": 1}, "unknown entry"),
        ({"sets": {"L": "AB"}, "patterns": {"L": "many"}}, "a number that is none"),
    ],
)
def test_what_is_no_grammar_is_refused(raw, rule):
    with pytest.raises(DataError, match=rule):
        read("own", raw)


def test_one_of_your_own_is_a_file(tmp_path):
    (tmp_path / "own.yaml").write_text("sets: {L: AB, D: 12}\npatterns: [LDD]\n")
    assert load(str(tmp_path / "own.yaml")).accepts("A12")
    with pytest.raises(DataError, match="no such grammar") as caught:
        load("eux")
    assert "eu" in caught.value.hint
