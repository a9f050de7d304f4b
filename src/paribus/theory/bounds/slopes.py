"""Lower bounds: slopes that were seen. no Lipschitz constant can be smaller than the slope between two points."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from paribus.theory.bounds.linear import Array

Function = Callable[[Array], Array]
Product = Callable[[Array, Array], Array]

HALF = 1e-4  # half the distance of two points: rounding is 1e-12 of a slope


def sampled_slope(
    function: Function,
    shape: tuple[int, ...],
    vjp: Product | None = None,
    points: int = 16,
    climb: int = 30,
    spread: float = 1.0,
    seed: int = 0,
) -> float:
    """The largest ‖f(a) − f(b)‖/‖a − b‖ over sampled pairs.

    Around each of ``points`` random places the pair is first laid along a random direction v; with ``vjp`` the
    direction climbs towards the one that is stretched most, v ← JᵀJ v/‖JᵀJ v‖: power iteration on the Jacobian.

    Args:
        function: f, from ``shape`` to any shape.
        shape: of its input.
        vjp: (x, g) → J(x)ᵀ g, backpropagation.
        points: how many places.
        climb: how many steps of power iteration at each.
        spread: standard deviation of the places around 0.
        seed: of places and directions.
    """
    rng = np.random.default_rng(seed)
    return max(_slope_at(function, vjp, rng.normal(size=shape) * spread, rng, climb) for _ in range(points))


def _slope_at(function: Function, vjp: Product | None, x: Array, rng: np.random.Generator, climb: int) -> float:
    v = rng.normal(size=x.shape)
    best = 0.0
    for _ in range(climb if vjp else 1):
        v /= np.linalg.norm(v)
        stretched = (function(x + HALF * v) - function(x - HALF * v)) / (2 * HALF)
        best = max(best, float(np.linalg.norm(stretched)))
        if vjp is None or best == 0:
            break
        v = vjp(x, stretched)
        if not v.any():
            break
    return best
