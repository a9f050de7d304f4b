"""Alignments: where a network looks for every token that it writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

SIDE = 96  # pixels of the longer side of a small picture


@dataclass(frozen=True)
class Alignment:
    """One pair.

    Args:
        source: S tokens that were read.
        written: T tokens that were written.
        weights: T × S, how much each written token looks at each that was read.
    """

    source: tuple[str, ...]
    written: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...]

    @classmethod
    def of(cls, source: Sequence[str], written: Sequence[str], weights: Tensor) -> Alignment:
        """With what stands beyond the tokens left out."""
        kept = weights[: len(written), : len(source)].tolist()
        return cls(tuple(source), tuple(written), tuple(map(tuple, kept)))


def shades(alignments: Sequence[Alignment]) -> Tensor:
    """Small pictures in a row, (1, n, 1, H, W) uint8: written from top to bottom, read across, white is 1."""
    pictures = []
    for one in alignments:
        weights = torch.tensor(one.weights)[None, None]  # (1, 1, T, S)
        cell = max(1, SIDE // max(weights.shape[2:]))
        larger = F.interpolate(weights, scale_factor=cell)[..., :SIDE, :SIDE]
        pictures.append(F.pad(larger, (0, SIDE - larger.shape[3], 0, SIDE - larger.shape[2])))
    return (torch.cat(pictures)[None].clamp(0, 1) * 255).round().to(torch.uint8)
