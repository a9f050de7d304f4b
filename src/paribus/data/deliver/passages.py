"""Passages of a text: neighbouring tokens, and for each of them the one that follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from paribus.chance import Seeds
from paribus.data.dataset import Dataset
from paribus.data.deliver.text import CutFromText
from paribus.data.info import DataInfo
from paribus.data.sources.text.tokens import UNKNOWN
from paribus.errors import DataError
from paribus.records.sections import Split

Length = Annotated[int, Field(ge=1)]
Strange = Literal["refuse", "token"]


class Passages(CutFromText):
    """A text in passages of equal length, in order: passage k is the tokens k·length … (k + 1)·length − 1.

    They are read in order, so that a network can carry its state from each to the next. Its gradient ends where the
    passage begins: back-propagation through time, truncated. Tokens behind the last whole passage are left out.

    The vocabulary is that of the training split. A token that only occurs behind it is refused, or stands as one common
    token for what is unknown.

    Args:
        dataset: tokens (N,), numbered in the order in which they first occur.
        length: tokens of a passage.
        unknown: what becomes of tokens that the training split does not hold.
        known: size of the vocabulary, once the text is split; until then that of the whole text.
    """

    sequential: ClassVar[bool] = True

    def __init__(self, dataset: Dataset, length: int, unknown: Strange = "refuse", known: int | None = None) -> None:
        super().__init__(dataset)
        self.length, self.unknown = length, unknown
        self.known = len(self.text.vocabulary) if known is None else known

    def __len__(self) -> int:
        return (len(self.tokens) - 1) // self.length

    def to(self, device: torch.device) -> Passages:
        """The same on a device."""
        moved = replace(self.dataset, inputs=self.tokens.to(device))
        return Passages(moved, self.length, self.unknown, self.known)

    def take(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens (B, length) and those that follow them (B, length), int64."""
        passages = self.tokens.unfold(0, self.length + 1, self.length)[rows].long()  # a view (passages, length + 1)
        passages = passages.clamp(max=self.known)  # whatever is unknown is one token
        return passages[:, :-1], passages[:, 1:]

    def split(self, section: Split, seeds: Seeds) -> dict[str, Tensor]:
        """The text from its beginning: training, then validation, then test; and the vocabulary of the first.

        With ``split.limit`` the first training passages are kept, so that the vocabulary never grows.

        Raises:
            DataError: if a split has no whole passage, or one that is not for training holds an unknown token.
        """
        bounds = self.bounds(section)
        for name, (start, stop) in bounds.items():
            if stop <= start:
                hint = "choose a smaller data.length, another share in split, or a longer text"
                raise DataError(f"the {name} split has no whole passage of {self.length} tokens", got="0", hint=hint)
        self.known = self._vocabulary(bounds["train"])
        if self.unknown == "refuse":
            for name, (start, stop) in bounds.items():
                self._require_known(name, start * self.length, stop * self.length + 1)
        return {name: torch.arange(start, stop) for name, (start, stop) in bounds.items()}

    def info(self, rows: Mapping[str, Tensor], decoding: Mapping[str, Any]) -> DataInfo:
        """The vocabulary, and how often each token is a target in training."""
        vocabulary = self.text.vocabulary[: self.known]
        if self.unknown == "token":
            vocabulary = (*vocabulary, UNKNOWN)
        text = replace(self.text, vocabulary=vocabulary, unknown=self.unknown == "token")
        _, targets = self.take(rows["train"])
        counts = targets.flatten().bincount(minlength=len(vocabulary))
        return DataInfo(
            input_shape=(self.length,),
            classes=vocabulary,
            sizes={name: len(some) for name, some in rows.items()},
            class_counts=tuple(counts.tolist()),
            mean=(),
            deviation=(),
            decoding=dict(decoding),
            target_shape=(self.length,),
            **{**vars(self.dataset.metadata), "text": text},
        )

    def _vocabulary(self, bounds: tuple[int, int]) -> int:
        """How many different tokens training sees: their numbers are the first ones."""
        start, stop = bounds
        return int(self.tokens[start * self.length : stop * self.length + 1].max()) + 1

    def _require_known(self, split: str, start: int, stop: int) -> None:
        strange = (self.tokens[start:stop] >= self.known).nonzero()
        if len(strange):
            place = start + int(strange[0])
            token = self.text.vocabulary[int(self.tokens[place])]
            rule = f"token {place + 1:,} of the text, in the {split} split, never occurs in the training split"
            hint = "set data.unknown=token to count all such tokens as one, or split the text otherwise"
            raise DataError(f"{rule} ({len(strange)} such tokens)", got=repr(token), hint=hint)
