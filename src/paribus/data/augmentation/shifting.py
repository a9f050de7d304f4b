"""Moving each picture of a batch by its own whole number of pixels: what crop and translate share."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Fill = Literal["zero", "edge", "reflect"]


def shift(images: Tensor, down: Tensor, right: Tensor, margin: tuple[int, int], fill: Fill) -> Tensor:
    """Move the content of each picture and keep its size.

    Args:
        images: (B, C, H, W) of any type.
        down: rows by which each picture moves down, int64 (B,), negative for up.
        right: columns by which it moves to the right.
        margin: bounds on the absolute values of ``down`` and ``right``.
        fill: what comes in from outside.
    """
    batch, channels, height, width = images.shape
    rows, columns = margin
    padded = pad(images, rows, columns, fill)
    full_height, full_width = padded.shape[2:]

    plane = torch.arange(batch * channels, device=images.device).view(batch, channels, 1)
    row = torch.arange(height, device=images.device) + (rows - down).view(-1, 1, 1)  # (B, 1, H)
    start = (plane * full_height + row) * full_width + (columns - right).view(-1, 1, 1)  # (B, C, H)
    # Every run of `width` neighbours is a row of this view, so a picture row is copied in one piece.
    runs = padded.flatten().unfold(0, width, 1)
    return runs.index_select(0, start.flatten()).view(images.shape)


def pad(images: Tensor, rows: int, columns: int, fill: Fill) -> Tensor:
    """Put a margin of this many rows and columns around pictures (B, C, H, W)."""
    if fill == "zero":
        return F.pad(images, (columns, columns, rows, rows))
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
