"""Rectangles of other pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor

from paribus.chance import Draws
from paribus.data.augmentation.cutout import interval, within
from paribus.data.augmentation.mixing import partners, shares
from paribus.data.augmentation.transform import Identity, Mixed, Transform


@dataclass(frozen=True)
class Cutmix:
    """Cover a rectangle of each picture with that of another one; classes count by area (CutMix; Yun et al., 2019).

    Args:
        alpha: how large rectangles are: the share of the picture that stays is drawn from Beta(α, α), 1 for all sizes
            alike; 0 covers nothing.
        probability: chance that a picture is changed.
    """

    mixes: ClassVar[bool] = True  # examples of a batch with each other

    alpha: Annotated[float, Field(ge=0)] = 1.0
    probability: Annotated[float, Field(ge=0, le=1)] = 1.0

    def __call__(self, images: Tensor, draws: Draws) -> tuple[Tensor, Transform]:
        """Cover a rectangle of each of the pictures (B, C, H, W)."""
        if not self.alpha or not self.probability:
            return images, Identity()
        stays = shares(draws, self.alpha, self.probability)
        partner, hole = partners(draws), rectangles(draws, stays, images.shape[2:])
        return pasted(images, partner, hole), Pasted(partner, 1 - hole.float().mean((1, 2, 3)), hole)


@dataclass(frozen=True)
class Pasted(Mixed):
    """A rectangle of each picture is another one's: masks follow; boxes would be cut to what is none.

    Args:
        hole: bool (B, 1, H, W), what is another one's.
    """

    hole: Tensor

    where: ClassVar[str] = "pictures with a part of another one"

    def masks(self, masks: Tensor, outside: int | None) -> Tensor:
        """Each pixel has the label that it has in the picture it comes from."""
        return pasted(masks, self.partner, self.hole)


def rectangles(draws: Draws, stays: Tensor, size: Sequence[int]) -> Tensor:
    """True inside one rectangle a picture, bool (B, 1, H, W), whose sides are √(1 − share) of the picture's.

    Its centre is anywhere, and what would lie outside of the picture is cut off: so the share is counted afterwards.
    """
    height, width = size
    sides = (1 - stays).sqrt()
    rows, columns = draws.integers("row", 0, height - 1), draws.integers("column", 0, width - 1)
    inside_rows = interval(rows, (sides * height).long(), height).view(-1, 1, height, 1)
    inside_columns = interval(columns, (sides * width).long(), width).view(-1, 1, 1, width)
    return inside_rows & inside_columns


def pasted(images: Tensor, partner: Tensor, hole: Tensor) -> Tensor:
    """Pictures or masks (B, …, H, W), whole numbers, with what lies in the hole from their partners."""
    return within(hole, images.index_select(0, partner), images)
