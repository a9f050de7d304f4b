"""What a network makes of single examples, for people who ask where it fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

Unit = Literal["examples", "pixels", "tokens"]


@dataclass(frozen=True)
class Inspection:
    """A batch, example by example; whatever a task does not have is left out.

    Args:
        figure: what the errors are: ``loss``, ``1 − mean IoU``.
        errors: (B,) how wrong the network is, the more the larger.
        truth, said: what each example is, and what the network says of it, in a word or two.
        shares: (B, classes) probabilities.
        pictures: (B, K, C, H, W) uint8, C = 1 or 3, as people look at them.
        columns: what the K pictures are.
        curves: for each example name → values over its positions.
        texts: each example in words.
        confusion: (classes, classes) int64, how often a class (row) was taken for another (column).
        unit: what the confusion counts.
        pairs: (B, 2) int64 class and predicted class, where an example has one of each.
    """

    figure: str
    errors: Tensor
    truth: Sequence[str] = ()
    said: Sequence[str] = ()
    shares: Tensor | None = None
    pictures: Tensor | None = None
    columns: tuple[str, ...] = ()
    curves: Sequence[Mapping[str, list[float | None]]] = ()
    texts: Sequence[str] = ()
    confusion: Tensor | None = None
    unit: Unit = "examples"
    pairs: Tensor | None = None


def confusion(true: Tensor, said: Tensor, classes: int) -> Tensor:
    """How often each class (row) was taken for each (column): (classes, classes) int64, from two lists of classes."""
    return (true * classes + said).bincount(minlength=classes**2).view(classes, classes).cpu()
