"""First-order rules, as a table of pure functions: x is where we are, g the gradient there, t = 1, 2, … the step.

Every rule has ``init(x) → state`` and ``update(g, state, x) → (new x, new state)``, and keeps nothing itself. The state
is a tuple whose first entry counts the steps taken. So the same rule moves a point on a surface and a network.
``lr`` is a number or a schedule, a function of the number of steps taken.

``decay`` λ adds the gradient of ½λ‖x‖²; for plain gradient descent that equals shrinking x by the factor 1 − lr·λ, for
adaptive rules it does not (Loshchilov and Hutter 2019, arXiv:1711.05101), hence AdamW.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from paribus.scratch.errors import ScratchError
from paribus.scratch.graph import Array

State = tuple[Any, ...]
Rate = float | Callable[[int], float]


def rate(lr: Rate, step: int) -> float:
    """The learning rate after ``step`` steps."""
    return lr(step) if callable(lr) else lr


@dataclass(frozen=True)
class Rule(ABC):
    """Base of update rules: from a gradient to a step."""

    lr: Rate = 0.01

    optimizer: ClassVar[Callable[..., Any]]  # the shell around rules, which enters itself here
    joint: ClassVar[bool] = False  # whether a step depends on all numbers at once, not on each by itself

    def __new__(cls, first: Any = None, *others: Any, **settings: Any) -> Any:
        """The rule; or, as torch writes it, an optimizer: ``Adam(net.parameters(), 0.01)``."""
        if first is None or isinstance(first, int | float | np.number) or callable(first):
            return super().__new__(cls)
        known = [field.name for field in fields(cls)]
        if strange := [name for name in settings if name not in known]:
            raise ScratchError(f"{cls.__name__} has no setting {strange[0]}; it has {', '.join(known)}")
        return cls.optimizer(first, cls(*others, **settings))

    def init(self, x: Array) -> State:
        """The state before the first step."""
        return (0,)

    @abstractmethod
    def update(self, g: Array, state: State, x: Array) -> tuple[Array, State]:
        """One step: where to be next, and the next state."""


@dataclass(frozen=True)
class FirstOrder(Rule):
    """A rule that needs only the gradient and some running memory of it, number by number."""

    decay: float = 0.0

    memories: ClassVar[int] = 0  # arrays like x that the state holds

    def init(self, x: Array) -> State:
        """No step taken, all memory zero."""
        return (0, *(np.zeros_like(x) for _ in range(self.memories)))

    def update(self, g: Array, state: State, x: Array) -> tuple[Array, State]:
        """x ← x − lr·step."""
        taken, *memory = state
        if self.decay:
            g = g + self.decay * x
        step, *memory = self.step(g, taken + 1, *memory)
        return x - rate(self.lr, taken) * step, (taken + 1, *memory)

    @abstractmethod
    def step(self, g: Array, t: int, *memory: Array) -> tuple[Array, ...]:
        """What to subtract, before lr, and the new memory."""


@dataclass(frozen=True)
class SGD(FirstOrder):
    """x ← x − lr·g (Robbins and Monro 1951)."""

    def step(self, g: Array, t: int, *memory: Array) -> tuple[Array, ...]:
        """The gradient itself."""
        return (g,)


@dataclass(frozen=True)
class Momentum(FirstOrder):
    """v ← μv + g;  x ← x − lr·v (Polyak 1964)."""

    momentum: float = 0.9
    memories = 1

    def step(self, g: Array, t: int, *memory: Array) -> tuple[Array, ...]:
        """A running sum of gradients, in which older ones fade."""
        v = self.momentum * memory[0] + g
        return v, v


@dataclass(frozen=True)
class Nesterov(Momentum):
    """v ← μv + g;  x ← x − lr·(g + μv): a step of momentum ahead (Sutskever et al. 2013, section 2)."""

    def step(self, g: Array, t: int, *memory: Array) -> tuple[Array, ...]:
        """One step of momentum ahead."""
        v = self.momentum * memory[0] + g
        return g + self.momentum * v, v


@dataclass(frozen=True)
class Adagrad(FirstOrder):
    """s ← s + g²;  x ← x − lr·g/(√s + ε) (Duchi, Hazan and Singer 2011)."""

    eps: float = 1e-10
    memories = 1

    def step(self, g: Array, t: int, *memory: Array) -> tuple[Array, ...]:
        """The gradient over the root of the sum of its squares: step sizes only fall."""
        s = memory[0] + g * g
        return g / (np.sqrt(s) + self.eps), s


@dataclass(frozen=True)
class RMSprop(FirstOrder):
    """s ← αs + (1 − α)g²;  x ← x − lr·g/(√s + ε) (Tieleman and Hinton 2012, lecture 6.5)."""

    alpha: float = 0.99
    eps: float = 1e-8
    memories = 1

    def step(self, g: Array, t: int, *memory: Array) -> tuple[Array, ...]:
        """As Adagrad, with a running mean instead of the sum."""
        s = self.alpha * memory[0] + (1 - self.alpha) * (g * g)
        return g / (np.sqrt(s) + self.eps), s


@dataclass(frozen=True)
class Adam(FirstOrder):
    """m ← β₁m + (1 − β₁)g,  v ← β₂v + (1 − β₂)g²;  x ← x − lr·m̂/(√v̂ + ε),  m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ).

    Kingma and Ba 2015, arXiv:1412.6980, algorithm 1.
    """

    lr: Rate = 0.001
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    memories = 2

    def moments(self, g: Array, m: Array, v: Array) -> tuple[Array, Array]:
        """Running means of g and of g²."""
        a, b = self.betas
        return a * m + (1 - a) * g, b * v + (1 - b) * (g * g)

    def step(self, g: Array, t: int, *memory: Array) -> tuple[Array, ...]:
        """Mean over deviation, both corrected for their start at zero."""
        a, b = self.betas
        m, v = self.moments(g, *memory)
        return m / (1 - a**t) / (np.sqrt(v) / (1 - b**t) ** 0.5 + self.eps), m, v


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam, with x ← (1 − lr·λ)x before each step instead of λx in the gradient (Loshchilov and Hutter 2019)."""

    decay: float = 0.01

    def update(self, g: Array, state: State, x: Array) -> tuple[Array, State]:
        """Shrink, then a step of Adam without decay."""
        lr = rate(self.lr, state[0])
        step, *memory = self.step(g, state[0] + 1, *state[1:])
        return x * (1 - lr * self.decay) - lr * step, (state[0] + 1, *memory)


