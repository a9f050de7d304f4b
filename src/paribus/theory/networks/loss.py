"""Softmax and cross-entropy: why their gradient is p − y.

p = softmax(z),  L = −Σ y log p
∂L/∂p = −y/p,   ∂p/∂z = diag(p) − p pᵀ,   ∂L/∂z = p Σy − y = p − y       (Bridle 1990)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from paribus.errors import TheoryError
from paribus.theory.derivations.derivation import Derivation
from paribus.theory.networks.numbers import as_array, generator, nice
from paribus.theory.networks.program import Line, Program, Values, gradient
from paribus.theory.networks.proof import derivation


def softmax_cross_entropy(X: Any = None, *, target: Any = None, seed: int = 0) -> Derivation:
    """The gradient of cross-entropy with respect to the scores, step by step and after everything cancelled.

    Args:
        X: scores z, one for each class; random if not given.
        target: probabilities of the classes, which sum to 1, or the number of the right class counted from 0.
        seed: of the example's scores where none are given.

    Raises:
        TheoryError: targets that are no probabilities.
    """
    z = np.atleast_1d(as_array(X, "the scores")) if X is not None else nice(generator(seed), (3,), -2, 2)
    if z.ndim != 1 or len(z) < 2:
        raise TheoryError("the scores are one row of numbers, at least two classes", got=f"shape {z.shape}")
    program = Program(
        forward=(Line("p", "softmax(z)"), Line("L", "-sum(y * log(p))")),
        backward=(
            Line("dp", "-y / p", "derivative of the logarithm", gradient("p")),
            Line("J", "diag(p) - outer(p, p)", "Jacobian of the softmax", gradient("z", "p"), "J[i, j] = ∂p_i/∂z_j"),
            Line("dz", "J @ dp", "chain rule", gradient("z"), "J is symmetric"),
            Line(
                "dz'short",
                "p - y",
                "everything cancels",
                gradient("z"),
                "J @ (-y / p) = p * sum(y) - y, and sum(y) = 1",
            ),
        ),
        draw=_draw,
        reference=_reference,
    )
    values: Values = {"z": z, "y": _probabilities(target, len(z))}
    return derivation(
        "Softmax and cross-entropy",
        (program,),
        {"z": "dz'short"},
        shapes={"z": ("C",), "y": ("C",)},
        assumptions=("the targets y sum to 1",),
        example=values,
    )


def _draw(rng: np.random.Generator) -> Values:
    classes = int(rng.integers(2, 8))
    y = rng.uniform(0.05, 1.0, size=classes)
    return {"z": rng.normal(size=classes), "y": y / y.sum()}


def _reference(values: Values) -> Values:
    from paribus.scratch import Tensor, nn

    z = Tensor(values["z"][None])
    return {"p": nn.softmax(z).data[0], "L": nn.cross_entropy(z, values["y"][None]).data}


def _probabilities(target: Any, classes: int) -> Any:
    y = as_array(0 if target is None else target, "the target")
    if y.size == 1:
        if y.item() not in range(classes):
            raise TheoryError(f"the right class is a number from 0 to {classes - 1}", got=y.item())
        return np.eye(classes)[int(y.item())]
    if y.shape != (classes,) or y.min() < 0 or abs(y.sum() - 1) > 1e-9:
        rule = f"the target has {classes} probabilities that sum to 1, or it is the number of a class"
        raise TheoryError(rule, got=str(y.tolist()), hint='"1 0 0", or 0 for the first class')
    return y
