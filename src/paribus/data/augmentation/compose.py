"""Augmentations one after the other, each with random numbers of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch
from torch import Tensor

from paribus.chance import Draws
from paribus.errors import RecipeError


class Augmentation(Protocol):
    """A random change to pictures.

    A part that moves pixels says so with ``geometric = True``, for masks must then move along; if it
    interpolates between pixels, it has a option ``interpolation`` that can be ``"nearest"``; if it shows what lies
    outside of the picture, a option ``fill`` that can be ``"zero"``.
    """

    def __call__(self, images: Tensor, draws: Draws) -> Tensor:
        """Change each picture of (B, C, H, W) uint8 by its own draws, keeping shape and type."""
        ...


@dataclass(frozen=True)
class Compose:
    """Augmentations in the order in which they are applied.

    Each part draws below its own name, so adding or removing one leaves the draws of the others as they were.

    Args:
        parts: name → augmentation.
        outside: the label of mask pixels that come in from outside of the picture; ``None`` fills them as the parts do.
    """

    parts: Mapping[str, Augmentation]
    outside: int | None = None

    def __call__(self, images: Tensor, key: int, index: Tensor) -> Tensor:
        """Augment pictures (B, C, H, W) uint8.

        Args:
            images: the pictures; they are left as they are.
            key: what the draws are for: the stream and the epoch.
            index: the examples' positions in the data set, int64 (B,).
        """
        return _apply(self.parts, images, Draws(key, index.to(images.device)))

    def masks(self, masks: Tensor, key: int, index: Tensor) -> Tensor:
        """Move masks (B, C, H, W) uint8 as the pictures of the same key and index move; labels never mix."""
        moving = {name: part for name, part in self.parts.items() if getattr(part, "geometric", False)}
        moves = {name: _unmixed(part, filled=self.outside is None) for name, part in moving.items()}
        zero = self.outside or 0  # the label that is 0 while masks move: bytes wrap around, so others keep apart
        return _apply(moves, masks - zero, Draws(key, index.to(masks.device))) + zero


def _apply(parts: Mapping[str, Augmentation], images: Tensor, draws: Draws) -> Tensor:
    if parts and (images.ndim != 4 or images.dtype != torch.uint8):
        received = f"{tuple(images.shape)} {images.dtype}"
        hint = "remove augment from the recipe"
        raise RecipeError("augmentation needs pictures (B, C, H, W) uint8", got=received, hint=hint)
    for name, part in parts.items():
        images = part(images, draws.within(name))
    return images


def _unmixed(part: Any, filled: bool) -> Augmentation:
    """The part as it must treat labels: a pixel between 1 and 3 is not 2, and outside there is nothing to copy."""
    wanted = {"interpolation": "nearest"} if filled else {"interpolation": "nearest", "fill": "zero"}
    return replace(part, **{option: value for option, value in wanted.items() if hasattr(part, option)})  # type: ignore[no-any-return]
