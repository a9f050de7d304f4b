"""What an augmentation did to its pictures, so that masks, boxes, points and labels can follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import ClassVar, Protocol

import torch
from torch import Tensor

from paribus.data.trees import Ragged
from paribus.errors import RecipeError

Replay = Callable[[Tensor, int | None], Tensor]
Move = Callable[[Ragged], tuple[Ragged, Tensor]]


class Transform(Protocol):
    """What happened to the pictures of a batch, B of them with a height and a width.

    Coordinates count pixels from the left and from the top; the first pixel lies between 0 and 1.
    """

    @property
    def mixes(self) -> bool:
        """Whether pictures became mixtures, so that classes become shares."""
        ...

    def masks(self, masks: Tensor, outside: int | None) -> Tensor:
        """Move masks (B, 1, H, W) along; labels never mix.

        Args:
            masks: of any integer type.
            outside: the label of pixels that come in from outside; ``None`` fills them as the picture is filled.
        """
        ...

    def rows(self, rows: Ragged) -> Ragged:
        """The rows that each picture now has, of boxes, points or what belongs to them: others where pictures join."""
        ...

    def boxes(self, boxes: Ragged) -> tuple[Ragged, Tensor]:
        """Move boxes (n, 4) of left, top, right, bottom and clip them; with the visible share of each (n,).

        They are given as they were, and come back as the rows that :meth:`rows` gives.
        """
        ...

    def points(self, points: Ragged) -> tuple[Ragged, Tensor]:
        """Move points (n, 2) of x, y; with 1 for those that can still be seen and 0 for others (n,)."""
        ...

    def shares(self, shares: Tensor) -> Tensor:
        """Shares of the classes (B, K) of what the pictures now show."""
        ...


@dataclass(frozen=True)
class Identity:
    """Everything stays in its place: only colours have changed."""

    mixes: ClassVar[bool] = False

    def masks(self, masks: Tensor, outside: int | None) -> Tensor:
        """As they are."""
        return masks

    def rows(self, rows: Ragged) -> Ragged:
        """As they are."""
        return rows

    def boxes(self, boxes: Ragged) -> tuple[Ragged, Tensor]:
        """As they are, and wholly visible."""
        return boxes, boxes.values.new_ones(len(boxes.values))

    def points(self, points: Ragged) -> tuple[Ragged, Tensor]:
        """As they are, and visible."""
        return points, points.values.new_ones(len(points.values))

    def shares(self, shares: Tensor) -> Tensor:
        """As they are."""
        return shares


@dataclass(frozen=True)
class Moved(Identity):
    """Each picture as a whole was moved, turned or mirrored.

    Args:
        size: height and width of the pictures.
        matrix: gives (B, 2, 3) float32, from old to new coordinates; asked for where there is something to be moved.
        replay: does the same to masks.
    """

    size: Sequence[int]
    matrix: Callable[[], Tensor]
    replay: Replay

    def masks(self, masks: Tensor, outside: int | None) -> Tensor:
        """Moved as their pictures were."""
        return self.replay(masks, outside)

    def boxes(self, boxes: Ragged) -> tuple[Ragged, Tensor]:
        """The boxes about their moved corners, clipped at the picture's edges."""
        left, top, right, bottom = boxes.values.unbind(-1)
        corners = torch.stack([left, top, right, top, left, bottom, right, bottom], -1).unflatten(-1, (4, 2))
        moved = self._moved(corners, boxes.owners)  # (n, 4, 2)
        low, high = moved.amin(1), moved.amax(1)
        edge = high.new_tensor([self.size[1], self.size[0]])
        inside = torch.cat([low.clamp(min=0).minimum(edge), high.clamp(min=0).minimum(edge)], -1)
        share = area(inside) / area(torch.cat([low, high], -1)).clamp(min=torch.finfo(inside.dtype).tiny)
        return Ragged(inside.to(boxes.values.dtype), boxes.offsets), share

    def points(self, points: Ragged) -> tuple[Ragged, Tensor]:
        """Moved; what lies outside of the picture cannot be seen."""
        moved = self._moved(points.values.unsqueeze(1), points.owners).squeeze(1)  # (n, 2)
        seen = ((moved >= 0) & (moved < moved.new_tensor([self.size[1], self.size[0]]))).all(-1)
        return Ragged(moved.to(points.values.dtype), points.offsets), seen.float()

    def _moved(self, points: Tensor, owners: Tensor) -> Tensor:
        """(n, k, 2) of the pictures ``owners`` (n,)."""
        matrix = self.matrix()[owners]  # (n, 2, 3)
        return points.to(matrix.dtype) @ matrix[:, :, :2].transpose(1, 2) + matrix[:, None, :, 2]


