"""Logistic and probit regression: scikit-learn, scipy, finite differences, separation, and the Pima data."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression

from paribus.errors import TheoryError
from paribus.theory.statistics import likelihood, logistic


def data(seed: int = 0, n: int = 200, k: int = 3, link: str = "logistic"):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, k))
    p = logistic.LINKS[link].F(0.3 + X @ rng.normal(size=k))
    return X, (rng.random(n) < p).astype(float)


def unpenalised(X, y) -> LogisticRegression:
    return LogisticRegression(C=np.inf, tol=1e-12, solver="newton-cholesky", max_iter=1000).fit(X, y)


@pytest.mark.parametrize("seed", range(5))
def test_T27_coefficients_are_those_of_scikit_learn(seed):
    X, y = data(seed)
    found, theirs = logistic.fit(X, y), unpenalised(X, y)
    np.testing.assert_allclose(found.coefficients, [*theirs.intercept_, *theirs.coef_[0]], rtol=1e-8)
    np.testing.assert_allclose(found.probability(X), theirs.predict_proba(X)[:, 1], rtol=1e-8)


@pytest.mark.parametrize("seed", range(5))
def test_T27_probit_coefficients_are_those_of_a_general_optimiser(seed):
    X, y = data(seed, link="probit")
    A = np.column_stack([np.ones(len(X)), X])

    def loss(beta):
        return -np.sum(norm.logcdf(np.where(y == 1, 1, -1) * (A @ beta)))

    theirs = minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-7})
    found = logistic.fit(X, y, "probit")
    np.testing.assert_allclose(found.coefficients, theirs.x, atol=1e-5)  # BFGS with gradients by differences
    assert -found.log_likelihood <= theirs.fun + 1e-10


@pytest.mark.parametrize("link", logistic.LINKS)
def test_T27_standard_errors_come_from_the_curvature_by_differences(link):
    """At the maximum of a logistic likelihood observed and expected information are one; for probit they are near."""
    X, y = data(1, n=4000, link=link)
    found, A = logistic.fit(X, y, link), np.column_stack([np.ones(4000), X])
    h, k = 1e-5, A.shape[1]
    curvature = np.array(
        [
            logistic.gradient(A, y, found.coefficients + h * e, logistic.LINKS[link])
            - logistic.gradient(A, y, found.coefficients - h * e, logistic.LINKS[link])
            for e in np.eye(k)
        ]
    ) / (2 * h)
    errors = np.sqrt(np.diag(np.linalg.inv(-curvature)))
    np.testing.assert_allclose(found.errors, errors, rtol=1e-6 if link == "logistic" else 0.05)


def test_T27_standard_errors_are_the_spread_of_estimates():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 1))
    p = logistic.LINKS["logistic"].F(0.5 + X[:, 0])
    fits = [logistic.fit(X, (rng.random(300) < p).astype(float)) for _ in range(300)]
    spread = np.std([f.coefficients for f in fits], axis=0, ddof=1)
    # a standard deviation of 300 numbers has a relative error of 4 %, and the formula is asymptotic
    np.testing.assert_allclose(np.mean([f.errors for f in fits], axis=0), spread, rtol=0.15)


def test_T27_one_binary_input_has_the_closed_form_of_a_table():
    """β₁ is the log odds ratio ad/bc, with error √(1/a + 1/b + 1/c + 1/d) (Woolf 1955)."""
    a, b, c, d = 30, 10, 20, 40
    x = np.repeat([1, 1, 0, 0], (a, b, c, d))
    y = np.repeat([1, 0, 1, 0], (a, b, c, d))
    found = logistic.fit(x, y)
    assert found.coefficients[1] == pytest.approx(np.log(a * d / (b * c)), rel=1e-10)
    assert found.errors[1] == pytest.approx(np.sqrt(1 / a + 1 / b + 1 / c + 1 / d), rel=1e-8)
    probit = logistic.fit(x, y, "probit")
    assert probit.coefficients.tolist() == pytest.approx(
        [norm.ppf(c / (c + d)), norm.ppf(a / (a + b)) - norm.ppf(c / (c + d))], rel=1e-8
    )


@pytest.mark.parametrize("link", logistic.LINKS)
def test_T27_newton_climbs_and_ends_flat(link):
    X, y = data(2, link=link)
    steps = logistic.fit(X, y, link).iterations
    values = [step.log_likelihood for step in steps]
    assert (np.diff(values) > -1e-12 * abs(values[0])).all()  # up to rounding, once it has arrived
    assert values[0] == pytest.approx(len(y) * np.log(0.5))
    assert steps[-1].gradient < 1e-6
    if link == "logistic":  # quadratic: the digits double
        assert steps[-1].moved < 10 * steps[-2].moved ** 2 + 1e-12


def test_far_out_inputs_do_not_overflow():
    X, y = data(3)
    far = np.r_[X, [[60.0, 0, 0], [-60.0, 0, 0]]]
    labels = np.r_[y, [0.0, 1.0]]  # the unlikely labels
    for link in logistic.LINKS:
        assert np.isfinite(logistic.fit(far, labels, link).log_likelihood)


@pytest.mark.parametrize("link", logistic.LINKS)
def test_T27_the_derivation_is_verified(link):
    shown = likelihood.derivation(link)
    assert shown.verified
    assert 0 < shown.max_relative_error < 1e-6
    assert list(shown.answers)[:2] == ["gradient", "Hessian"]


def test_a_wrong_formula_is_refused(monkeypatch):
    monkeypatch.setattr(likelihood, "gradient", lambda X, y, beta, link: X.T @ (y - 0.5))
    with pytest.raises(TheoryError, match="nothing is shown"):
        likelihood.derivation("logistic")


@pytest.mark.parametrize(
    ("x", "y", "kind"),
    [
        ([0, 1, 2, 3], [0, 0, 1, 1], "complete"),
        ([0, 1, 1, 2], [0, 0, 1, 1], "quasi-complete"),
        ([[1, 0], [0, 1], [2, 3], [3, 3]], [0, 0, 1, 1], "complete"),
    ],
)
@pytest.mark.parametrize("link", logistic.LINKS)
def test_T27_separation_is_refused_with_its_kind(x, y, kind, link):
    with pytest.raises(TheoryError, match=f"received: {kind} separation"):
        logistic.fit(x, y, link)


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_T27_units_change_nothing_but_the_unit(unit):
    X, y = data(4)
    here, there = logistic.fit(X, y), logistic.fit(X * [unit, 1, 1], y)
    np.testing.assert_allclose(there.coefficients * [1, unit, 1, 1], here.coefficients, rtol=1e-6)
    assert there.log_likelihood == pytest.approx(here.log_likelihood)


def test_T27_without_separation_there_is_a_fit_even_with_four_examples():
    assert np.isfinite(logistic.fit([0, 1, 2, 3], [0, 1, 0, 1]).errors).all()


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        ([1, 2, 3], [0, 1], "one label"),
        ([1, 2, 3], [0, 1, 2], "0 and 1"),
        ([1, 2, 3], [1, 1, 1], "both occur"),
        ([5, 5, 5], [0, 1, 1], "rank 1 of 2"),
        ([1, np.nan, 3], [0, 1, 1], "finite"),
    ],
)
def test_mistakes_are_explained(x, y, words):
    with pytest.raises(TheoryError, match=words):
        logistic.fit(x, y)
    with pytest.raises(TheoryError, match="logistic"):
        logistic.fit([0, 1, 2, 3], [0, 1, 0, 1], "logit")


@pytest.mark.realdata
def test_T27_pima_diabetes():
    file = Path(os.environ.get("PARIBUS_DATA", ".")) / "tabular" / "pima_diabetes.csv"
    if not file.is_file():
        pytest.skip("PARIBUS_DATA has no tabular/pima_diabetes.csv")
    table = np.loadtxt(file, delimiter=",")
    X, y = table[:, :-1], table[:, -1]
    found = logistic.fit(X, y)
    scale = X.std(axis=0)
    theirs = unpenalised((X - X.mean(axis=0)) / scale, y)  # scikit-learn needs inputs of one scale to converge
    np.testing.assert_allclose(found.coefficients[1:], theirs.coef_[0] / scale, rtol=1e-8)
    assert logistic.fit(X, y, "probit").log_likelihood == pytest.approx(found.log_likelihood, rel=0.01)
