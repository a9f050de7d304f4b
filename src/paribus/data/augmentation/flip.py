"""Mirror images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from paribus.chance import Draws


@dataclass(frozen=True)
class Flip:
    """Mirror pictures left to right at random, and on request top to bottom as well.

    Args:
        probability: chance that a picture is mirrored, for each direction separately.
        vertical: whether to mirror top to bottom as well.
    """

    geometric: ClassVar[bool] = True

    probability: Annotated[float, Field(ge=0, le=1)] = 0.5
    vertical: bool = False

    def __call__(self, images: Tensor, draws: Draws) -> Tensor:
        """Mirror some of the pictures (B, C, H, W)."""
        images = flip(images, draws.chosen("horizontal", self.probability), axis=3)
        if self.vertical:
            images = flip(images, draws.chosen("vertical", self.probability), axis=2)
        return images


def flip(images: Tensor, chosen: Tensor, axis: int) -> Tensor:
    """Mirror the chosen pictures, bool (B,), along an axis of (B, C, H, W)."""
    rows = torch.arange(len(images), device=images.device)
    # Copying whole pictures out of both versions is several times faster than deciding pixel by pixel.
    return torch.cat([images, images.flip(axis)]).index_select(0, rows + len(images) * chosen)
