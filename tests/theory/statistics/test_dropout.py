"""Dropout as a ridge penalty: the closed form against masks, samples, scikit-learn and torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from paribus.errors import TheoryError
from paribus.theory.statistics import dropout

RATES = (0.0, 0.1, 0.5, 0.9)


def problem(seed: int = 0, examples: int = 20, inputs: int = 5):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(examples, inputs)), rng.normal(size=examples), rng.normal(size=inputs)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("seed", range(3))
def test_H17_closed_form_is_the_sum_over_all_masks(rate, seed):
    X, y, w = problem(seed)
    assert dropout.expected_loss(X, y, w, rate) == pytest.approx(dropout.enumerated_loss(X, y, w, rate), rel=1e-12)


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.8])
def test_H17_closed_form_is_the_mean_over_random_masks(rate):
    X, y, w = problem()
    run = dropout.simulated_loss(X, y, w, rate, draws=4_000, seed=1)
    closed = dropout.expected_loss(X, y, w, rate)
    # 4 standard errors: 1 in 16,000 by chance; and the penalty must be seen: it is many errors large
    assert abs(run.mean - closed) < 4 * run.error
    assert dropout.penalty(X, w, rate) > 20 * run.error


def test_H17_monte_carlo_with_torch_dropout_agrees():
    X, y, w = (torch.from_numpy(array) for array in problem())
    torch.manual_seed(0)
    losses = torch.stack([torch.sum((y - torch.nn.functional.dropout(X, 0.3) @ w) ** 2) for _ in range(4_000)])
    closed = dropout.expected_loss(X.numpy(), y.numpy(), w.numpy(), 0.3)
    assert abs(float(losses.mean()) - closed) < 4 * float(losses.std()) / 4_000**0.5


def test_H17_no_dropout_no_penalty():
    X, y, w = problem()
    assert dropout.penalty(X, w, 0.0) == 0
    assert dropout.simulated_loss(X, y, w, 0.0, draws=3).error == 0


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_H17_the_minimiser_is_ridge_regression_in_inputs_of_norm_one(rate):
    X, y, _ = problem(2)
    norms = np.linalg.norm(X, axis=0)
    ridge = Ridge(alpha=rate / (1 - rate), fit_intercept=False, solver="cholesky").fit(X / norms, y)
    np.testing.assert_allclose(dropout.minimiser(X, y, rate), ridge.coef_ / norms, rtol=1e-10)


def test_H17_the_minimiser_is_a_minimum_of_the_enumerated_loss():
    X, y, _ = problem(3)
    w = dropout.minimiser(X, y, 0.4)
    least = dropout.enumerated_loss(X, y, w, 0.4)
    for direction in np.eye(5):
        assert dropout.enumerated_loss(X, y, w + 1e-3 * direction, 0.4) > least
        assert dropout.enumerated_loss(X, y, w - 1e-3 * direction, 0.4) > least


def test_H17_the_derivation_is_verified_and_needs_its_rate():
    shown = dropout.derivation(rate=0.6, draws=5)
    assert shown.verified
    assert len(shown.steps) == 5
    assert 0 < shown.max_relative_error < 1e-12  # computed, in sums of rounded numbers


def test_comparison_tells_how_far_apart():
    X, y, w = problem()
    table = dropout.comparison(X, y, w, [0.2, 0.5], draws=500)
    assert [row[0] for row in table.rows] == [0.2, 0.5]
    assert all(abs(float(row[-1])) < 4 for row in table.rows)


@pytest.mark.parametrize("rate", [-0.1, 1.0, float("nan")])
def test_a_rate_lies_below_one(rate):
    X, y, w = problem()
    for call in (dropout.enumerated_loss, dropout.expected_loss, dropout.simulated_loss):
        with pytest.raises(TheoryError, match="rate"):
            call(X, y, w, rate)


def test_mistakes_are_explained():
    X, y, w = problem()
    with pytest.raises(TheoryError, match="inputs"):
        dropout.expected_loss(X, y, w[:2], 0.1)
    with pytest.raises(TheoryError, match="two draws"):
        dropout.simulated_loss(X, y, w, 0.1, draws=1)
    with pytest.raises(TheoryError, match="up to 16"):
        dropout.enumerated_loss(np.ones((2, 17)), np.ones(2), np.ones(17), 0.1)
    with pytest.raises(TheoryError, match="inverted"):
        dropout.minimiser(np.column_stack([X, np.zeros(len(X))]), y, 0.5)
