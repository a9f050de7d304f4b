"""What examples are like that reach a network."""

from __future__ import annotations

import math

import pytest
import torch

from paribus.training.signals.examples import columns, largest_class, rough


def test_figures_of_channels_are_those_of_torch() -> None:
    x = (
        torch.randn(20, 3, 6, 6, generator=torch.Generator().manual_seed(0))
        * torch.tensor([1.0, 5.0, 9.0])[:, None, None]
    )
    found = columns(x, 1)
    for name, figure in (("mean", x.mean((0, 2, 3))), ("deviation", x.transpose(0, 1).flatten(1).std(1, correction=0))):
        assert found[name] == pytest.approx(figure.tolist(), rel=1e-4, abs=1e-6)
    assert found["low"] == pytest.approx([float(x[:, channel].min()) for channel in range(3)], rel=1e-4)
    assert found["high"] == pytest.approx([float(x[:, channel].max()) for channel in range(3)], rel=1e-4)
    assert found["nan"] == (0.0, 0.0, 0.0)


def test_noise_is_as_rough_as_it_can_be_by_chance_and_a_slope_is_smooth() -> None:
    noise = 7 * torch.randn(64, 1, 12, 12, generator=torch.Generator().manual_seed(0)) - 3
    slope = torch.arange(12.0).expand(64, 1, 12, 12)
    assert rough(noise)["rough"][0] == pytest.approx(1.0, abs=0.05)  # 4 standard errors of 1/sqrt(64 · 144)
    assert rough(slope)["rough"][0] == pytest.approx(0.25 / (143 / 12), rel=1e-4)  # squares 1 and 0, over the variance
    assert rough(torch.cat([noise, torch.ones_like(noise)], 1))["rough"][1] == 0.0  # a channel that is constant
    assert rough(torch.zeros(4, 1, 1, 1)) == {}


def test_the_columns_of_a_series_stand_last() -> None:
    x = torch.stack([torch.zeros(4, 7), torch.ones(4, 7)], -1)  # (B, T, columns)
    assert columns(x, -1)["mean"] == (0.0, 1.0)


def test_what_is_not_finite_is_counted() -> None:
    found = columns(torch.tensor([[1.0, math.nan], [3.0, math.inf]]), 1)
    assert found["nan"] == (0.0, 1.0)
    assert found["mean"][0] == 2.0


def test_many_columns_are_told_as_one() -> None:
    assert len(columns(torch.randn(5, 1000), 1)["mean"]) == 1


def test_the_largest_class_of_a_batch() -> None:
    assert largest_class(torch.tensor([1, 1, 2, 1]), 3) == 0.75
    assert largest_class(torch.tensor([[0.9, 0.1], [0.2, 0.8]]), 2) == 0.5  # mixed examples count for their largest
    assert largest_class(torch.zeros(4, 6, 6, dtype=torch.int64), 3) is None  # masks
    assert largest_class(torch.rand(4), 0) is None
