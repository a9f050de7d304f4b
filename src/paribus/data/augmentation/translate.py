"""Random shifts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from torch import Tensor

from paribus.chance import Draws
from paribus.data.augmentation.shifting import Fill, shifted
from paribus.data.augmentation.transform import Moved


@dataclass(frozen=True)
class Translate:
    """Move pictures by a random whole number of pixels.

    Args:
        fraction: largest shift in every direction, as a share of the picture's height and width.
        fill: what comes in from outside: zero, the nearest edge pixel, or the reflected picture.
    """

    fraction: Annotated[float, Field(ge=0, le=1)] = 0.1
    fill: Fill = "edge"

    def __call__(self, images: Tensor, draws: Draws) -> tuple[Tensor, Moved]:
        """Move the pictures (B, C, H, W)."""
        rows, columns = (round(self.fraction * size) for size in images.shape[2:])
        down, right = draws.integers("down", -rows, rows), draws.integers("right", -columns, columns)
        return shifted(images, down, right, (rows, columns), self.fill)
