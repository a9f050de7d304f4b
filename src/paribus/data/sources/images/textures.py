"""Generated grey pictures with edges, stripes and grain: clean ones, to remove noise from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from paribus.data.origin import origin
from paribus.data.sources.masks.shapes import INSIDE, Floats, outline, texture
from paribus.data.write.writer import Writer
from paribus.files import CHUNK_BYTES


@origin("generated")
class Textures:
    """Grey pictures of shapes with stripes and soft grain, without noise; generated.

    Args:
        pictures: how many.
        size: height and width of a picture, in pixels.
        seed: of the generator; equal seeds make equal pictures.
    """

    def __init__(
        self,
        pictures: Annotated[int, Field(ge=10)] = 600,
        size: Annotated[int, Field(ge=16, le=1024)] = 64,
        seed: Annotated[int, Field(ge=0)] = 0,
    ) -> None:
        self.pictures, self.size, self.seed = pictures, size, seed

    @property
    def decoding(self) -> Mapping[str, Any]:
        """How other pictures are treated: without scaling."""
        return {"size": [self.size, self.size], "colour": "grey", "fit": "cut"}

    def key(self) -> Mapping[str, Any]:
        """All options."""
        return dict(vars(self))

    def write(self, cache: Writer) -> None:
        """Draw all pictures, each from a generator of its own."""
        cache.start(classes=(), shape=(1, self.size, self.size), count=self.pictures)
        step = max(1, CHUNK_BYTES // self.size**2)
        for start in range(0, self.pictures, step):
            drawn = [self.picture(number) for number in range(start, min(start + step, self.pictures))]
            cache.add(np.stack(drawn)[:, None], np.zeros(len(drawn), np.int64))

    def picture(self, number: int) -> NDArray[np.uint8]:
        """One picture (size, size)."""
        draw = np.random.default_rng([self.seed, number])
        picture = _surface(draw, self.size)
        for _ in range(draw.integers(3, 7)):
            inside = outline(draw, str(draw.choice(list(INSIDE))), self.size)
            picture = np.where(inside, _surface(draw, self.size), picture)
        levels: NDArray[np.uint8] = np.rint(picture.clip(0, 255)).astype(np.uint8)
        return levels


def _surface(draw: np.random.Generator, size: int) -> Floats:
    """A grey level with stripes or grain on it, (size, size)."""
    level, strength = draw.uniform(50, 205), draw.uniform(5, 40)
    if draw.random() < 0.5:
        return level + strength / 2 * texture(draw, size)
    angle, period = draw.uniform(0, np.pi), draw.uniform(4, size / 4)
    y, x = np.mgrid[:size, :size]
    return np.asarray(level + strength * np.sin(2 * np.pi / period * (np.cos(angle) * x + np.sin(angle) * y)))
