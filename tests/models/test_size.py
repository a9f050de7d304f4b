"""What counts as a parameter."""

from __future__ import annotations

from paribus.models.mlp import MLP
from paribus.models.size import count_parameters


def test_frozen_parameters_are_counted_apart():
    net = MLP((4,), 2, widths=(3,))
    net.hidden.requires_grad_(False)
    assert (count_parameters(net), count_parameters(net, trainable=True)) == (23, 8)
