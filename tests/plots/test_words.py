"""Numbers and names as people read them."""

from __future__ import annotations

import math

import pytest

from paribus.evidence import Estimate
from paribus.plots import words
from paribus.records.metric import Metric

ACCURACY = Metric("accuracy", higher_is_better=True, percent=True)
LOSS = Metric("loss", higher_is_better=False)


def estimate(value: float, low: float, high: float) -> Estimate:
    return Estimate(value, low, high, 5, 0.1, 4, 0.01)


def test_numbers_with_unit_and_typographic_minus() -> None:
    assert words.level(ACCURACY, 0.93123) == "93.12 %"
    assert words.level(LOSS, -0.5) == "−0.5"
    assert words.difference(ACCURACY, -0.019) == "−1.90 points"
    assert words.difference(ACCURACY, 0.005, signed=False) == "0.50 points"


def test_intervals_without_unit() -> None:
    assert words.difference_interval(ACCURACY, estimate(0.019, -0.012, 0.026)) == "[−1.20, 2.60]"
    assert words.level_interval(ACCURACY, estimate(0.93, 0.92, 0.94)) == "[92.00, 94.00]"
    assert words.difference_interval(LOSS, estimate(0.1, -0.01, 0.25)) == "[−0.01, 0.25]"


@pytest.mark.parametrize("end", [math.nan, math.inf])
def test_what_is_not_known_is_a_dash(end: float) -> None:
    assert words.difference_interval(ACCURACY, estimate(0.1, -end, end)) == "–"
    assert words.difference(ACCURACY, end) == "–"
    assert words.level(ACCURACY, None) == "–"
    assert words.probability(math.nan) == "–"


def test_p_is_never_a_false_zero() -> None:
    assert words.probability(0.0) == "< 0.001"
    assert words.probability(0.0314) == "0.031"


def test_long_names_break_and_end() -> None:
    assert words.lines("a very long name of an arm", 12, 2) == ["a very long", "name of an …"]
    assert words.lines("norm: batch − none × lr: 0.1 − 0.01", 20) == ["norm: batch − none ×", "lr: 0.1 − 0.01"]


def test_names_lose_what_could_break_a_file() -> None:
    assert words.clean("a\x00b\nc\u202ed") == "a b c d"


def test_equal_names_stay_distinct() -> None:
    assert len(set(words.distinct(["a", "a", "a"]))) == 3


def test_a_shared_reference_is_said_once() -> None:
    long = "x" * 70
    assert words.without_reference([f"a − {long}", f"b − {long}"]) == (["a", "b"], long)
    assert words.without_reference(["a − c", "b − c"]) == (["a − c", "b − c"], "")


def test_a_confidence_is_never_a_false_100_percent() -> None:
    assert [words.percent(share) for share in (0.95, 0.9661, 0.999998)] == ["95 %", "96.61 %", "> 99.99 %"]
