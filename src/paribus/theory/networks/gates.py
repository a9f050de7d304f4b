"""What cells with gates have in common: names and shapes of W, U, b of every gate, and numbers for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from paribus.theory.networks.program import Values

Shapes = dict[str, tuple[int, ...]]


def symbols(gates: Iterable[str]) -> dict[str, str]:
    """How W_q, U_q, b_q and z_q of each gate q are written, and the gates themselves."""
    named = list(gates)
    return {f"{stem}{gate}": f"{stem}_{{{gate}}}" for gate in named for stem in "zWUb"} | {gate: gate for gate in named}


def shapes(gates: Iterable[str], hidden: int, inputs: int) -> Shapes:
    """Of W (hidden, inputs), U (hidden, hidden) and b (hidden,) of each gate."""
    found: Shapes = {}
    for gate in gates:
        found |= {f"W{gate}": (hidden, inputs), f"U{gate}": (hidden, hidden), f"b{gate}": (hidden,)}
    return found


def drawn(wanted: Callable[[int, int], Shapes], rng: np.random.Generator) -> Values:
    """Normal numbers for a cell of one to three units and inputs."""
    hidden, inputs = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    return filled(wanted(hidden, inputs), lambda shape: rng.normal(size=shape))


def filled(wanted: Shapes, draw: Callable[[tuple[int, ...]], Any]) -> Values:
    """A value of each shape."""
    return {name: draw(shape) for name, shape in wanted.items()}
