"""Logistic and probit regression by maximum likelihood, with Newton's method as a table.

With p = F(Xβ), F the logistic or the normal distribution function and f = F′ its density:

    log-likelihood   ℓ(β) = Σ y log p + (1 − y) log(1 − p)
    gradient         ∇ℓ = Xᵀ(f·(y − p)/(p(1 − p)))            logistic: Xᵀ(y − p), because f = p(1 − p)
    expected Hessian −XᵀWX, W = diag(f²/(p(1 − p)))            logistic: p(1 − p), and then this is the Hessian itself

Newton's step β ← β + (XᵀWX)⁻¹∇ℓ is a weighted least-squares fit, hence IRLS (Nelder and Wedderburn 1972); with the
expected Hessian it is called Fisher scoring. (XᵀWX)⁻¹ at the maximum is the covariance of the estimate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import pi, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linprog
from scipy.special import expit, log_expit, log_ndtr, ndtr

from paribus.errors import TheoryError, nearest
from paribus.theory.derivations.record import Table

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Link:
    """A distribution function F with its density and log F, both exact far out; 1 − F(z) = F(−z)."""

    name: str
    F: Callable[[Array], Array]
    log: Callable[[Array], Array]
    f: Callable[[Array], Array]


LINKS = {
    "logistic": Link("logistic", expit, log_expit, lambda z: expit(z) * expit(-z)),
    "probit": Link("probit", ndtr, log_ndtr, lambda z: np.exp(-z * z / 2) / sqrt(2 * pi)),
}


@dataclass(frozen=True)
class Iteration:
    """One step of Newton's method: where it stood, how good that was, how far it went."""

    step: int
    log_likelihood: float
    gradient: float
    moved: float
    coefficients: Array


@dataclass(frozen=True)
class Fit:
    """A maximum-likelihood fit.

    Args:
        link: ``logistic`` or ``probit``.
        names: of the coefficients, the intercept first.
        coefficients: β.
        errors: standard errors, √diag (XᵀWX)⁻¹.
        log_likelihood: at β.
        iterations: the way there.
    """

    link: str
    names: tuple[str, ...]
    coefficients: Array
    errors: Array
    log_likelihood: float
    iterations: tuple[Iteration, ...]

    def probability(self, X: ArrayLike) -> Array:
        """P(y = 1) for the rows of X (examples, inputs)."""
        return LINKS[self.link].F(_design(X) @ self.coefficients)

    def table(self) -> Table:
        """The coefficients with their standard errors and Wald's z = β/error."""
        rows = tuple(
            (name, f"{b:.5f}", f"{e:.5f}", f"{b / e:.2f}")
            for name, b, e in zip(self.names, self.coefficients, self.errors, strict=True)
        )
        return Table(f"{self.link} regression", ("", "coefficient", "standard error", "z"), rows)

    def steps(self) -> Table:
        """Newton's iterations."""
        rows = tuple(
            (str(i.step), f"{i.log_likelihood:.8f}", f"{i.gradient:.1e}", f"{i.moved:.1e}") for i in self.iterations
        )
        return Table("Newton's iterations", ("step", "log-likelihood", "max |gradient|", "max |step|"), rows)


def fit(
    X: ArrayLike,
    y: ArrayLike,
    link: str = "logistic",
    names: Sequence[str] = (),
    tolerance: float = 1e-10,
    most: int = 50,
) -> Fit:
    """Fit by Newton's method (logistic) or Fisher scoring (probit), from β = 0; steps that do not help are halved.

    Args:
        X: inputs (examples, inputs), without a column of ones: the intercept is added.
        y: labels 0 and 1, (examples).
        link: ``logistic`` or ``probit``.
        names: of the inputs; x1, x2, … by default.
        tolerance: on the length of the last step, in standard errors.
        most: steps after which to give up.

    Raises:
        TheoryError: labels other than 0 and 1, one class only, inputs that are linearly dependent, or classes that a
            plane separates: then the likelihood has no maximum.
    """
    chosen = find_link(link)
    A, labels = _checked(X, y)
    _check_separation(A, labels)
    beta, iterations = np.zeros(A.shape[1]), []
    for step in range(most):
        slope, information = gradient(A, labels, beta, chosen), fisher(A, beta, chosen)
        move = _halved(A, labels, beta, _solved(information, slope), chosen)
        value = log_likelihood(A, labels, beta, chosen)
        iterations.append(Iteration(step, value, float(np.abs(slope).max()), float(np.abs(move).max()), beta))
        beta = beta + move
        if sqrt(move @ information @ move) < tolerance:
            break
    else:
        raise TheoryError("Newton's method settles in some steps", got=f"{most} steps", hint="scale the inputs")
    errors = np.sqrt(np.diag(np.linalg.inv(fisher(A, beta, chosen))))
    labels_of = ("intercept", *(names or (f"x{j}" for j in range(1, A.shape[1]))))
    return Fit(link, labels_of, beta, errors, log_likelihood(A, labels, beta, chosen), tuple(iterations))


def log_likelihood(X: Array, y: Array, beta: Array, link: Link) -> float:
    """Σ y log F(z) + (1 − y) log F(−z), for X with its column of ones."""
    z = X @ beta
    return float(np.sum(np.where(y == 1, link.log(z), link.log(-z))))


