"""Other sizes of pictures that all have one: for studies of how much detail is needed."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from paribus.data.write.npy import Array

Size = Annotated[int, Field(ge=4, le=512)] | None

AT_ONCE = 4096  # pictures


def resized(pictures: Array, size: int | None) -> Array:
    """Pictures (B, C, H, W) uint8 at another height and width, ``None`` for their own.

    Each new pixel is a mean of the old ones below it, weighted by their distance (bilinear, with antialiasing).
    """
    if size is None or pictures.shape[2:] == (size, size):
        return pictures
    import torch
    import torch.nn.functional as F

    found = np.empty((*pictures.shape[:2], size, size), np.uint8)
    for start in range(0, len(pictures), AT_ONCE):
        values = torch.from_numpy(np.array(pictures[start : start + AT_ONCE])).float()
        values = F.interpolate(values, (size, size), mode="bilinear", antialias=True)
        found[start : start + AT_ONCE] = values.round_().clamp_(0, 255).numpy()
    return found


def sized(size: int | None) -> dict[str, int]:
    """What stands of it in a source's key: nothing for pictures as they are published."""
    return {} if size is None else {"size": size}
