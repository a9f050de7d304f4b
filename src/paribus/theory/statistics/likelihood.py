"""How gradient and Hessian of the logistic and the probit likelihood come about, every line checked on random data."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from paribus.theory.derivations.derivation import Derivation
from paribus.theory.derivations.record import Formula, Step
from paribus.theory.statistics.logistic import Array, Link, find_link, fisher, gradient, hessian, log_likelihood

STEP = 1e-5  # of central differences: their error is about 1e-10

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

Check = Callable[[Array, Array, Array, Link], float]


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
    worst = np.zeros(len(lines))
    for _ in range(draws):
        m, n = int(rng.integers(4, 10)), int(rng.integers(2, 5))
        X, beta = rng.normal(size=(m, n)), rng.normal(size=n)
        y = rng.integers(0, 2, size=m).astype(float)
        worst = np.maximum(worst, [check(X, y, beta, chosen) for *_, check in lines])
    steps = tuple(
        Step(rule, before, after, float(error)) for (rule, before, after, _), error in zip(lines, worst, strict=True)
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
        max_relative_error=float(worst.max()),
        draws=draws,
        oracle="central differences",
    )


def _apart(found: Array | float, wanted: Array | float) -> float:
    """Largest difference, relative to the largest number or 1."""
    return float(np.max(np.abs(np.subtract(found, wanted)))) / max(1.0, float(np.max(np.abs(wanted))))


def _product(X: Array, y: Array, beta: Array, link: Link) -> float:
    p = link.F(X @ beta)
    return _apart(float(np.log(np.prod(p**y * (1 - p) ** (1 - y)))), log_likelihood(X, y, beta, link))


def _logits(X: Array, y: Array, beta: Array, link: Link) -> float:
    z = X @ beta
    return _apart(float(np.sum(y * z - np.logaddexp(0, z))), log_likelihood(X, y, beta, link))


def _slope(X: Array, y: Array, beta: Array, link: Link) -> float:
    """The printed formula, the function that the fit uses, and differences of the log-likelihood."""
    z = X @ beta
    p = link.F(z)
    printed = X.T @ (y - p) if link.name == "logistic" else X.T @ (link.f(z) * (y - p) / (p * (1 - p)))
    differences = _differences(lambda b: log_likelihood(X, y, b, link), beta)
    return max(_apart(printed, differences), _apart(gradient(X, y, beta, link), differences))


def _curvature(X: Array, y: Array, beta: Array, link: Link) -> float:
    differences = _differences(lambda b: gradient(X, y, b, link), beta)
    return _apart(hessian(X, y, beta, link), differences)


def _expectation(X: Array, y: Array, beta: Array, link: Link) -> float:
    """E over each label by itself: p·(Hessian of its term at y = 1) + (1 − p)·(that at y = 0), summed."""
    total = np.zeros((X.shape[1], X.shape[1]))
    for row in X:
        p = float(link.F(row @ beta))
        one, zero = (hessian(row[None], np.array([label]), beta, link) for label in (1.0, 0.0))
        total += p * one + (1 - p) * zero
    return _apart(-fisher(X, beta, link), total)


def _differences(function: Callable[[Array], Array | float], beta: Array) -> Array:
    rows = [np.subtract(function(beta + unit), function(beta - unit)) / (2 * STEP) for unit in np.eye(len(beta)) * STEP]
    return np.array(rows)


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
