"""Pictures whose maps are asked for: rows of a data set, or files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from paribus.data.prepare.prepared import PreparedData
from paribus.errors import DataError
from paribus.inference.trained import Trained
from paribus.tasks.pictures import decoded


@dataclass(frozen=True)
class Samples:
    """Pictures, and what is known of them.

    Args:
        inputs: (B, C, H, W) float32, stored values.
        places: what each is called.
        targets: (B,) classes, (B, H, W) of pixels; ``None`` where they are not known.
    """

    inputs: Tensor
    places: tuple[str, ...]
    targets: Tensor | None

    def take(self, which: slice) -> Samples:
        """Some of them."""
        return Samples(self.inputs[which], self.places[which], None if self.targets is None else self.targets[which])

    def chosen(self, places: Sequence[int]) -> Samples:
        """Those at these places, in this order."""
        which = list(places)
        targets = None if self.targets is None else self.targets[which]
        return Samples(self.inputs[which], tuple(self.places[place] for place in which), targets)

    def parts(self) -> Iterator[Samples]:
        """One after another."""
        return (self.take(slice(place, place + 1)) for place in range(len(self.places)))


def of_rows(prepared: PreparedData, rows: Tensor) -> Samples:
    """Pictures of a data set."""
    inputs, targets = prepared.examples.take(rows.to(prepared.examples.device))
    return Samples(inputs.float(), tuple(f"example {row}" for row in rows.tolist()), targets)


def of_files(trained: Trained, path: Path) -> Samples:
    """Pictures from files, decoded as in training."""
    from paribus.inference.predict import expanded

    files = expanded([path])
    pixels, problems = decoded(files, trained.info)
    for file, problem in problems.items():
        raise DataError(problem, got=str(file))
    return Samples(pixels.float(), tuple(file.name for file in files), None)


def spread(rows: Tensor, count: int) -> Tensor:
    """Some rows of a split, spread evenly: in some data sets the classes lie one behind the other."""
    count = min(count, len(rows))
    return rows[torch.arange(count) * len(rows) // max(1, count)]
