"""Penalties on the size of weights, those with two axes or more: biases and norms go free."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
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

    This is iterative shrinkage, ISTA (Daubechies, Defrise & De Mol, 2004), with the rate that the gradient of this
    weight has been stepped with, so that weights settle where the lasso's are, whatever the optimizer. Momentum μ steps
    along a sum of gradients that is 1/(1 − μ) times one of them. Adam and its kin divide by a root; where that is next
    to nothing they move a weight by the learning rate, and this by twice that at most: once would balance the step of
    a gradient that is smaller than the penalty's.
    """
    for group in optimizer.param_groups:
        momentum = group.get("momentum", 0.0) if SUMS & group.keys() else 0.0
        rate = group["lr"] / (1 - momentum)
        for weight in filter(is_weight, group["params"]):
            if weight.grad is not None:
                root = _root(optimizer.state[weight], group)
                most = rate * factor if root is None else (rate * factor / root).clamp_(max=2 * rate)
                weight.copy_(torch.sign(weight) * (weight.abs() - most).clamp_(min=0))


SUMS = {"dampening", "centered"}  # options of SGD and RMSprop, whose momentum adds gradients up; others' takes a mean


def _root(state: Mapping[str, Any], group: Mapping[str, Any]) -> Tensor | None:
    """What an optimizer divides the gradient of each number of a weight by; ``None`` where that is nothing."""
    eps, step = group.get("eps", 0.0), state.get("step", 0)
    step = step.double() if isinstance(step, Tensor) else float(step)  # which lies on a GPU, and is not waited for
    root: Tensor | None = None
    if "exp_inf" in state:
        root = state["exp_inf"]  # AdaMax
    elif "exp_avg_sq" in state:  # Adam, AdamW, AMSGrad, Nadam
        square = state.get("max_exp_avg_sq", state["exp_avg_sq"])
        root = (square / (1 - group["betas"][1] ** step)).sqrt_() + eps
    elif "second" in state:  # AdamW beside Muon
        root = (state["second"] / (1 - group["beta2"] ** state["steps"])).sqrt_() + eps
    elif "square_avg" in state:
        root = state["square_avg"].sqrt() + eps  # RMSprop
    elif "sum" in state:  # Adagrad, whose learning rate may fall by itself
        root = (state["sum"].sqrt() + eps) * (1 + (step - 1) * group["lr_decay"])
    return root


def share_of_zeros(parameters: Iterable[nn.Parameter]) -> float:
    """The share of exact zeros among weights; of none it is 0."""
    weights = [parameter for parameter in parameters if is_weight(parameter)]
    zeros = sum(int((weight == 0).sum()) for weight in weights)
    return zeros / max(1, sum(weight.numel() for weight in weights))
