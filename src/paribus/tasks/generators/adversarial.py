"""Losses of generative adversarial networks: one a row, as functions of the scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import relu, softplus

LossName = Literal["non_saturating", "minimax", "wasserstein_gp", "hinge", "least_squares"]
Scored = Callable[[Tensor], Tensor]


class Rule(NamedTuple):
    """The loss of the discriminator by its scores of real and of generated examples, and that of the generator."""

    real: Scored
    fake: Scored
    generator: Scored


# With D = σ(s): softplus(−s) = −log D, softplus(s) = −log(1 − D).
RULES: Mapping[str, Rule] = {
    "non_saturating": Rule(lambda s: softplus(-s), softplus, lambda s: softplus(-s)),  # Goodfellow et al., 2014
    "minimax": Rule(lambda s: softplus(-s), softplus, lambda s: -softplus(s)),  # the same, equation 1
    "wasserstein_gp": Rule(lambda s: -s, lambda s: s, lambda s: -s),  # Gulrajani et al., 2017
    "hinge": Rule(lambda s: relu(1 - s), lambda s: relu(1 + s), lambda s: -s),  # Lim & Ye, 2017
    "least_squares": Rule(
        lambda s: (s - 1) ** 2 / 2, lambda s: s**2 / 2, lambda s: (s - 1) ** 2 / 2
    ),  # Mao et al., 2017
}
THRESHOLDS: Mapping[str, float] = {"least_squares": 0.5}  # scores above say real; elsewhere above 0


def smoothed(rule: Rule, smoothing: float, s: Tensor) -> Tensor:
    """The loss of the discriminator where real examples count as fake for a small share (Salimans et al., 2016)."""
    return (1 - smoothing) * rule.real(s) + smoothing * rule.fake(s) if smoothing else rule.real(s)


def gradient_norms(discriminator: nn.Module, at: Tensor) -> Tensor:
    """‖∇ₓ D(x)‖² at some examples (B, …), differentiable itself; (B,)."""
    at = at.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(discriminator(at).sum(), at, create_graph=True)
    return gradient.flatten(1).square().sum(1)


def lipschitz_penalty(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """E (‖∇D(x̂)‖ − 1)² at points x̂ between real and generated examples (Gulrajani et al., 2017, equation 3)."""
    share = torch.rand(len(real), *(1,) * (real.ndim - 1), dtype=real.dtype, device=real.device)
    norms = (gradient_norms(discriminator, torch.lerp(real, fake, share)) + 1e-12).sqrt()  # √ has no slope at 0
    return (norms - 1).square().mean()


@contextmanager
def frozen(module: nn.Module) -> Iterator[None]:
    """A forward pass through which gradients flow, but none to these weights: half of a backward pass is saved."""
    trained = [parameter for parameter in module.parameters() if parameter.requires_grad]
    for parameter in trained:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in trained:
            parameter.requires_grad_(True)
