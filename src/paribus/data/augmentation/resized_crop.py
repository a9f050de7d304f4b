"""Random parts of pictures at the size of the whole."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from paribus.chance import Draws
from paribus.data.augmentation.transform import Moved
from paribus.data.augmentation.warp import Interpolation, rows, warped


@dataclass(frozen=True)
class ResizedCrop:
    """Cut out a random part and bring it back to the picture's size (Szegedy et al., 2015).

    Args:
        smallest: least share of the picture's area that a part has; the largest is all of it.
        stretch: largest ratio of the part's two sides, counted in those of the picture.
        interpolation: whether a pixel between four others takes their weighted mean or the nearest one.
    """

    smallest: Annotated[float, Field(gt=0, le=1)] = 0.5
    stretch: Annotated[float, Field(ge=1, le=10)] = 4 / 3
    interpolation: Interpolation = "bilinear"

    def __call__(self, images: Tensor, draws: Draws) -> tuple[Tensor, Moved]:
        """Cut the pictures (B, C, H, W)."""
        area, ratio = draws.uniform("area", self.smallest, 1), self._ratio(draws)
        wide, tall = (area * ratio).sqrt().clamp(max=1), (area / ratio).sqrt().clamp(max=1)
        right, down = self._middle(draws, "right", wide), self._middle(draws, "down", tall)
        height, width = images.shape[2:]
        zero = torch.zeros_like(wide)
        warp = rows([wide, zero, right * width], [zero, tall, down * height])
        return warped(images, warp, self.interpolation, "edge")

    def _ratio(self, draws: Draws) -> Tensor:
        """Even on a logarithmic scale: as often wide as tall."""
        return draws.uniform("ratio", -math.log(self.stretch), math.log(self.stretch)).exp()

    def _middle(self, draws: Draws, name: str, side: Tensor) -> Tensor:
        """Of a part that lies within the picture, in sides of the picture from its centre."""
        return draws.uniform(name, -0.5, 0.5) * (1 - side)
