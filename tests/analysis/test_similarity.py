"""Centred kernel alignment, against its formula by hand, and what it must not feel."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from paribus.analysis.similarity import MOST_LAYERS, aligned, cka, gram, grams


def by_hand(one: Tensor, other: Tensor) -> float:
    """CKA from the unbiased HSIC of Song et al. (2012, eq. 5), sum by sum."""
    n = len(one)

    def hsic(a: Tensor, b: Tensor) -> Tensor:
        k, m = (x @ x.T for x in (a.double(), b.double()))
        k, m = (x - x.diagonal().diag() for x in (k, m))
        ones = torch.ones(n, 1, dtype=torch.float64)
        middle = (ones.T @ k @ ones) * (ones.T @ m @ ones) / ((n - 1) * (n - 2))
        last = ones.T @ k @ m @ ones * 2 / (n - 2)
        return ((k @ m).trace() + middle - last) / (n * (n - 3))

    return float(hsic(one, other) / (hsic(one, one) * hsic(other, other)).sqrt())


@pytest.fixture
def features() -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(0)
    one = torch.randn(40, 12, generator=draw)
    return one, one[:, :7] + 0.5 * torch.randn(40, 7, generator=draw)


def test_it_is_the_formula(features):
    one, other = features
    assert cka(one, other) == pytest.approx(by_hand(one, other), abs=1e-5)
    assert aligned([gram(one)], [gram(other)])[0, 0] == aligned([gram(other)], [gram(one)])[0, 0]


def test_turning_scaling_and_shifting_change_nothing(features):
    one, other = features
    turn = torch.linalg.qr(torch.randn(7, 7, generator=torch.Generator().manual_seed(1))).Q
    assert cka(one, one) == pytest.approx(1, abs=1e-6)
    assert cka(one, 3 * other @ turn + 100) == pytest.approx(cka(one, other), abs=1e-4)


def test_unrelated_features_are_not_alike_however_wide_they_are():
    """Plugging in would give .8 here: 1,000 features of 50 examples."""
    draw = torch.Generator().manual_seed(2)
    found = [cka(*torch.randn(2, 50, 1000, generator=draw).unbind()) for _ in range(20)]
    assert abs(sum(found) / len(found)) < 0.02


def test_features_that_do_not_vary_have_none():
    assert torch.tensor(cka(torch.ones(8, 3), torch.randn(8, 3))).isnan()


def test_layers_are_those_with_weights_and_hooks_leave_no_trace():
    net = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(3 * 36, 5), nn.Softmax(1)
    )
    inputs = torch.randn(9, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    found = grams(net.eval(), inputs)
    assert [*found] == ["0", "4", "outputs"]
    with torch.inference_mode():
        assert torch.allclose(found["0"], gram(net[0](inputs)))
    assert not any(module._forward_hooks for module in net.modules())
    deep = nn.Sequential(*(nn.Linear(4, 4) for _ in range(MOST_LAYERS * 2 + 1)))
    assert len(chosen := grams(deep, torch.randn(6, 4))) <= MOST_LAYERS
    assert [*chosen][-1] == str(MOST_LAYERS * 2)
