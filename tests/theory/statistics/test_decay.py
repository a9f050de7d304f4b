"""S8: weight decay and L2, and ridge regression through singular values."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from paribus.errors import TheoryError
from paribus.scratch import optim
from paribus.theory.statistics import decay


def problem(seed: int, examples: int = 20, inputs: int = 5):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(examples, inputs)), rng.normal(size=examples)


@pytest.mark.parametrize("strength", [0.0, 0.1, 10.0])
def test_S8_ridge_through_singular_values_is_the_normal_equation(strength):
    X, y = problem(4)
    found = decay.ridge(X, y, strength)
    np.testing.assert_allclose(found.weights, np.linalg.solve(X.T @ X + strength * np.eye(5), X.T @ y), rtol=1e-10)
    hat = X @ np.linalg.solve(X.T @ X + strength * np.eye(5), X.T)
    assert found.freedom == pytest.approx(np.trace(hat), rel=1e-10)
    assert (found.shrinkage <= 1).all()


def test_ridge_works_with_more_inputs_than_examples_but_least_squares_does_not():
    X, y = problem(5, examples=3)
    np.testing.assert_allclose(
        decay.ridge(X, y, 0.5).weights, Ridge(alpha=0.5, fit_intercept=False).fit(X, y).coef_, rtol=1e-8
    )
    with pytest.raises(TheoryError, match="independent"):
        decay.ridge(X, y, 0.0)
    with pytest.raises(TheoryError, match="at least 0"):
        decay.ridge(X, y, -1.0)
    with pytest.raises(TheoryError, match="examples"):
        decay.ridge(X, y[:2], 1.0)


def loss(x):
    return (x[0] - 1) ** 2 * 5 + (x[1] + 2) ** 4


def test_S8_L2_is_decay_for_SGD_and_not_for_Adam():
    rows = {row[0]: float(row[-1]) for row in decay.l2_against_decay(loss, [2.0, -1.0], lr=0.02).rows}
    assert rows["SGD"] < 1e-13  # the same numbers up to the order of two roundings a step
    assert rows["Adam"] > 1e-2


def test_shrinking_is_torch_SGD_with_weight_decay():
    x = torch.tensor([2.0, -1.0], dtype=torch.float64, requires_grad=True)
    theirs = torch.optim.SGD([x], lr=0.02, weight_decay=0.1)
    for _ in range(50):
        theirs.zero_grad()
        loss(x).backward()
        theirs.step()
    ours = optim.descend(loss, np.array([2.0, -1.0]), decay.Shrinking(0.02, shrink=0.1), 50)
    np.testing.assert_allclose(ours.points[-1], x.detach().numpy(), rtol=1e-12)
