"""Moving each picture of a batch by its own whole number of pixels: what crop and translate share."""

from __future__ import annotations

from functools import partial
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from paribus.data.augmentation.transform import Moved

Fill = Literal["zero", "edge", "reflect"]


def shifted(images: Tensor, down: Tensor, right: Tensor, margin: tuple[int, int], fill: Fill) -> tuple[Tensor, Moved]:
    """By :func:`shift`, and what was done."""

    def replay(masks: Tensor, outside: int | None) -> Tensor:
        kept = (fill, 0) if outside is None else ("zero", outside)
        return shift(masks, down, right, margin, *kept)

    return shift(images, down, right, margin, fill), Moved(images.shape[2:], partial(matrix, down, right), replay)


def matrix(down: Tensor, right: Tensor) -> Tensor:
    """(B, 2, 3) of x → x + right and y → y + down."""
    moves = torch.eye(2, 3, device=down.device).repeat(len(down), 1, 1)
    moves[:, 0, 2], moves[:, 1, 2] = right.float(), down.float()
    return moves


def shift(images: Tensor, down: Tensor, right: Tensor, margin: tuple[int, int], fill: Fill, value: int = 0) -> Tensor:
    """Move the content of each picture and keep its size.

    Args:
        images: (B, C, H, W) of any type.
        down: rows by which each picture moves down, int64 (B,), negative for up.
        right: columns by which it moves to the right.
        margin: bounds on the absolute values of ``down`` and ``right``.
        fill: what comes in from outside.
        value: what stands for zero there.
    """
    batch, channels, height, width = images.shape
    rows, columns = margin
    padded = pad(images, rows, columns, fill, value)
    full_height, full_width = padded.shape[2:]

    plane = torch.arange(batch * channels, device=images.device).view(batch, channels, 1)
    row = torch.arange(height, device=images.device) + (rows - down).view(-1, 1, 1)  # (B, 1, H)
    start = (plane * full_height + row) * full_width + (columns - right).view(-1, 1, 1)  # (B, C, H)
    # Every run of `width` neighbours is a row of this view, so a picture row is copied in one piece.
    runs = padded.flatten().unfold(0, width, 1)
    return runs.index_select(0, start.flatten()).view(images.shape)


def pad(images: Tensor, rows: int, columns: int, fill: Fill, value: int = 0) -> Tensor:
    """Put a margin of this many rows and columns around pictures (B, C, H, W)."""
    if fill == "zero":
        return F.pad(images, (columns, columns, rows, rows), value=value)
    height, width = images.shape[2:]
    taller = images.index_select(2, _inside(rows, height, fill, images.device))
    return taller.index_select(3, _inside(columns, width, fill, images.device))


def _inside(margin: int, size: int, fill: Fill, device: torch.device) -> Tensor:
    """For each position from −margin to size + margin, the position inside that it is filled from."""
    position = torch.arange(-margin, size + margin, device=device)
    if fill == "edge":
        return position.clamp(0, size - 1)
    period = max(2 * (size - 1), 1)  # there and back again, the two ends not repeated
    phase = position % period
    return torch.minimum(phase, period - phase).clamp(max=size - 1)
