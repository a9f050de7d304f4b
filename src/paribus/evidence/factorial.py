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
Kind = Literal["arm", "main", "interaction"]


@dataclass(frozen=True)
class Contrast:
    """A question to a study; its answer is ``contrast(values, weights)``.

    Attributes:
        kind: two arms, a main effect averaged over the other factors, or an interaction.
        factors: the factors it is about: one, or two of an interaction.
        levels: their levels compared, one for each factor.
        reference: their reference levels.
        weights: one weight per arm.
    """

    kind: Kind
    factors: tuple[str, ...]
    levels: tuple[Any, ...]
    reference: tuple[Any, ...]
    weights: tuple[float, ...]


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
    return Contrast(
        kind="main" if len(chosen) == 1 else "interaction",
        factors=tuple(chosen),
        levels=tuple(factors[name][level] for name, level in chosen.items()),
        reference=tuple(factors[name][0] for name in chosen),
        weights=tuple(weights.tolist()),
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
        if not levels or len(set(map(repr, levels))) < len(levels):  # 1 and True are equal, and yet two levels
            raise EvidenceError(f"factor {name!r} needs levels, each listed once", got=list(levels))
