"""Corruptions of pictures by strength: pure functions, for asking what a network leans on.

Each takes pictures (B, C, H, W) uint8, a strength from 0, which changes nothing, to 1, and draws of each example; it
gives new pictures of the same shape and type.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from paribus.chance import Draws
from paribus.data.augmentation.colour import recolour
from paribus.data.augmentation.rounding import to_bytes
from paribus.errors import DataError, RecipeError

SIGMA = 64.0  # grey levels of the strongest noise
SPREAD = 2.5  # pixels: deviation of the widest blur
PARTS = 4  # into which a side is cut to be shuffled
Corruption = Literal["noise", "blur", "contrast", "jpeg", "texture", "shuffle"]


def noise(images: Tensor, strength: float, draws: Draws) -> Tensor:
    """Gaussian noise of deviation 64 · strength in every value, in 256 levels of probability."""
    levels = draws.noise("noise", images[0].numel()).view(images.shape).float()
    normal = torch.special.ndtri((levels + 0.5) / 256)
    return to_bytes((images.float() + SIGMA * strength * normal).clamp_(0, 255))


def blur(images: Tensor, strength: float, draws: Draws) -> Tensor:
    """Convolution with a Gaussian of deviation 2.5 · strength pixels; edges are reflected."""
    sigma = SPREAD * strength
    reach = min(math.ceil(3 * sigma), min(images.shape[2:]) - 1)
    steps = torch.arange(-reach, reach + 1, device=images.device)
    weights = torch.exp(-(steps**2) / (2 * sigma**2))
    weights, channels = weights / weights.sum(), images.shape[1]
    across = weights.view(1, 1, 1, -1).expand(channels, 1, 1, -1)
    padded = F.pad(images.float(), (reach,) * 4, mode="reflect")
    found = F.conv2d(F.conv2d(padded, across, groups=channels), across.transpose(2, 3), groups=channels)
    return to_bytes(found.clamp_(0, 255))


def contrast(images: Tensor, strength: float, draws: Draws) -> Tensor:
    """All values nearer to the picture's mean grey, at strength 1 a twentieth of their distance."""
    one = torch.ones(len(images), device=images.device)
    return recolour(images, one, one * (1 - 0.95 * strength), one)


def jpeg(images: Tensor, strength: float, draws: Draws) -> Tensor:
    """JPEG of quality 100 − 97 · strength, as Pillow writes and reads it."""
    quality = round(100 - 97 * strength)
    return torch.from_numpy(np.stack([_packed(one, quality) for one in images.permute(0, 2, 3, 1).cpu().numpy()])).to(
        images.device
    )


def texture(images: Tensor, strength: float, draws: Draws) -> Tensor:
    """The texture of another picture in the shapes of this one: amplitudes of its spectrum, with the own phases.

    Phases hold where edges are (Oppenheim & Lim, 1981), amplitudes how much of each grain there is. Amplitudes are
    mixed in shares of the strength; the partner is the next picture in a random order of the batch.
    """
    own = torch.fft.rfft2(images.float())
    order = draws.order("texture")
    partner = torch.empty_like(order)
    partner[order] = order.roll(1)
    amplitude = own.abs().lerp(own[partner].abs(), strength)
    mixed = torch.fft.irfft2(torch.polar(amplitude, own.angle()), s=images.shape[2:])
    return to_bytes(mixed.clamp(0, 255))


def shuffle(images: Tensor, strength: float, draws: Draws) -> Tensor:
    """A share of the 4 × 4 parts of a picture changes places: each of these goes where another of them was.

    Raises:
        RecipeError: if 4 does not divide the sides.
    """
    height, width = images.shape[2:]
    if height % PARTS or width % PARTS:
        rule = f"a picture is shuffled in {PARTS} × {PARTS} equal parts"
        raise RecipeError(rule, got=f"{height}×{width} pictures", hint="leave kinds=shuffle out, or set data.size")
    cells, moved = PARTS**2, round(strength * PARTS**2)
    order = draws.noise("shuffle", 8 * cells).contiguous().view(torch.int64).argsort(1)  # (B, cells)
    chosen = order[:, :moved]
    places = torch.arange(cells, device=images.device).repeat(len(images), 1)
    places.scatter_(1, chosen, chosen.roll(1, 1))
    parts = images.unflatten(3, (PARTS, -1)).unflatten(2, (PARTS, -1)).permute(0, 2, 4, 1, 3, 5)  # (B, 4, 4, C, h, w)
    taken = parts.flatten(1, 2)[torch.arange(len(images), device=images.device)[:, None], places]
    found: Tensor = taken.unflatten(1, (PARTS, PARTS)).permute(0, 3, 1, 4, 2, 5).reshape(images.shape)
    return found


CORRUPTIONS: Mapping[Corruption, Callable[[Tensor, float, Draws], Tensor]] = {
    "noise": noise,
    "blur": blur,
    "contrast": contrast,
    "jpeg": jpeg,
    "texture": texture,
    "shuffle": shuffle,
}


def corrupted(kind: Corruption, images: Tensor, strength: float, draws: Draws) -> Tensor:
    """Pictures (B, C, H, W) uint8 with a corruption of a strength from 0, the pictures themselves, to 1.

    Raises:
        DataError: for what is no picture of one or three channels.
    """
    if images.ndim != 4 or images.dtype != torch.uint8 or images.shape[1] not in (1, 3):
        raise DataError("pictures (B, C, H, W) uint8 are corrupted", got=f"{tuple(images.shape)} {images.dtype}")
    return CORRUPTIONS[kind](images, strength, draws) if strength else images


def _packed(picture: np.ndarray, quality: int) -> np.ndarray:
    """(H, W, C) uint8 through a JPEG, as (C, H, W)."""
    from PIL import Image

    grey = picture.shape[2] == 1
    stream = io.BytesIO()
    Image.fromarray(picture[:, :, 0] if grey else picture).save(stream, "jpeg", quality=quality)
    found = np.asarray(Image.open(stream))
    return found[None] if grey else np.ascontiguousarray(found.transpose(2, 0, 1))
