"""Augmentations one after the other, each with random numbers of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch
from torch import Tensor

from paribus.chance import Draws
from paribus.data.augmentation.transform import Separate, Transform, composed
from paribus.data.trees import Tree
from paribus.errors import RecipeError


class Augmentation(Protocol):
    """A random change to pictures, which returns what it did, so that targets can follow.

    One that only changes colours returns :class:`.transform.Identity`; one that moves pixels :class:`.transform.Moved`;
    one that mixes pictures :class:`.transform.Mixed`, and its class says so: ``mixes = True``.
    """

    def __call__(self, images: Tensor, draws: Draws) -> tuple[Tensor, Transform]:
        """Change each picture of (B, C, H, W) uint8 by its own draws, keeping shape and type."""
        ...


@dataclass(frozen=True)
class Compose:
    """Augmentations in the order in which they are applied.

    Each part draws below its own name, so adding or removing one leaves the draws of the others as they were.

    Args:
        parts: name → augmentation.
    """

    parts: Mapping[str, Augmentation]

    @property
    def mixes(self) -> bool:
        """Whether one of them mixes the examples of a batch with each other."""
        return any(getattr(part, "mixes", False) for part in self.parts.values())

    def __call__(
        self, inputs: Tree, key: int, index: Tensor, lasting: int | None = None, epoch: int = 0
    ) -> tuple[Any, Transform]:
        """Augment pictures (B, C, H, W) uint8; of inputs with names all those that are pictures, each by its own draws.

        Args:
            inputs: the pictures; they are left as they are.
            key: what the draws are for: the stream and the epoch.
            index: the examples' positions in the data set, int64 (B,).
            lasting: what the draws are for, whatever the epoch.
            epoch: for which the key is.

        Returns:
            The changed inputs, and what was done to them.
        """
        draws = Draws(key, index, lasting, epoch)
        if isinstance(inputs, Mapping):
            return self._named(inputs, draws)
        if not self._takes(inputs):
            received = f"{tuple(inputs.shape)} {inputs.dtype}" if isinstance(inputs, Tensor) else type(inputs).__name__
            hint = "remove augment from the recipe"
            raise RecipeError("augmentation needs pictures (B, C, H, W) uint8", got=received, hint=hint)
        return self._apply(inputs, draws)  # type: ignore[arg-type]

    def _named(self, inputs: Mapping[str, Tree], draws: Draws) -> tuple[dict[str, Any], Transform]:
        changed: dict[str, Any] = dict(inputs)
        transforms = []
        for name, images in inputs.items():
            if is_pictures(images):
                changed[name], transform = self._apply(images, draws.within(name))  # type: ignore[arg-type]
                transforms.append(transform)
        if self.parts and not transforms:
            hint = "remove augment from the recipe"
            raise RecipeError("augmentation needs pictures (B, C, H, W) uint8", got=", ".join(inputs), hint=hint)
        return changed, transforms[0] if len(transforms) == 1 else Separate()

    def _apply(self, images: Tensor, draws: Draws) -> tuple[Tensor, Transform]:
        steps, draws = [], replace(draws, index=draws.index.to(images.device))
        for name, part in self.parts.items():
            done = part(images, draws.within(name))
            if not isinstance(done, tuple):
                hint = "write: return images, Identity()  # from paribus.data.augmentation.transform"
                rule = "an augmentation returns the pictures and what was done to them"
                raise RecipeError(rule, got=f"{name} returned a {type(done).__name__}", hint=hint)
            images, step = done
            steps.append(step)
        return images, composed(steps)

    def _takes(self, inputs: Tree) -> bool:
        return is_pictures(inputs) or (not self.parts and isinstance(inputs, Tensor))


def is_pictures(tree: Tree) -> bool:
    """Whether these are pictures (B, C, H, W) of bytes."""
    return isinstance(tree, Tensor) and tree.ndim == 4 and tree.dtype == torch.uint8