class Unplaced(Identity):
    """No place of the old pictures lies at one place of the new ones: masks, boxes and points cannot follow."""

    where: ClassVar[str]  # what became of the pictures, for the message

    def masks(self, masks: Tensor, outside: int | None) -> Tensor:
        """Refused."""
        raise _no_one("mask", self.where)

    def boxes(self, boxes: Ragged) -> tuple[Ragged, Tensor]:
        """Refused."""
        raise _no_one("box", self.where)

    def points(self, points: Ragged) -> tuple[Ragged, Tensor]:
        """Refused."""
        raise _no_one("point", self.where)


@dataclass(frozen=True)
class Mixed(Unplaced):
    """Each picture became a mixture of itself and another one of the batch, as mixup makes it (Zhang et al., 2018).

    Args:
        partner: int64 (B,), the other picture.
        share: float (B,), how much of the picture itself is left.
    """

    partner: Tensor
    share: Tensor

    mixes: ClassVar[bool] = True
    where: ClassVar[str] = "mixed pictures"

    def shares(self, shares: Tensor) -> Tensor:
        """The mixture of both; each row keeps its sum."""
        own = self.share.to(shares).unsqueeze(1)
        return own * shares + (1 - own) * shares[self.partner]


class Separate(Unplaced):
    """Several pictures of each example were changed, each in its own way: classes stay, places have no one picture."""

    where: ClassVar[str] = "several pictures of one example"


@dataclass(frozen=True)
class Composed:
    """Several, one after the other.

    Args:
        steps: what was done first comes first.
    """

    steps: tuple[Transform, ...]

    @property
    def mixes(self) -> bool:
        """Whether one of them does."""
        return any(step.mixes for step in self.steps)

    def masks(self, masks: Tensor, outside: int | None) -> Tensor:
        """Through all of them."""
        return reduce(lambda moved, step: step.masks(moved, outside), self.steps, masks)

    def rows(self, rows: Ragged) -> Ragged:
        """Through all of them."""
        return reduce(lambda moved, step: step.rows(moved), self.steps, rows)

    def boxes(self, boxes: Ragged) -> tuple[Ragged, Tensor]:
        """Through all of them; what went out of the picture once does not come back."""
        return self._through(boxes, [step.boxes for step in self.steps])

    def points(self, points: Ragged) -> tuple[Ragged, Tensor]:
        """Through all of them; what went out of the picture once does not come back."""
        return self._through(points, [step.points for step in self.steps])

    def shares(self, shares: Tensor) -> Tensor:
        """Through all of them."""
        return reduce(lambda mixed, step: step.shares(mixed), self.steps, shares)

    def _through(self, given: Ragged, moves: Sequence[Move]) -> tuple[Ragged, Tensor]:
        share = given.values.new_ones(len(given.values))
        for step, move in zip(self.steps, moves, strict=True):
            before = step.rows(Ragged(share, given.offsets)).values
            given, seen = move(given)
            share = before * seen
        return given, share


def composed(steps: Sequence[Transform]) -> Transform:
    """One transform for several."""
    moving = tuple(step for step in steps if type(step) is not Identity)
    return moving[0] if len(moving) == 1 else Composed(moving) if moving else Identity()


def area(boxes: Tensor) -> Tensor:
    """Of boxes (n, 4)."""
    return (boxes[:, 2:] - boxes[:, :2]).prod(-1)


def _no_one(what: str, where: str) -> RecipeError:
    hint = "remove this augmentation from augment, or write one that says how targets follow"
    return RecipeError(f"{where} have no one {what} that could follow them", got=f"targets of kind {what}", hint=hint)
