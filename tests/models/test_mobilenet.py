"""MobileNet: the cost of a convolution in two steps."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch

from paribus.models.blocks import Conv
from paribus.models.mobilenet import MobileNet, Separable
from paribus.theory.layers import table

STYLE = {"stride": 1, "norm": "batch", "activation": "relu"}


@pytest.mark.parametrize(("channels", "width", "kernel"), [(8, 16, 3), (24, 7, 5), (5, 64, 7)])
def test_T6_the_cost_ratio_is_one_over_N_plus_one_over_k_squared(channels, width, kernel):
    steps, ordinary = (
        table(kind(channels, width, kernel=kernel, **STYLE), (channels, 14, 9)) for kind in (Separable, Conv)
    )
    assert Fraction(steps.multiplications, ordinary.multiplications) == Fraction(1, width) + Fraction(1, kernel**2)


def test_T6_a_separable_convolution_is_an_ordinary_one_of_rank_one_kernels():
    """Without norm and activation between, the two steps are the convolution with kernels w(out, in)·d(in)."""
    steps = Separable(3, 5, kernel=3, stride=1, norm="none", activation="none").double()
    x = torch.randn(2, 3, 8, 8, dtype=torch.float64)
    depthwise, pointwise = steps.depthwise.conv, steps.pointwise.conv
    kernels = pointwise.weight * depthwise.weight[:, 0]  # (5, 3, 1, 1)·(3, 3, 3)
    bias = pointwise.weight[:, :, 0, 0] @ depthwise.bias + pointwise.bias
    torch.testing.assert_close(steps(x), torch.nn.functional.conv2d(x, kernels, bias, padding=1))


@pytest.mark.parametrize(("options", "parameters", "multiplications"), [
    ({}, 4.2e6, 569e6),
    ({"separable": False}, 29.3e6, 4866e6),
    ({"width": 0.75}, 2.6e6, 325e6),
    ({"width": 0.5}, 1.3e6, 149e6),
    ({"width": 0.25}, 0.5e6, 41e6),
])  # fmt: skip
def test_T6_parameters_and_multiplications_are_those_of_the_papers_tables_4_and_6(options, parameters, multiplications):
    found = table(MobileNet((3, 224, 224), 1000, **options), (3, 224, 224))
    assert round(found.parameters / 1e6, 1) == parameters / 1e6
    assert found.multiplications == pytest.approx(multiplications, rel=0.01)
