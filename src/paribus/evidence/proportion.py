"""Intervals for a share of yes-or-no outcomes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from paribus.errors import EvidenceError


@dataclass(frozen=True)
class Proportion:
    """A share with its interval.

    Args:
        hits: how often yes; a part of one where outcomes are means themselves.
        n: of how many.
        low, high: ends of the interval; 0 and 1 where there is none to count.
    """

    hits: float
    n: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share; not a number of none."""
        return self.hits / self.n if self.n else math.nan


def proportion(hits: float, n: int, confidence: float = 0.95) -> Proportion:
    """A share with its score interval (Wilson 1927), which is honest near 0 and 1 and for small n.

    Raises:
        EvidenceError: for more hits than outcomes, or less than none.
    """
    from scipy.special import ndtri

    if not 0 <= hits <= n:
        raise EvidenceError("hits are counted among the outcomes", got=f"{hits} of {n}")
    if not n:
        return Proportion(0, 0, 0.0, 1.0)
    z2, share = float(ndtri((1 + confidence) / 2)) ** 2, hits / n
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    reach = math.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    return Proportion(hits, n, max(0.0, centre - reach), min(1.0, centre + reach))
