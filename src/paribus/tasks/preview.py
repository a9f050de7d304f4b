"""Previews: outputs for a few examples, for people to look at while a network trains."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor

from paribus import files
from paribus.tasks.sheet import as_image, sheet

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class Preview:
    """Pictures, curves or text; each part is optional.

    Args:
        pictures: (rows, columns, C, H, W) uint8, C = 1 or 3: by default one row per example.
        columns: what stands in the columns: picture, truth, prediction.
        curves: name → values of one example over its positions: past, truth, forecast.
        text: what was written.
        title: what one sees.
        legend: what colours in the pictures mean: names with their colours as ``#rrggbb``.
    """

    pictures: Tensor | None = None
    columns: tuple[str, ...] = ()
    curves: tuple[Mapping[str, list[float | None]], ...] = ()
    text: str = ""
    title: str = ""
    legend: tuple[tuple[str, str], ...] = ()

    def save(self, path: str | Path, overwrite: bool = False) -> list[Path]:
        """Write ``path`` with the suffix of each part: ``.png`` with the columns' names in it, ``.json``, ``.txt``.

        Returns:
            The files written.

        Raises:
            RunError: if a file is there that may not be written over.
        """
        path = Path(path)
        parts: dict[str, bytes | str] = {}
        if self.pictures is not None:
            parts[".png"] = self.png()
        if self.curves:
            parts[".json"] = json.dumps([dict(curve) for curve in self.curves])
        if self.text:
            parts[".txt"] = self.text
        return files.save_all({path.with_suffix(suffix): content for suffix, content in parts.items()}, overwrite)

    def png(self) -> bytes:
        """All pictures as one, rows below each other, with the names of the columns, a title and a legend."""
        if self.pictures is None:
            raise ValueError("this preview holds no pictures")
        return _encoded(sheet(self.pictures, self.columns, self.title, self.legend))


def to_png(picture: Tensor) -> bytes:
    """A picture (C, H, W) uint8, C = 1 or 3, as a PNG."""
    return _encoded(as_image(picture))


def _encoded(image: Image) -> bytes:
    target = io.BytesIO()
    image.save(target, "png")
    return target.getvalue()
