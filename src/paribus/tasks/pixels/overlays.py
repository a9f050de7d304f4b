"""Class indices as pictures."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import torch
from torch import Tensor

SHARE = 0.55  # of the class's colour in an overlay


def palette(classes: int, given: Sequence[str] = ()) -> Tensor:
    """A colour for every class (K, 3) uint8: the given ones as ``#rrggbb``, or else hues far from each other."""
    if len(given) == classes:
        return torch.tensor([list(bytes.fromhex(colour.lstrip("#"))) for colour in given], dtype=torch.uint8)
    golden = (5**0.5 - 1) / 2
    colours = [colorsys.hsv_to_rgb(k * golden % 1, 0.75, 0.95) for k in range(classes - 1)]
    first = (0.35, 0.38, 0.42)  # mostly the ground
    return torch.tensor([[round(255 * part) for part in colour] for colour in (first, *colours)], dtype=torch.uint8)


def hexadecimal(colours: Tensor) -> list[str]:
    """Colours (K, 3) uint8 as ``#rrggbb``."""
    return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in colours.tolist()]


def painted(labels: Tensor, colours: Tensor) -> Tensor:
    """Class indices (…, H, W) as colours (…, 3, H, W); other labels are white."""
    table = torch.cat([colours, colours.new_full((256 - len(colours), 3), 255)])
    return table[labels.long().cpu()].movedim(-1, -3)


def overlay(picture: Tensor, labels: Tensor, colours: Tensor) -> Tensor:
    """Pictures (…, C, H, W) uint8 with the colours of their class indices (…, H, W) over them; white stays picture.

    Below a class the picture is grey, so that the same class has the same hue everywhere.
    """
    picture = coloured(picture.cpu())
    mixed = picture.float().mean(-3, keepdim=True) * (1 - SHARE) + painted(labels, colours) * SHARE
    known = (labels.cpu() < len(colours)).unsqueeze(-3)
    return torch.where(known, mixed.round().to(torch.uint8), picture)


def coloured(picture: Tensor) -> Tensor:
    """Pictures with one channel or three (…, C, H, W) with three."""
    return picture.expand(*picture.shape[:-3], 3, *picture.shape[-2:]) if picture.shape[-3] == 1 else picture
