"""What a run works with: the examples, their split, and what is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from paribus import threads
from paribus.chance import Seeds
from paribus.data.dataset import Dataset, Examples
from paribus.data.deliver.loader import Batch, Loader
from paribus.data.info import DataInfo
from paribus.data.prepare import cache
from paribus.progress import Announce, silent
from paribus.records.parts import Part, build
from paribus.records.recipe import Recipe

RESIDENT_SHARE = 0.5  # of the free device memory that the data may take


@dataclass(frozen=True)
class PreparedData:
    """The data of a run.

    Args:
        examples: all of them.
        rows: split → its examples.
        info: what the rest of the system must know.
    """

    examples: Examples
    rows: Mapping[str, Tensor]
    info: DataInfo

    def on(self, device: str) -> PreparedData:
        """The same with the examples on the device, if there is room: one copy for all splits."""
        place = torch.device(device)
        if place.type == "cpu" or not _fits(self.examples.nbytes, place):
            return self
        return replace(self, examples=self.examples.to(place))

    def sample(self, examples: int = 2) -> Batch:
        """The first training examples."""
        return self.loader("train", examples, "cpu").take(self.rows["train"][:examples])

    def loader(self, split: str, batch_size: int, device: str) -> Loader:
        """One split as a stream of batches."""
        return Loader(self.examples, self.rows[split], batch_size, torch.device(device))


_opened: dict[str, Dataset] = {}  # filled before workers are forked, so that they share what is in memory


def open_dataset(part: Part, progress: Announce = silent) -> Dataset:
    """The data set of a recipe's ``data``: decoded once, then mapped from the cache."""
    name = repr(part)
    if name not in _opened:
        return cache.load(build("data", part), progress)
    return _opened[name]


def share(part: Part, progress: Announce = silent) -> None:
    """Open a data set and keep it for this process and the workers it forks."""
    _opened[repr(part)] = open_dataset(part, progress)


def forget() -> None:
    """Let go of what :func:`share` keeps."""
    _opened.clear()


def prepare(recipe: Recipe, seeds: Seeds, progress: Announce = silent) -> PreparedData:
    """Open and split the data of a run."""
    dataset = open_dataset(recipe.data, progress)
    source = build("data", recipe.data)
    examples: Examples = source.to_examples(dataset) if hasattr(source, "to_examples") else dataset
    rows = examples.split(recipe.split, seeds)
    with threads.single():  # moments are part of what is learned
        info = examples.info(rows, getattr(source, "decoding", {}))
    return PreparedData(examples, rows, info)


def _fits(nbytes: int, device: torch.device) -> bool:
    free, _ = torch.cuda.mem_get_info(device) if device.type == "cuda" else (0, 0)
    return nbytes < RESIDENT_SHARE * free
