"""H16: sequential depth against the longest chain of weighted nodes in torch's own graph."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from torch import Tensor, nn

from paribus.theory.layers import table

PRODUCTS = ("Addmm", "Convolution", "Tanh")  # one node for each weighted layer or step


def longest(out: Tensor, counted: str) -> int:
    """The longest chain of nodes of this name behind a result."""

    @cache
    def depth(node) -> int:
        own = counted in type(node).__name__
        return own + max((depth(before) for before, _ in node.next_functions if before is not None), default=0)

    return depth(out.grad_fn)


def unrolled(layers: int, steps: int) -> Tensor:
    """Stacked recurrent cells, step by step; all last states, added."""
    cells = [nn.RNNCell(3, 3) for _ in range(layers)]
    states = [torch.zeros(1, 3) for _ in range(layers)]
    for _ in range(steps):
        below = torch.ones(1, 3)
        for i, cell in enumerate(cells):
            states[i] = below = cell(below, states[i])
    return states[-1]


@pytest.mark.parametrize(("layers", "steps"), [(1, 1), (1, 9), (2, 5), (3, 7), (4, 2)])
def test_recurrent_layers_run_as_a_wave(layers, steps):
    counted = longest(unrolled(layers, steps), "Tanh")
    assert table(f"rnn 3 l{layers}", (steps, 3)).depth == counted == steps + layers - 1
    assert table("rnn 3, " * layers, (steps, 3)).depth == counted


def test_convolutions_count_layers_not_steps():
    net = nn.Sequential(*(nn.Conv1d(3, 3, 3, padding=1) for _ in range(5)))
    counted = longest(net(torch.ones(1, 3, 50)), "Convolution")
    assert table("conv 3 k3 p1 x5", (3, 50)).depth == counted == 5


def test_branches_wait_for_the_longest():
    assert table("[conv 4 k1, conv 4 k1, conv 4 k1 | conv 4 k1 | id], conv 4 k1", (4, 8, 8)).depth == 4


def test_both_directions_need_all_steps():
    one, both = table("rnn 4", (10, 4)), table("rnn 4 bi", (10, 4))
    assert one.depth == both.depth == 10
    assert table("rnn 4 bi l2", (10, 4)).depth == 20  # the second layer's first step waits for the first's last
    assert table("rnn 4, linear 3, last, linear 2", (10, 4)).depth == 12
