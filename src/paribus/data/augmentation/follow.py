"""Targets follow their pictures: each as its kind asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from paribus.data.augmentation.transform import Identity, Transform
from paribus.data.columns import Column
from paribus.data.trees import Leaf, Ragged, Tree

VISIBLE = 0.25  # a box of which less is left in the picture is dropped, as are points outside of it

UNKNOWN = Column("")


def follow(
    targets: Tree, transform: Transform, columns: Mapping[str, Column], classes: int = 0, ignore: int | None = None
) -> Tree:
    """The targets of changed pictures.

    Args:
        targets: one tensor, or several by name.
        transform: what was done to the pictures.
        columns: what the targets are, by name; the only one is called ``""``.
        classes: how many there are; where pictures are mixed, classes become shares (B, classes).
        ignore: the label of mask pixels that come in from outside; ``None`` fills them as the pictures are filled.
    """
    if type(transform) is Identity:
        return targets
    named = targets if isinstance(targets, Mapping) else {"": targets}
    moved: dict[str, Any] = dict(named)
    visible: dict[str, Tensor] = {}
    for name, leaf in named.items():
        kind = columns.get(name, UNKNOWN).kind
        if kind == "mask":
            moved[name] = transform.masks(leaf.unsqueeze(1), ignore).squeeze(1)  # type: ignore[union-attr]
        elif kind in ("boxes", "points"):
            moved[name], visible[name] = _followed(leaf, transform, kind)  # type: ignore[arg-type]
        elif kind == "class" and transform.mixes and isinstance(leaf, Tensor) and leaf.ndim == 1:
            moved[name] = transform.shares(F.one_hot(leaf, classes).float())
    for name, leaf in moved.items():
        owner = columns.get(name, UNKNOWN).of
        share = visible.get(owner or name)
        if share is not None and isinstance(leaf, Ragged):
            moved[name] = (transform.rows(leaf) if owner else leaf).keep(share >= VISIBLE)
    return moved if isinstance(targets, Mapping) else moved[""]


def _followed(given: Leaf, transform: Transform, kind: str) -> tuple[Leaf, Tensor]:
    """Boxes or points moved, and the visible share of each row; of a tensor (B, …) each example keeps its rows."""
    move = transform.boxes if kind == "boxes" else transform.points
    if isinstance(given, Ragged):
        return move(given)
    rows = given.flatten(0, -2)
    each = len(rows) // max(1, len(given))
    moved, share = move(Ragged(rows, torch.arange(len(given) + 1, device=rows.device) * each))
    return moved.values.view(given.shape), share
