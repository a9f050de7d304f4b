"""The bound of a whole net: above, the product over its layers; below, the steepest slope that was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from paribus.errors import TheoryError
from paribus.scratch.nn import Module
from paribus.theory.bounds.layers import Bound, chain
from paribus.theory.bounds.scratch import SCRATCH
from paribus.theory.bounds.slopes import sampled_slope
from paribus.theory.bounds.walk import Library, walk
from paribus.theory.derivations.record import Table


@dataclass(frozen=True)
class NetBound:
    """Between which numbers the Lipschitz constant of a net lies; the two are never shown apart.

    Args:
        layers: the bound of every layer.
        lower: the largest slope between two points that was found.
        upper: Π of the layers' constants.
        training: whether the net that was given was in training mode; both numbers are of its copy in inference.
    """

    layers: tuple[Bound, ...]
    lower: float
    upper: float
    training: bool = False

    def table(self) -> Table:
        """Layer by layer, blocks with their layers below them, the sum at the end."""
        rows = [*_rows(self.layers), ("the net, at most", "Π L", f"{self.upper:.4g}")]
        rows.append(("the net, at least", "steepest sampled slope", f"{self.lower:.4g}"))
        return Table(f"Lipschitz bounds{self.mode}", ("layer", "rule", "L"), tuple(rows))

    @property
    def mode(self) -> str:
        """Of which map the bounds are, where training has another one: batch norm and dropout."""
        held = dict.fromkeys(layer.inference for layer in _all(self.layers) if layer.inference)
        more = "; the net that was given is in training mode, which they do not bound" if self.training else ""
        return f" in inference ({', '.join(held)}){more}" if held else ""


class WeightBound(NamedTuple):
    """Three bounds of a chain of weight matrices, each looser than the one before it."""

    spectral: float
    frobenius: float
    mean: float


def bound_of(net: Any, shape: tuple[int, ...], points: int = 16, spread: float = 1.0, seed: int = 0) -> NetBound:
    """Lipschitz bounds of a net in inference, whatever mode it is in: batch norm by its running statistics, no dropout.

    In training there is no bound of this kind: batch norm divides by the deviation of the batch, however small, and
    dropout with rate p multiplies what it keeps by 1/(1 − p).

    Args:
        net: of :mod:`paribus.scratch` or of PyTorch: a sequence of layers that :mod:`~paribus.theory.bounds.layers`
            knows, with ``Residual`` blocks of scratch among them.
        shape: of one input, without the batch.
        points: places at which slopes are sampled.
        spread: standard deviation of these places.
        seed: of the places.

    Raises:
        TheoryError: a layer without a known constant, or a sampled slope above the bound: then a rule is wrong.
    """
    library = _library(net)
    training = bool(getattr(net, "training", False))
    vjp, whole, net = library.vjp, (1, *shape), library.ready(net)
    layers, _ = walk(library, net, np.zeros(whole))
    upper = chain(layers)
    lower = sampled_slope(
        lambda x: vjp(net, x)[0], whole, lambda x, g: vjp(net, x)[1](g), points, spread=spread, seed=seed
    )
    if lower > upper * (1 + 1e-9):  # a slope is computed to 1e-12
        raise TheoryError("no slope exceeds a Lipschitz bound", got=f"slope {lower:.6g}, bound {upper:.6g}")
    return NetBound(tuple(layers), lower, upper, training)


def _library(net: Any) -> Library:
    if isinstance(net, Module):
        return SCRATCH
    from paribus.theory.bounds.torch import TORCH

    return TORCH


def by_weights(weights: Sequence[ArrayLike]) -> WeightBound:
    """Π‖Wᵢ‖₂ ≤ Π‖Wᵢ‖_F ≤ (Σ‖Wᵢ‖²_F/n)^(n/2): what weight decay punishes, Σ‖W‖²_F, bounds the Lipschitz constant.

    The first step holds as ‖W‖²_F is the sum of all squared singular values, ‖W‖₂² the largest of them; the second is
    the inequality of arithmetic and geometric mean.
    """
    if not weights:
        raise TheoryError("a bound by weights needs at least one matrix")
    matrices = [np.asarray(W, float).reshape(len(np.asarray(W)), -1) for W in weights]
    spectral = float(np.prod([np.linalg.norm(W, 2) for W in matrices]))
    squares = [float(np.sum(W * W)) for W in matrices]
    return WeightBound(spectral, float(np.prod(squares)) ** 0.5, float(np.mean(squares)) ** (len(squares) / 2))


def _all(layers: Sequence[Bound]) -> list[Bound]:
    return [one for layer in layers for one in (layer, *_all(layer.inner))]


def _rows(layers: Sequence[Bound], depth: int = 0) -> list[tuple[str, str, str]]:
    rows = []
    for layer in layers:
        rows.append(("  " * depth + layer.layer, layer.rule, f"{layer.constant:.4g}"))
        rows += _rows(layer.inner, depth + 1)
    return rows
