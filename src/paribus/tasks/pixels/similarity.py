"""How near one picture is to another: PSNR and SSIM, one figure for each picture."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

PEAK = 255.0  # the largest value of a pixel
WINDOW, SPREAD = 11, 1.5  # side and standard deviation of the window of SSIM, in pixels
K1, K2 = 0.01, 0.03


def psnr(prediction: Tensor, truth: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of pictures (B, C, H, W) with values 0 … 255: 10·log₁₀(255² / MSE) dB, (B,).

    Equal pictures have 100 dB rather than infinitely many, so that means stay numbers.
    """
    error = (prediction.float() - truth.float()).square().mean((1, 2, 3))
    return (10 * (PEAK**2 / error).log10()).clamp(max=100)


def ssim(prediction: Tensor, truth: Tensor) -> Tensor:
    """Structural similarity (Wang et al., 2004, eq. 13) of pictures (B, C, H, W) with values 0 … 255: (B,).

    The mean over all windows of 11 × 11 pixels that lie within the picture, weighted by a Gaussian of deviation 1.5,
    and over the channels.
    """
    x, y = prediction.float(), truth.float()
    mean_x, mean_y, xx, yy, xy = (windowed(values) for values in (x, y, x * x, y * y, x * y))
    variance_x, variance_y, covariance = xx - mean_x**2, yy - mean_y**2, xy - mean_x * mean_y
    c1, c2 = (K1 * PEAK) ** 2, (K2 * PEAK) ** 2
    above = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    below = (mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2)
    return (above / below).mean((1, 2, 3))


def windowed(values: Tensor) -> Tensor:
    """Gaussian means over all windows: (B, C, H, W) → (B, C, H − 10, W − 10); smaller pictures have one window."""
    kernels = [gaussian(min(WINDOW, side), SPREAD).to(values) for side in values.shape[2:]]
    flat = values.flatten(0, 1).unsqueeze(1)  # (B·C, 1, H, W)
    rows = F.conv2d(flat, kernels[0].view(1, 1, -1, 1))
    return F.conv2d(rows, kernels[1].view(1, 1, 1, -1)).view(*values.shape[:2], *rows.shape[2:3], -1)


def gaussian(length: int, spread: float) -> Tensor:
    """Weights of a Gaussian about the middle of ``length`` places, with sum 1."""
    places = torch.arange(length) - (length - 1) / 2
    weights = (-(places**2) / (2 * spread**2)).exp()
    return weights / weights.sum()
