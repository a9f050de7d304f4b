"""What a data source becomes: examples from which batches are cut, and the facts that the rest of the system needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor

from paribus.chance import Seeds
from paribus.data.info import DataInfo, gather
from paribus.data.prepare.split import split
from paribus.records.recipe import Split


class Examples(Protocol):
    """What a run needs of its data, however they are stored: pictures with labels, windows of a series, a text.

    Inputs have their channels first: (C, H, W), (C, T), or (F,); tokens are integers (T,).
    """

    sequential: ClassVar[
        bool
    ]  # whether they are one long text in order: then a batch goes on where the last one stopped

    @property
    def joint(self) -> bool:
        """Whether targets are masks, which move when their pictures move."""
        ...

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

    def take(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs (B, …) and targets (B, …) of some examples, on the device of the stored values."""
        ...

    def split(self, section: Split, seeds: Seeds) -> dict[str, Tensor]:
        """Rows of the examples that train, validate and test: sorted int64, by name of the part."""
        ...

    def info(self, rows: Mapping[str, Tensor], decoding: Mapping[str, Any]) -> DataInfo:
        """What is known of the examples that were divided so, from the training part alone."""
        ...


@dataclass(frozen=True, repr=False)
class Dataset:
    """All examples of a source, decoded, one row each.

    Args:
        inputs: (N, C, H, W) uint8 pictures, (N, F) float32 features, (N, T) integer tokens; usually mapped from a file.
        targets: (N,) int64 class indices; (N, H, W) uint8 masks; (N, T) uint8 or int64 labels of each token; zeros (N,)
            where there is nothing to predict but the input itself.
        classes: names of the classes, by index; none where targets are no classes.
        official: the parts that the source itself defines, as half-open ranges of rows: always ``train``, and
            ``validation`` and ``test`` where the source has them.
        moments: (N, C, 2) float64, for every example and channel the sum and the sum of squares of its values, so
            that mean and deviation of any subset cost next to nothing; ``None`` for tokens, which are no quantities.
        groups: (N,) int64, examples that must not be separated by a split (one patient, one camera), or ``None``.
        names: where each example came from, if it was a file.
        skipped: files left out, each with its reason.
        counts: (N, K) int64, how often each class occurs in each example's targets; ``None`` where targets are (N,).
        about: whatever else tasks and models must know, as plain data: ignored label, colours, vocabulary.
    """

    inputs: Tensor
    targets: Tensor
    classes: tuple[str, ...]
    official: Mapping[str, tuple[int, int]]
    moments: Tensor | None
    groups: Tensor | None = None
    names: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    counts: Tensor | None = None
    about: Mapping[str, Any] = field(default_factory=dict)

    sequential: ClassVar[bool] = False

    def __len__(self) -> int:
        return len(self.targets)

    def __repr__(self) -> str:
        parts = ", ".join(f"{part} {stop - start:,}" for part, (start, stop) in self.official.items())
        return f"Dataset({len(self):,} × {self.input_shape} {self.inputs.dtype}, {len(self.classes)} classes, {parts})"

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one example without the batch axis."""
        return tuple(self.inputs.shape[1:])

    @property
    def joint(self) -> bool:
        """Whether the targets are masks of the pictures' size."""
        return self.targets.ndim > 2 and self.targets.shape[1:] == self.inputs.shape[2:]

    @property
    def labels(self) -> Tensor | None:
        """(N,) the class of each example as a whole, where it has one."""
        return self.targets if self.targets.ndim == 1 and self.classes else None

    @property
    def device(self) -> torch.device:
        """Where the values are."""
        return self.inputs.device

    @property
    def nbytes(self) -> int:
        """Size of inputs and targets."""
        return self.inputs.nbytes + self.targets.nbytes

    def to(self, device: torch.device) -> Dataset:
        """With inputs and targets on a device."""
        return replace(self, inputs=self.inputs.to(device), targets=self.targets.to(device))

    def take(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs and targets of some rows."""
        return self.inputs.index_select(0, rows), self.targets.index_select(0, rows)

    def split(self, section: Split, seeds: Seeds) -> dict[str, Tensor]:
        """By :func:`paribus.data.prepare.split.split`."""
        return split(self, section, seeds)

    def info(self, rows: Mapping[str, Tensor], decoding: Mapping[str, Any]) -> DataInfo:
        """By :func:`paribus.data.info.gather`."""
        return gather(self, rows, decoding)


class Source(Protocol):
    """A data source: its constructor only stores the options; reading happens in :meth:`write`.

    A source whose rows are not yet its examples has a method ``arrange(dataset) → Examples``: windows of a series. It
    is called whenever a run opens the data, so its options need not be in ``key()``.
    """

    def key(self) -> Mapping[str, Any]:
        """Everything that decides the decoded content, as plain data: the cache's identity."""
        ...

    def write(self, cache: Any) -> None:
        """Decode all rows into a :class:`paribus.data.prepare.cache.Writer`, chunk by chunk."""
        ...
