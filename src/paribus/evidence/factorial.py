"""Main effects and interactions of a full factorial, as weights over its arms.

The arms are in the order of ``itertools.product(*factors.values())``; the first level of a factor is its
reference. Effects of order three and higher are not listed: few studies have the seeds to see them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from paribus.errors import EvidenceError

Factors = Mapping[str, Sequence[Any]]


@dataclass(frozen=True, eq=False)  # arrays do not compare to one truth value
class Contrast:
    """A named question to a factorial study; its answer is ``contrast(values, weights)``.

    Attributes:
        kind: "main" or "interaction".
        factors: the factors it is about.
        levels: their levels compared, one for each factor.
        reference: their reference levels.
        weights: one weight per arm; read-only.
    """

    kind: Literal["main", "interaction"]
    factors: tuple[str, ...]
    levels: tuple[Any, ...]
    reference: tuple[Any, ...]
    weights: NDArray[np.float64]

    @property
    def name(self) -> str:
        """For example ``norm: batch − none`` or ``norm: batch − none × lr: 0.1 − 0.01``."""
        parts = zip(self.factors, self.levels, self.reference, strict=True)
        return " × ".join(f"{factor}: {level} − {reference}" for factor, level, reference in parts)


def main_effects(factors: Factors) -> tuple[Contrast, ...]:
    """Each other level of each factor minus its first, averaged over the levels of all other factors."""
    return _contrasts(factors, 1)


def interactions(factors: Factors) -> tuple[Contrast, ...]:
    """Differences of differences: how much the effect of one factor changes with another.

    One for each pair of factors and each pair of their non-reference levels, averaged over the other factors.
    """
    return _contrasts(factors, 2)


def _contrasts(factors: Factors, order: int) -> tuple[Contrast, ...]:
    _check(factors)
    return tuple(
        _contrast(factors, dict(zip(names, chosen, strict=True)))
        for names in combinations(factors, order)
        for chosen in product(*(range(1, len(factors[name])) for name in names))
    )


def _contrast(factors: Factors, chosen: Mapping[str, int]) -> Contrast:
    """The effect of level number `chosen[name]` of each named factor."""
    weights = np.ones(1)
    for name, levels in factors.items():  # the arms are a product, and so are their weights
        weights = np.multiply.outer(weights, _difference(len(levels), chosen.get(name))).ravel()
    weights.setflags(write=False)
    return Contrast(
        kind="main" if len(chosen) == 1 else "interaction",
        factors=tuple(chosen),
        levels=tuple(factors[name][level] for name, level in chosen.items()),
        reference=tuple(factors[name][0] for name in chosen),
        weights=weights,
    )


def _difference(count: int, level: int | None) -> NDArray[np.float64]:
    """Weights over `count` levels: `level` minus the first, or their average where no level is asked for."""
    if level is None:
        return np.full(count, 1 / count)
    weights = np.zeros(count)
    weights[[0, level]] = -1.0, 1.0
    return weights


def _check(factors: Factors) -> None:
    for name, levels in factors.items():
        if not levels or any(level in levels[:i] for i, level in enumerate(levels)):
            raise EvidenceError(f"factor {name!r} needs levels, each listed once", got=list(levels))
