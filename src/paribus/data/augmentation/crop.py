"""Random crops of the padded picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from torch import Tensor

from paribus.chance import Draws
from paribus.data.augmentation.shifting import Fill, shifted
from paribus.data.augmentation.transform import Moved


@dataclass(frozen=True)
class Crop:
    """Pad pictures on all sides and cut a window of the old size out at random (He et al., 2016).

    Args:
        padding: pixels added on each side before the crop.
        fill: what the padding shows: zero, the nearest edge pixel, or the reflected picture.
    """

    padding: Annotated[int, Field(ge=0)] = 4
    fill: Fill = "zero"

    def __call__(self, images: Tensor, draws: Draws) -> tuple[Tensor, Moved]:
        """Crop the pictures (B, C, H, W)."""
        down = draws.integers("down", -self.padding, self.padding)
        right = draws.integers("right", -self.padding, self.padding)
        return shifted(images, down, right, (self.padding, self.padding), self.fill)
