"""Plates that are drawn: texts of a grammar in a font, seen from the side, blurred, dirty, at night."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from pydantic import Field

from paribus.data.grammar import Grammar, load
from paribus.data.origin import origin
from paribus.data.sources.boxes.boxes import CHANNELS, Size
from paribus.data.sources.boxes.texts import start, written
from paribus.data.sources.images.decoding import Colour
from paribus.data.write.writer import Writer
from paribus.errors import DataError, MissingData

HEIGHT = 64  # pixels of a plate before it is seen
CHUNK = 1000  # plates drawn at a time
Strength = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True)
class Look:
    """How badly plates are seen, each from 0 for not at all to 1.

    Args:
        perspective, blur, dirt, night: strengths.
    """

    perspective: float
    blur: float
    dirt: float
    night: float


@origin("generated")
class MadePlates:
    """Plates with random texts of some grammars, drawn as a camera might see them; generated.

    Args:
        plates: how many.
        grammars: names of shipped ones (eu, us, persian), or files of your own that end in .yaml.
        size: height and width of the pictures, in pixels.
        colour: whether pictures have three channels or one.
        most: characters of the longest text.
        alphabet: the characters; by default those of the grammars.
        fonts: a folder of fonts (.ttf, .otf), one drawn for each plate from those that have all characters; by default
            the one that comes with Pillow.
        perspective: how far corners are moved.
        blur: how much detail is lost.
        dirt: how much is covered by spots.
        night: how dark, uneven and grainy it may be.
        seed: of the generator; equal seeds make equal plates.
    """

    def __init__(
        self,
        plates: Annotated[int, Field(ge=10)] = 6000,
        grammars: tuple[str, ...] = ("eu", "us"),
        size: Size = (48, 128),
        colour: Colour = "grey",
        most: Annotated[int, Field(ge=1, le=64)] = 8,
        alphabet: str | None = None,
        fonts: str | None = None,
        perspective: Strength = 0.5,
        blur: Strength = 0.5,
        dirt: Strength = 0.5,
        night: Strength = 0.5,
        seed: Annotated[int, Field(ge=0)] = 0,
    ) -> None:
        self.plates, self.grammars, self.size, self.colour = plates, grammars, size, colour
        self.most, self.alphabet, self.fonts = most, alphabet, fonts
        self.perspective, self.blur, self.dirt, self.night, self.seed = perspective, blur, dirt, night, seed

    @property
    def decoding(self) -> Mapping[str, Any]:
        """How other pictures are brought into the same form."""
        return {"size": list(self.size), "colour": self.colour, "fit": "stretch"}

    def key(self) -> Mapping[str, Any]:
        """All options, and what the grammars say."""
        return {**vars(self), "grammars": [repr(load(name)) for name in self.grammars]}

    def write(self, cache: Writer) -> None:
        """Draw all plates, each from a generator of its own."""
        grammars = [load(name) for name in self.grammars]
        alphabet = self.alphabet or "".join(sorted({*"".join(one.alphabet for one in grammars)}))
        start(cache, alphabet, self.most, (CHANNELS[self.colour], *self.size), self.plates)
        fonts = faces(self.fonts, alphabet)
        look = Look(self.perspective, self.blur, self.dirt, self.night)
        for first in range(0, self.plates, CHUNK):
            some = range(first, min(first + CHUNK, self.plates))
            drawn = [self.plate(number, grammars, fonts, look) for number in some]
            texts = [text for _, text in drawn]
            pixels = np.stack([_channels(picture, self.colour) for picture, _ in drawn])
            cache.add(pixels, written(texts, alphabet, self.most, texts), names=texts)

    def plate(
        self, number: int, grammars: Sequence[Grammar], fonts: Sequence[Path | None], look: Look
    ) -> tuple[Image.Image, str]:
        """One plate at the size of the pictures, and its text."""
        chance = np.random.default_rng([self.seed, number])
        grammar = grammars[int(chance.integers(len(grammars)))]
        text = grammar.draw(chance)
        plain = drawn(text, grammar, fonts[int(chance.integers(len(fonts)))], chance)
        return seen(plain, self.size, look, chance), text


def drawn(text: str, grammar: Grammar, font: Path | None, chance: np.random.Generator) -> Image.Image:
    """A plate as it left the works, RGB of :data:`HEIGHT` pixels and its own proportions."""
    width = round(HEIGHT * chance.uniform(*grammar.proportions))
    ground, ink = _colours(chance)
    picture = Image.new("RGB", (width, HEIGHT), ground)
    pen = ImageDraw.Draw(picture)
    tall = grammar.proportions[1] < 3  # of two heights' width: words above and below the text
    share = chance.uniform(0.42, 0.58) if tall else chance.uniform(0.62, 0.82)
    line = _line(text, grammar, font, round(HEIGHT * share), ink, chance)
    room = round(width * (chance.uniform(0.84, 0.95) if tall else chance.uniform(0.76, 0.9)))
    line = line.resize((room, round(HEIGHT * share)), Image.Resampling.BILINEAR)
    left = width - room - round(chance.uniform(0.01, 0.04) * width)
    top = (HEIGHT - line.height) // 2 + round(chance.uniform(-0.04, 0.06) * HEIGHT)
    if tall:
        left = (width - room) // 2
        for place, height in ((0.01, 0.18), (0.84, 0.13)):
            words = "".join(chance.choice(list("ABCDEFGHIKLMNOPRSTUVWaeionrst "), chance.integers(6, 14)))
            face = _font(font, max(6, round(height * HEIGHT)))
            pen.text((chance.uniform(0.05, 0.45) * width, place * HEIGHT), words, ink, face)
    elif chance.random() < 0.7:
        pen.rectangle((0, 0, 0.07 * width, HEIGHT), (20, 50, 150))
    picture.paste(line, (left, top), line)
    pen.rectangle((0, 0, width - 1, HEIGHT - 1), outline=ink, width=int(chance.integers(0, 4)))
    return picture


def seen(plate: Image.Image, size: Size, look: Look, chance: np.random.Generator) -> Image.Image:
    """A plate as a camera sees it, RGB at a height and a width."""
    height, width = size
    picture = _dirtied(plate, look.dirt, chance)
    picture = _turned(picture, look.perspective, chance)
    least = 1 - look.blur * chance.uniform(0, 0.72)  # of its pixels, as if from far away
    small = max(8, round(picture.height * least * 0.6)), max(16, round(picture.width * least * 0.6))
    picture = picture.resize((small[1], small[0]), Image.Resampling.BOX)
    picture = picture.filter(ImageFilter.GaussianBlur(look.blur * float(chance.uniform(0, 1.2))))
    picture = picture.resize((width, height), Image.Resampling.BICUBIC)
    return _darkened(picture, look.night, chance)


def faces(folder: str | None, alphabet: str) -> list[Path | None]:
    """The fonts of a folder that have all characters, or Pillow's own as ``None``.

    Raises:
        MissingData: where there are no fonts.
        DataError: where none of them has all characters.
    """
    found: list[Path | None] = [None]
    if folder is not None:
        found = [
            path for path in sorted(Path(folder).expanduser().rglob("*")) if path.suffix.lower() in (".ttf", ".otf")
        ]
        if not found:
            raise MissingData("data.fonts is a folder of fonts", got=folder, hint="it holds no .ttf and no .otf")
    lacking = {path: _lacking(path, alphabet) for path in found}
    if not (whole := [path for path, some in lacking.items() if not some]):
        nearest = min(lacking, key=lambda path: len(lacking[path]))
        rule = f"the font {nearest or 'of Pillow'} lacks characters" + ", and others more" * (len(found) > 1)
        hint = "set data.fonts to a folder with a font that has them, such as DejaVu Sans"
        raise DataError(rule, got=" ".join(lacking[nearest][:10]), hint=hint)
    return whole


def _lacking(path: Path | None, alphabet: str) -> list[str]:
    """The characters that a font draws like one that no font has, or not at all."""
    face = _font(path, 24)
    blank = _ink(face, "\U0010ffff")
    return [one for one in alphabet if (mask := _ink(face, one)) == blank or not any(mask[1])]


def _ink(font: Any, text: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(text)
    return mask.size, bytes(mask)


@cache
def _font(path: Path | None, size: int) -> Any:
    return ImageFont.load_default(size) if path is None else ImageFont.truetype(str(path), size)


def _line(
    text: str, grammar: Grammar, font: Path | None, height: int, ink: tuple[int, int, int], chance: np.random.Generator
) -> Image.Image:
    """The text alone, cut to its ink, transparent around it, with a separator before some group."""
    separator = str(chance.choice(list(grammar.separators)))
    cuts = [place for place in range(1, len(text)) if text[place].isdigit() != text[place - 1].isdigit()]
    cut = int(chance.choice(cuts)) if cuts else 0
    shown = text[:cut] + separator + text[cut:] if cut else text
    face, stroke = _font(font, height), int(chance.integers(0, 3))
    gap = chance.uniform(0, 0.12) * height
    widths = [face.getlength(one) + 2 * stroke + gap for one in shown]
    picture = Image.new("L", (round(sum(widths)) + height, 2 * height), 0)
    pen, x = ImageDraw.Draw(picture), height / 4
    for one, wide in zip(shown, widths, strict=True):
        pen.text((x, height / 3), one, 255, face, stroke_width=stroke)
        x += wide
    slant = float(chance.uniform(-0.12, 0.12))
    picture = picture.transform(picture.size, Image.Transform.AFFINE, (1, slant, -slant * height, 0, 1, 0))
    mask = picture.crop(picture.getbbox())
    coloured = Image.new("RGBA", mask.size, ink)
    coloured.putalpha(mask)
    return coloured


def _colours(chance: np.random.Generator) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Ground and ink: mostly dark on light, some the other way round, any hue."""
    light = tuple(int(one) for one in chance.integers(165, 256, 3))
    dark = tuple(int(one) for one in chance.integers(0, 95, 3))
    return (light, dark) if chance.random() < 0.85 else (dark, light)  # type: ignore[return-value]


