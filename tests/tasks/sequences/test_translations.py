"""BLEU and chrF: against sacreBLEU, and against cases worked by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paribus.tasks.sequences.translations import bleu, bleu_counts, chrf, chrf_counts, words

PAIRS = [
    ("Das ist ein kleines Haus.", "Das ist ein kleines, altes Haus."),
    ("Er kam um 10.30 Uhr, oder?", "Er kam um 10,30 Uhr - oder nicht?"),
    ("Tom & Maria &amp; «Jim»", "Tom & Maria &amp; «Jim»"),
    ("Ja!", "Ja"),
    ("", "Nein."),
    ("completely different words here now", "nichts davon stimmt überhaupt nicht mehr"),
]
TOKENS = ["the", "a", "cat", "dog", "sat.", "on,", "mat", "3.5", "(b)", "it's", "–x"]
SENTENCES = st.lists(st.sampled_from(TOKENS), max_size=12).map(" ".join)


def ours(pairs: list[tuple[str, str]]) -> tuple[float, float]:
    counts = [[sum(column) for column in zip(*(count(*pair) for pair in pairs), strict=True)] for count in COUNTS]
    return bleu(counts[0]), chrf(counts[1])


COUNTS = (bleu_counts, chrf_counts)


def theirs(pairs: list[tuple[str, str]]) -> tuple[float, float]:
    sacrebleu = pytest.importorskip("sacrebleu")
    said, truth = [said for said, _ in pairs], [[true for _, true in pairs]]
    return sacrebleu.corpus_bleu(said, truth, force=True).score, sacrebleu.corpus_chrf(said, truth).score


@pytest.mark.parametrize("pairs", [PAIRS, *([pair] for pair in PAIRS)])
def test_T21_figures_are_those_of_sacrebleu(pairs):
    assert ours(pairs) == pytest.approx(theirs(pairs), abs=1e-9)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(SENTENCES, SENTENCES), min_size=1, max_size=4))
def test_T21_figures_are_those_of_sacrebleu_whatever_is_said(pairs):
    assert ours(pairs) == pytest.approx(theirs(pairs), abs=1e-9)


def test_bleu_by_hand():
    """Five of six words right, in one run: 5/6, 4/5, 3/4, 2/3."""
    pair = ("a b c d e x", "a b c d e f")
    assert bleu(bleu_counts(*pair)) == pytest.approx(100 * (5 / 6 * 4 / 5 * 3 / 4 * 2 / 3) ** 0.25)
    short = ("a b c d", "a b c d e f")
    assert bleu(bleu_counts(*short)) == pytest.approx(100 * math.exp(1 - 6 / 4))


def test_signs_stand_alone_but_between_digits():
    assert words("Um 10.30 Uhr, am 3-ten.") == ["Um", "10.30", "Uhr", ",", "am", "3", "-", "ten", "."]
