"""Boxes drawn into pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from paribus.tasks.pixels.overlays import coloured

TRUE, SAID = (46, 160, 67), (217, 43, 43)  # green for what is there, red for what is said


def outlined(picture: Tensor, boxes: Tensor, colour: tuple[int, int, int] = SAID, line: int = 1) -> Tensor:
    """A picture (C, H, W) uint8 as (3, H, W) with boxes (n, 4) as lines of some pixels."""
    drawn = coloured(picture).clone().cpu()
    height, width = drawn.shape[1:]
    paint = torch.tensor(colour, dtype=torch.uint8)[:, None, None]
    for left, top, right, bottom in boxes.round().long().tolist():
        left, right = max(0, min(left, width - 1)), max(0, min(right, width))
        top, bottom = max(0, min(top, height - 1)), max(0, min(bottom, height))
        for rows, columns in (
            (slice(top, top + line), slice(left, right)),
            (slice(max(0, bottom - line), bottom), slice(left, right)),
            (slice(top, bottom), slice(left, left + line)),
            (slice(top, bottom), slice(max(0, right - line), right)),
        ):
            drawn[:, rows, columns] = paint
    return drawn


def labelled(picture: Tensor, boxes: Tensor, words: Sequence[str]) -> Tensor:
    """The same with words above each box, or below where there is no room."""
    from PIL import ImageDraw, ImageFont

    from paribus.tasks.sheet import as_image

    line = max(1, round(min(picture.shape[1:]) / 200))
    image = as_image(outlined(picture, boxes, line=line)).convert("RGB")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(max(11, image.height // 24))
    for (left, top, _, bottom), word in zip(boxes.tolist(), words, strict=True):
        wide, high = (round(one) for one in pen.textbbox((0, 0), word, font)[2:])
        x = max(0, min(left, image.width - wide - 4))
        y = top - high - 4 if top > high + 4 else bottom + 2
        pen.rectangle((x, y, x + wide + 4, y + high + 3), SAID)
        pen.text((x + 2, y), word, (255, 255, 255), font)
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()
