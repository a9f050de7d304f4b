"""The 8×8 handwritten digits that come with scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from paribus.data.origin import origin
from paribus.data.sources.images.size import Size, resized, sized
from paribus.data.write.writer import Writer


@origin("built in")
class Digits:
    """1,797 handwritten digits of 8×8 pixels, part of scikit-learn: no download, no official test split.

    The original grey levels 0 … 16 are stretched to 0 … 255.

    Args:
        size: height and width to which the pictures are brought, in pixels; by default their own.
    """

    def __init__(self, size: Size = None) -> None:
        self.size = size

    @property
    def decoding(self) -> Mapping[str, Any]:
        """How any other picture is read in the same way."""
        return {"size": self.size or 8, "colour": "grey", "fit": "pad"}

    def key(self) -> Mapping[str, Any]:
        """The data never change."""
        return sized(self.size)

    def write(self, cache: Writer) -> None:
        """Write all digits at once."""
        from sklearn.datasets import load_digits

        digits = load_digits()
        pictures = np.rint(digits.images * (255 / 16)).astype(np.uint8)[:, None]  # (1797, 1, 8, 8)
        pictures = resized(pictures, self.size)
        cache.start(classes=[str(digit) for digit in range(10)], shape=pictures.shape[1:], count=len(pictures))
        cache.add(pictures, digits.target)
