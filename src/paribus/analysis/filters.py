"""Classical filters that remove noise: the baselines of a network."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, uniform_filter
from torch import Tensor

EDGE = "mirror"  # scipy's word for a picture that is reflected at its edges without repeating the outermost pixel


def smoothed(noisy: Tensor, spread: float) -> Tensor:
    """Gaussian filter of a picture (C, H, W), reflected at its edges; ``spread`` is the deviation in pixels."""
    reach = max(1, round(4 * spread))
    deviations = (0, spread, spread)  # channels are not mixed
    return torch.from_numpy(gaussian_filter(noisy.numpy(), deviations, mode=EDGE, radius=(0, reach, reach)))


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
    given: NDArray[np.float32] = noisy.numpy()
    reach = search // 2
    height, width = given.shape[1:]
    grown = np.pad(given, ((0, 0), (reach, reach), (reach, reach)), mode="reflect")
    total, weights = np.zeros_like(given), np.zeros_like(given[0])
    for down in range(search):
        for right in range(search):
            other = grown[:, down : down + height, right : right + width]
            distance = uniform_filter(np.square(given - other).mean(0), patch, mode=EDGE)  # (H, W)
            weight = np.exp(-np.maximum(distance - 2 * sigma**2, 0) / (strength * sigma) ** 2)
            total += weight * other
            weights += weight
    return torch.from_numpy(total / weights)
