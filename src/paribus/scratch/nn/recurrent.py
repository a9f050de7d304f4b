"""Recurrent layers: the same weights at every step of a sequence (batch, time, features).

With x the input, h the state before and [a, b, …] a split of one product into equal parts:

    RNN    h' = tanh(x W + h U + b)                                                      (Elman 1990)
    LSTM   [i, f, c̃, o] = x W + h U + b;   c' = σ(f)·c + σ(i)·tanh(c̃);   h' = σ(o)·tanh(c')
           (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000)
    GRU    [r, z, n] = x W + b,   [r₂, z₂, n₂] = h U + d;   r' = σ(r + r₂),   z' = σ(z + z₂),
           h' = (1 − z')·tanh(n + r'·n₂) + z'·h                                          (Cho et al. 2014)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from paribus.scratch import ops
from paribus.scratch.errors import ShapeError
from paribus.scratch.nn.initial import lecun
from paribus.scratch.nn.module import Chance, Module, parameter
from paribus.scratch.tensor import Tensor

State = tuple[Tensor, ...]


class _Recurrent(Module):
    """Walks through time; the classes below say what one step does."""

    parts = 1  # how many products of width ``hidden`` a step needs
    states = 1  # how many vectors it carries along

    def __init__(self, inputs: int, hidden: int, rng: Chance = None, dtype: Any = np.float32) -> None:
        draw, self.hidden = np.random.default_rng(rng), hidden
        width = self.parts * hidden
        self.weight = parameter(lecun(draw, (inputs, width), hidden, hidden), dtype)  # W
        self.recurrent = parameter(lecun(draw, (hidden, width), hidden, hidden), dtype)  # U
        self.bias = parameter(np.zeros(width), dtype)  # b

    def forward(self, x: Any, start: State | None = None) -> Tensor:
        """(batch, time, inputs) → the state after every step, (batch, time, hidden)."""
        return self.run(x, start)[0]

    def run(self, x: Any, start: State | None = None) -> tuple[Tensor, State]:
        """All states, and the last one, from which a next piece of the sequence can go on."""
        if x.ndim != 3 or x.shape[2] != self.weight.shape[0]:
            raise ShapeError(type(self).__name__, [x.shape, self.weight.shape], "x is (batch, time, inputs)")
        seen = ops.affine(x, self.weight, self.bias)  # x W + b of all steps in one product
        zero = Tensor(np.zeros((len(x), self.hidden), self.weight.dtype))
        state, outputs = start or (zero,) * self.states, []
        for t in range(x.shape[1]):
            state = self.step(seen[:, t], *state)
            outputs.append(state[0])
        return ops.stack(*outputs, axis=1), state

    def step(self, seen: Tensor, *state: Tensor) -> State:
        """From x W + b and the state before to the state after."""
        raise NotImplementedError

    def _split(self, x: Tensor) -> list[Tensor]:
        return [x[:, i * self.hidden : (i + 1) * self.hidden] for i in range(self.parts)]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.weight.shape[0]} → {self.hidden})"


class RNN(_Recurrent):
    """One tanh layer, fed with its own output."""

    def step(self, seen: Tensor, *state: Tensor) -> State:
        """h' = tanh(x W + h U + b)."""
        (h,) = state
        return ((seen + h @ self.recurrent).tanh(),)


class LSTM(_Recurrent):
    """A memory c that gates write to, erase and read; the state is (h, c)."""

    parts, states = 4, 2

    def step(self, seen: Tensor, *state: Tensor) -> State:
        """c' = σ(f)·c + σ(i)·tanh(c̃), h' = σ(o)·tanh(c')."""
        h, c = state
        i, f, new, o = self._split(seen + h @ self.recurrent)
        c = f.sigmoid() * c + i.sigmoid() * new.tanh()
        return o.sigmoid() * c.tanh(), c


class GRU(_Recurrent):
    """A gate z between keeping the state and replacing it, a gate r on what the replacement sees."""

    parts = 3

    def __init__(self, inputs: int, hidden: int, rng: Chance = None, dtype: Any = np.float32) -> None:
        super().__init__(inputs, hidden, rng, dtype)
        self.recurrent_bias = parameter(np.zeros(3 * hidden), dtype)  # d; inside r'·(…), so not part of b

    def step(self, seen: Tensor, *state: Tensor) -> State:
        """h' = (1 − z')·n' + z'·h with n' = tanh(n + r'·n₂)."""
        (h,) = state
        r, z, n = self._split(seen)
        r2, z2, n2 = self._split(ops.affine(h, self.recurrent, self.recurrent_bias))
        reset, keep = (r + r2).sigmoid(), (z + z2).sigmoid()
        new = (n + reset * n2).tanh()
        return (new + keep * (h - new),)
