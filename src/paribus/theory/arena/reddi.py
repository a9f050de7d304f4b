"""Reddi's counterexample: an online problem that is linear, and on which Adam walks to the worst point.

On [−1, 1] the losses are f_t(x) = Cx every third step and −x otherwise, C > 2. Over three steps they add up to
(C − 2)x, so −1 is best. With β₁ = 0 and β₂ = 1/(1 + C²) the one large gradient is divided by its own root, and
forgotten when the two small ones come: Adam ends at +1. AMSGrad does not forget (Reddi, Kale and Kumar 2018,
theorem 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from paribus.errors import TheoryError
from paribus.scratch.graph import Array
from paribus.scratch.optim import SGD, Adam, AMSGrad, Rule
from paribus.scratch.optim.rules import Rate

MOST = 1_000_000


@dataclass(frozen=True)
class Walk:
    """Where one optimizer went: x after every step, and its regret so far divided by the number of steps."""

    name: str
    x: Array
    regret: Array


@dataclass(frozen=True)
class Online:
    """The online problem and its walks.

    Args:
        c: the large slope C.
        steps: number of steps.
        lr: α of the learning rate α/√t.
        best: the point of least total loss, in hindsight.
        walks: one for each optimizer.
    """

    c: float
    steps: int
    lr: float
    best: float
    walks: tuple[Walk, ...]


def reddi(c: float = 3.0, steps: int = 6000, lr: float = 0.5) -> Online:
    """Run Adam, AMSGrad and SGD on the losses, all with the learning rate lr/√t.

    Raises:
        TheoryError: unless C > 2, and for impossible numbers.
    """
    if not 2 < c <= 1e6:
        raise TheoryError("Reddi's counterexample needs a slope C above 2", got=c, hint="3 is the paper's proof's")
    if not 3 <= steps <= MOST:
        raise TheoryError(f"the walk has 3 to {MOST:,} steps", got=steps)
    if not lr > 0:
        raise TheoryError("a learning rate is above 0", got=lr)
    slopes = np.where(np.arange(steps) % 3 == 0, c, -1.0)  # of step t = 1, 2, …; t mod 3 = 1 has slope C
    best = -1.0 if slopes.sum() > 0 else 1.0

    def rates(taken: int) -> float:
        return lr / sqrt(taken + 1)

    walks = tuple(_walk(name, rule, slopes, best) for name, rule in _rules(c, rates).items())
    return Online(c, steps, lr, best, walks)


def _rules(c: float, rates: Rate) -> dict[str, Rule]:
    betas = (0.0, 1 / (1 + c * c))
    return {"Adam": Adam(rates, betas=betas), "AMSGrad": AMSGrad(rates, betas=betas), "SGD": SGD(rates)}


def _walk(name: str, rule: Rule, slopes: Array, best: float) -> Walk:
    """Follow a rule, back onto [−1, 1] after each step. The loss of step t is that of the x before it."""
    x = np.zeros(1)
    state, places, losses = rule.init(x), np.empty(len(slopes)), np.empty(len(slopes))
    for t, slope in enumerate(slopes):
        losses[t] = slope * (x[0] - best)
        x, state = rule.update(np.array([slope]), state, x)
        x = np.clip(x, -1.0, 1.0)
        places[t] = x[0]
    return Walk(name, places, np.cumsum(losses) / np.arange(1, len(slopes) + 1))
