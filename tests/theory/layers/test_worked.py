from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paribus.theory.layers.worked import Worked, product, total

NUMBERS = st.integers(1, 50)


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_the_text_has_the_value(a, b, c, d):
    """Python itself reads the text back: the working can never disagree with the number."""
    for number in (
        (Worked(a) + b) * c - d,
        Worked(a) - (Worked(b) - c),
        Worked(a) * (Worked(b) + c) * d,
        (Worked(a) + b) // c + d,
        (Worked(a) * b).ceil_div(Worked(c) * d),
        total((a, b, c)) * product((a, d)),
        Worked(a) * (Worked(b * c).over(c)),
    ):
        text = number.text.replace("·", "*").replace("−", "-").replace("/", "//" if "⌊" in number.text else "/")
        text = text.replace("⌊", "(").replace("⌋", ")").replace("⌈", "ceil(").replace("⌉", ")")
        assert eval(text, {"ceil": lambda x: -int(-x // 1)}) == number.value


def test_it_prints_as_on_a_board():
    n, k = Worked(224), Worked(7)
    assert str((n + Worked(2) * 3 - Worked(1) * (k - 1) - 1) // 2 + 1) == "⌊(224 + 2·3 − 1·(7 − 1) − 1)/2⌋ + 1 = 112"
    assert str(Worked(5)) == "5"


@pytest.mark.parametrize("number", [Worked(6), product((2, 3)), total((1, 2, 3))])
def test_equality_is_that_of_the_value(number):
    assert number == 6
    assert hash(number) == hash(Worked(6))
    assert number != "6"
