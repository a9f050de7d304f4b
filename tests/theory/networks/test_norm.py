"""Batch norm against torch, in training and in inference."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from paribus.errors import TheoryError
from paribus.theory.networks import batch_norm, layer


@pytest.mark.parametrize("axes", [0, 1, 2])
@pytest.mark.parametrize("inference", [False, True])
@pytest.mark.parametrize("eps", [1e-5, 0.1])
def test_H5_printed_formulas_equal_torch(axes, inference, eps, pasted):
    found = batch_norm(np.eye(3, 2).reshape(3, 2, *(1,) * axes), inference=inference, eps=eps)
    rng = np.random.default_rng(axes)
    for _ in range(10):
        shape = (int(rng.integers(3, 7)), int(rng.integers(1, 4)), *map(int, rng.integers(1, 5, size=axes)))
        channel = (1, shape[1], *(1,) * axes)
        values = {"X": rng.normal(size=shape), "G": rng.normal(size=shape)}
        values |= {"gamma": rng.normal(size=channel), "beta": rng.normal(size=channel)}
        mean, var = rng.normal(size=shape[1]), rng.uniform(0.5, 2.0, size=shape[1])
        leaves = {name: torch.tensor(values[name], requires_grad=True) for name in ("X", "gamma", "beta")}
        x, gamma, beta = leaves["X"], leaves["gamma"].ravel(), leaves["beta"].ravel()
        running = (torch.tensor(mean), torch.tensor(var))
        y = torch.nn.functional.batch_norm(x, *running, gamma, beta, training=not inference, eps=eps)
        y.backward(torch.tensor(values["G"]))
        if inference:
            values |= {"mu": mean.reshape(channel), "v": var.reshape(channel)}
        names = pasted(found, values)
        for name, leaf in leaves.items():
            assert names[f"d{name}"] == pytest.approx(leaf.grad.numpy(), rel=1e-8, abs=1e-11)


def test_H5_parameters_of_a_layer_and_its_norm():
    found = batch_norm(size=(10, 20))
    rows = {row[0]: row[2:] for row in found.tables[-1].rows}
    assert rows["fully connected 10 → 20"] == (220, 220)
    assert rows["batch norm, trained (γ, β)"] == (40, 40)


def test_H5_no_gradient_along_a_shift_or_a_stretch(pasted):
    """With ε → 0 the output does not change if X is shifted or stretched, so ∂L/∂X is orthogonal to both."""
    rng = np.random.default_rng(0)
    values = {
        "X": rng.normal(size=(6, 2)),
        "G": rng.normal(size=(6, 2)),
        "gamma": np.ones((1, 2)),
        "beta": np.zeros((1, 2)),
    }
    dx = pasted(batch_norm(eps=1e-12), values)["dX"]
    centred = values["X"] - values["X"].mean(0)
    assert np.abs(dx.sum(0)).max() < 1e-12
    assert np.abs((dx * centred).sum(0)).max() < 1e-10  # ε leaves a part of its own size


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"X": [[1.0, 2.0]]}, "more than one number per channel"),
        ({"X": [1.0, 2.0]}, "samples, channels and up to two"),
        ({"X": [[1.0], [2.0]], "axes": 2}, "2 spatial axes"),
        ({"size": (10**5, 10**5)}, "at most 10000000"),
        ({"eps": 0.0}, "eps is above 0"),
        ({"size": (0, 3)}, "at least one each"),
        ({"X": [[1.0], [2.0]], "upstream": [[1.0]]}, "shape of X"),
    ],
)
def test_layers_that_do_not_fit(settings, message):
    with pytest.raises(TheoryError, match=message):
        batch_norm(**settings)


def test_one_sample_in_inference_is_fine():
    assert layer("batchnorm", input=[[1.0, 2.0]], inference=True).answers["X"].text == "dY * gamma / sqrt(v + 1e-05)"
