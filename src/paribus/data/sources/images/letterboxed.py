"""Pictures that are decoded already at the size that a network takes, as decoding would have brought them to it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from paribus.data.sources.images.decoding import Fit, resize


def letterboxed(picture: Tensor, size: Sequence[int], fit: Fit) -> Tensor:
    """A picture (C, H, W) uint8, C = 1 or 3, at another height and width."""
    grey = picture.shape[0] == 1
    pixels = picture[0].numpy() if grey else picture.permute(1, 2, 0).contiguous().numpy()
    changed = torch.from_numpy(np.array(resize(Image.fromarray(pixels), size, fit)))
    return changed.view(size[0], size[1], -1).permute(2, 0, 1).contiguous()
