"""Four pictures as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from paribus.chance import Draws
from paribus.data.augmentation.cutout import within
from paribus.data.augmentation.mixing import partners
from paribus.data.augmentation.transform import Identity, Transform, area
from paribus.data.trees import Ragged

OTHERS = ("right", "below", "across")  # the pictures that come into three of the four parts


@dataclass(frozen=True)
class Mosaic:
    """Put the corners of four pictures of the batch together about a random point (Bochkovskiy et al., 2020).

    The picture itself lies above and left of the point, three others in the other parts, each at its own scale and cut
    at the lines between; boxes come along with their pictures. Classes of whole pictures count by area.

    Args:
        probability: chance that a picture is changed.
        margin: how near the point may come to an edge, as a share of the picture's side.
    """

    mixes: ClassVar[bool] = True  # examples of a batch with each other

    probability: Annotated[float, Field(ge=0, le=1)] = 0.5
    margin: Annotated[float, Field(ge=0, lt=0.5)] = 0.25

    def __call__(self, images: Tensor, draws: Draws) -> tuple[Tensor, Transform]:
        """Join pictures (B, C, H, W)."""
        if not self.probability:
            return images, Identity()
        height, width = images.shape[2:]
        chosen = draws.chosen("joined", self.probability)
        place = [draws.uniform(name, self.margin, 1 - self.margin) for name in ("down", "right")]
        down = torch.where(chosen, (place[0] * height).long(), height)  # of one that is not, all is its own
        right = torch.where(chosen, (place[1] * width).long(), width)
        own = torch.arange(len(images), device=images.device)
        sources = torch.stack([own, *(partners(draws.within(name)) for name in OTHERS)])  # (4, B)
        done = Joined(sources, down, right, (height, width))
        return done.masks(images, None), done


@dataclass(frozen=True)
class Joined:
    """Each picture became parts of four: every one is moved round by (down, right), and each part shows one of them.

    Args:
        sources: int64 (4, B), which pictures: above left, above right, below left, below right.
        down, right: int64 (B,), where the parts meet.
        size: height and width of the pictures.
    """

    sources: Tensor
    down: Tensor
    right: Tensor
    size: tuple[int, int]

    mixes: ClassVar[bool] = True

    def masks(self, masks: Tensor, outside: int | None) -> Tensor:
        """Pictures or masks (B, C, H, W): each part has those of its own picture."""
        height, width = self.size
        rows = (torch.arange(height, device=masks.device) - self.down[:, None]) % height  # (B, H)
        columns = (torch.arange(width, device=masks.device) - self.right[:, None]) % width
        plane = torch.arange(masks.shape[1], device=masks.device)[None, :, None, None]
        moved = [
            masks[source[:, None, None, None], plane, rows[:, None, :, None], columns[:, None, None, :]]
            for source in self.sources
        ]
        left = self._before(self.right, width)[:, None, None, :]
        top = self._before(self.down, height)[:, None, :, None]
        above, below = within(left, moved[0], moved[1]), within(left, moved[2], moved[3])
        return within(top, above, below)

    def rows(self, rows: Ragged) -> Ragged:
        """Those of all four pictures."""
        taken = rows.take(self.sources.T.flatten())
        return Ragged(taken.values, taken.offsets[::4])

    def boxes(self, boxes: Ragged) -> tuple[Ragged, Tensor]:
        """Moved with their pictures, and cut off at the edges of their part."""
        shift, part = self._parts(boxes)
        moved = self.rows(boxes).map(lambda values: values + torch.cat([shift, shift], 1).to(values))
        low, high = part[:, :2].to(moved.values), part[:, 2:].to(moved.values)
        inside = torch.cat([moved.values[:, :2].clamp(low, high), moved.values[:, 2:].clamp(low, high)], 1)
        share = area(inside) / area(moved.values).clamp(min=torch.finfo(inside.dtype).tiny)
        return Ragged(inside, moved.offsets), share

    def points(self, points: Ragged) -> tuple[Ragged, Tensor]:
        """Moved with their pictures; what another part covers cannot be seen."""
        shift, part = self._parts(points)
        moved = self.rows(points).map(lambda values: values + shift.to(values))
        seen = ((moved.values >= part[:, :2]) & (moved.values < part[:, 2:])).all(1)
        return moved, seen.float()

    def shares(self, shares: Tensor) -> Tensor:
        """Each of the four by the area of its part."""
        across, down = self.right / self.size[1], self.down / self.size[0]
        areas = torch.stack([across * down, (1 - across) * down, across * (1 - down), (1 - across) * (1 - down)])
        return (areas.to(shares)[..., None] * shares[self.sources]).sum(0)

    def _parts(self, rows: Ragged) -> tuple[Tensor, Tensor]:
        """For each of the joined rows, by how much it moves (n, 2), and the part that it may be seen in (n, 4)."""
        counts = rows.lengths[self.sources.T.flatten()]
        place = torch.arange(counts.numel(), device=counts.device).repeat_interleave(counts)
        owner, across, below = place // 4, place % 2 == 1, place % 4 >= 2
        height, width = self.size
        right, down = self.right[owner], self.down[owner]
        shift = torch.stack([right - width * ~across, down - height * ~below], 1)
        low = torch.stack([right * across, down * below], 1)
        high = torch.stack([torch.where(across, width, right), torch.where(below, height, down)], 1)
        return shift, torch.cat([low, high], 1)

    @staticmethod
    def _before(edge: Tensor, side: int) -> Tensor:
        """Which places of a side lie before an edge of each picture: bool (B, side)."""
        return torch.arange(side, device=edge.device) < edge[:, None]
