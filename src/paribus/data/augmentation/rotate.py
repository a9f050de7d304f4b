"""Random rotations about the centre."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from paribus.chance import Draws
from paribus.data.augmentation.rounding import to_bytes
from paribus.data.augmentation.transform import Moved

Interpolation = Literal["bilinear", "nearest"]
Fill = Literal["zero", "edge"]

_PADDING_MODES = {"zero": "zeros", "edge": "border"}


@dataclass(frozen=True)
class Rotate:
    """Turn pictures about their centre by a random angle.

    Args:
        degrees: largest angle in either direction.
        interpolation: whether a pixel between four others takes their weighted mean or the nearest one.
        fill: what comes in from outside: zero or the nearest edge pixel.
    """

    degrees: Annotated[float, Field(ge=0, le=180)] = 15.0
    interpolation: Interpolation = "bilinear"
    fill: Fill = "edge"

    def __call__(self, images: Tensor, draws: Draws) -> tuple[Tensor, Moved]:
        """Turn the pictures (B, C, H, W)."""
        degrees, size = draws.uniform("angle", -self.degrees, self.degrees), images.shape[2:]
        moved = Moved(size, partial(matrix, degrees, *size), partial(_replayed, degrees, self.fill))
        return rotate(images, degrees, self.interpolation, self.fill), moved


def rotate(images: Tensor, degrees: Tensor, interpolation: Interpolation, fill: Fill) -> Tensor:
    """Turn each picture of (B, C, H, W) uint8 counterclockwise by its own angle, float (B,)."""
    return to_bytes(_sampled(images, degrees, interpolation, fill))


def matrix(degrees: Tensor, height: int, width: int) -> Tensor:
    """(B, 2, 3) of the turn about the centre, where y grows downwards."""
    cos, sin = (f(degrees.deg2rad()) for f in (torch.cos, torch.sin))
    x, y = width / 2, height / 2
    rows = [cos, sin, x - cos * x - sin * y, -sin, cos, y + sin * x - cos * y]
    return torch.stack(rows, -1).view(-1, 2, 3)


def _replayed(degrees: Tensor, fill: Fill, masks: Tensor, outside: int | None) -> Tensor:
    """Masks turned alike: a pixel between labels 1 and 3 is not 2, and outside there is nothing to copy."""
    if outside is None:
        return _sampled(masks, degrees, "nearest", fill).int().to(masks.dtype)
    # the label from outside is 0 while masks turn: bytes wrap around, so others keep apart
    turned = _sampled(masks - outside, degrees, "nearest", "zero").int().to(masks.dtype)
    return turned.add_(outside)


def _sampled(images: Tensor, degrees: Tensor, interpolation: Interpolation, fill: Fill) -> Tensor:
    grid = _sources(degrees, *images.shape[2:])
    return F.grid_sample(images.float(), grid, interpolation, _PADDING_MODES[fill], align_corners=False)


def _sources(degrees: Tensor, height: int, width: int) -> Tensor:
    """Where each pixel comes from, (B, H, W, 2), in ``grid_sample``'s coordinates: (x, y) from −1 to 1."""
    x = torch.arange(width, device=degrees.device) - (width - 1) / 2  # pixels right of the centre
    y = torch.arange(height, device=degrees.device).unsqueeze(1) - (height - 1) / 2  # pixels below it
    cos, sin = (f(degrees.deg2rad()).view(-1, 1, 1) for f in (torch.cos, torch.sin))
    source_x, source_y = cos * x - sin * y, sin * x + cos * y
    # Moving the axis of the stack to the end, rather than stacking there, keeps the writes in long runs.
    return torch.stack([source_x * (2 / width), source_y * (2 / height)]).movedim(0, -1)
