"""Random rectangles wiped out of pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor

from paribus.chance import Draws
from paribus.data.augmentation.cutout import interval, mean_colour, within
from paribus.data.augmentation.transform import Identity

STRETCH = math.log(10 / 3)  # sides are at most 10 : 3, either way


@dataclass(frozen=True)
class Erase:
    """Wipe a rectangle of random size and shape out of some pictures (random erasing; Zhong et al., 2020).

    Args:
        probability: chance that a picture loses one.
        largest: greatest share of the picture's area that is wiped out; the least is a fiftieth.
        fill: what stands there then: noise in every pixel, zero, or the picture's mean colour.
    """

    probability: Annotated[float, Field(ge=0, le=1)] = 0.5
    largest: Annotated[float, Field(ge=0.02, le=1)] = 1 / 3
    fill: Literal["noise", "zero", "mean"] = "noise"

    def __call__(self, images: Tensor, draws: Draws) -> tuple[Tensor, Identity]:
        """Wipe a rectangle out of some of the pictures (B, C, H, W)."""
        hole = self._hole(draws, *images.shape[2:])
        return within(hole, self._filling(images, draws), images), Identity()

    def _hole(self, draws: Draws, height: int, width: int) -> Tensor:
        """Bool (B, 1, H, W)."""
        side = draws.uniform("area", 0.02, self.largest).sqrt() * draws.chosen("erased", self.probability)
        ratio = draws.uniform("ratio", -STRETCH / 2, STRETCH / 2).exp()
        tall, wide = (side * height * ratio).round().long(), (side * width / ratio).round().long()
        rows, columns = draws.integers("row", 0, height - 1), draws.integers("column", 0, width - 1)
        inside_columns = interval(columns, wide, width).view(-1, 1, 1, width)
        return interval(rows, tall, height).view(-1, 1, height, 1) & inside_columns

    def _filling(self, images: Tensor, draws: Draws) -> Tensor:
        """Uint8 that broadcasts to (B, C, H, W)."""
        if self.fill == "noise":
            return draws.noise("noise", images[0].numel()).view(images.shape)
        return mean_colour(images) if self.fill == "mean" else images.new_zeros(())
