"""Powers of matrices whose exponent is a letter: gradients by the Matrix Cookbook, and what has none."""

from __future__ import annotations

import numpy as np
import pytest
from tests.theory.namespaces import numpy_value

from paribus import derive
from paribus.errors import TheoryError
from paribus.theory.derivations.code import as_code


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("tr(X^k)", "k * matrix_power(X, k - 1).T"),  # Matrix Cookbook, 121
        ("trace(matrix_power(X, k))", "k * matrix_power(X, k - 1).T"),
        ("Tr(A X^k)", "powers(X, k, A).T"),  # Matrix Cookbook, 122
        ("aᵀX^n b", "powers(X, n, outer(b, a)).T"),  # Matrix Cookbook, 91
        (r"\operatorname{Tr}(X^{2k-1})", "(2 * k - 1) * matrix_power(X, 2 * (k - 1)).T"),
        ("tr(X^20)", "20 * matrix_power(X, 19).T"),
    ],
)
def test_the_gradient_of_a_power_is_that_of_the_cookbook(typed, answer):
    assert derive(typed, "X").gradient == answer


@pytest.mark.parametrize("k", [1, 2, 5])
def test_it_holds_for_every_whole_number(k):
    found = derive("tr(A @ matrix_power(X, k)) + tr(matrix_power(X, k))", "X")
    rng = np.random.default_rng(k)
    env, h = {"A": rng.normal(size=(3, 3)), "X": rng.normal(size=(3, 3)), "k": k}, 1e-6
    units = np.eye(9).reshape(9, 3, 3)

    def value(x):
        power = np.linalg.matrix_power(x, k)
        return np.trace(env["A"] @ power) + np.trace(power)

    slopes = [(value(env["X"] + h * unit) - value(env["X"] - h * unit)) / (2 * h) for unit in units]
    np.testing.assert_allclose(numpy_value(found.gradient, env), np.reshape(slopes, (3, 3)), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(found.function()(**env), numpy_value(found.gradient, env), rtol=1e-12)


def test_what_was_read_says_that_the_exponent_is_a_whole_number():
    found = derive("tr(A X^k)", "X")
    assert "k whole number" in found.read
    assert any("sum of X^r H X^(k-1-r)" in step.note for step in found.steps)
    assert r"\sum_{r=0}^{k - 1}" in found._repr_latex_()


def test_the_printed_code_draws_whole_numbers_and_tests_itself():
    space = {"__name__": "printed"}
    exec(as_code(derive("tr(A X^k) + tr(X^k)", "X")), space)
    space["test"]()


@pytest.mark.parametrize(
    ("typed", "wrt", "rule"),
    [
        ("tr(X^k)", "k", "whole number"),
        ("matrix_power(X, k)", "X", "Jacobian of powers"),
        ("tr(matrix_power(X, 0.5))", "X", "whole number"),
        ("tr(matrix_power(X, v @ v))", "X", "whole number"),
    ],
)
def test_what_has_no_derivative_here_is_refused(typed, wrt, rule):
    with pytest.raises(TheoryError, match=rule):
        derive(typed, wrt)


def test_a_second_derivative_of_a_letter_is_refused_with_a_way_on():
    with pytest.raises(TheoryError, match="raised to a letter") as refused:
        derive("tr(A X^k)", "X", hessian=True)
    assert "X^3" in refused.value.hint
