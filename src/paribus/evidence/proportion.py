"""Shares of examples with their intervals."""

from __future__ import annotations

from paribus.evidence.variance import Interval


def proportion(count: int, of: int, confidence: float = 0.95) -> Interval:
    """A share of independent examples with its Wilson interval (Wilson, 1927), which is sound also at 0 and 1.

    Args:
        count: examples that have what is counted.
        of: all of them, at least one.
        confidence: of the interval.
    """
    from scipy.stats import binomtest  # half a second

    found = binomtest(count, of).proportion_ci(confidence, "wilson")
    return Interval(count / of, float(found.low), float(found.high))
