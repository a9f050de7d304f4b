"""Points from a mixture of Gaussians in the plane: the smallest data on which a generator can forget modes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from paribus.chance import key
from paribus.data.metadata import Metadata, PointsInfo
from paribus.data.origin import origin
from paribus.data.write.npy import Array
from paribus.data.write.writer import Writer

RADIUS = 2.0  # of the ring; the grid has as much room
SEED = key("gaussians")


@origin("generated")
class Gaussians:
    """Points in the plane around centres on a ring or a grid (Metz et al., 2017), generated, with their centre known.

    Args:
        modes: how many centres; a grid takes the next square.
        deviation: of the points around their centre, in both directions; the ring has radius 2.
        layout: where the centres are.
        examples: how many points, as many around each centre as divides evenly.
    """

    def __init__(
        self,
        modes: Annotated[int, Field(ge=2)] = 8,
        deviation: Annotated[float, Field(gt=0)] = 0.05,
        layout: Literal["ring", "grid"] = "ring",
        examples: Annotated[int, Field(ge=100)] = 10_000,
    ) -> None:
        self.modes, self.deviation, self.layout, self.examples = modes, deviation, layout, examples

    def key(self) -> Mapping[str, Any]:
        """All options."""
        return vars(self)

    def write(self, cache: Writer) -> None:
        """Draw all points at once."""
        centres = ring(self.modes) if self.layout == "ring" else grid(self.modes)
        labels = np.arange(self.examples) % len(centres)
        noise = np.random.default_rng(SEED).standard_normal((self.examples, 2))
        points = (centres[labels] + self.deviation * noise).astype(np.float32)
        cache.start(
            classes=[f"mode {mode}" for mode in range(len(centres))],
            shape=(2,),
            dtype="float32",
            count=self.examples,
            metadata=Metadata(points=PointsInfo(tuple(map(tuple, centres.tolist())), self.deviation)),
        )
        cache.add(points, labels)


def ring(modes: int) -> Array:
    """(modes, 2) centres, evenly on a circle."""
    angles = 2 * np.pi * np.arange(modes) / modes
    return RADIUS * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def grid(modes: int) -> Array:
    """(k², 2) centres on a square, with k² the smallest square that is at least ``modes``."""
    line = np.linspace(-RADIUS, RADIUS, int(np.ceil(np.sqrt(modes))))
    return np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
