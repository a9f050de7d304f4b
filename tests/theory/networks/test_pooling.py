"""Pooling against torch over all settings."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from paribus.errors import TheoryError
from paribus.theory.networks import pooling

FUNCTIONS = {
    ("max", 1): torch.nn.functional.max_pool1d,
    ("max", 2): torch.nn.functional.max_pool2d,
    ("average", 1): torch.nn.functional.avg_pool1d,
    ("average", 2): torch.nn.functional.avg_pool2d,
}


@pytest.mark.parametrize(("kind", "axes"), FUNCTIONS)
def test_printed_formulas_equal_torch(kind, axes, pasted):
    """15 settings × 3 pictures for each of the four layers."""
    rng = np.random.default_rng(axes)
    for window, stride, padding in product((1, 2, 3), (1, 2, 3), (0, 1)):
        if 2 * padding > window:
            continue
        found = pooling(kind=kind, axes=axes, window=window, stride=stride, padding=padding)
        for _ in range(3):
            x = rng.normal(size=window + rng.integers(0, 6, size=axes))
            leaf = torch.tensor(x[None, None], requires_grad=True)
            y = FUNCTIONS[kind, axes](leaf, window, stride, padding)
            above = rng.normal(size=y.shape[2:])
            y.backward(torch.tensor(above)[None, None])
            names = pasted(found, {"X": x, "G": above})
            assert names["Y"] == pytest.approx(y.detach().numpy()[0, 0], rel=1e-12)
            assert names["dX"] == pytest.approx(leaf.grad.numpy()[0, 0], rel=1e-12, abs=1e-14)


def test_of_equal_numbers_the_first_wins_as_in_torch(pasted):
    x = np.array([[0.0, 0.0], [0.0, 0.0]])
    leaf = torch.tensor(x[None, None], requires_grad=True)
    torch.nn.functional.max_pool2d(leaf, 2).sum().backward()
    names = pasted(pooling(x), {"X": x, "G": np.ones((1, 1))})
    assert names["dX"].tolist() == leaf.grad.numpy()[0, 0].tolist() == [[1, 0], [0, 0]]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "maximum"}, "did you mean 'max'"),
        ({"X": np.ones((2, 2, 2))}, "one signal"),
        ({"X": np.ones((2, 2)), "window": 3}, "wider than the padded input"),
        ({"window": 2, "padding": 2}, "half the window"),
        ({"X": np.ones((4, 4)), "axes": 1}, "1 spatial axes"),
        ({"stride": 0}, "stride is a whole number from 1"),
        ({"X": np.ones((4, 4)), "upstream": [1.0]}, r"shape of Y, \(2, 2\)"),
    ],
)
def test_layers_that_do_not_fit(settings, message):
    with pytest.raises(TheoryError, match=message):
        pooling(**settings)
