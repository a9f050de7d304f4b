"""Rules that look further than the gradient: line search, Newton, L-BFGS. They see all numbers at once (``joint``).

They ask the function itself: give it as ``value(x) → number`` and, to Newton, ``hessian(x) → matrix``, on vectors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from paribus.scratch.graph import Array
from paribus.scratch.optim.rules import Rule, State, rate

Value = Callable[[Array], float]


class Trial(NamedTuple):
    """One tried step length: f(x + length·d) against the largest value Armijo's condition accepts."""

    length: float
    value: float
    bound: float

    @property
    def accepted(self) -> bool:
        """Whether the function fell enough."""
        return self.value <= self.bound


def backtrack(
    value: Value, x: Array, g: Array, direction: Array, start: float = 1.0, shrink: float = 0.5, slope: float = 1e-4
) -> list[Trial]:
    """Shorten the step until f(x + a·d) ≤ f(x) + slope·a·gᵀd (Armijo 1966); all trials, the accepted one last.

    Should no length above 10⁻¹² be accepted, the last trial is one of length 0.
    """
    here, expected, a = value(x), float(np.vdot(g, direction)), start
    trials: list[Trial] = []
    while a > 1e-12:
        trials.append(Trial(a, value(x + a * direction), here + slope * a * expected))
        if trials[-1].accepted:
            return trials
        a *= shrink
    return [*trials, Trial(0.0, here, here)]


@dataclass(frozen=True)
class LineSearch(Rule):
    """x ← x − a·g with the first a of lr, lr·shrink, lr·shrink², … that satisfies Armijo's condition."""

    value: Value | None = None
    lr: float = 1.0
    shrink: float = 0.5
    slope: float = 1e-4
    joint = True

    def update(self, g: Array, state: State, x: Array) -> tuple[Array, State]:
        """Search along −g; the trials are the state's second entry."""
        trials = self.search(g, x, -g, state[0])
        return x - trials[-1].length * g, (state[0] + 1, trials)

    def search(self, g: Array, x: Array, direction: Array, taken: int) -> list[Trial]:
        """Backtrack along ``direction``."""
        if self.value is None:
            raise ValueError(f"{type(self).__name__} needs the function: value=f")
        return backtrack(self.value, x, g, direction, rate(self.lr, taken), self.shrink, self.slope)


@dataclass(frozen=True)
class Newton(Rule):
    """x ← x − lr·H⁻¹g, exact on a quadratic. For small problems: H has n² numbers.

    ``damping`` bends the Hessian until it is positive: its eigenvalues become max(|λ|, damping), so that saddles and
    maxima repel (Nocedal and Wright 2006, section 3.4). With damping None the pure rule goes wherever g = 0.
    """

    hessian: Callable[[Array], Array] | None = None
    lr: float = 1.0
    damping: float | None = None
    joint = True

    def update(self, g: Array, state: State, x: Array) -> tuple[Array, State]:
        """Step to the minimum of the local quadratic model."""
        if self.hessian is None:
            raise ValueError("Newton needs second derivatives: hessian=h")
        return x - rate(self.lr, state[0]) * self._solve(self.hessian(x), g), (state[0] + 1,)

    def _solve(self, h: Array, g: Array) -> Array:
        if self.damping is None:
            return np.linalg.solve(h, g)
        eigenvalues, vectors = np.linalg.eigh(h)
        scaled: Array = vectors @ (vectors.T @ g / np.maximum(np.abs(eigenvalues), self.damping))
        return scaled


@dataclass(frozen=True)
class LBFGS(LineSearch):
    """x ← x − a·Hg, H an inverse Hessian pieced together from the last steps (Nocedal and Wright 2006, algorithm 7.4).

    With ``value`` the length a is searched for; without, it is lr, and lr/‖g‖₁ at most in the first step.
    State: steps taken, (s, y) pairs of moves and gradient changes, the last x and g.
    """

    history: int = 10

    def init(self, x: Array) -> State:
        """Nothing known yet."""
        return (0, (), None, None)

    def update(self, g: Array, state: State, x: Array) -> tuple[Array, State]:
        """One quasi-Newton step."""
        taken, pairs, last_x, last_g = state
        if taken:
            s, y = x - last_x, g - last_g
            fits = np.vdot(s, y) > 1e-10  # only then does the new pair keep H positive, as a minimum needs it
            pairs = (*pairs, (s, y))[-self.history :] if fits else self._without(pairs)
        direction = -two_loops(g, pairs)
        length = self._length(g, x, direction, taken)
        return x + length * direction, (taken + 1, pairs, x, g)

    def _without(self, pairs: tuple[tuple[Array, Array], ...]) -> tuple[tuple[Array, Array], ...]:
        """What is known after a step through negative curvature: with a line search, better start afresh."""
        return pairs if self.value is None else ()

    def _length(self, g: Array, x: Array, direction: Array, taken: int) -> float:
        if self.value is not None:
            return self.search(g, x, direction, taken)[-1].length
        return rate(self.lr, taken) * (1.0 if taken else min(1.0, 1.0 / max(float(np.abs(g).sum()), 1e-300)))


def two_loops(g: Array, pairs: tuple[tuple[Array, Array], ...]) -> Array:
    """H g without ever forming H, newest pair first and back again; H₀ = sᵀy/yᵀy of the newest pair."""
    q, weights = g.copy(), []
    for s, y in reversed(pairs):
        weights.append(np.vdot(s, q) / np.vdot(y, s))
        q = q - weights[-1] * y
    if pairs:
        s, y = pairs[-1]
        q = q * (np.vdot(s, y) / np.vdot(y, y))
    for (s, y), weight in zip(pairs, reversed(weights), strict=True):
        q = q + s * (weight - np.vdot(y, q) / np.vdot(y, s))
    return q