def gradient(X: Array, y: Array, beta: Array, link: Link) -> Array:
    """Xᵀ s, s = f(z)/F(z) where y = 1, and −f(z)/F(−z) where y = 0: the form above, without 0/0 far out."""
    z = X @ beta
    sign = np.where(y == 1, 1.0, -1.0)
    return np.asarray(X.T @ (sign * _ratio(sign * z, link)))


def hessian(X: Array, y: Array, beta: Array, link: Link) -> Array:
    """The Hessian itself, −Xᵀ diag(r(r + z) or p(1 − p)) X with r = f/F at ±z; for logistic the expected one."""
    z = X @ beta
    if link.name == "logistic":
        return -fisher(X, beta, link)
    sign = np.where(y == 1, 1.0, -1.0)
    r = _ratio(sign * z, link)
    return np.asarray(-(X.T * (r * (r + sign * z))) @ X)


def fisher(X: Array, beta: Array, link: Link) -> Array:
    """Fisher's information XᵀWX with W = f²/(F(z) F(−z)), the expected Hessian but for its sign."""
    z = X @ beta
    return np.asarray((X.T * (_ratio(z, link) * _ratio(-z, link))) @ X)


def _ratio(z: Array, link: Link) -> Array:
    """f(z)/F(z), finite for any z; f is even."""
    return expit(-z) if link.name == "logistic" else np.exp(-z * z / 2 - link.log(z)) / sqrt(2 * pi)


def _solved(information: Array, slope: Array) -> Array:
    """Newton's step; far out the probabilities are 0 and 1 to the last digit, and the curvature is lost."""
    try:
        return np.asarray(np.linalg.solve(information, slope))
    except np.linalg.LinAlgError:
        raise TheoryError(
            "Newton's method needs a likelihood that bends",
            got="a Hessian that cannot be inverted",
            hint="the classes are all but separated: penalise the coefficients, or scale the inputs",
        ) from None


def _halved(X: Array, y: Array, beta: Array, move: Array, link: Link) -> Array:
    """The step, halved until the log-likelihood does not fall by more than rounding."""
    here = log_likelihood(X, y, beta, link)
    for _ in range(40):
        if log_likelihood(X, y, beta + move, link) >= here - 1e-12 * abs(here):
            break
        move = move / 2
    return move


def find_link(name: str) -> Link:
    """The link of this name."""
    if name not in LINKS:
        raise TheoryError("a link is called by its name", got=name, hint=nearest(name, LINKS))
    return LINKS[name]


def _design(X: ArrayLike) -> Array:
    """A column of ones, then the inputs; one input may be given as a vector."""
    A = np.asarray(X, float)
    A = A[:, None] if A.ndim == 1 else A
    return np.column_stack([np.ones(len(A)), A])


def _checked(X: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    A, labels = _design(X), np.asarray(y, float)
    if labels.shape != A.shape[:1]:
        raise TheoryError("there is one label for each row of X", got=f"X {np.shape(X)}, y {labels.shape}")
    if not np.isfinite(A).all():
        raise TheoryError("inputs are finite numbers", hint="leave out or fill in rows with nan or inf")
    if set(np.unique(labels)) != {0.0, 1.0}:
        raise TheoryError("labels are 0 and 1, and both occur", got=f"{sorted(set(labels.tolist()))[:5]}")
    scale = np.maximum(np.abs(A).max(axis=0), np.finfo(float).tiny)  # units must not decide about the rank
    if (rank := np.linalg.matrix_rank(A / scale)) < A.shape[1]:
        raise TheoryError(
            "coefficients are determined only if no input is a combination of the others and the intercept",
            got=f"rank {rank} of {A.shape[1]} columns",
            hint="drop constant and repeated columns",
        )
    return A, labels


def _check_separation(X: Array, y: Array) -> None:
    """No β ≠ 0 may have (2y − 1)·Xβ ≥ 0 everywhere (Albert and Anderson 1984): along it the likelihood never falls.

    The largest Σ (2y − 1)·xᵀβ over such β with |βⱼ| ≤ 1 is a linear program; it is 0 unless the classes are separated.
    """
    scaled = X / np.abs(X).max(axis=0)
    margins = (2 * y - 1)[:, None] * scaled
    found = linprog(-margins.sum(axis=0), A_ub=-margins, b_ub=np.zeros(len(X)), bounds=(-1, 1), method="highs")
    if -found.fun > 1e-7 * len(X):  # the program is solved to about 1e-9 in each row
        raise TheoryError(
            "a maximum of the likelihood exists only if no plane separates the classes",
            got=f"{'complete' if _least_margin(margins) > 1e-9 else 'quasi-complete'} separation",
            hint="the coefficients would grow for ever: add data, drop the input that separates, or penalise them",
        )


def _least_margin(margins: Array) -> float:
    """The largest t such that some β with |βⱼ| ≤ 1 has all margins at least t: above 0 if a plane keeps them apart."""
    rows, columns = margins.shape
    system = np.column_stack([-margins, np.ones(rows)])  # t − margin ≤ 0
    bounds = [(-1, 1)] * columns + [(0, 1)]
    found = linprog([0] * columns + [-1], A_ub=system, b_ub=np.zeros(rows), bounds=bounds, method="highs")
    return -float(found.fun)
