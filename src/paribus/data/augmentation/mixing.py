"""What mixup and CutMix share: each picture's partner, and how much of the picture itself is left."""

from __future__ import annotations

import torch
from torch import Tensor

from paribus.chance import Draws


def partners(draws: Draws) -> Tensor:
    """The other picture for each of a batch, int64 (B,).

    The examples of the batch stand in a ring in the order of their own random numbers, and each gets the next one. So
    the partner is a function of the key and of who is in the batch, not of where they stand in it; nobody is left
    out, and nobody is mixed with itself unless alone.
    """
    ring = draws.order("partner")
    following = torch.empty_like(ring)
    following[ring] = ring.roll(-1)
    return following


def shares(draws: Draws, alpha: float, probability: float) -> Tensor:
    """How much of each picture is left, float64 (B,): Beta(α, α) where it is chosen to be mixed, else 1."""
    drawn = beta(draws.uniform("radius").double(), draws.uniform("angle").double(), alpha)
    return torch.where(draws.chosen("mixed", probability), drawn, 1.0)


def beta(first: Tensor, second: Tensor, alpha: float) -> Tensor:
    """Beta(α, α) from two uniform numbers each, float64 (B,).

    T = √(2α (U^(−1/α) − 1)) cos 2πV has Student's t distribution with 2α degrees of freedom (Bailey, 1994), and
    ½ + T / (2 √(2α + T²)) is then Beta(α, α) (Devroye, 1996). With w = U^(1/α) nothing overflows, however small α is.
    """
    w, cosine = first ** (1 / alpha), torch.cos(2 * torch.pi * second)
    root = (w + (1 - w) * cosine**2).clamp(min=torch.finfo(w.dtype).tiny).sqrt()
    return (1 + (1 - w).sqrt() * cosine / root) / 2
