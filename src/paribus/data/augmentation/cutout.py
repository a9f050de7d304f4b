"""Random squares cut out of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from paribus.chance import Draws
from paribus.data.augmentation.transform import Identity


@dataclass(frozen=True)
class Cutout:
    """Cover a square about a random pixel; part of it may lie outside the picture (DeVries & Taylor, 2017).

    Args:
        size: side of the square in pixels.
        fill: what covers the square: zero, or the picture's mean colour.
    """

    size: Annotated[int, Field(ge=0)] = 8
    fill: Literal["zero", "mean"] = "mean"

    def __call__(self, images: Tensor, draws: Draws) -> tuple[Tensor, Identity]:
        """Cover a square in each of the pictures (B, C, H, W)."""
        height, width = images.shape[2:]
        rows, columns = draws.integers("row", 0, height - 1), draws.integers("column", 0, width - 1)
        hole = square(rows, columns, self.size, height, width)
        kept = images * (1 - hole)
        return (kept + hole * mean_colour(images) if self.fill == "mean" else kept), Identity()


def square(rows: Tensor, columns: Tensor, size: int, height: int, width: int) -> Tensor:
    """1 inside a square about each centre, int64 (B,) each, and 0 elsewhere; uint8 (B, 1, H, W)."""
    inside_rows = interval(rows, size, height).view(-1, 1, height, 1)
    inside_columns = interval(columns, size, width).view(-1, 1, 1, width)
    return (inside_rows & inside_columns).to(torch.uint8)


def within(hole: Tensor, inside: Tensor, outside: Tensor) -> Tensor:
    """Whole numbers from one tensor where ``hole``, bool, is true, and from the other elsewhere.

    As bits: half of the time that deciding value by value takes.
    """
    return outside ^ ((outside ^ inside) & -hole.to(outside.dtype))


def mean_colour(images: Tensor) -> Tensor:
    """Mean of each channel, rounded; uint8 (B, C, 1, 1)."""
    pixels = images.shape[2] * images.shape[3]
    return ((images.sum((2, 3), keepdim=True) + pixels // 2) // pixels).to(torch.uint8)


def interval(centres: Tensor, size: int | Tensor, length: int) -> Tensor:
    """True for the ``size`` positions about each centre, int64 (B,); bool (B, length)."""
    sizes = torch.as_tensor(size, device=centres.device)
    position = torch.arange(length, device=centres.device) - (centres - sizes // 2).unsqueeze(1)
    return (position >= 0) & (position < sizes.unsqueeze(-1))
