"""Densities of whole examples, in nats: sums over all values of an example, (B, …) → (B,)."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

HALF_LOG_TAU = 0.5 * math.log(2 * math.pi)


def bernoulli(x: Tensor, logits: Tensor) -> Tensor:
    """Σ x·log p + (1 − x)·log(1 − p) with p = σ(logits); values x between 0 and 1 count as shares."""
    return (x * logits - F.softplus(logits)).flatten(1).sum(1)


def gaussian(x: Tensor, mean: Tensor, log_deviation: Tensor) -> Tensor:
    """Σ −½((x − μ)/σ)² − log σ − ½·log 2π; ``log_deviation`` is a number or of the shape of x."""
    squares = ((x - mean) * (-log_deviation).exp()).square() / 2
    return -(squares + log_deviation + HALF_LOG_TAU).flatten(1).sum(1)


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(μ, σ²) ‖ N(0, 1)) = Σ ½(μ² + σ² − 1 − log σ²) (Kingma & Welling, 2014, appendix B)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).flatten(1).sum(1)


def log_weight(z: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """log p(z) − log q(z | x) for z from q = N(μ, σ²), and p = N(0, 1)."""
    return gaussian(z, torch.zeros_like(z), torch.zeros_like(z)) - gaussian(z, mean, log_variance / 2)
