"""Random crops of the padded picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor

from paribus.chance import Draws
from paribus.data.augmentation.shifting import Fill, shift


@dataclass(frozen=True)
class Crop:
    """Pad pictures on all sides and cut a window of the old size out at random (He et al., 2016).

    Args:
        padding: pixels added on each side before the crop.
        fill: what the padding shows: zero, the nearest edge pixel, or the reflected picture.
    """

    geometric: ClassVar[bool] = True

    padding: Annotated[int, Field(ge=0)] = 4
    fill: Fill = "zero"

    def __call__(self, images: Tensor, draws: Draws) -> Tensor:
        """Crop the pictures (B, C, H, W)."""
        down = draws.integers("down", -self.padding, self.padding)
        right = draws.integers("right", -self.padding, self.padding)
        return shift(images, down, right, (self.padding, self.padding), self.fill)
