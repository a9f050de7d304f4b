"""Whole numbers that remember how they were worked out: a formula and its value cannot disagree."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import mul
from typing import Any, Self

ATOM, PRODUCT, SUM = range(3)  # how tightly a text holds together


class Worked:
    """A whole number with its working.

    >>> n, k = Worked(224), Worked(7)
    >>> size = (n + Worked(2) * 3 - Worked(1) * (k - 1) - 1) // 2 + 1
    >>> print(size)
    ⌊(224 + 2·3 − 1·(7 − 1) − 1)/2⌋ + 1 = 112

    Args:
        value: the number.
        text: how it came about; the number itself by default.
        level: whether the text is an atom, a product or a sum, which decides about parentheses.
    """

    __slots__ = ("level", "text", "value")

    def __init__(self, value: int, text: str = "", level: int = ATOM) -> None:
        self.value, self.text, self.level = value, text or str(value), level

    def __add__(self, other: Worked | int) -> Worked:
        b = worked(other)
        return Worked(self.value + b.value, f"{self.text} + {b.text}", SUM)

    def __sub__(self, other: Worked | int) -> Worked:
        b = worked(other)
        return Worked(self.value - b.value, f"{self.text} − {b.within(SUM)}", SUM)

    def __mul__(self, other: Worked | int) -> Worked:
        b = worked(other)
        return Worked(self.value * b.value, f"{self.within(SUM)}·{b.within(SUM)}", PRODUCT)

    def __floordiv__(self, other: Worked | int) -> Worked:
        b = worked(other)
        return Worked(self.value // b.value, f"⌊{self._over(b)}⌋")

    def ceil_div(self, other: Worked | int) -> Worked:
        """The quotient rounded up."""
        b = worked(other)
        return Worked(-(-self.value // b.value), f"⌈{self._over(b)}⌉")

    def over(self, other: Worked | int) -> Worked:
        """A quotient that leaves no rest."""
        b = worked(other)
        return Worked(self.value // b.value, self._over(b), PRODUCT)

    def noted(self, words: str) -> Self:
        """The same number with a remark behind its working."""
        return type(self)(self.value, f"{self.text} ({words})", self.level)

    def within(self, level: int) -> str:
        """The text as it stands inside an expression that holds tighter than ``level``."""
        return f"({self.text})" if self.level >= level else self.text

    def _over(self, divisor: Worked) -> str:
        return f"{self.within(SUM)}/{divisor.within(PRODUCT)}"

    def __eq__(self, other: Any) -> bool:
        return self.value == worked(other).value if isinstance(other, Worked | int) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.value)

    def __repr__(self) -> str:
        return f"Worked({self.value}, {self.text!r})"

    def __str__(self) -> str:
        return self.text if self.text == str(self.value) else f"{self.text} = {self.value:,}".replace("= -", "= −")


def worked(number: Worked | int) -> Worked:
    """A number as one that remembers."""
    return number if isinstance(number, Worked) else Worked(number)


def product(numbers: Iterable[Worked | int]) -> Worked:
    """All of them multiplied; 1 for none."""
    factors = [worked(number) for number in numbers]
    return reduce(mul, factors) if factors else Worked(1)


def total(numbers: Iterable[Worked | int]) -> Worked:
    """All of them added; 0 for none."""
    terms = [worked(number) for number in numbers]
    return reduce(lambda a, b: a + b, terms) if terms else Worked(0)
