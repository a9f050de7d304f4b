"""What a network says of a picture and of its views, averaged: part of its evaluation where a recipe asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor, nn

from paribus.data.augmentation.shifting import shift

Views = Literal["none", "mirror", "shifts"]

OWN = 0.5  # share of the unmoved picture and its mirror image; those that were moved have the rest
MOVES = ((-1, -1), (1, 1))  # rows down and columns to the right


def averaged(network: nn.Module, inputs: Tensor, views: Views) -> Tensor:
    """Outputs (B, K) for pictures (B, C, H, W) as stored, the mean over their views (Jordan, 2024).

    ``mirror`` takes the picture and its mirror image; ``shifts`` also both moved by one pixel, to two sides, which have
    half of the weight together. What comes in at an edge is the reflected picture.
    """
    own = _both(network, inputs)
    if views != "shifts":
        return own
    moved = [_both(network, one) for one in _moved(inputs)]
    return OWN * own + (1 - OWN) * torch.stack(moved).mean(0)


def _both(network: nn.Module, inputs: Tensor) -> Tensor:
    outputs: Tensor = (network(inputs).float() + network(inputs.flip(-1)).float()) / 2
    return outputs


def _moved(inputs: Tensor) -> Iterator[Tensor]:
    for down, right in MOVES:
        rows, columns = (torch.full((len(inputs),), by, device=inputs.device) for by in (down, right))
        yield shift(inputs, rows, columns, (1, 1), "reflect")
