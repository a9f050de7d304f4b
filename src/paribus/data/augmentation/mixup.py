"""Mixtures of two pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from paribus.chance import Draws
from paribus.data.augmentation.mixing import partners, shares
from paribus.data.augmentation.transform import Identity, Mixed, Transform

LEVELS = 128  # in which shares are counted: the classes get exactly the share that the bytes have


@dataclass(frozen=True)
class Mixup:
    """Mix each picture with another one of its batch, and their classes in the same shares (Zhang et al., 2018).

    Args:
        alpha: how even mixtures are: the share of the picture itself is drawn from Beta(α, α); 0 mixes nothing.
        probability: chance that a picture is mixed.
    """

    mixes: ClassVar[bool] = True  # examples of a batch with each other

    alpha: Annotated[float, Field(ge=0)] = 0.2
    probability: Annotated[float, Field(ge=0, le=1)] = 1.0

    def __call__(self, images: Tensor, draws: Draws) -> tuple[Tensor, Transform]:
        """Mix the pictures (B, C, H, W)."""
        if not self.alpha or not self.probability:
            return images, Identity()
        partner, parts = partners(draws), (shares(draws, self.alpha, self.probability) * LEVELS).round().long()
        return mixture(images, partner, parts), Mixed(partner, parts.float() / LEVELS)


def mixture(images: Tensor, partner: Tensor, parts: Tensor) -> Tensor:
    """Of (B, C, H, W) uint8 each with its partner, int64 (B,), of which ``parts`` of 128, int64 (B,), are its own.

    In whole numbers, rounded: the same on every device. Nothing leaves 16 bits, as 255 · 128 + 64 < 2¹⁵.
    """
    own = parts.to(torch.int16).view(-1, 1, 1, 1)
    mixed = images * own
    mixed += images.index_select(0, partner) * (LEVELS - own)
    return mixed.add_(LEVELS // 2).bitwise_right_shift_(7).to(torch.uint8)
