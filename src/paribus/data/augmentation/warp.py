"""Turning, shearing, shifting and stretching each picture of a batch by its own matrix: what the geometric parts share.

A warp is (B, 2, 3) float32: where each pixel of the new picture comes from in the old one, both counted in pixels
right of and below the centre.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from paribus.data.augmentation.rounding import to_bytes
from paribus.data.augmentation.transform import Moved

Interpolation = Literal["bilinear", "nearest"]
Fill = Literal["zero", "edge"]

_PADDING_MODES = {"zero": "zeros", "edge": "border"}


def warped(images: Tensor, warp: Tensor, interpolation: Interpolation, fill: Fill) -> tuple[Tensor, Moved]:
    """Pictures (B, C, H, W) uint8 after their warps, and what was done."""
    return sampled(images, warp, interpolation, fill), moved(images.shape[2:], warp, fill)


def sampled(images: Tensor, warp: Tensor, interpolation: Interpolation, fill: Fill) -> Tensor:
    """Pictures (B, C, H, W) uint8 after their warps."""
    return to_bytes(_sampled(images, warp, interpolation, fill))


def moved(size: Sequence[int], warp: Tensor, fill: Fill) -> Moved:
    """What these warps do to pictures of a height and width."""
    return Moved(size, partial(matrix, warp, *size), partial(_replayed, warp, fill))


def matrix(warp: Tensor, height: int, width: int) -> Tensor:
    """(B, 2, 3) from old to new coordinates, counted from the left and the top: the way back."""
    forward = torch.linalg.inv(warp[:, :, :2])
    centre = warp.new_tensor([width / 2, height / 2])
    start = (warp[:, :, 2] + centre).unsqueeze(2)  # where the new centre was
    return torch.cat([forward, centre.view(2, 1) - forward @ start], 2)


def turns(degrees: Tensor) -> Tensor:
    """Warps that turn counterclockwise by angles (B,)."""
    cos, sin = (f(degrees.deg2rad()) for f in (torch.cos, torch.sin))
    zero = torch.zeros_like(cos)
    return rows([cos, -sin, zero], [sin, cos, zero])


def rows(first: list[Tensor], second: list[Tensor]) -> Tensor:
    """Warps (B, 2, 3) from the numbers of both rows, each (B,)."""
    return torch.stack([*first, *second], -1).view(-1, 2, 3)


def _replayed(warp: Tensor, fill: Fill, masks: Tensor, outside: int | None) -> Tensor:
    """Masks moved alike: a pixel between labels 1 and 3 is not 2, and outside there is nothing to copy."""
    if outside is None:
        return _sampled(masks, warp, "nearest", fill).int().to(masks.dtype)
    # the label from outside is 0 while masks move: bytes wrap around, so others keep apart
    shown = _sampled(masks - outside, warp, "nearest", "zero").int().to(masks.dtype)
    return shown.add_(outside)


def _sampled(images: Tensor, warp: Tensor, interpolation: Interpolation, fill: Fill) -> Tensor:
    grid = _sources(warp, *images.shape[2:])
    return F.grid_sample(images.float(), grid, interpolation, _PADDING_MODES[fill], align_corners=False)


def _sources(warp: Tensor, height: int, width: int) -> Tensor:
    """Where each pixel comes from, (B, H, W, 2), in ``grid_sample``'s coordinates: (x, y) from −1 to 1."""
    x = torch.arange(width, device=warp.device) - (width - 1) / 2  # pixels right of the centre
    y = torch.arange(height, device=warp.device).unsqueeze(1) - (height - 1) / 2  # pixels below it
    (xx, xy, x0), (yx, yy, y0) = (row.view(-1, 3, 1, 1).unbind(1) for row in warp.unbind(1))
    source_x, source_y = xx * x + (xy * y + x0), yx * x + (yy * y + y0)
    # Moving the axis of the stack to the end, rather than stacking there, keeps the writes in long runs.
    return torch.stack([source_x * (2 / width), source_y * (2 / height)]).movedim(0, -1)
