"""How gradient and Hessian of the logistic and the probit likelihood come about, every line checked on random data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from paribus.theory.derivations.derivation import Derivation
from paribus.theory.derivations.differences import central, jacobian
from paribus.theory.derivations.proof import Claim, Proof
from paribus.theory.derivations.record import Formula, Step
from paribus.theory.statistics.logistic import Array, Link, find_link, fisher, gradient, hessian, log_likelihood

PRODUCT = Formula("log(prod(p**y * (1 - p)**(1 - y)))", r"\log \prod_i p_i^{y_i} (1 - p_i)^{1 - y_i}")
SUM = Formula("sum(y * log(p) + (1 - y) * log(1 - p))", r"\sum_i y_i \log p_i + (1 - y_i) \log(1 - p_i)")
LOGITS = Formula("sum(y * z - log(1 + exp(z)))", r"\sum_i y_i z_i - \log(1 + e^{z_i})")
SLOPE = Formula("dl/dβ", r"\frac{\partial \ell}{\partial \beta}")
CURVATURE = Formula("d²l/dβdβ.T", r"\frac{\partial^2 \ell}{\partial \beta\, \partial \beta^\top}")
EXPECTED = Formula("E(d²l/dβdβ.T)", r"\mathbb{E}\,\frac{\partial^2 \ell}{\partial \beta\, \partial \beta^\top}")

LOGISTIC_SLOPE = Formula("X.T @ (y - p)", r"X^\top (y - p)")
LOGISTIC_CURVATURE = Formula("-X.T @ diag(p * (1 - p)) @ X", r"-X^\top \operatorname{diag}(p \odot (1 - p))\, X")
GENERAL_SLOPE = Formula(
    "X.T @ (phi(z) * (y - p) / (p * (1 - p)))",
    r"X^\top \left(\varphi(z) \odot \frac{y - p}{p \odot (1 - p)}\right)",
)
PROBIT_CURVATURE = Formula(
    "-X.T @ diag(r * (r + q * z)) @ X, q = 2 * y - 1, r = phi(z) / Phi(q * z)",
    r"-X^\top \operatorname{diag}(r \odot (r + q \odot z))\, X,"
    r"\quad q = 2y - 1,\; r = \frac{\varphi(z)}{\Phi(q \odot z)}",
)
PROBIT_EXPECTED = Formula(
    "-X.T @ diag(phi(z)**2 / (p * (1 - p))) @ X",
    r"-X^\top \operatorname{diag}\left(\frac{\varphi(z)^2}{p \odot (1 - p)}\right) X",
)
NAMES = {SLOPE: "gradient", CURVATURE: "Hessian", EXPECTED: "expected Hessian"}


@dataclass(frozen=True)
class Draw:
    """A random data set: X (examples, inputs), labels y, coefficients."""

    X: Array
    y: Array
    beta: Array
    link: Link


Check = Callable[[Draw], tuple[Any, Any]]  # both sides of a line


def derivation(link: str = "logistic", draws: int = 20, seed: int = 0) -> Derivation:
    """From the likelihood to the Hessian.

    Args:
        link: ``logistic`` or ``probit``.
        draws: random data sets of 4 to 9 examples and 2 to 4 coefficients on which every line is computed.
        seed: of the draws.

    Raises:
        TheoryError: there is no such link.
    """
    chosen, rng = find_link(link), np.random.default_rng(seed)
    lines = LINES[link]
    proof = Proof([Claim(rule, f"{before} = {after}", sides) for rule, before, after, sides in lines], floor=1.0)
    for _ in range(draws):
        m, n = int(rng.integers(4, 10)), int(rng.integers(2, 5))
        X, beta = rng.normal(size=(m, n)), rng.normal(size=n)
        proof.at(Draw(X, rng.integers(0, 2, size=m).astype(float), beta, chosen))
    proof.require()
    steps = tuple(
        Step(rule, before, after, error) for (rule, before, after, _), error in zip(lines, proof.errors, strict=True)
    )
    named = {NAMES[before]: after for _, before, after, _ in lines if before in NAMES}
    return Derivation(
        title=f"The likelihood of {link} regression",
        given=PRODUCT,
        wrt=("β",),
        answers=named,
        steps=steps,
        layout="the gradient has the shape of β (n,), the Hessian is (n, n)",
        shapes={"X": ("m", "n"), "y": ("m",), "β": ("n",)},
        assumptions=("z = X @ β", f"p = {'sigmoid' if link == 'logistic' else 'Phi'}(z)", "y holds zeros and ones"),
        max_relative_error=proof.error,
        draws=draws,
        oracle="central differences",
    )


def _product(d: Draw) -> tuple[Any, Any]:
    p = d.link.F(d.X @ d.beta)
    return np.log(np.prod(p**d.y * (1 - p) ** (1 - d.y))), log_likelihood(d.X, d.y, d.beta, d.link)


def _logits(d: Draw) -> tuple[Any, Any]:
    z = d.X @ d.beta
    return np.sum(d.y * z - np.logaddexp(0, z)), log_likelihood(d.X, d.y, d.beta, d.link)


def _slope(d: Draw) -> tuple[Any, Any]:
    """The printed formula and the function that the fit uses, both against differences of the log-likelihood."""
    z = d.X @ d.beta
    p = d.link.F(z)
    printed = d.X.T @ (d.y - p if d.link.name == "logistic" else d.link.f(z) * (d.y - p) / (p * (1 - p)))
    differences = jacobian(lambda beta: log_likelihood(d.X, d.y, beta, d.link), d.beta, central)
    return [printed, gradient(d.X, d.y, d.beta, d.link)], [differences, differences]


def _curvature(d: Draw) -> tuple[Any, Any]:
    differences = jacobian(lambda beta: gradient(d.X, d.y, beta, d.link), d.beta, central)
    return hessian(d.X, d.y, d.beta, d.link), differences


def _expectation(d: Draw) -> tuple[Any, Any]:
    """E over each label by itself: p·(Hessian of its term at y = 1) + (1 − p)·(that at y = 0), summed."""
    total = np.zeros((d.X.shape[1], d.X.shape[1]))
    for row in d.X:
        p = float(d.link.F(row @ d.beta))
        one, zero = (hessian(row[None], np.array([label]), d.beta, d.link) for label in (1.0, 0.0))
        total += p * one + (1 - p) * zero
    return -fisher(d.X, d.beta, d.link), total


LINES: dict[str, tuple[tuple[str, Formula, Formula, Check], ...]] = {
    "logistic": (
        ("logarithm of a product", PRODUCT, SUM, _product),
        ("log p = z + log(1 - p) for the sigmoid", SUM, LOGITS, _logits),
        ("chain rule; the derivative of log(1 + exp(z)) is p", SLOPE, LOGISTIC_SLOPE, _slope),
        ("chain rule; the derivative of p is p(1 - p)", CURVATURE, LOGISTIC_CURVATURE, _curvature),
    ),
    "probit": (
        ("logarithm of a product", PRODUCT, SUM, _product),
        ("chain rule; the derivative of Phi is phi", SLOPE, GENERAL_SLOPE, _slope),
        ("quotient rule; the derivative of phi is -z phi", CURVATURE, PROBIT_CURVATURE, _curvature),
        ("expectation over y, with P(y = 1) = p", EXPECTED, PROBIT_EXPECTED, _expectation),
    ),
}
