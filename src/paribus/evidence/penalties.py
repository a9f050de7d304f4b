"""L1 or L2? What the zeros among weights say of the penalty that they were fitted with.

A lasso weight is a shrunken one, w = sign(u)·max(|u| − t, 0) where inputs are uncorrelated: all |u| ≤ t become exactly
0, and t < |u| ≤ 2t come to lie in 0 < |w| ≤ t. Where the density of u is about flat near 0, as many weights are 0 as
lie in that range. A ridge weight is u times a factor: it is never 0. So count k zeros, and m weights in 0 < |w| ≤ t:

* fitted with L2, a zero is a weight that was rounded to it, as a share of about r/t of the k + m are, where numbers are
  given in steps of 2r;
* fitted with L1 of a threshold of t or more, k is binomial with k + m trials of probability ½ or more.

Tibshirani (1996), section 2.2, has the threshold; the test is the sign test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite, sqrt
from typing import Literal

from paribus.errors import ParibusError

Word = Literal["L1", "L2", "undecided"]

NEAR = 0.25  # of the root mean square: an L1 whose threshold is smaller hardly shapes the weights
LEVEL = 0.05
EXACT = 1e-7  # of the largest weight: half the step in which float32 numbers are given
FEWEST = 2  # weights


@dataclass(frozen=True)
class Penalty:
    """What the zeros of some weights say.

    Args:
        word: L1, L2 (or none at all: neither makes zeros), or undecided.
        weights: how many.
        zeros: how many of them are 0.
        near: how many others are smaller than a quarter of the root mean square.
        smooth: the probability of so many zeros if nothing made weights 0 but rounding.
        sparse: the probability of so few if an L1 had shaped the weights.
        leaning: where undecided, the one of both that explains the zeros better; empty where neither does.
    """

    word: Word
    weights: int
    zeros: int
    near: int
    smooth: float
    sparse: float
    leaning: str = ""

    def __str__(self) -> str:
        found = f"{self.word}: {self.zeros} of {self.weights} weights are 0, {self.near} others near it"
        lean = f" (rather {self.leaning})" if self.leaning else ""
        return f"{found}; p = {self.smooth:.2g} without L1, {self.sparse:.2g} with it{lean}"


def penalty_of(weights: Sequence[float] | Sequence[str], step: float | None = None) -> Penalty:
    """Whether weights look as if an L1 or an L2 penalty had shaped them.

    >>> print(penalty_of([0, 0, 3.1, 0, 0, -1.7, 0, 0.4]))
    L1: 5 of 8 weights are 0, 0 others near it; p = 9.3e-31 without L1, 1 with it

    Args:
        weights: those of one linear model, its bias aside; as texts their decimals tell how they were rounded.
        step: the size of the last digit in which they are given, 0.01 for two decimals; by default what texts have,
            and the rounding of float32 of numbers.

    Raises:
        ParibusError: for fewer than two weights, or some that are not finite.
    """
    from scipy.stats import binom

    values = [float(it) for it in weights]
    if len(values) < FEWEST or not all(map(isfinite, values)):
        rule = "a verdict on a penalty needs two weights or more, all finite"
        raise ParibusError(rule, got=list(weights), hint="give the weights of one model, without its bias")
    size = sqrt(sum(it * it for it in values) / len(values))
    if step is None:
        texts = [it for it in weights if isinstance(it, str)]
        step = max(map(_last_digit, texts)) if texts else 2 * EXACT * max(map(abs, values))
    near_to = max(NEAR * size, step)
    zeros = sum(abs(it) <= step / 2 for it in values)
    near = sum(step / 2 < abs(it) <= near_to for it in values)
    rounded = min(0.5, step / 2 / near_to) if near_to else 0.5
    smooth = float(binom.sf(zeros - 1, zeros + near, rounded)) if zeros else 1.0
    sparse = float(binom.cdf(zeros, zeros + near, 0.5))
    word: Word = "undecided"
    if size and zeros < len(values) and min(smooth, sparse) <= LEVEL < max(smooth, sparse):
        word = "L1" if smooth < sparse else "L2"
    leaning = "" if word != "undecided" or smooth == sparse else "L1" if smooth < sparse else "L2"
    return Penalty(word, len(values), zeros, near, smooth, sparse, leaning)


def penalties_of(rows: Sequence[Sequence[str]]) -> list[Penalty]:
    """The verdict on each of several weight vectors, as the rows of a CSV file have them."""
    return [penalty_of(row) for row in rows]


def _last_digit(text: str) -> float:
    """The size of the last digit of a number as it is written: 0.01 of ``0.40``; ``1e-3`` of ``5e-3``."""
    exponent = Decimal(text.strip()).as_tuple().exponent
    return 10.0**exponent if isinstance(exponent, int) else 1.0
