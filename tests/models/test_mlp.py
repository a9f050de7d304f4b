"""The multilayer perceptron: its size by closed formula, and what dropout keeps."""

from __future__ import annotations

import itertools

import pytest
import torch

from paribus.models.mlp import MLP
from paribus.models.size import count_parameters


@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
@pytest.mark.parametrize("widths", [(), (7,), (16, 8, 8)])
def test_the_parameters_of_an_mlp(widths, norm):
    units = (12, *widths)
    weights = sum(a * b for a, b in itertools.pairwise(units)) + units[-1] * 3 + 3
    per_unit = {"none": 1, "batch": 2, "layer": 3}[norm]  # bias; scale, shift; all three
    assert count_parameters(MLP((3, 4), 3, widths=widths, norm=norm)) == weights + per_unit * sum(widths)


def test_dropout_keeps_the_mean_of_a_linear_network():
    torch.manual_seed(0)
    net, x = MLP((6,), 2, widths=(40,), activation="none", dropout=0.4), torch.randn(1, 6)
    with torch.no_grad():
        outputs = net.train()(x.expand(40_000, -1))
        error = (outputs.mean(0) - net.eval()(x)[0]).abs()
    assert (error < 4 * outputs.std(0) / 40_000**0.5).all()
    assert (outputs.std(0) > 0.01).all()
