"""Several views of a picture, over which a network's probabilities are averaged: test-time augmentation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from paribus.chance import Draws, key
from paribus.data.augmentation.compose import Augmentation
from paribus.errors import DataError, RecipeError
from paribus.inference.trained import Trained
from paribus.records.parts import build

View = Callable[[Tensor], Tensor]  # pictures (B, C, H, W) uint8 as stored → the same, seen otherwise
Wish = str | int | None
MOST = 64


def views(trained: Trained, wish: Wish) -> tuple[View, ...]:
    """The views of a picture that a network is asked for; the first is the picture as it is.

    Args:
        trained: whose recipe has the augmentations.
        wish: ``None`` or 1 for the picture alone, ``flip`` for it and its mirror image, or a number of views: the
            picture, and draws of the recipe's own augmentations. A draw is the same for all pictures, so that what is
            said of one does not depend on which others stand beside it.

    Raises:
        DataError: for inputs that are no pictures.
        RecipeError: for another wish, or where the recipe has no augmentation that changes pictures one by one.
    """
    number = _number(wish)
    if number == 1:
        return (_same,)
    if len(trained.info.input_shape) != 3:
        got = f"inputs of shape {trained.info.input_shape}"
        raise DataError("only pictures have several views", got=got, hint="leave --tta out (in Python: tta)")
    if wish == "flip":
        return _same, _mirrored
    parts = _augmentations(trained)
    if not parts:
        rule = "views are draws of the recipe's own augmentations, and this recipe has none that change single pictures"
        raise RecipeError(
            rule, got=trained.recipe.name, hint="--tta flip adds the mirror image (in Python: tta='flip')"
        )
    return _same, *(partial(_drawn, parts, view) for view in range(1, number))


def _number(wish: Wish) -> int:
    """How many views are wished for."""
    if wish in (None, "flip"):
        return 2 if wish else 1
    text = str(wish)
    if isinstance(wish, bool) or not text.isdecimal() or not 1 <= int(text) <= MOST:
        hint = "write --tta flip, or --tta 8"
        raise RecipeError(f"test-time augmentation is flip, or a number of views from 1 to {MOST}", got=wish, hint=hint)
    return int(text)


def _augmentations(trained: Trained) -> dict[str, Augmentation]:
    """The recipe's augmentations, without those that mix several pictures."""
    trial = torch.zeros(2, *trained.info.input_shape, dtype=torch.uint8)
    built = {name: build("augment", part) for name, part in trained.recipe.augment.items()}
    return {name: part for name, part in built.items() if not part(trial, _draws(0, name, trial))[1].mixes}


def _same(pictures: Tensor) -> Tensor:
    return pictures


def _mirrored(pictures: Tensor) -> Tensor:
    return pictures.flip(-1)


def _drawn(parts: dict[str, Augmentation], view: int, pictures: Tensor) -> Tensor:
    for name, part in parts.items():
        pictures, _ = part(pictures, _draws(view, name, pictures))
    return pictures


def _draws(view: int, name: str, pictures: Tensor) -> Draws:
    """The numbers of a view: equal for all pictures."""
    nothing = torch.zeros(len(pictures), dtype=torch.int64, device=pictures.device)
    return Draws(key("view", view), nothing).within(name)