def _dirtied(picture: Image.Image, strength: float, chance: np.random.Generator) -> Image.Image:
    pen = ImageDraw.Draw(picture)
    for _ in range(chance.poisson(6 * strength)):
        x, y = chance.uniform(0, picture.width), chance.uniform(0, picture.height)
        reach = chance.uniform(0.5, 4.5)
        pen.ellipse(
            (x - reach, y - reach, x + reach, y + reach), tuple(int(one) for one in chance.integers(30, 230, 3))
        )
    return picture


def _turned(picture: Image.Image, strength: float, chance: np.random.Generator) -> Image.Image:
    """Seen from the side, with some of what is around it: corners moved, or the edge cut off a little."""
    width, height = picture.size
    reach = np.array([0.12 * width, 0.28 * height]) * strength
    corners = np.array([[0, 0], [0, height], [width, height], [width, 0]], float)
    slope = np.array([0, chance.uniform(-1, 1) * reach[1]])
    moved = corners + chance.uniform(-0.6, 0.35, (4, 2)) * reach * np.where(corners > 0, -1, 1)
    moved += np.where(corners[:, :1] > 0, slope, -slope) * 0.5
    fill = tuple(int(one) for one in chance.integers(0, 200, 3))
    return picture.transform(
        picture.size, Image.Transform.QUAD, moved.flatten().tolist(), Image.Resampling.BILINEAR, fillcolor=fill
    )


def _darkened(picture: Image.Image, strength: float, chance: np.random.Generator) -> Image.Image:
    """Less light, less contrast, light that falls from one side, and the grain of a sensor."""
    values = np.asarray(picture, np.float64) / 255
    gain, lift = 1 - strength * chance.uniform(0, 1.1), chance.uniform(-0.05, 0.2) * strength
    across = np.linspace(-1, 1, picture.width)[None, :, None] * chance.uniform(-0.4, 0.4) * strength
    grain = chance.normal(0, strength * chance.uniform(0, 0.09), (picture.height, picture.width, 1))
    changed = values * max(0.12, gain) * (1 + across) + lift + grain
    return Image.fromarray((changed.clip(0, 1) * 255).round().astype(np.uint8))


def _channels(picture: Image.Image, colour: Colour) -> NDArray[np.uint8]:
    """(C, H, W)."""
    if colour == "grey":
        return np.asarray(picture.convert("L"))[None]
    return np.ascontiguousarray(np.asarray(picture).transpose(2, 0, 1))
