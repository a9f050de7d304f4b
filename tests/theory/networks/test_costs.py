"""CNN against RNN, two axes against three: formulas against torch's modules and graphs."""

from __future__ import annotations

import pytest
import torch

from paribus.errors import TheoryError
from paribus.theory.networks import cnn_or_rnn, conv2d_or_3d

PRODUCTS = ("ConvolutionBackward0", "MmBackward0", "AddmmBackward0")


def torch_depth(node, known):
    """The longest chain of products in torch's graph."""
    if node is None:
        return 0
    if node not in known:
        before = max((torch_depth(parent, known) for parent, _ in node.next_functions), default=0)
        known[node] = before + (node.name() in PRODUCTS)
    return known[node]


@pytest.mark.parametrize(("steps", "channels", "width"), [(8, 4, 3), (17, 2, 2), (30, 3, 5)])
def test_H16_depth_and_parameters_equal_torch(steps, channels, width):
    rows = {row[0]: row[2] for row in cnn_or_rnn(steps=steps, size=(channels, width)).tables[0].rows}
    layers = [torch.nn.Conv1d(channels, channels, width) for _ in range(rows["L"])]
    assert rows["cnn parameters"] == sum(p.numel() for layer in layers for p in layer.parameters())
    x = torch.ones(1, channels, steps)
    for layer in layers:
        x = layer(torch.nn.functional.pad(x, (width - 1, 0))).relu()
    assert rows["cnn depth"] == torch_depth(x.grad_fn, {})
    w, u, h = (
        torch.ones(channels, channels, requires_grad=True),
        torch.ones(channels, channels, requires_grad=True),
        None,
    )
    h = torch.zeros(1, channels)
    for _ in range(steps):
        h = torch.tanh(torch.ones(1, channels) @ w + h @ u)
    assert rows["rnn depth"] == torch_depth(h.grad_fn, {}) == steps
    assert rows["rnn parameters"] == w.numel() + u.numel() + channels


@pytest.mark.parametrize(("steps", "width"), [(8, 3), (64, 3), (64, 2), (100, 5)])
def test_H16_the_last_output_just_sees_the_first_step(steps, width):
    rows = {row[0]: row[2] for row in cnn_or_rnn(steps=steps, size=(1, width)).tables[0].rows}
    assert 1 + rows["L"] * (width - 1) >= steps > 1 + (rows["L"] - 1) * (width - 1)
    assert width ** rows["D"] >= steps > width ** (rows["D"] - 1)


@pytest.mark.parametrize(("channels", "width"), [(16, 3), (5, 2), (1, 1)])
def test_H16_two_axes_or_three(channels, width):
    rows = {row[0]: row[2] for row in conv2d_or_3d(size=(channels, width)).tables[0].rows}
    for axes, kind in ((2, torch.nn.Conv2d), (3, torch.nn.Conv3d)):
        layer = kind(channels, channels, width)
        assert rows[f"parameters {axes}d"] == sum(p.numel() for p in layer.parameters())
        outputs = channels * (32 - width + 1) ** axes
        assert rows[f"products {axes}d"] == outputs * layer.weight[0].numel()


@pytest.mark.parametrize("settings", [{"steps": 1}, {"size": (0, 3)}, {"size": (2, 1)}, {"steps": 1000}])
def test_sizes_that_make_no_sense(settings):
    with pytest.raises(TheoryError, match="2 to 512 steps"):
        cnn_or_rnn(**settings)
    with pytest.raises(TheoryError, match="at least 1"):
        conv2d_or_3d(size=(0, 3))
