"""Classical filters that remove noise: the baselines of a network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from torch import Tensor

Picture = NDArray[np.float32]

EDGE = "mirror"  # scipy's word for a picture that is reflected at its edges without repeating the outermost pixel
STRIP = 1 << 15  # pixels that are worked on together, so that they stay near the processor


def smoothed(noisy: Tensor, spread: float) -> Tensor:
    """Gaussian filter of a picture (C, H, W), reflected at its edges; ``spread`` is the deviation in pixels."""
    reach = max(1, round(4 * spread))
    deviations = (0, spread, spread)  # channels are not mixed
    return torch.from_numpy(gaussian_filter(noisy.numpy(), deviations, mode=EDGE, radius=(0, reach, reach)))


def nonlocal_means(noisy: Tensor, sigma: float, strength: float, patch: int = 7, search: int = 21) -> Tensor:
    """Non-local means of one strength; see :func:`nonlocal_means_at`."""
    return nonlocal_means_at(noisy, sigma, (strength,), patch, search)[0]


def nonlocal_means_at(
    noisy: Tensor, sigma: float, strengths: Sequence[float], patch: int = 7, search: int = 21
) -> list[Tensor]:
    """Non-local means (Buades et al., 2005): each pixel becomes a mean of those whose surroundings look alike.

    Pixels p and q weigh w = exp(−max(d² − 2σ², 0) / h²), with d² the mean squared difference of the patches about them
    and h = strength·σ; 2σ² is what noise alone makes of d². All pixels for one offset q − p are one pass over the
    picture. Most of the work is in d², which all strengths share.

    Args:
        noisy: (C, H, W).
        sigma: standard deviation of the noise.
        strengths: how alike patches must look, in units of σ; there is one answer for each.
        patch: side of the patches.
        search: side of the window in which similar patches are looked for.
    """
    given: Picture = noisy.numpy()
    reach, (height, width) = search // 2, given.shape[1:]
    grown = np.pad(given, ((0, 0), (reach, reach), (reach, reach)), mode="reflect")
    totals = [np.zeros_like(given) for _ in strengths]
    weights = [np.zeros_like(given[0]) for _ in strengths]
    strip = max(patch, STRIP // width)
    for top in range(0, height, strip):
        rows = slice(top, min(top + strip, height))
        for down in range(search):
            for right in range(search):
                other = grown[:, down : down + height, right : right + width]
                excess = _patch_means(given, other, rows, patch)
                np.maximum(excess - 2 * sigma**2, 0, out=excess)
                for total, known, strength in zip(totals, weights, strengths, strict=True):
                    weight = np.exp(excess / -((strength * sigma) ** 2))
                    total[:, rows] += weight * other[:, rows]
                    known[rows] += weight
    return [torch.from_numpy(total / known) for total, known in zip(totals, weights, strict=True)]


def _patch_means(given: Picture, other: Picture, rows: slice, patch: int) -> Picture:
    """Mean squared differences over the patches about the pixels of some rows, reflected at the picture's edges."""
    near, far, height = patch // 2, patch - 1 - patch // 2, given.shape[1]
    inside = slice(max(0, rows.start - near), min(height, rows.stop + far))
    squares = np.square(given[0, inside] - other[0, inside])
    for mine, yours in zip(given[1:, inside], other[1:, inside], strict=True):
        squares += np.square(mine - yours)
    missing = (near - rows.start + inside.start, far - inside.stop + rows.stop)
    grown = np.pad(squares, (missing, (near, far)), mode="reflect")
    means: Picture = _sums(_sums(grown, patch).T, patch).T
    means /= patch * patch * len(given)
    return means


def _sums(values: Picture, length: int) -> Picture:
    """Sums of ``length`` neighbouring rows: (n, W) → (n − length + 1, W), from sums of 1, 2, 4, … of them."""
    rows = len(values) - length + 1
    total, start, size, block = np.zeros_like(values[:rows]), 0, 1, values
    while True:
        if length & size:
            total += block[start : start + rows]
            start += size
        if 2 * size > length:
            return total
        block = block[:-size] + block[size:]
        size *= 2
