"""Vanishing and exploding gradients: the measured gradient at every depth, between the bounds that Jacobians set it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from paribus.errors import TheoryError
from paribus.scratch.nn import Sequential
from paribus.theory.bounds.layers import chain
from paribus.theory.bounds.linear import Array, Map, vjp
from paribus.theory.bounds.scratch import SCRATCH
from paribus.theory.bounds.walk import walk
from paribus.theory.derivations.record import Table

ROUNDING = 1e-9  # of products of some dozens of norms, each right to about 1e-13


@dataclass(frozen=True)
class Flow:
    """A gradient on its way back through the blocks of a net; entry k stands for the last k blocks.

    Args:
        floor: Π σ_min of the blocks' Jacobians at this input; 0 once a block has more outputs than inputs.
        measured: ‖∂L/∂h‖ before these blocks, over ‖∂L/∂y‖.
        local: Π σ_max of the same Jacobians.
        constant: Π of the blocks' Lipschitz bounds, which hold at every input.
    """

    floor: tuple[float, ...]
    measured: tuple[float, ...]
    local: tuple[float, ...]
    constant: tuple[float, ...]

    def table(self, every: int = 1) -> Table:
        """One row for every so many blocks."""
        columns = (self.floor, self.measured, self.local, self.constant)
        chosen = [k for k in range(len(self.measured)) if k == 0 or (k + 1) % every == 0]
        rows = tuple((k + 1, *(f"{column[k]:.1e}" for column in columns)) for k in chosen)
        return Table("A gradient on its way back", ("blocks", "Π σ_min", "measured", "Π σ_max", "Π L"), rows)


def gradient_flow(net: Sequential, x: ArrayLike, seed: int = 0) -> Flow:
    """Follow a random gradient back through the blocks of a net, at one input.

    Backward through a block with Jacobian J a gradient g becomes Jᵀg, so σ_min(J) ‖g‖ ≤ ‖Jᵀg‖ ≤ σ_max(J) ‖g‖ (the left
    side needs no more outputs than inputs). A block x + f(x) has σ_min ≥ 1 − L_f: it cannot lose what f loses.

    Args:
        net: blocks of :mod:`paribus.scratch`, in inference.
        x: one input, (1, …).
        seed: of the gradient at the output.

    Raises:
        TheoryError: x holds several inputs, or a bound does not hold: then a rule is wrong.
    """
    h = np.asarray(x, float)
    if len(h) != 1:
        raise TheoryError("Jacobians are those of one input", got=f"{len(h)} inputs", hint="give x[:1]")
    singular, constants, backs = [], [], []
    for block in SCRATCH.ready(net):
        constants.append(chain(walk(SCRATCH, block, h)[0]))
        h, back = vjp(block, h)
        singular.append(_stretches(_jacobian(back, h)))
        backs.append(back)
    flow = Flow(
        _products(low for low, _ in singular),
        tuple(_measured(backs, h, seed)),
        _products(high for _, high in singular),
        _products(constants),
    )
    _check(flow)
    return flow


def _jacobian(back: Map, y: Array) -> Array:
    """J (outputs, inputs) by one backward pass for each output."""
    return np.stack([back(unit.reshape(y.shape)).ravel() for unit in np.eye(y.size)])


def _stretches(jacobian: Array) -> tuple[float, float]:
    """How much gᵀJ is shortened at most, and lengthened at most."""
    values = np.linalg.svd(jacobian, compute_uv=False)
    outputs, inputs = jacobian.shape
    return (float(values[-1]) if outputs <= inputs else 0.0), float(values[0])


def _products(factors: Iterable[float]) -> tuple[float, ...]:
    """Products from the output backwards."""
    return tuple(map(float, np.cumprod(list(factors)[::-1])))


def _measured(backs: Sequence[Map], y: Array, seed: int) -> Iterator[float]:
    """The norm of the gradient before each block, counted from the output, over that at the output."""
    g = start = np.random.default_rng(seed).normal(size=y.shape)
    for back in reversed(backs):
        g = back(g)
        yield float(np.linalg.norm(g) / np.linalg.norm(start))


def _check(flow: Flow) -> None:
    for low, middle, high, constant in zip(flow.floor, flow.measured, flow.local, flow.constant, strict=True):
        room = 1 + ROUNDING
        if not (low <= middle * room and middle <= high * room and high <= constant * room):
            raise TheoryError(
                "σ_min products, the gradient, σ_max products and Lipschitz bounds stand in this order",
                got=f"{low:.3e}, {middle:.3e}, {high:.3e}, {constant:.3e}",
            )
