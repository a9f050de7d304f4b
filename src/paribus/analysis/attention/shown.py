"""Maps as they are recorded, to be looked at: small, with their pictures."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from paribus.analysis.attention.records import Cascade, Values
from paribus.analysis.examples import address

MOST = 64  # rows and columns of a map that is kept
DIGITS = 4  # of its values


def values_of(raw: Tensor) -> Values:
    """A raw map (h, w) as numbers; a large one as means of blocks."""
    if max(raw.shape) > MOST:
        raw = F.adaptive_avg_pool2d(raw[None], (min(raw.shape[0], MOST), min(raw.shape[1], MOST)))[0]
    return tuple(tuple(float(f"{value:.{DIGITS}g}") for value in row) for row in raw.tolist())


def picture_of(stored: Tensor) -> str:
    """A picture (C, H, W) in stored values as an address of HTML; values that are no grey levels are stretched."""
    if stored.min() < 0 or stored.max() > 255 or stored.max() <= 1:
        stored = 255 * (stored - stored.min()) / (stored.max() - stored.min()).clamp(min=1e-12)
    return address(stored.round().to(torch.uint8).cpu())


def cascade_of(stored: Tensor, label: str, maps: Mapping[str, Tensor]) -> Cascade:
    """The maps of one picture while more and more layers become random."""
    return Cascade(picture_of(stored), label, {layer: values_of(raw) for layer, raw in maps.items()})
