"""Calibration, on probabilities whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from paribus.analysis.errors.calibration import calibration, squared_error


def world(n: int, sharper: float, seed: int) -> tuple[Tensor, Tensor]:
    """Logits of which the softmax is true, sharpened; and labels drawn from the true ones."""
    draw = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(n, 4, generator=draw, dtype=torch.float64)
    labels = logits.softmax(1).multinomial(1, generator=draw)[:, 0]
    return (logits * sharper).softmax(1), labels


def test_the_temperature_that_sharpened_is_found():
    shares, labels = world(4000, 2.5, 0)
    found = calibration(shares, labels, 0.95).temperature
    assert found.value == pytest.approx(2.5, rel=0.08)
    assert found.gain.low > 0
    assert found.after.ece < found.before.ece / 3
    assert found.after.brier < found.before.brier
    assert found.before.loss - found.after.loss == pytest.approx(found.gain.value)


def test_true_probabilities_need_none():
    gains = [calibration(*world(300, 1, seed), 0.95).temperature.gain for seed in range(20)]
    assert np.mean([one.low > 0 for one in gains]) <= 0.15


def test_the_bias_of_few_examples_is_gone():
    """Of true probabilities ECE is far from 0, near what it says it would be; the squared error is 0 on average."""
    found = [(calibration(*world(100, 1, seed), 0.95), squared_error(*world(100, 1, seed))) for seed in range(60)]
    ece, stated = (np.mean([getattr(one, name) for one, _ in found]) for name in ("ece", "if_calibrated"))
    squares = np.array([square for _, square in found])
    assert ece > 0.08
    assert stated == pytest.approx(ece, rel=0.15)
    assert abs(squares.mean()) < 2.5 * squares.std(ddof=1) / np.sqrt(60)
    assert squares.std() < 0.02


def test_the_squared_error_of_a_known_distance_is_found_with_few_examples():
    """A network that says .9 and is right with .7: .04 on average, from 40 examples each."""
    draw = np.random.default_rng(0)
    shares = torch.tensor([[0.9, 0.1]]).repeat(40, 1)
    found = [squared_error(shares, torch.from_numpy((draw.random(40) > 0.7).astype(np.int64))) for _ in range(300)]
    assert np.mean(found) == pytest.approx(0.04, abs=3 * np.std(found) / np.sqrt(300))


def test_bins_say_what_is_in_them():
    shares = torch.tensor([[0.95, 0.05]] * 10 + [[0.6, 0.4]] * 10)
    labels = torch.tensor([0] * 9 + [1] + [0] * 4 + [1] * 6)
    low, high = calibration(shares, labels, 0.95).bins
    assert (low.examples, low.hits, low.confidence) == (10, 0.4, pytest.approx(0.6))
    assert (high.examples, high.hits, high.confidence) == (10, 0.9, pytest.approx(0.95))
    assert low.low < 0.4 < low.high
    assert squared_error(shares[:1], labels[:1]) is None
