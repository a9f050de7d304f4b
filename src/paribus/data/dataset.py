"""What a data source becomes: examples from which batches are taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor

from paribus.chance import Seeds
from paribus.data import trees
from paribus.data.augmentation.follow import follow
from paribus.data.augmentation.transform import Transform
from paribus.data.columns import Column, part_of
from paribus.data.info import DataInfo
from paribus.data.metadata import Metadata
from paribus.data.prepare.divisible import Divisible
from paribus.data.prepare.split import split
from paribus.data.trees import Tree
from paribus.records.inputs import DataRecord
from paribus.records.sections import Split


class Examples(Protocol):
    """What a run needs of its data, however they are stored: pictures with labels, windows of a series, a text.

    Inputs have their channels first: (C, H, W), (C, T), or (F,); tokens are integers (T,). Inputs and targets may also
    be several tensors, by name or in a row, or ragged ones.
    """

    sequential: ClassVar[bool]  # whether they are one long text in order: then a batch goes on where the last stopped

    def __len__(self) -> int: ...

    @property
    def device(self) -> torch.device:
        """Where the stored values are."""
        ...

    @property
    def nbytes(self) -> int:
        """Size of the stored values."""
        ...

    def to(self, device: torch.device) -> Examples:
        """The same with the stored values on a device."""
        ...

    def take(self, rows: Tensor) -> tuple[Any, Any]:
        """Inputs (B, …) and targets (B, …) of some examples, trees on the device of the stored values."""
        ...

    def follow(self, targets: Tree, transform: Transform) -> Tree:
        """The targets of pictures that an augmentation has changed."""
        ...

    def split(self, section: Split, seeds: Seeds) -> dict[str, Tensor]:
        """Rows of the examples that train, validate and test: sorted int64, by name of the split."""
        ...

    def info(self, rows: Mapping[str, Tensor], decoding: Mapping[str, Any]) -> DataInfo:
        """What is known of the examples that were split so, from the training split alone."""
        ...


@dataclass(frozen=True, repr=False)
class Dataset:
    """All examples of a source, decoded, one row each.

    Args:
        inputs: (N, C, H, W) uint8 pictures, (N, F) float32 features, (N, T) integer tokens; usually mapped from a file.
            Several tensors have names.
        targets: (N,) int64 class indices; (N, H, W) uint8 masks; (N, T) uint8 or int64 labels of each token; zeros (N,)
            where there is nothing to predict but the input itself. Several have names: boxes, labels.
        classes: names of the classes, by index; none where targets are no classes.
        official: the splits that the source itself defines, as half-open ranges of rows: always ``train``, and
            ``val`` and ``test`` where the source has them.
        moments: (N, C, 2) float64, for every example and channel the sum and the sum of squares of its values, so
            that mean and deviation of any subset cost next to nothing; ``None`` for tokens, which are no quantities.
        groups: (N,) int64, examples that must not be separated by a split (one patient, one camera), or ``None``.
        names: where each example came from, if it was a file.
        skipped: files left out, each with its reason.
        counts: (N, K) int64, how often each class occurs in each example's targets; ``None`` where targets are (N,).
        metadata: whatever else tasks and models must know: ignored label, colours, vocabulary.
        columns: what each tensor is, by name: ``inputs``, ``targets``, ``targets.boxes``.
        contents: checksums of the stored tensors, by name.
        record: what a run writes down of where they come from.
    """

    inputs: Tree
    targets: Tree
    classes: tuple[str, ...]
    official: Mapping[str, tuple[int, int]]
    moments: Tensor | None
    groups: Tensor | None = None
    names: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    counts: Tensor | None = None
    metadata: Metadata = field(default_factory=Metadata)
    columns: Mapping[str, Column] = field(default_factory=dict)
    contents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    record: DataRecord = field(default_factory=DataRecord)

    sequential: ClassVar[bool] = False

    def __len__(self) -> int:
        return trees.size(self.targets)

    def __repr__(self) -> str:
        splits = ", ".join(f"{name} {stop - start:,}" for name, (start, stop) in self.official.items())
        shape, kind = self.input_shape, trees.first(self.inputs).dtype
        return f"Dataset({len(self):,} × {shape} {kind}, {len(self.classes)} classes, {splits})"

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one example without the batch axis; of the first tensor where there are several."""
        return tuple(trees.first(self.inputs).shape[1:])

    @property
    def target_shape(self) -> tuple[int, ...]:
        """Shape of one target without the batch axis; () where there are several tensors."""
        return tuple(self.targets.shape[1:]) if isinstance(self.targets, Tensor) else ()

    @property
    def labels(self) -> Tensor | None:
        """(N,) the class of each example as a whole, where it has one."""
        if not self.classes:
            return None
        found = [self.targets] if isinstance(self.targets, Tensor) else self._columns_of_kind("class")
        return next((leaf for leaf in found if isinstance(leaf, Tensor) and leaf.ndim == 1), None)

    @property
    def device(self) -> torch.device:
        """Where the values are."""
        return trees.first(self.inputs).device

    @property
    def nbytes(self) -> int:
        """Size of inputs and targets."""
        return trees.nbytes(self.inputs) + trees.nbytes(self.targets)

    def to(self, device: torch.device) -> Dataset:
        """With inputs and targets on a device."""
        return replace(self, inputs=trees.to(self.inputs, device), targets=trees.to(self.targets, device))

    def take(self, rows: Tensor) -> tuple[Any, Any]:
        """Inputs and targets of some rows."""
        return trees.take(self.inputs, rows), trees.take(self.targets, rows)

    def follow(self, targets: Tree, transform: Transform) -> Tree:
        """Each by its kind; what comes into a mask from outside has the ignored label."""
        columns = part_of(self.columns, "targets")
        return follow(targets, transform, columns, len(self.classes), self.metadata.ignore)

    def split(self, section: Split, seeds: Seeds) -> dict[str, Tensor]:
        """By :func:`paribus.data.prepare.split.split`."""
        numbers = [None if one is None else one.numpy() for one in (self.labels, self.groups)]
        return split(Divisible(len(self), self.classes, *numbers), self.official, section, seeds)

    def info(self, rows: Mapping[str, Tensor], decoding: Mapping[str, Any]) -> DataInfo:
        """With moments and class counts of the training rows alone."""
        mean, deviation = scaling(self, rows["train"])
        target_mean, target_deviation = target_scaling(self, rows["train"])
        return DataInfo(
            input_shape=self.input_shape,
            classes=self.classes,
            sizes={name: len(index) for name, index in rows.items()},
            class_counts=class_counts(self, rows["train"]),
            mean=mean,
            deviation=deviation,
            decoding=dict(decoding),
            target_shape=self.target_shape,
            target_mean=target_mean,
            target_deviation=target_deviation,
            columns={} if {*self.columns} == {"inputs", "targets"} else self.columns,  # the shapes say it
            overlap=self._overlap(rows),
            **vars(self._fitted(rows["train"])),
        )

    def _fitted(self, train: Tensor) -> Metadata:
        """What is known of the examples; of a table also how its columns become numbers, by the training rows."""
        if self.metadata.table is None:
            return self.metadata
        return replace(self.metadata, table=self.metadata.table.on(trees.first(self.inputs)[train].numpy(force=True)))

    def _overlap(self, rows: Mapping[str, Tensor]) -> float | None:
        """Validation examples for each one that may train, those included that ``split.limit`` leaves out."""
        if "val" in self.official:
            return None
        start, stop = self.official["train"]
        held = len(rows["test"]) if "test" in rows and "test" not in self.official else 0
        return len(rows["val"]) / (stop - start - held - len(rows["val"]))

    def _columns_of_kind(self, kind: str) -> list[Any]:
        named = self.targets if isinstance(self.targets, Mapping) else {}
        return [leaf for name, leaf in named.items() if self.columns[f"targets.{name}"].kind == kind]


