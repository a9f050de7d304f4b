"""Pictures in rows and columns as one picture for a screen: with a title, names of the columns, and a legend."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, Any

from torch import Tensor

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

WIDTH, TALL = 960, 192  # pixels that a sheet may be wide, and one small picture high, when small ones are enlarged
GAP, BREAK, MARGIN = 4, 14, 12  # pixels between pictures (at least), between groups of columns, around everything
LINE, FONT = 20, 14  # height of a line, and of its letters
PAPER, INK, MUTED, FRAME = "#ffffff", "#1f2933", "#5b6775", "#9aa5b1"

LACKING = str.maketrans({"−": "-", "–": "-", "—": "-", "×": "x", "→": ">", "²": "2", "ß": "ss", "≤": "<=", "≥": ">="})

Legend = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Group:
    """Neighbouring columns of one name: where they begin, and how many they are."""

    name: str
    left: int
    count: int


def sheet(pictures: Tensor, columns: Sequence[str] = (), title: str = "", legend: Legend = ()) -> Image:
    """Pictures (rows, columns, C, H, W) uint8, C = 1 or 3, small ones enlarged by a whole factor, each in a thin frame.

    Args:
        pictures: what is shown.
        columns: what stands in each column; neighbours of one name share it.
        title: what one sees.
        legend: names and their colours as ``#rrggbb``.
    """
    from PIL import Image as Images
    from PIL import ImageDraw

    rows, count, _, height, width = pictures.shape
    factor = max(1, min(WIDTH // count // width, TALL // max(height, width)))
    height, width = factor * height, factor * width
    gap = max(GAP, factor // 2)  # pixels of pictures that are much enlarged are no less than the gap between two
    groups, right = _groups(columns or [""] * count, width, gap)
    lines = _lines(legend, max(right, _length(title)))
    top = MARGIN + LINE * (bool(title) + any(columns))
    size = (max(right, _length(title)) + 2 * MARGIN, top + rows * (height + gap) + LINE * len(lines) + MARGIN)
    image = Images.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(image)
    draw.text((MARGIN, MARGIN), _drawn(title), INK, _font())
    for group in groups:
        draw.text((MARGIN + group.left, top - LINE), _drawn(group.name), MUTED, _font())
    lefts = [group.left + place * (width + gap) for group in groups for place in range(group.count)]
    for row in range(rows):
        for column, left in enumerate(lefts):
            at = (MARGIN + left, top + row * (height + gap))
            image.paste(as_image(pictures[row, column]).resize((width, height), Images.Resampling.NEAREST), at)
            draw.rectangle((at[0] - 1, at[1] - 1, at[0] + width, at[1] + height), outline=FRAME)
    for place, line in enumerate(lines):
        _legend(draw, line, top + rows * (height + gap) + 6 + place * LINE)
    return image


def as_image(picture: Tensor) -> Image:
    """A picture (C, H, W) uint8, C = 1 or 3, as one of Pillow's."""
    from PIL import Image as Images

    return Images.fromarray(picture.permute(1, 2, 0).squeeze(-1).contiguous().cpu().numpy())


def _groups(columns: Sequence[str], width: int, gap: int) -> tuple[list[Group], int]:
    """Neighbouring columns of one name, each group as wide as its name at least, and where the last one ends."""
    named = [(name, len(list(found))) for name, found in groupby(columns)]
    widths = [max(count * (width + gap) - gap, _length(name)) + BREAK for name, count in named]
    lefts = list(accumulate(widths, initial=0))
    return [Group(name, left, count) for (name, count), left in zip(named, lefts, strict=False)], lefts[-1] - BREAK


def _lines(legend: Legend, width: int) -> list[list[tuple[str, str, int]]]:
    """The legend in lines that are no wider than the sheet: name, colour, and where it begins."""
    lines: list[list[tuple[str, str, int]]] = []
    left = width + 1
    for name, colour in legend:
        if left + LINE + _length(name) > width:
            lines.append([])
            left = 0
        lines[-1].append((name, colour, left))
        left += LINE + _length(name) + BREAK
    return lines


def _legend(draw: ImageDraw, line: Sequence[tuple[str, str, int]], top: int) -> None:
    for name, colour, left in line:
        at = MARGIN + left
        draw.rectangle((at, top + 2, at + FONT, top + 2 + FONT - 2), colour, FRAME)
        draw.text((at + LINE, top), _drawn(name), INK, _font())


def _length(text: str) -> int:
    """How wide a text is, in pixels."""
    width: float = _font().getlength(_drawn(text))
    return round(width)


def _drawn(text: str) -> str:
    """A text in letters that Pillow's font has: for others, as those with accents, it draws empty boxes."""
    plain = unicodedata.normalize("NFKD", text.translate(LACKING))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


@cache
def _font() -> Any:
    """Pillow's own font, which is everywhere."""
    from PIL import ImageFont

    return ImageFont.load_default(FONT)
