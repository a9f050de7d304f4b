"""Previews: outputs for a few examples, for people to look at while a network trains."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from paribus import files

GAP = 2  # white pixels between pictures
SMALLEST = 96  # pixels; smaller pictures are enlarged by a whole factor, so that one can see them


@dataclass(frozen=True)
class Preview:
    """Pictures, curves or text; each part is optional.

    Args:
        pictures: (rows, columns, C, H, W) uint8, C = 1 or 3: by default one row per example.
        columns: what stands in the columns: picture, truth, prediction.
        curves: name → values of one example over its positions: past, truth, forecast.
        text: what was written.
    """

    pictures: Tensor | None = None
    columns: tuple[str, ...] = ()
    curves: tuple[Mapping[str, list[float | None]], ...] = ()
    text: str = ""

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
        """All pictures as one, rows below each other."""
        if self.pictures is None:
            raise ValueError("this preview holds no pictures")
        return to_png(contact_sheet(self.pictures), columns=json.dumps(self.columns))


def to_png(picture: Tensor, **texts: str) -> bytes:
    """A picture (C, H, W) uint8, C = 1 or 3, as a PNG with some texts in it."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    about, target = PngInfo(), io.BytesIO()
    for name, text in texts.items():
        about.add_text(name, text)
    pixels = picture.permute(1, 2, 0).squeeze(-1).contiguous().cpu().numpy()
    Image.fromarray(pixels).save(target, "png", pnginfo=about)
    return target.getvalue()


def contact_sheet(pictures: Tensor) -> Tensor:
    """(rows, columns, C, H, W) uint8 pictures as one (C, height, width), small ones enlarged, with gaps between."""
    factor = -(-SMALLEST // max(pictures.shape[-2:]))  # rounded up: 1 for pictures that are large enough
    enlarged = pictures.repeat_interleave(factor, -1).repeat_interleave(factor, -2)
    padded = torch.nn.functional.pad(enlarged, (0, GAP, 0, GAP), value=255)  # (R, K, C, h, w)
    sheet = padded.permute(2, 0, 3, 1, 4).flatten(3).flatten(1, 2)  # (C, R·h, K·w)
    return sheet[:, :-GAP, :-GAP]
