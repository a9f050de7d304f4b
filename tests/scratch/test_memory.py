"""Less memory, the same gradients bit by bit; what was predicted is what is measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from paribus.scratch import BudgetError, GradientError, ScratchError, grad, memory, nn
from paribus.scratch.training import accumulate

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 8, 64)


def convolutions() -> nn.Sequential:
    """20 layers with running statistics and chance."""
    chance, layers = np.random.default_rng(5), [nn.Conv2d(3, 8, 3, padding=1, rng=0)]
    for i in range(4):
        layers += [nn.Conv2d(8, 8, 3, padding=1, rng=i), nn.BatchNorm(8), nn.Function(nn.relu), nn.Dropout(0.2, chance)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Affine(8 * 144, 8, rng=9), nn.LayerNorm(8))


def perceptron(depth: int) -> nn.Sequential:
    layers = [layer for i in range(depth) for layer in (nn.Affine(64, 64, rng=i), nn.Function(nn.tanh))]
    return nn.Sequential(*layers)


NETS = {"convolutions": (convolutions, (64, 3, 12, 12)), "perceptron": (lambda: perceptron(10), (64, 64))}


def gradients(net: nn.Sequential, plan: memory.Plan | None, x: np.ndarray) -> tuple[list[np.ndarray], dict[str, Any]]:
    whole = net if plan is None else memory.Checkpointed(net, plan)
    for _ in range(2):  # twice, so that chance and statistics must go on correctly
        nn.cross_entropy(whole(x), LABELS).backward()
    return [p.grad for p in whole.parameters()], net.buffers()


def budgets(rows: list[memory.Cost]) -> tuple[int, int, int]:
    """All that the plain step needs, the least that is possible, and between."""
    most, least = memory.peak(rows, memory.plain(20)), memory.peak(rows, memory.smallest(rows))
    return most, (most + least) // 2, least


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("plan", ["root", "every", "whole", "budgeted"])
def test_gradients_are_equal_bit_by_bit(name: str, plan: str) -> None:
    make, shape = NETS[name]
    x, net = RNG.normal(size=shape).astype(np.float32), make()
    rows = memory.costs(net, nn.cross_entropy, x, LABELS)
    plans = {
        "root": memory.root(20),
        "every": tuple(memory.Segment(i, i + 1, again=True) for i in range(20)),
        "whole": (memory.Segment(0, 20, again=True),),
        "budgeted": memory.budgeted(rows, budgets(rows)[1]),
    }
    expected, statistics = gradients(make(), None, x)
    got, buffers = gradients(net, plans[plan], x)
    for a, b in zip(expected, got, strict=True):
        np.testing.assert_array_equal(a, b)
    for path, buffer in statistics.items():
        np.testing.assert_array_equal(buffer, buffers[path])


@pytest.mark.parametrize("name", NETS)
def test_measured_peaks_are_the_predicted_ones(name: str) -> None:
    make, shape = NETS[name]
    x, y = RNG.normal(size=(512, *shape[1:])).astype(np.float32), RNG.integers(0, 8, 512)
    net = make()
    rows = memory.costs(net, nn.cross_entropy, x, y)
    for plan in (memory.plain(20), memory.root(20), *(memory.budgeted(rows, budget) for budget in budgets(rows))):
        profile = memory.profile(net, nn.cross_entropy, x, y, plan)
        assert profile.measured == pytest.approx(profile.predicted, rel=0.1)
    np.testing.assert_allclose(
        [row.held for row in rows[:-1]],
        memory.profile(net, nn.cross_entropy, x, y).held[:-1],
        rtol=0.02,
        atol=20_000,
    )


def test_a_budget_is_kept() -> None:
    x, y = RNG.normal(size=(2048, 64)).astype(np.float32), RNG.integers(0, 8, 2048)
    net = perceptron(10)
    rows = memory.costs(net, nn.cross_entropy, x, y)
    works = []
    for budget in budgets(rows):
        plan = memory.budgeted(rows, budget)
        assert memory.profile(net, nn.cross_entropy, x, y, plan).measured <= 1.02 * budget
        works.append(memory.work(rows, plan))
    assert works[0] == 0
    assert works == sorted(works)
    with pytest.raises(BudgetError, match=r"1,000 were granted"):
        memory.budgeted(rows, 1000)


def test_held_memory_grows_as_the_root_of_the_depth() -> None:
    """For d equal layers the plain step holds O(d), the √n plan O(√d): the slope of log peak over log d is ½."""
    x, y = RNG.normal(size=(2048, 64)).astype(np.float32), RNG.integers(0, 8, 2048)
    depths, slopes, shared = [16, 64, 144], {}, nn.Affine(64, 64, rng=0)
    for name, plan in (("plain", memory.plain), ("root", memory.root)):
        nets = [nn.Sequential(*[shared] * depth) for depth in depths]
        peaks = [memory.profile(net, nn.cross_entropy, x, y, plan(len(net))).measured for net in nets]
        slopes[name] = np.polyfit(np.log(depths), np.log(peaks), 1)[0]
    assert slopes["plain"] > 0.85
    assert 0.3 < slopes["root"] < 0.6


def test_accumulation_needs_less() -> None:
    x, y, net = RNG.normal(size=(2048, 64)).astype(np.float32), RNG.integers(0, 8, 2048), perceptron(10)
    steps = [lambda micro=micro: accumulate(net, nn.cross_entropy, x, y, micro) for micro in (2048, 256)]
    peaks = [memory.measured_peak(step) for step in steps]
    assert peaks[1] < 0.25 * peaks[0]


def test_table_and_picture() -> None:
    x, net = RNG.normal(size=(64, 64)).astype(np.float32), perceptron(2)
    profile = memory.profile(net, nn.cross_entropy, x, LABELS)
    assert "Affine(64 → 64)" in profile.table()
    assert "highest point" in profile.table()
    assert profile.picture().startswith("<svg")
    assert [label for label, _ in profile.course[:5]] == ["Affine(64 → 64)", "tanh", "Affine(64 → 64)", "tanh", "loss"]


def test_what_cannot_be_done_is_said() -> None:
    net = perceptron(1)
    with pytest.raises(ScratchError, match="must cover layers 0 … 1"):
        memory.Checkpointed(net, memory.plain(3))
    whole = memory.Checkpointed(net, (memory.Segment(0, 2, again=True),))
    with pytest.raises(GradientError, match="plain net"):
        grad(whole(np.ones((2, 64), np.float32)).sum(), net.parameters(), create_graph=True)
