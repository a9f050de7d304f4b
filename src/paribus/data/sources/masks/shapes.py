"""Generated scenes of shapes before a textured ground, with the truth about every pixel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import ndimage

from paribus.data.metadata import MaskInfo, Metadata
from paribus.data.origin import origin
from paribus.data.sources.masks.labels import IGNORE
from paribus.data.sources.masks.nuclei import borders
from paribus.data.write.writer import Writer
from paribus.files import CHUNK_BYTES

Floats = NDArray[np.float64]

CANDIDATES = 20  # colours of which a shape gets the one that is easiest to tell from the others

INSIDE: Mapping[str, Callable[[Floats, Floats], NDArray[np.bool_]]] = {  # in coordinates in which a shape has radius 1
    "disc": lambda x, y: x**2 + y**2 < 1,
    "square": lambda x, y: np.maximum(abs(x), abs(y)) < 0.8,
    "triangle": lambda x, y: (y < 0.5) & (abs(x) * 3**0.5 < y + 1),  # its corners on the unit circle, one on top
    "ring": lambda x, y: abs(x**2 + y**2 - 0.65) < 0.35,
}


@origin("generated")
class Scenes:
    """Scenes of discs, squares, triangles and rings in any colour, before a textured ground; generated.

    Colours are drawn for each shape anew, far from those of the ground and of the shapes before it, so each can be seen
    and only its outline tells what it is. Shapes may cover each other.

    Args:
        pictures: how many.
        size: height and width of a picture, in pixels.
        noise: standard deviation of the noise in every pixel, in grey levels of 255.
        border: whether the pixels at which two labels meet are not to be learned, as hand-drawn masks often have it.
        seed: of the generator; equal seeds make equal scenes.
    """

    classes: ClassVar[tuple[str, ...]] = ("ground", *INSIDE)
    colours: ClassVar[tuple[str, ...]] = ("#5b6470", "#e4572e", "#2e86ab", "#f2b134", "#4caf6d")

    def __init__(
        self,
        pictures: Annotated[int, Field(ge=10)] = 600,
        size: Annotated[int, Field(ge=16, le=1024)] = 64,
        noise: Annotated[float, Field(ge=0)] = 20.0,
        border: bool = False,
        seed: Annotated[int, Field(ge=0)] = 0,
    ) -> None:
        self.pictures, self.size, self.noise, self.border, self.seed = pictures, size, noise, border, seed

    @property
    def decoding(self) -> Mapping[str, Any]:
        """How other pictures are treated: without scaling."""
        return {"size": [self.size, self.size], "colour": "rgb", "fit": "cut"}

    def key(self) -> Mapping[str, Any]:
        """All options, and which way of drawing it is: raised when equal options would draw other scenes."""
        return {**vars(self), "drawing": 2}

    def write(self, cache: Writer) -> None:
        """Draw all scenes, each from a generator of its own."""
        side = (self.size, self.size)
        cache.start(
            classes=self.classes,
            shape=(3, *side),
            count=self.pictures,
            target_shape=side,
            target_dtype="uint8",
            metadata=Metadata(masks=MaskInfo(IGNORE, self.colours)),
        )
        step = max(1, CHUNK_BYTES // (4 * self.size**2))
        for start in range(0, self.pictures, step):
            scenes = [self.scene(number) for number in range(start, min(start + step, self.pictures))]
            cache.add(np.stack([picture for picture, _ in scenes]), np.stack([mask for _, mask in scenes]))

    def scene(self, number: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """A picture (3, size, size) and its class indices (size, size)."""
        draw = np.random.default_rng([self.seed, number])
        mask = np.zeros((self.size, self.size), np.uint8)
        colours = [another_colour(draw, [])]
        picture = _grained(draw, colours[0], self.size)  # (3, H, W)
        for _ in range(draw.integers(2, 6)):
            label = int(draw.integers(1, len(self.classes)))
            inside = outline(draw, self.classes[label], self.size)
            colours.append(another_colour(draw, colours))
            picture = np.where(inside, _grained(draw, colours[-1], self.size), picture)
            mask[inside] = label
        picture = picture + draw.normal(0, self.noise, picture.shape)
        if self.border:
            mask[_meeting(mask)] = IGNORE
        return np.rint(picture.clip(0, 255)).astype(np.uint8), mask


def outline(draw: np.random.Generator, name: str, size: int) -> NDArray[np.bool_]:
    """The pixels (size, size) whose centre lies in a shape of random place, radius and angle."""
    row, column = draw.uniform(0.1, 0.9, 2) * size
    radius, angle = draw.uniform(0.12, 0.3) * size, draw.uniform(0, 2 * np.pi)
    y, x = np.mgrid[:size, :size] + 0.5
    y, x = (y - row) / radius, (x - column) / radius
    inside: NDArray[np.bool_] = INSIDE[name](
        np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    )
    return inside


def texture(draw: np.random.Generator, size: int) -> Floats:
    """A random field of deviation 1 with a random grain, (size, size)."""
    field = ndimage.gaussian_filter(draw.normal(size=(size, size)), draw.uniform(1, size / 8), mode="wrap")
    return np.asarray((field - field.mean()) / field.std())


def another_colour(draw: np.random.Generator, used: Sequence[Floats]) -> Floats:
    """A random colour (3,) far from those in use: of some candidates the one whose nearest is farthest off."""
    candidates = draw.uniform(40, 215, (CANDIDATES, 3))
    if not used:
        return np.asarray(candidates[0])
    nearest = np.min([np.linalg.norm(candidates - colour, axis=1) for colour in used], axis=0)
    return np.asarray(candidates[nearest.argmax()])


def _grained(draw: np.random.Generator, colour: Floats, size: int) -> Floats:
    """A colour with a random grain in it, (3, H, W)."""
    grain = texture(draw, size)
    return colour[:, None, None] + draw.uniform(5, 20) * grain


def _meeting(mask: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Pixels with a neighbour of another label."""
    found: NDArray[np.bool_] = borders(mask[None].astype(np.uint16) + 1)[0]
    return found
