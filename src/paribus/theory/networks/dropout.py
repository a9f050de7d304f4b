"""Dropout: a mask of zeros and ones, known once it is drawn.

    Y = X ⊙ M/(1 − p),   ∂L/∂X = ∂L/∂Y ⊙ M/(1 − p),   E Y = X,   Var Y = X² p/(1 − p)      (Srivastava et al. 2014)

The two moments are checked by summing over all 2ⁿ masks with their probabilities, so they are exact.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from paribus.errors import TheoryError
from paribus.theory.derivations.derivation import Derivation
from paribus.theory.networks.numbers import as_array, generator, nice
from paribus.theory.networks.program import Line, Program, Trial, Values, gradient
from paribus.theory.networks.proof import derivation


def dropout(X: Any = None, *, rate: float = 0.5, upstream: Any = None, seed: int = 0) -> Derivation:
    """Gradient, mean and variance of dropout.

    Args:
        X: numbers that go in; random if not given.
        rate: probability of a zero, 0 ≤ rate < 1.
        upstream: ∂L/∂Y; ones if not given.
        seed: of the mask, and of the numbers where none are given.

    Raises:
        TheoryError: a rate that is no probability below 1.
    """
    if not 0 <= rate < 1:
        raise TheoryError("the rate of dropout lies in 0 ≤ rate < 1", got=rate)
    rng = generator(seed)
    x = np.atleast_1d(as_array(X, "X")) if X is not None else nice(rng, (5,))
    above = as_array(upstream, "upstream") if upstream is not None else np.ones(x.shape)
    if above.shape != x.shape:
        raise TheoryError("the upstream gradient has the shape of X", got=f"{above.shape} and {x.shape}")
    program = Program(
        forward=(Line("Y", f"X * M / (1 - {rate})"), Line("L", "sum(Y * G)")),
        backward=(
            Line("dY", "G", "what arrives from above", gradient("Y")),
            Line("dX", f"dY * M / (1 - {rate})", "the same mask", gradient("X"), "what was dropped learns nothing"),
            Line("E", "X", "mean over all masks", lambda trial: _moment(trial, rate, 1), left=r"\mathbb{E}\, Y"),
            Line(
                "V",
                f"X**2 * {rate} / (1 - {rate})",
                "variance over all masks",
                lambda trial: _moment(trial, rate, 2),
                left=r"\operatorname{Var}\, Y",
            ),
        ),
        draw=lambda rng: _draw(rate, rng),
    )
    mask = (rng.random(x.shape) >= rate).astype(float)
    return derivation(
        f"Dropout, rate {rate:g}",
        (program,),
        {"X": "dX"},
        shapes={"X": ("n",), "M": ("n",)},
        assumptions=("M is the mask drawn, 1 with probability 1 − rate", "at test time Y = X, which is the mean"),
        example={"X": x, "M": mask, "G": above},
    )


def _draw(rate: float, rng: np.random.Generator) -> Values:
    n = int(rng.integers(1, 8))
    return {"X": rng.normal(size=n), "M": (rng.random(n) >= rate).astype(float), "G": rng.normal(size=n)}


def _moment(trial: Trial, rate: float, order: int) -> Any:
    """Mean or variance of Y over all masks, each with its probability."""
    x = trial.values["X"]
    masks = np.array(list(product((0.0, 1.0), repeat=len(x))))
    chances = np.prod(np.where(masks == 1, 1 - rate, rate), axis=1)
    y = masks * x / (1 - rate)
    mean = chances @ y
    return mean if order == 1 else chances @ (y - mean) ** 2
