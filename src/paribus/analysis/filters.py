"""Classical removal of noise, the mark that a network has to pass."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from scipy import ndimage
from torch import Tensor


def smoothed(noisy: Tensor, spread: float) -> Tensor:
    """Gaussian filter of a picture (C, H, W), reflected at its edges; ``spread`` is the deviation in pixels."""
    reach = max(1, round(4 * spread))
    deviations = (0, spread, spread)
    return torch.from_numpy(ndimage.gaussian_filter(noisy.numpy(), deviations, mode="mirror", radius=reach))


def nonlocal_means(noisy: Tensor, sigma: float, strength: float, patch: int = 7, search: int = 21) -> Tensor:
    """Non-local means (Buades et al., 2005): each pixel becomes a mean of those whose surroundings look alike.

    Pixels p and q weigh w = exp(−max(d² − 2σ², 0) / h²), with d² the mean squared difference of the patches about them
    and h = strength·σ; 2σ² is what noise alone makes of d². All pixels for one offset q − p are one pass over the
    picture.

    Args:
        noisy: (C, H, W).
        sigma: standard deviation of the noise.
        strength: how alike patches must look, in units of σ.
        patch: side of the patches.
        search: side of the window in which similar patches are looked for.
    """
    reach = search // 2
    grown = F.pad(noisy[None], (reach,) * 4, mode="reflect")[0]
    height, width = noisy.shape[1:]
    total, weights = torch.zeros_like(noisy), noisy.new_zeros(height, width)
    for down in range(search):
        for right in range(search):
            other = grown[:, down : down + height, right : right + width]
            distance = box_mean((noisy - other).square().mean(0), patch)  # (H, W)
            weight = (-(distance - 2 * sigma**2).clamp(min=0) / (strength * sigma) ** 2).exp()
            total += weight * other
            weights += weight
    return total / weights


def box_mean(values: Tensor, side: int) -> Tensor:
    """Mean over the square of an odd side about every pixel of (H, W), reflected at the edges."""
    return torch.from_numpy(ndimage.uniform_filter(values.numpy(), side, mode="mirror"))
