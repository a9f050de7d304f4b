"""Muon: momentum whose matrices are made orthogonal before they are stepped along (Jordan et al., 2024)."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

QUINTIC = (3.4445, -4.7750, 2.0315)  # a, b, c of Jordan's polynomial: steepest at zero, so that five rounds suffice
ROUNDS = 5
LIKE_ADAMW = 0.2  # root mean square of an AdamW step, in units of the learning rate (Liu et al., 2025, §2.2)


class Muon(Optimizer):
    """Two rules in one: hidden matrices by Muon, all other parameters by AdamW.

    The weights of a convolution are a matrix of one row for each output channel. A step of Muon is scaled to the root
    mean square of one of AdamW (Liu et al., 2025), so that one learning rate serves both.

    Args:
        params: parameters, or groups of them.
        hidden: those among them whose matrices are stepped by Muon.
        lr: learning rate.
        momentum: decay of the sum of gradients, as Nesterov's.
        beta1, beta2, eps: of AdamW.
        weight_decay: share of a weight, times the learning rate, that is taken away in each step.
    """

    def __init__(self, params: Iterable[Any], hidden: Collection[Tensor], **defaults: Any) -> None:
        chosen = {id(parameter) for parameter in hidden}
        super().__init__(list(_divided(params, chosen)), {"matrices": False, **defaults})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step of every parameter that has a gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            rule = _muon if group["matrices"] else _adamw
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
                    rule(parameter, parameter.grad, self.state[parameter], group)
        return loss


def orthogonalised(matrix: Tensor) -> Tensor:
    """(m, n) about UVᵀ of a matrix UΣVᵀ: singular values near 1, by Newton and Schulz's iteration in bfloat16."""
    a, b, c = QUINTIC
    x = matrix.bfloat16()
    if tall := matrix.shape[0] > matrix.shape[1]:
        x = x.T
    x = x / x.norm().clamp(min=1e-7)  # the largest singular value is at most 1
    for _ in range(ROUNDS):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)  # ax + (bG + cG²)x
    return x.T if tall else x


def _muon(parameter: Tensor, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
    """w ← w − 0.2·lr·√max(m, n)·orthogonalised(g + μ·average)."""
    if not state:
        state["momentum"] = torch.zeros_like(parameter)
    average = state["momentum"].lerp_(gradient, 1 - group["momentum"])
    update = orthogonalised(gradient.lerp(average, group["momentum"]).flatten(1))
    size = LIKE_ADAMW * math.sqrt(max(update.shape))
    parameter.add_(update.reshape(parameter.shape).to(parameter.dtype), alpha=-group["lr"] * size)


def _adamw(parameter: Tensor, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
    """As torch's AdamW."""
    if not state:
        state |= {"steps": 0, "first": torch.zeros_like(parameter), "second": torch.zeros_like(parameter)}
    state["steps"] += 1
    beta1, beta2, steps = group["beta1"], group["beta2"], state["steps"]
    first = state["first"].lerp_(gradient, 1 - beta1)
    second = state["second"].mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
    root = (second / (1 - beta2**steps)).sqrt_().add_(group["eps"])
    parameter.addcdiv_(first, root, value=-group["lr"] / (1 - beta1**steps))


def _divided(params: Iterable[Any], hidden: set[int]) -> Iterable[dict[str, Any]]:
    """Each group as two: its hidden matrices, and the rest; those that are empty are left out."""
    given = list(params)
    for group in given if given and isinstance(given[0], dict) else [{"params": given}]:
        for matrices in (True, False):
            members = [parameter for parameter in group["params"] if (id(parameter) in hidden) == matrices]
            if members:
                yield {**group, "params": members, "matrices": matrices}
