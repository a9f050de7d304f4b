"""Random rotations about the centre."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from torch import Tensor

from paribus.chance import Draws
from paribus.data.augmentation.transform import Moved
from paribus.data.augmentation.warp import Fill, Interpolation, turns, warped


@dataclass(frozen=True)
class Rotate:
    """Turn pictures about their centre by a random angle.

    Args:
        degrees: largest angle in either direction.
        interpolation: whether a pixel between four others takes their weighted mean or the nearest one.
        fill: what comes in from outside: zero or the nearest edge pixel.
    """

    degrees: Annotated[float, Field(ge=0, le=180)] = 15.0
    interpolation: Interpolation = "bilinear"
    fill: Fill = "edge"

    def __call__(self, images: Tensor, draws: Draws) -> tuple[Tensor, Moved]:
        """Turn the pictures (B, C, H, W)."""
        degrees = draws.uniform("angle", -self.degrees, self.degrees)
        return warped(images, turns(degrees), self.interpolation, self.fill)


def rotate(images: Tensor, degrees: Tensor, interpolation: Interpolation, fill: Fill) -> Tensor:
    """Turn each picture of (B, C, H, W) uint8 counterclockwise by its own angle, float (B,)."""
    return warped(images, turns(degrees), interpolation, fill)[0]
