"""Arrays that are ready to be stored: inputs and targets of every split, arranged, with what is known of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from paribus.data.metadata import MaskInfo, Metadata
from paribus.data.sources.arrays.labels import Labels, labels, masks
from paribus.data.sources.arrays.values import (
    Arrangement,
    Channels,
    Kind,
    arrangement,
    as_array,
    described,
    numbers,
)
from paribus.data.sources.masks.labels import IGNORE
from paribus.data.splits import SPLITS
from paribus.data.write.npy import Array
from paribus.data.write.writer import Writer
from paribus.errors import DataError
from paribus.files import CHUNK_BYTES

SCALE = "scale"  # what the stored inputs are of those that were given, in DataInfo.more


@dataclass(frozen=True)
class Given:
    """Arrays of every split.

    Args:
        inputs: split → (N, …) as they were given.
        arranged: how they are stored.
        targets: their classes or masks; ``None`` where there is nothing to predict but the input itself.
        names: of all examples, split by split, or none.
        groups: split → (N,) int64, examples that must not be separated, or none.
    """

    inputs: Mapping[str, Array]
    arranged: Arrangement
    targets: Labels | None
    names: tuple[str, ...] = ()
    groups: Mapping[str, Array] | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self.targets.classes if self.targets else ()

    @property
    def masked(self) -> bool:
        """Whether every pixel has a class."""
        return self.targets is not None and self.targets.indices["train"].ndim == 3

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that is stored: what decides the outcome of a training on it."""
        about = [vars(self.arranged), self.classes, self.names, {split: len(it) for split, it in self.inputs.items()}]
        found = hashlib.sha256(json.dumps(about).encode())
        groups = self.groups or {}
        for split in self.inputs:
            for _, *pieces in self._pieces(split):
                for piece in pieces:
                    found.update(np.ascontiguousarray(piece).data)
            if split in groups:
                found.update(groups[split].data)
        return found.hexdigest()

    def write(self, cache: Writer) -> None:
        """Store all of it."""
        cache.start(
            classes=self.classes,
            shape=self.arranged.stored_shape,
            dtype=self.arranged.dtype,
            count=sum(map(len, self.inputs.values())),
            target_shape=self.targets.indices["train"].shape[1:] if self.targets else (),
            target_dtype=self.targets.indices["train"].dtype if self.targets else "int64",
            metadata=Metadata(
                masks=MaskInfo(IGNORE) if self.masked else None,
                more={SCALE: self.arranged.scale} if self.arranged.scale != 1 else {},
            ),
        )
        done = 0
        for split in self.inputs:
            for start, inputs, targets in self._pieces(split):
                rows = slice(start, start + len(inputs))
                groups = self.groups[split][rows] if self.groups else None
                names = self.names[done + rows.start : done + rows.stop]
                cache.add(inputs, targets, split, groups=groups, names=names)
            done += len(self.inputs[split])

    def _pieces(self, split: str) -> Any:
        """Where a piece begins, its inputs and its targets as they are stored."""
        values = self.inputs[split]
        step = max(1, CHUNK_BYTES // max(1, values[0].nbytes))
        for start in range(0, len(values), step):
            inputs = self.arranged.apply(values[start : start + step])
            stop = start + len(inputs)
            targets = self.targets.indices[split][start:stop] if self.targets else np.zeros(len(inputs), np.int64)
            yield start, inputs, targets

    def __str__(self) -> str:
        sizes = ", ".join(f"{split} {len(values):,}" for split, values in self.inputs.items())
        if self.targets and not self.classes:
            return f"{described(self.arranged)}, {self.arranged.dtype}; {self.targets.about}; {sizes}"
        what = f"{len(self.classes)} classes{' of pixels' if self.masked else ''}" if self.targets else "no targets"
        about = f" ({self.targets.about})" if self.targets and self.targets.about else ""
        return f"{described(self.arranged)}, {self.arranged.dtype}; {what}{about}; {sizes}"


def given(
    splits: Mapping[str, tuple[Any, Any]],
    *,
    classes: Sequence[str] | None = None,
    names: Sequence[str] = (),
    groups: Any = None,
    kind: Kind = "auto",
    channels: Channels = "auto",
) -> Given:
    """Check and arrange arrays.

    Args:
        splits: ``train``, and ``val`` and ``test`` where there are such, each with inputs and targets (or ``None``).
        classes: names of the classes.
        names: of the training examples.
        groups: (N,) of the training examples, numbers or words.
        kind, channels: see :func:`arrangement`.

    Raises:
        DataError: if they are not what can be learned from, each time with the reason.
    """
    splits = {split: splits[split] for split in SPLITS if split in splits}
    inputs = {split: numbers(one, f"{split} inputs") for split, (one, _) in splits.items()}
    first = inputs["train"]
    if other := [split for split, array in inputs.items() if array.shape[1:] != first.shape[1:]]:
        rule = "all splits have examples of one shape"
        raise DataError(rule, got=f"train {first.shape[1:]}, {other[0]} {inputs[other[0]].shape[1:]}")
    arranged = _common(inputs, kind, channels, first=hasattr(splits["train"][0], "detach"))
    targets = {split: one for split, (_, one) in splits.items() if one is not None}
    found = _targets(inputs, targets, arranged, classes) if targets else None
    if len(inputs) > 1 and (names or groups is not None):
        raise DataError("names and groups are for data that paribus divides itself", got=", ".join(inputs))
    return Given(inputs, arranged, found, _named(names, len(first)), _grouped(groups, len(first)))


def _common(inputs: Mapping[str, Array], kind: Kind, channels: Channels, first: bool) -> Arrangement:
    """One arrangement for all splits: that of training, in a type that holds the values of the others too."""
    found = {split: arrangement(array, kind, channels, first) for split, array in inputs.items()}
    train = found["train"]
    if any(one.scale != train.scale and inputs[split].max() > 1 for split, one in found.items()):
        got = ", ".join(f"{split} {array.min():g} … {array.max():g}" for split, array in inputs.items())
        raise DataError("all splits have values of one range", got=got)
    dtype = "uint8" if all(one.dtype == "uint8" for one in found.values()) else "float32"
    return replace(train, dtype=dtype)


def _targets(
    inputs: Mapping[str, Array], targets: Mapping[str, Any], arranged: Arrangement, classes: Sequence[str] | None
) -> Labels:
    if missing := [split for split in inputs if split not in targets]:
        raise DataError("targets are given for all splits or for none", got=f"none for {', '.join(missing)}")
    arrays = {split: as_array(one, "targets") for split, one in targets.items()}
    for split, array in arrays.items():
        if not array.ndim or len(array) != len(inputs[split]):
            got = f"{len(inputs[split]):,} inputs, targets of shape {array.shape}"
            raise DataError(f"there is one target for each of the {split} inputs", got=got)
    train = arrays["train"]
    if arranged.kind == "pictures" and train.ndim > 2:
        if train.shape[1:] != arranged.stored_shape[1:]:
            got = f"masks of shape {train.shape}, pictures of {arranged.stored_shape[1:]} pixels"
            raise DataError("masks have the size of their pictures (N, H, W)", got=got)
        return masks(arrays, classes)
    return labels(arrays, classes)


def _named(names: Sequence[str], count: int) -> tuple[str, ...]:
    if len(names) not in (0, count):
        raise DataError("names are given for all examples or for none", got=f"{len(names):,} for {count:,}")
    return tuple(map(str, names))


def _grouped(groups: Any, count: int) -> dict[str, Array] | None:
    if groups is None:
        return None
    array = as_array(groups, "groups")
    if array.shape != (count,):
        raise DataError("groups are one number or word for each example", got=f"shape {array.shape} for {count:,}")
    return {"train": np.unique(array.astype(str), return_inverse=True)[1].reshape(-1).astype(np.int64)}
