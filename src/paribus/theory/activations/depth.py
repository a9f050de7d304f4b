"""Why ReLU over sigmoid: what is left of a gradient after many layers, measured on a random deep net."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from paribus.errors import TheoryError
from paribus.theory.activations.table import Activation, Array, activation
from paribus.theory.derivations.record import Table


@dataclass(frozen=True)
class Depth:
    """A gradient on its way back through a random net; entry k stands for k layers of it.

    Args:
        activation: name.
        slopes: root mean square of f′(z) in each layer, counted from the output.
        product: the product of the first k of these: what the activations alone do to the gradient.
        gradient: measured norm of the gradient after k layers, over its norm at the output.
        bound: Π ‖W‖₂·L, which no gradient can exceed.
    """

    activation: str
    slopes: tuple[float, ...]
    product: tuple[float, ...]
    gradient: tuple[float, ...]
    bound: tuple[float, ...]

    def table(self, every: int = 5) -> Table:
        """Some of the depths as rows."""
        chosen = [k for k in range(len(self.slopes)) if k == 0 or (k + 1) % every == 0]
        rows = tuple(
            (k + 1, *(f"{column[k]:.1e}" for column in (self.product, self.gradient, self.bound))) for k in chosen
        )
        return Table(f"{self.activation}: back through the layers", ("layers", "Π rms f′", "gradient", "bound"), rows)


def through_depth(name: str, depth: int = 30, width: int = 64, gain: float | None = None, seed: int = 0) -> Depth:
    """Send a gradient back through ``depth`` random layers h ← f(W h) of one activation.

    Args:
        name: the activation.
        depth: number of layers.
        width: units of each layer.
        gain: weights are N(0, gain²/width); by default √2 for ReLU and its relatives (He et al. 2015), else 1
            (Glorot and Bengio 2010).
        seed: of weights, inputs (64 of them, standard normal) and the gradient at the output.

    Raises:
        TheoryError: a net without layers or units.
    """
    if depth < 1 or width < 1:
        raise TheoryError("a deep net has at least one layer and one unit", got=f"depth {depth}, width {width}")
    f = activation(name)
    rng = np.random.default_rng(seed)
    scale = (GAINS.get(f.name, 1.0) if gain is None else gain) / sqrt(width)
    weights = [rng.normal(size=(width, width)) * scale for _ in range(depth)]
    slopes = _slopes(f, weights, rng.normal(size=(64, width)))
    g = rng.normal(size=(64, width))
    return _back(f, weights, slopes, g)


GAINS = {"relu": sqrt(2), "leaky relu": sqrt(2), "elu": sqrt(2), "gelu": sqrt(2), "silu": sqrt(2), "mish": sqrt(2)}


def _slopes(f: Activation, weights: list[Array], h: Array) -> list[Array]:
    """f′(z) of every layer, on the way forward."""
    slopes = []
    for W in weights:
        z = h @ W
        h = f.value(z)
        slopes.append(f.slope(z))
    return slopes


def _back(f: Activation, weights: list[Array], slopes: list[Array], g: Array) -> Depth:
    """The way back: g ← (g ∘ f′(z)) Wᵀ."""
    start = np.linalg.norm(g)
    rms, gradient, bound = [], [], []
    for W, slope in zip(reversed(weights), reversed(slopes), strict=True):
        g = (g * slope) @ W.T
        rms.append(float(np.sqrt(np.mean(slope**2))))
        gradient.append(float(np.linalg.norm(g) / start))
        bound.append(float(np.linalg.norm(W, 2)) * f.lipschitz)
    product, ceiling = (tuple(map(float, np.cumprod(column))) for column in (rms, bound))
    return Depth(f.name, tuple(rms), product, tuple(gradient), ceiling)
