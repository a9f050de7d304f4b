"""Penalties on the size of weights, those with two axes or more: biases and norms go free."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.functional import softshrink
from torch.optim import Optimizer


def is_weight(parameter: Tensor) -> bool:
    """Whether penalties are for it: biases, and the scales and shifts of norms, have one axis."""
    return parameter.ndim > 1


def add_l2(optimizer: Optimizer, factor: float) -> Tensor:
    """Add the gradient of ½·factor·‖w‖² to the gradients, and give that penalty."""
    total = torch.zeros(())
    for group in optimizer.param_groups:
        for weight in filter(is_weight, group["params"]):
            if weight.grad is not None:
                weight.grad.add_(weight.detach(), alpha=factor)
                total = total.to(weight.device) + weight.detach().square().sum() * (factor / 2)
    return total


@torch.no_grad()
def shrink(optimizer: Optimizer, factor: float) -> None:
    """The proximal step of factor·‖w‖₁: w ← sign(w)·max(|w| − rate·factor, 0), so small weights become exactly 0.

    This is iterative shrinkage, ISTA (Daubechies, Defrise & De Mol, 2004). Momentum μ steps along a sum of gradients
    that is 1/(1 − μ) times as long as one of them, so the rate is lr/(1 − μ): with SGD weights settle where the lasso's
    are. Optimizers that rescale gradients shrink all weights alike, as AdamW decays them.
    """
    for group in optimizer.param_groups:
        rate = group["lr"] / (1 - _heavy_ball(group))
        for weight in filter(is_weight, group["params"]):
            if weight.grad is not None:
                weight.copy_(softshrink(weight, rate * factor))


def _heavy_ball(group: dict[str, float]) -> float:
    """The momentum of a sum of gradients; those that keep a mean of them have none."""
    return group.get("momentum", 0.0) if "dampening" in group else 0.0


def share_of_zeros(parameters: Iterable[nn.Parameter]) -> float:
    """The share of exact zeros among weights; of none it is 0."""
    weights = [parameter for parameter in parameters if is_weight(parameter)]
    zeros = sum(int((weight == 0).sum()) for weight in weights)
    return zeros / max(1, sum(weight.numel() for weight in weights))
