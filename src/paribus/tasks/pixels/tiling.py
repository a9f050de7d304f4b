"""A network over pictures of any size: large ones in overlapping tiles whose outputs fade into each other."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

TILE = 512  # side of a tile in pixels
OVERLAP = 128  # pixels that neighbouring tiles share
LEAST = 1e-6  # weight at a tile's border: where the picture ends there is no other tile
WHOLE = TILE * TILE * 2  # pixels up to which a picture is taken in one piece


def anywhere(
    network: Callable[[Tensor], Tensor],
    picture: Tensor,
    tile: int = TILE,
    overlap: int = OVERLAP,
    whole: int = WHOLE,
) -> Tensor:
    """The output for a picture of a network that keeps its size (C, H, W): (K, H, W).

    Every tile begins at a multiple of ``tile − overlap``, so that pooling meets the same pixels as in the whole
    picture. Where tiles overlap, one fades into the other; a quarter of the overlap at a tile's border does not count,
    so a network that sees no further gives the same as for the whole picture, except at its lower and right border.
    """
    height, width = picture.shape[1:]
    if height * width <= whole:
        return network(picture[None])[0]
    step = tile - overlap
    rows, columns = (max(1, -(-(side - overlap) // step)) for side in (height, width))
    grown = F.pad(
        picture[None].float(),
        (0, columns * step + overlap - width, 0, rows * step + overlap - height),
        mode="replicate",
    )
    weight = ramp(tile, overlap)
    weight = weight[:, None] * weight
    total: Tensor | None = None
    for row in range(0, rows * step, step):
        for column in range(0, columns * step, step):
            place = (..., slice(row, row + tile), slice(column, column + tile))
            output = network(grown[place].to(picture.dtype))[0] * weight
            if total is None:
                total = output.new_zeros(len(output) + 1, *grown.shape[2:])  # the last one adds up the weights
            total[:-1][place] += output
            total[-1][place[1:]] += weight
    assert total is not None
    return (total[:-1] / total[-1])[:, :height, :width]


def ramp(tile: int, overlap: int) -> Tensor:
    """Weights (tile,) of a tile: nearly 0 at its border, rising to 1 over the middle half of what is shared."""
    share = (torch.arange(overlap) + 0.5) / max(1, overlap)
    rise = (2 * share - 0.5).clamp(LEAST, 1 - LEAST)
    return torch.cat([rise, torch.ones(tile - 2 * overlap), rise.flip(0)])
