"""Which inputs a network looks at for each of its outputs."""

from __future__ import annotations

import torch
from torch import nn


def sees(net: nn.Module, places: int, inputs: torch.Tensor, axis: int) -> torch.Tensor:
    """(positions of the answer, positions of the input) whether the gradient of one with respect to the other is 0."""
    inputs = inputs.clone().requires_grad_()
    outputs = net(inputs)
    rows = []
    for place in range(places):
        (gradient,) = torch.autograd.grad(outputs[:, place].sum(), inputs, retain_graph=True)
        others = [dim for dim in range(gradient.ndim) if dim != axis]
        rows.append(gradient.abs().sum(others) > 0)
    return torch.stack(rows)
