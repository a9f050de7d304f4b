"""Mirror images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from paribus.chance import Draws
from paribus.data.augmentation.transform import Moved


@dataclass(frozen=True)
class Flip:
    """Mirror pictures left to right at random, and on request top to bottom as well.

    Args:
        probability: chance that a picture is mirrored, for each direction separately.
        vertical: whether to mirror top to bottom as well.
    """

    probability: Annotated[float, Field(ge=0, le=1)] = 0.5
    vertical: bool = False

    def __call__(self, images: Tensor, draws: Draws) -> tuple[Tensor, Moved]:
        """Mirror some of the pictures (B, C, H, W)."""
        chosen = {3: draws.chosen("horizontal", self.probability)}  # axis → which
        if self.vertical:
            chosen[2] = draws.chosen("vertical", self.probability)
        size = images.shape[2:]
        return mirrored(images, chosen), Moved(size, partial(matrix, chosen, size), lambda it, _: mirrored(it, chosen))


def mirrored(images: Tensor, chosen: Mapping[int, Tensor]) -> Tensor:
    """Mirror along several axes, each with its chosen pictures."""
    for axis, which in chosen.items():
        images = flip(images, which, axis)
    return images


def flip(images: Tensor, chosen: Tensor, axis: int) -> Tensor:
    """Mirror the chosen pictures, bool (B,), along an axis of (B, C, H, W)."""
    rows = torch.arange(len(images), device=images.device)
    # Copying whole pictures out of both versions is several times faster than deciding pixel by pixel.
    return torch.cat([images, images.flip(axis)]).index_select(0, rows + len(images) * chosen)


def matrix(chosen: Mapping[int, Tensor], size: Sequence[int]) -> Tensor:
    """(B, 2, 3) of x → width − x and y → height − y where it was chosen."""
    moves = torch.eye(2, 3, device=chosen[3].device).repeat(len(chosen[3]), 1, 1)
    for axis, which in chosen.items():
        row = 3 - axis  # x is the last axis of a picture and the first coordinate of a point
        moves[which, row, row], moves[which, row, 2] = -1.0, float(size[axis - 2])
    return moves
