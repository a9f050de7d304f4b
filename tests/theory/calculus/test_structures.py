"""Matrices of a structure: both gradients, and what was assumed is said."""

from __future__ import annotations

import numpy as np
import pytest

from paribus.theory.derive import derive

BOTH = [  # the function, the structure, the gradient with free entries, and that within the structure
    ("logdet(S)", "symmetric", "inv(S)", "2 * inv(S) - diag(diag(inv(S)))"),
    ("x.T @ S @ y", "symmetric", "outer(x, y)", "outer(x, y) + outer(y, x) - diag(x * y)"),
    ("tr(inv(S) @ A)", "definite", "-inv(S) @ A.T @ inv(S)", None),
    ("x.T @ S @ y", "diagonal", "outer(x, y)", "diag(x * y)"),
    ("logdet(S @ S.T)", "lower", "2 * inv(S).T", "2 * tril(ones((n, n))) * inv(S).T"),
    ("tr(A @ S)", "orthogonal", "A.T", "0.5 * (A.T - S @ A @ S)"),
]


@pytest.mark.parametrize(("text", "structure", "free", "within"), BOTH)
def test_a_variable_of_a_structure_has_both_gradients_by_name(text, structure, free, within):
    found = derive(text, "S", **{structure: ["S"]})
    assert found.gradient["S"] == free
    assert within in (None, found.gradient[f"S ({structure})"])
    assert any(sentence.startswith("S is") for sentence in found.assumptions)


def test_the_gradient_among_symmetric_matrices_is_the_slope_along_symmetric_directions():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(3, 3))
    s = a @ a.T + np.eye(3)
    inverse = np.linalg.inv(s)
    within = 2 * inverse - np.diag(np.diag(inverse))
    step = np.zeros((3, 3))
    step[0, 2] = step[2, 0] = 1e-6
    slope = (np.linalg.slogdet(s + step)[1] - np.linalg.slogdet(s - step)[1]) / 2e-6
    assert within[0, 2] == pytest.approx(slope, rel=1e-6)


def test_a_step_that_uses_symmetry_says_so():
    found = derive("0.5 * x.T @ S @ x - b.T @ x", "x", symmetric=["S"])
    assert [step.rule for step in found.steps if "S.T" in step.rule] == ["S = S.T"]
    assert "S is symmetric: S = S.T" in found.assumptions
    assert derive("tr(inv(S + lam * I) @ A)", "S", symmetric=["S"]).gradient["S"].count(".T") == 1  # that of A


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("norm(w)**2", []),
        ("sum(log(1 + exp(w)))", []),
        ("sum(sqrt(1 + w**2))", []),
        ("sum(log(softmax(w)))", []),
        ("relu(a.T @ w)**2", []),
        ("norm(w)", ["w is not zero: the norm has no derivative there"]),
        ("sum(log(w))", ["w > 0"]),
    ],
)
def test_nothing_is_assumed_that_is_not_used(text, said):
    assert [sentence for sentence in derive(text, "w").assumptions if not sentence.startswith("checked")] == said


NORMS = [
    ("norm(X, 2)", lambda X: np.linalg.norm(X, 2)),
    ("norm(X, 1)", lambda X: np.linalg.norm(X, 1)),
    ("norm(X, inf)", lambda X: np.linalg.norm(X, np.inf)),
    ("norm(X, 'nuc')", lambda X: np.linalg.norm(X, "nuc")),
    ("norm(X, 'fro')", lambda X: np.linalg.norm(X, "fro")),
    ("norm(X)", np.linalg.norm),
]


@pytest.mark.parametrize(("text", "norm"), NORMS)
def test_norms_are_those_of_numpy(text, norm):
    found = derive(text, "X")
    x = np.random.default_rng(3).normal(size=(4, 3))
    gradient = found.function()(X=x)
    direction = np.random.default_rng(4).normal(size=x.shape)
    slope = (norm(x + 1e-6 * direction) - norm(x - 1e-6 * direction)) / 2e-6
    assert np.sum(gradient * direction) == pytest.approx(slope, rel=1e-5)
    assert found.assumptions
