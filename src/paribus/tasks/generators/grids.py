"""Generated examples as people look at them: pictures in rows, points in the plane, numbers as a table."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from paribus.tasks.preview import Preview

SIDE = 480  # pixels of a picture of points
DATA, DRAWN = 25, 5  # pixels that a dot is wide
PAPER, HALO, INK = 255, 165, (0, 114, 178)  # grey levels of the ground and the data, colour of the points
LEGEND = (("data", f"#{HALO:02x}{HALO:02x}{HALO:02x}"), ("generated", "#{:02x}{:02x}{:02x}".format(*INK)))


def grid(pictures: Tensor) -> Tensor:
    """(N, C, H, W) uint8 pictures in rows, (R, K, C, H, W), as square as can be, the last row filled with white."""
    columns = math.ceil(math.sqrt(len(pictures)))
    rows = math.ceil(len(pictures) / columns)
    empty = rows * columns - len(pictures)
    white = torch.full((empty, *pictures.shape[1:]), PAPER, dtype=torch.uint8, device=pictures.device)
    return torch.cat([pictures, white]).view(rows, columns, *pictures.shape[1:])


def points(drawn: Tensor, data: Tensor | None = None) -> Tensor:
    """Points in the plane as a picture (3, SIDE, SIDE) uint8.

    Args:
        drawn: (N, 2) generated points.
        data: (M, 2) points of the data, as large grey dots below the others; they decide what is in the picture.
    """
    reach = _reach(drawn, data)
    picture = torch.full((3, SIDE, SIDE), PAPER, dtype=torch.uint8)
    if data is not None:
        picture[:, _dots(data, reach, DATA)] = HALO
    picture[:, _dots(drawn, reach, DRAWN)] = torch.tensor(INK, dtype=torch.uint8)[:, None]
    return picture


def table(rows: Tensor) -> str:
    """(N, F) numbers as text, one example a line."""
    return "\n".join(" ".join(f"{value:10.4g}" for value in row) for row in rows.tolist())


def vectors(drawn: Tensor, data: Tensor | None = None) -> Preview:
    """Generated examples (N, F) that are no pictures: points in the plane, or a table."""
    if drawn.shape[1] != 2:
        return Preview(text=table(drawn))
    reach = _reach(drawn, data)
    title = f"Points of the plane, both coordinates from −{reach:.2g} to {reach:.2g}"
    return Preview(points(drawn, data)[None, None], title=title, legend=LEGEND if data is not None else LEGEND[1:])


def _reach(drawn: Tensor, data: Tensor | None) -> float:
    """How far the picture reaches from its middle."""
    return 1.2 * float((drawn if data is None else data).abs().max())


def _dots(where: Tensor, reach: float, size: int) -> Tensor:
    """(SIDE, SIDE) bool, true where a dot is; y grows upwards, and points outside are left out."""
    places = ((where.cpu() / reach + 1) / 2 * SIDE).floor().long()
    places = places[((places >= 0) & (places < SIDE)).all(1)]
    found = torch.zeros(1, 1, SIDE, SIDE)
    found[0, 0, SIDE - 1 - places[:, 1], places[:, 0]] = 1
    return F.max_pool2d(found, size, 1, size // 2)[0, 0] > 0