def scaling(dataset: Dataset, train: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation of every channel over some rows; nothing for tokens."""
    if dataset.moments is None:
        return (), ()
    sums, squares = dataset.moments[train].sum(0).unbind(-1)  # (C,)
    values = len(train) * trees.first(dataset.inputs)[0].numel() / len(sums)  # stored values per channel
    mean = sums / values
    deviation = (squares / values - mean**2).clamp(min=0).sqrt()
    deviation[deviation == 0] = 1.0  # a constant channel stays as it is
    return tuple(mean.tolist()), tuple(deviation.tolist())


def target_scaling(dataset: Dataset, train: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation of every number that is predicted over some rows; nothing where targets are no numbers."""
    targets = dataset.targets
    if not isinstance(targets, Tensor) or not targets.is_floating_point() or targets.ndim > 2:
        return (), ()
    values = targets[train].double().reshape(len(train), -1)  # (n, K)
    deviation = values.std(0, correction=0)
    deviation[deviation == 0] = 1.0
    return tuple(values.mean(0).tolist()), tuple(deviation.tolist())


def class_counts(dataset: Dataset, rows: Tensor) -> tuple[int, ...]:
    """How often each class is a target among some rows; nothing where targets are no classes."""
    if dataset.counts is not None:
        return tuple(dataset.counts[rows].sum(0).tolist())
    if dataset.labels is None:
        return ()
    return tuple(dataset.labels[rows].bincount(minlength=len(dataset.classes)).tolist())


class Source(Protocol):
    """A data source: its constructor only stores the options; reading happens in :meth:`write`.

    A source whose rows are not yet its examples has a method ``to_examples(dataset) → Examples``: windows of a series.
    It is called whenever a run opens the data, so its options need not be in ``key()``. Who offers a source to
    others marks it with :func:`paribus.data.origin.origin`.

    A source that reads files has a method ``originals() → Originals`` that names them, or raises MissingData; then
    ``key()`` need not speak of their content. Without it, runs are told apart by what was written.
    """

    def key(self) -> Mapping[str, Any]:
        """Everything that decides the decoded content, as plain data: the cache's identity."""
        ...

    def write(self, cache: Any) -> None:
        """Decode all rows into a :class:`paribus.data.write.writer.Writer`, chunk by chunk."""
        ...
