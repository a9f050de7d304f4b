"""Where the places of a picture lie after it was brought to another size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

BoxFit = Literal["pad", "stretch"]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Letterbox:
    """How pixels of a picture are counted after :func:`paribus.data.sources.images.decoding.resize`.

    Args:
        across, down: new pixels per old one.
        left, top: new pixels before the first old one.
    """

    across: float
    down: float
    left: float
    top: float

    @classmethod
    def of(cls, old: Sequence[int], new: Sequence[int], fit: BoxFit) -> Letterbox:
        """From and to sizes (height, width); pad keeps the proportions and adds to two sides, stretch changes them."""
        (height, width), (rows, columns) = old, new
        if fit == "stretch":
            return cls(columns / width, rows / height, 0, 0)
        share = max(width / columns, height / rows)
        inside = max(1, round(width / share)), max(1, round(height / share))  # as decoding rounds
        return cls(inside[0] / width, inside[1] / height, (columns - inside[0]) // 2, (rows - inside[1]) // 2)

    def into(self, boxes: Floats) -> Floats:
        """Boxes (n, 4) of the old picture in the new one."""
        return boxes * self._scale + self._shift

    def back(self, boxes: Floats) -> Floats:
        """Boxes (n, 4) of the new picture in the old one."""
        return (boxes - self._shift) / self._scale

    @property
    def _scale(self) -> Floats:
        return np.array([self.across, self.down, self.across, self.down])

    @property
    def _shift(self) -> Floats:
        return np.array([self.left, self.top, self.left, self.top], np.float64)