@dataclass(frozen=True)
class AMSGrad(Adam):
    """Adam with max(v₁ … v_t) for v: the rates cannot grow (Reddi, Kale and Kumar 2018, algorithm 2)."""

    memories = 3

    def step(self, g: Array, t: int, *memory: Array) -> tuple[Array, ...]:
        """As Adam, remembering the largest v."""
        a, b = self.betas
        m, v = self.moments(g, *memory[:2])
        largest = np.maximum(memory[2], v)
        return m / (1 - a**t) / (np.sqrt(largest) / (1 - b**t) ** 0.5 + self.eps), m, v, largest


@dataclass(frozen=True)
class AdaMax(Adam):
    """u ← max(β₂u, |g| + ε);  x ← x − lr·m̂/u: Adam in the maximum norm (Kingma and Ba 2015, algorithm 2)."""

    lr: Rate = 0.002

    def step(self, g: Array, t: int, *memory: Array) -> tuple[Array, ...]:
        """Mean over the largest recent gradient."""
        a, b = self.betas
        m, u = a * memory[0] + (1 - a) * g, np.maximum(b * memory[1], np.abs(g) + self.eps)
        return m / (1 - a**t) / u, m, u


@dataclass(frozen=True)
class Nadam(Adam):
    """Adam with Nesterov's look ahead (Dozat 2016): m̂ = μ_{t+1}·m/(1 − Πμ) + (1 − μ_t)·g/(1 − Πμ before t + 1).

    The momentum warms up, μ_t = β₁(1 − ½·0.96^(ψt)) with ψ = 0.004.
    """

    lr: Rate = 0.002
    warming: float = 0.004

    def init(self, x: Array) -> State:
        """Adam's state, and the product of all momenta so far."""
        return (*super().init(x), 1.0)

    def step(self, g: Array, t: int, *memory: Array) -> tuple[Array, ...]:
        """The next momentum applied to m, this one to g."""
        now, ahead = (self.betas[0] * (1 - 0.5 * 0.96 ** (s * self.warming)) for s in (t, t + 1))
        m, v = self.moments(g, *memory[:2])
        product = memory[2] * now
        mean = ahead * m / (1 - product * ahead) + (1 - now) * g / (1 - product)
        return mean / (np.sqrt(v / (1 - self.betas[1] ** t)) + self.eps), m, v, product
