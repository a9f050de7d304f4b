"""Pictures of examples for records of analyses: one by one, or all of them on one sheet."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import torch
from torch import Tensor

from paribus.analysis.examples import address
from paribus.inference.activations import Seen

SMALL = 96  # pixels of a picture beside others


@dataclass(frozen=True)
class Sprites:
    """Many small pictures on one sheet, so that a page holds them once.

    Args:
        sheet: the address of the whole for HTML.
        width, height: of one picture, in pixels.
        columns: pictures in a row of the sheet.
        count: of pictures.
    """

    sheet: str
    width: int
    height: int
    columns: int
    count: int


def viewable(inputs: Any) -> Tensor | None:
    """Pictures (B, C, H, W) uint8, C = 1 or 3, as people can look at them; nothing for other examples."""
    if isinstance(inputs, Tensor) and inputs.dtype == torch.uint8 and inputs.ndim == 4 and inputs.shape[1] in (1, 3):
        return inputs
    return None


def addresses(seen: Seen, places: Sequence[int], most: int = SMALL) -> list[str]:
    """The pictures of some of the examples as addresses for HTML; empty texts where examples are no pictures."""
    pictures = viewable(seen.inputs(places)) if places else None
    return [""] * len(places) if pictures is None else [address(picture, most) for picture in pictures]


def sprites(seen: Seen, places: Sequence[int], most: int = 48) -> Sprites | None:
    """The pictures of some of the examples on one sheet, each of at most so many pixels; nothing for other examples."""
    from PIL import Image as Images

    from paribus.tasks.sheet import as_image

    pictures = viewable(seen.inputs(places)) if places else None
    if pictures is None:
        return None
    shrink = max(1, math.ceil(max(pictures.shape[2:]) / most))
    height, width = (max(1, side // shrink) for side in pictures.shape[2:])
    columns = math.ceil(math.sqrt(len(pictures)))
    mode, kind = ("L", "png") if pictures.shape[1] == 1 else ("RGB", "jpeg")
    sheet = Images.new(mode, (columns * width, math.ceil(len(pictures) / columns) * height))
    for place, picture in enumerate(pictures):
        small = as_image(picture).resize((width, height), Images.Resampling.BOX)
        sheet.paste(small, (place % columns * width, place // columns * height))
    target = BytesIO()
    sheet.save(target, kind, quality=85)
    found = f"data:image/{kind};base64,{b64encode(target.getvalue()).decode()}"
    return Sprites(found, width, height, columns, len(pictures))
