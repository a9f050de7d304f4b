"""Words of a text, each with those that stand around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import torch
from torch import Tensor

from paribus.chance import Seeds
from paribus.data.dataset import Dataset
from paribus.data.deliver.text import CutFromText
from paribus.data.info import DataInfo
from paribus.records.sections import Split

NOTHING = -1  # stands where the text has ended


class Surroundings(CutFromText):
    """Every word of a text as an example: itself, and ``window`` words on each side of it.

    Args:
        dataset: words (N,) by number.
        window: how many on each side.
    """

    sequential: ClassVar[bool] = False

    def __init__(self, dataset: Dataset, window: int) -> None:
        super().__init__(dataset)
        self.window = window

    def __len__(self) -> int:
        return len(self.tokens)

    def to(self, device: torch.device) -> Surroundings:
        """The same on a device."""
        return Surroundings(replace(self.dataset, inputs=self.tokens.to(device)), self.window)

    def take(self, rows: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """``around`` (B, 2·window) int64, from far before to far behind, ``centre`` (B,), and targets of no meaning."""
        offsets = torch.tensor(distances(self.window), device=rows.device)
        places = rows[:, None] + offsets
        inside = (places >= 0) & (places < len(self))
        around = self.tokens[places.clamp(0, len(self) - 1)].long().masked_fill(~inside, NOTHING)
        return {"around": around, "centre": self.tokens[rows].long()}, torch.zeros_like(rows)

    def split(self, section: Split, seeds: Seeds) -> dict[str, Tensor]:
        """The text from its beginning: training, then validation, then test."""
        return {name: torch.arange(start, stop) for name, (start, stop) in self.bounds(section).items()}

    def info(self, rows: Mapping[str, Tensor], decoding: Mapping[str, Any]) -> DataInfo:
        """The vocabulary, and how often each word stands in the training split."""
        vocabulary = self.text.vocabulary
        counts = self.tokens[rows["train"]].long().bincount(minlength=len(vocabulary))
        return DataInfo(
            input_shape=(2 * self.window,),
            classes=vocabulary,
            sizes={name: len(some) for name, some in rows.items()},
            class_counts=tuple(counts.tolist()),
            mean=(),
            deviation=(),
            decoding=dict(decoding),
            **vars(self.dataset.metadata),
        )


def distances(window: int) -> list[int]:
    """Where the words around stand: −window … −1, 1 … window."""
    return [*range(-window, 0), *range(1, window + 1)]
