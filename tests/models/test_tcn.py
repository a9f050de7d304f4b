"""The convolutional network for sequences: it sees the past alone, and as far as it says."""

from __future__ import annotations

import itertools

import pytest
import torch
from tests.models.fields import sees
from torch import nn

from paribus.errors import RecipeError
from paribus.models.initialisation import initialise
from paribus.models.tcn import TCN, blocks_to_see, receptive_field


def made(model: nn.Module) -> nn.Module:
    initialise(model, 1)
    return model.eval()


@pytest.mark.parametrize(("depth", "kernel"), [(1, 2), (2, 3), (3, 2)])
def test_a_tcn_sees_the_past_alone_and_as_far_as_it_says(depth, kernel):
    steps = 24
    net = made(TCN((2, steps), 1, (steps,), width=4, depth=depth, kernel=kernel, activation="tanh"))
    seen = sees(net, steps, torch.randn(3, 2, steps), axis=2)
    behind = torch.arange(steps)[:, None] - torch.arange(steps)
    assert torch.equal(seen, (behind >= 0) & (behind < receptive_field(depth, kernel)))


def test_by_default_a_tcn_sees_its_whole_input():
    for length, kernel in itertools.product((1, 7, 48, 168), (2, 3, 5)):
        depth = blocks_to_see(length, kernel)
        assert receptive_field(depth, kernel) >= length
        assert depth == 1 or receptive_field(depth - 1, kernel) < length
    with pytest.raises(RecipeError, match="no network of 16 blocks"):
        blocks_to_see(10**9, 2)
