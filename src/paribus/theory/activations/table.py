"""Thirteen activations: value beside derivative, as code and as formulas. What is claimed here, :mod:`sheet` checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, pi, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr

from paribus.errors import TheoryError, nearest
from paribus.theory.derivations.record import Formula

Array = NDArray[np.float64]
Curve = Callable[[Array], Array]

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # Klambauer et al. 2017, equation 14


@dataclass(frozen=True)
class Activation:
    """A function that acts on each number by itself.

    Args:
        name: as people call it.
        value: f, on arrays of any shape.
        slope: f′; at a kink PyTorch's choice, which is 0 for ReLU.
        formula: f as text and in LaTeX.
        derivative: f′ likewise, with y for f(x).
        lipschitz: sup |f′|, the smallest L with |f(a) − f(b)| ≤ L·|a − b|.
        low: infimum of f.
        high: supremum of f.
        attained: whether f reaches ``low``, and whether it reaches ``high``.
        kinks: where f′ does not exist.
        source: who proposed it, where one can say.
    """

    name: str
    value: Curve
    slope: Curve
    formula: Formula
    derivative: Formula
    lipschitz: float
    low: float
    high: float
    attained: tuple[bool, bool] = (False, False)
    kinks: tuple[float, ...] = ()
    source: str = ""


def activation(name: str) -> Activation:
    """The activation of this name; ``swish``, ``leaky_relu`` and ``linear`` are understood too.

    Raises:
        TheoryError: no activation has this name.
    """
    plain = name.strip().lower().replace("_", " ").replace("-", " ")
    found = ACTIVATIONS.get(ALIASES.get(plain, plain))
    if found is None:
        raise TheoryError("an activation is called by its name", got=name, hint=nearest(plain, ACTIVATIONS))
    return found


def _softplus(x: Array) -> Array:
    return np.logaddexp(x, 0.0)


def _bell(x: Array) -> Array:
    """Density of the standard normal distribution."""
    return np.exp(-x * x / 2) / sqrt(2 * pi)


def _below(x: Array) -> Array:
    """x where negative, else 0: exp must not overflow on the side that is not used."""
    return np.minimum(x, 0.0)


def _mish_slope(x: Array) -> Array:
    t = np.tanh(_softplus(x))
    return np.asarray(t + x * (1 - t * t) * expit(x))


# fmt: off
_ALL = (
    Activation("sigmoid", expit, lambda x: expit(x) * expit(-x),
               Formula("1 / (1 + exp(-x))", r"\frac{1}{1 + e^{-x}}"), Formula("y * (1 - y)", r"y\,(1 - y)"),
               lipschitz=1 / 4, low=0.0, high=1.0),
    Activation("tanh", np.tanh,
               lambda x: 1 / np.cosh(np.clip(x, -350, 350)) ** 2,  # beyond, cosh² overflows and the slope is 0
               Formula("tanh(x)", r"\tanh(x)"), Formula("1 - y**2", r"1 - y^2"),
               lipschitz=1.0, low=-1.0, high=1.0),
    Activation("relu", lambda x: np.maximum(x, 0.0), lambda x: np.where(x > 0, 1.0, 0.0),
               Formula("maximum(x, 0)", r"\max(x, 0)"), Formula("where(x > 0, 1, 0)", r"[x > 0]"),
               lipschitz=1.0, low=0.0, high=inf, attained=(True, False), kinks=(0.0,), source="Nair and Hinton 2010"),
    Activation("leaky relu", lambda x: np.where(x > 0, x, 0.01 * x), lambda x: np.where(x > 0, 1.0, 0.01),
               Formula("where(x > 0, x, 0.01 * x)", r"\max(x, 0.01\,x)"),
               Formula("where(x > 0, 1, 0.01)", r"[x > 0] + 0.01\,[x \le 0]"),
               lipschitz=1.0, low=-inf, high=inf, kinks=(0.0,), source="Maas, Hannun and Ng 2013"),
    Activation("elu", lambda x: np.where(x > 0, x, np.expm1(_below(x))),
               lambda x: np.where(x > 0, 1.0, np.exp(_below(x))),
               Formula("where(x > 0, x, exp(x) - 1)", r"x\,[x > 0] + (e^x - 1)\,[x \le 0]"),
               Formula("where(x > 0, 1, exp(x))", r"[x > 0] + e^x\,[x \le 0]"),
               lipschitz=1.0, low=-1.0, high=inf, source="Clevert, Unterthiner and Hochreiter 2016"),
    Activation("selu", lambda x: SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(_below(x))),
               lambda x: SELU_SCALE * np.where(x > 0, 1.0, SELU_ALPHA * np.exp(_below(x))),
               Formula("1.0507 * where(x > 0, x, 1.6733 * (exp(x) - 1))",
                       r"1.0507\,\left(x\,[x > 0] + 1.6733\,(e^x - 1)\,[x \le 0]\right)"),
               Formula("1.0507 * where(x > 0, 1, 1.6733 * exp(x))",
                       r"1.0507\,\left([x > 0] + 1.6733\,e^x\,[x \le 0]\right)"),
               lipschitz=SELU_SCALE * SELU_ALPHA,  # just left of 0
               low=-SELU_SCALE * SELU_ALPHA, high=inf, kinks=(0.0,), source="Klambauer et al. 2017"),
    Activation("gelu", lambda x: x * ndtr(x), lambda x: ndtr(x) + x * _bell(x),
               Formula("x * (1 + erf(x / sqrt(2))) / 2", r"x\,\Phi(x)"),
               Formula("(1 + erf(x / sqrt(2))) / 2 + x * exp(-(x**2) / 2) / sqrt(2 * pi)", r"\Phi(x) + x\,\varphi(x)"),
               lipschitz=1.128904145185,  # f″ = φ(x)(2 − x²) = 0 at x = √2
               low=-0.16997120748, high=inf, attained=(True, False), source="Hendrycks and Gimpel 2016"),
    Activation("silu", lambda x: x * expit(x), lambda x: expit(x) * (1 + x * expit(-x)),
               Formula("x * sigmoid(x)", r"x\,\sigma(x)"),
               Formula("sigmoid(x) * (1 + x * (1 - sigmoid(x)))", r"\sigma(x)\,(1 + x\,(1 - \sigma(x)))"),
               lipschitz=1.099839320129,  # where x·tanh(x/2) = 2
               low=-0.27846454276, high=inf, attained=(True, False),
               source="Elfwing, Uchibe and Doya 2018; as swish: Ramachandran, Zoph and Le 2017"),
    Activation("softplus", _softplus, expit,
               Formula("log(1 + exp(x))", r"\log(1 + e^x)"), Formula("sigmoid(x)", r"\sigma(x)"),
               lipschitz=1.0, low=0.0, high=inf, source="Dugas et al. 2001"),
    Activation("softsign", lambda x: x / (1 + np.abs(x)), lambda x: 1 / (1 + np.abs(x)) ** 2,
               Formula("x / (1 + abs(x))", r"\frac{x}{1 + |x|}"),
               Formula("1 / (1 + abs(x))**2", r"\frac{1}{(1 + |x|)^2}"),
               lipschitz=1.0, low=-1.0, high=1.0),
    Activation("hardtanh", lambda x: np.clip(x, -1.0, 1.0), lambda x: np.where(np.abs(x) < 1, 1.0, 0.0),
               Formula("clip(x, -1, 1)", r"\min(\max(x, -1), 1)"),
               Formula("where(abs(x) < 1, 1, 0)", r"[\,|x| < 1\,]"),
               lipschitz=1.0, low=-1.0, high=1.0, attained=(True, True), kinks=(-1.0, 1.0)),
    Activation("mish", lambda x: x * np.tanh(_softplus(x)), _mish_slope,
               Formula("x * tanh(softplus(x))", r"x\,\tanh(\log(1 + e^x))"),
               Formula("tanh(softplus(x)) + x * (1 - tanh(softplus(x))**2) * sigmoid(x)",
                       r"t + x\,(1 - t^2)\,\sigma(x),\; t = \tanh(\log(1 + e^x))"),
               lipschitz=1.088498161252, low=-0.30884341302, high=inf, attained=(True, False), source="Misra 2019"),
    Activation("identity", lambda x: x * 1.0, np.ones_like,
               Formula("x", "x"), Formula("1", "1"),
               lipschitz=1.0, low=-inf, high=inf),
)
# fmt: on

ACTIVATIONS: dict[str, Activation] = {entry.name: entry for entry in _ALL}
ALIASES = {
    "swish": "silu",
    "linear": "identity",
    "leakyrelu": "leaky relu",
    "logistic": "sigmoid",
    "hard tanh": "hardtanh",
}
