"""Random brightness, contrast and saturation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from torch import Tensor

from paribus.chance import Draws
from paribus.data.augmentation.rounding import to_bytes
from paribus.data.augmentation.transform import Identity

Strength = Annotated[float, Field(ge=0, le=1)]

_LUMA = (0.299, 0.587, 0.114)  # how bright red, green and blue look (ITU-R BT.601)


@dataclass(frozen=True)
class Colour:
    """Change brightness, contrast and saturation by random factors around 1 (Howard, 2013).

    Args:
        brightness: largest relative change of all values; 0.2 means a factor from 0.8 to 1.2.
        contrast: largest relative change of the distance from the picture's mean grey.
        saturation: largest relative change of the distance from each pixel's own grey.
    """

    brightness: Strength = 0.2
    contrast: Strength = 0.2
    saturation: Strength = 0.2

    def __call__(self, images: Tensor, draws: Draws) -> tuple[Tensor, Identity]:
        """Recolour the pictures (B, C, H, W)."""
        strengths = {"brightness": self.brightness, "contrast": self.contrast, "saturation": self.saturation}
        factors = (draws.uniform(name, 1 - s, 1 + s) for name, s in strengths.items())
        return recolour(images, *factors), Identity()


def recolour(images: Tensor, brightness: Tensor, contrast: Tensor, saturation: Tensor) -> Tensor:
    """Scale brightness, then contrast, then saturation of (B, C, H, W) uint8 by factors, float (B,).

    All three are linear, so they are one step, ``own · value + grey · (pixel's grey) + (picture's offset)``,
    and values are clipped once, at the end.
    """
    weights = _LUMA if images.shape[1] == 3 else [1 / images.shape[1]] * images.shape[1]
    own = saturation * contrast * brightness
    grey = (1 - saturation) * contrast * brightness
    offset = (1 - contrast) * brightness * _weighted(_means(images), weights)

    values = images.float()
    added = _weighted(values, weights).mul_(_column(grey)).add_(_column(offset))  # (B, H, W)
    values = values.mul_(_column(own).unsqueeze(1)).add_(added.unsqueeze(1))
    return to_bytes(values.clamp_(0, 255))


def _means(images: Tensor) -> Tensor:
    """Mean of each channel, (B, C), from exact integer sums so that the order of summation cannot matter."""
    return images.flatten(2).sum(2).float() / (images.shape[2] * images.shape[3])


def _weighted(values: Tensor, weights: Sequence[float]) -> Tensor:
    """Weighted sum over the channel axis, which is the second, of a handful of channels."""
    first, *rest = values.unbind(1)
    total = first * weights[0]
    for channel, weight in zip(rest, weights[1:], strict=True):
        total.add_(channel, alpha=weight)
    return total


def _column(factors: Tensor) -> Tensor:
    return factors.view(-1, 1, 1)
