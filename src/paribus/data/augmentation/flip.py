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
        alternate: whether chance decides the first epoch alone: in each further one every picture is seen the other way
            round than in the one before, so that two epochs show both ways (Jordan, 2024). Of vertical ones that is
            every second epoch.
    """

    probability: Annotated[float, Field(ge=0, le=1)] = 0.5
    vertical: bool = False
    alternate: bool = False

    def __call__(self, images: Tensor, draws: Draws) -> tuple[Tensor, Moved]:
        """Mirror some of the pictures (B, C, H, W)."""
        chosen = {3: self._chosen(draws, "horizontal", draws.epoch)}  # axis → which
        if self.vertical:
            chosen[2] = self._chosen(draws, "vertical", draws.epoch // 2)
        size = images.shape[2:]
        return mirrored(images, chosen), Moved(size, partial(matrix, chosen, size), lambda it, _: mirrored(it, chosen))

    def _chosen(self, draws: Draws, name: str, turns: int) -> Tensor:
        """Which pictures are mirrored, bool (B,), where they alternate after so many turns."""
        if not self.alternate:
            return draws.chosen(name, self.probability)
        first = draws.of_all_epochs().chosen(name, self.probability)
        return ~first if turns % 2 else first


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
