"""Convolution: the worked example, and the printed formulas, pasted, against torch over all pairs of settings."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.pairwise import pairwise

from paribus.errors import TheoryError
from paribus.theory.networks import convolution

X = [[3, 4, 5], [2, 1, -3], [4, -2, 0]]
F = [[2, 0], [-3, 1]]


def torch_gradients(x, f, above, stride, padding, dilation, groups):
    """∂/∂X and ∂/∂F of Σ Y·above, or of ΣY if it is None."""
    plain = x.ndim <= 2
    a, b = (torch.tensor(v[None, None] if plain else v, requires_grad=True) for v in (x, f))
    function = torch.nn.functional.conv1d if b.ndim == 3 else torch.nn.functional.conv2d
    y = function(a, b, None, stride, padding, dilation, groups)
    y.backward(torch.ones_like(y) if above is None else torch.tensor(above).reshape(y.shape))
    return a.grad.numpy().reshape(x.shape), b.grad.numpy().reshape(f.shape)


def test_H3_the_worked_example(pasted):
    found = convolution(X, F, loss="mean")
    names = pasted(found, {"X": np.array(X, float), "F": np.array(F, float)})
    assert names["dF"].tolist() == [[2.5, 1.75], [1.25, -1]]
    assert names["dX"].tolist() == [[0.5, 0.5, 0], [-0.25, 0, 0.25], [-0.75, -0.5, 0.25]]
    shown = {row[0]: row[2] for row in found.tables[0].rows}
    assert shown["dF"] == "[[2.5, 1.75], [1.25, -1]]"
    assert shown["dX"] == "[[0.5, 0.5, 0], [-0.25, 0, 0.25], [-0.75, -0.5, 0.25]]"
    assert found.tables[1].rows[1] == ("dF[0, 1]", "0.25·4 + 0.25·5 + 0.25·1 + 0.25·(-3)", "1.75")


def test_H3_both_gradients_are_convolutions():
    found = convolution(X, F)
    assert found.answers["F"].text == "correlate(X, dY)"
    assert found.answers["X"].text == "correlate(pad(dY, 1), flip(F))"


PADDINGS, DILATIONS, GROUPS = (0, 1, 2), (1, 2, 3), (1, 2, 3)


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_H3_printed_formulas_equal_torch(axes, stride, pasted):
    """Every three settings that include axes or stride, each on 3 batches of sizes of their own."""
    rng = np.random.default_rng(stride + 10 * axes)
    for padding, dilation, groups in pairwise(PADDINGS, DILATIONS, GROUPS):
        settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        size = (groups * int(rng.integers(1, 3)), groups * int(rng.integers(1, 3)))
        found = convolution(axes=axes, size=size, **settings)
        for _ in range(3):
            least = max(2 * dilation + 1 - 2 * padding, 1)
            x = rng.normal(size=(rng.integers(1, 4), size[0], *(least + rng.integers(0, 6, size=axes))))
            f = rng.normal(size=(size[1], size[0] // groups, *(3,) * axes))
            names = pasted(found, {"X": x, "F": f})
            dx, df = torch_gradients(x, f, None, **settings)
            assert names["dX"] == pytest.approx(dx, rel=1e-10, abs=1e-12), settings
            assert names["dF"] == pytest.approx(df, rel=1e-10, abs=1e-12), settings


def test_H3_sizes_strides_and_paddings_of_their_own_for_each_axis(pasted):
    """Filters of any size, and a random gradient from above: 60 random settings."""
    rng = np.random.default_rng(0)
    for _ in range(60):
        kernel, stride, dilation = (tuple(map(int, rng.integers(1, 4, size=2))) for _ in range(3))
        padding = tuple(map(int, rng.integers(0, 3, size=2)))
        spans = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
        x = rng.normal(size=[e + int(rng.integers(0, 5)) for e in spans])
        f = rng.normal(size=kernel)
        settings = {"stride": stride, "padding": padding, "dilation": dilation}
        tensors = (torch.tensor(v[None, None]) for v in (x, f))
        above = rng.normal(size=torch.nn.functional.conv2d(*tensors, None, **settings).shape[2:])
        found = convolution(x, f, upstream=above, **settings)
        names = pasted(found, {"X": x, "F": f, "G": above})
        dx, df = torch_gradients(x, f, above, **settings, groups=1)
        assert names["dX"] == pytest.approx(dx, rel=1e-10, abs=1e-12), settings
        assert names["dF"] == pytest.approx(df, rel=1e-10, abs=1e-12), settings


def test_plain_signals(pasted):
    found = convolution([1, 2, 3, 4, 5, 6], [1, 0, -1], stride=2)
    names = pasted(found, {"X": np.arange(1.0, 7.0), "F": np.array([1.0, 0.0, -1.0])})
    assert names["dX"].tolist() == [1, 0, 0, 0, -1, 0]  # nothing reaches the last number
    assert names["dF"].tolist() == [4, 6, 8]


@pytest.mark.parametrize(
    ("x", "f", "settings", "message"),
    [
        (np.ones((11, 11)), np.ones((5, 5)), {"dilation": 8}, r"8·\(5 − 1\) \+ 1 = 33"),
        (np.ones((3, 3)), np.ones(3), {}, "1 or 2 axes"),
        (np.ones((1, 3, 5)), np.ones((2, 2, 3)), {}, "C/groups"),
        (np.ones((1, 4, 5)), np.ones((3, 2, 3)), {"groups": 2}, "divisible by 2"),
        (np.ones((5, 5)), np.ones((3, 3)), {"groups": 2}, "groups divide channels"),
        (np.ones((5, 5)), np.ones((3, 3)), {"stride": 0}, "stride is a whole number from 1"),
        (np.ones((5, 5)), np.ones((3, 3)), {"padding": -1}, "padding is a whole number from 0"),
        (np.ones((5, 5)), np.ones((3, 3)), {"stride": (1, 2, 3)}, "one number for each of 2 axes"),
        (np.ones((5, 5)), np.ones((3, 3)), {"loss": "max"}, "sum or the mean"),
        (np.ones((5, 5)), np.ones((3, 3)), {"upstream": [1, 2]}, r"shape of Y, \(3, 3\)"),
        (None, None, {"size": (3, 4), "groups": 2}, "multiples of the 2 groups"),
        (None, None, {"size": (64, 64)}, "at most 1024"),
        (np.ones((99, 99)), None, {}, "at most 2048"),
        (np.ones((5, 5)), None, {"axes": 1}, "1 spatial axes"),
    ],
)
def test_layers_that_do_not_fit(x, f, settings, message):
    with pytest.raises(TheoryError, match=message):
        convolution(x, f, **settings)
