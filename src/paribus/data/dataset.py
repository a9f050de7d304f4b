"""What a data source becomes: all its examples as tensors, and the facts that the rest of the system needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from torch import Tensor


@dataclass(frozen=True, repr=False)
class Dataset:
    """All examples of a source, decoded.

    Args:
        inputs: (N, C, H, W) uint8 pictures or (N, F) float32 features; usually mapped from a cache file.
        targets: (N,) int64 class indices.
        classes: names of the classes, by index.
        official: the parts that the source itself defines, as half-open ranges of rows: always ``train``, and
            ``validation`` and ``test`` where the source has them.
        moments: (N, C, 2) float64, for every example and channel the sum and the sum of squares of its values, so
            that mean and deviation of any subset cost next to nothing.
        groups: (N,) int64, examples that must not be separated by a split (one patient, one camera), or ``None``.
        names: where each example came from, if it was a file.
    """

    inputs: Tensor
    targets: Tensor
    classes: tuple[str, ...]
    official: Mapping[str, tuple[int, int]]
    moments: Tensor
    groups: Tensor | None = None
    names: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = field(default=())  # files left out, each with its reason

    def __len__(self) -> int:
        return len(self.targets)

    def __repr__(self) -> str:
        parts = ", ".join(f"{part} {stop - start:,}" for part, (start, stop) in self.official.items())
        return f"Dataset({len(self):,} × {self.input_shape} {self.inputs.dtype}, {len(self.classes)} classes, {parts})"

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one example without the batch axis."""
        return tuple(self.inputs.shape[1:])


class Source(Protocol):
    """A data source: its constructor only stores the knobs; reading happens in :meth:`write`."""

    def key(self) -> Mapping[str, Any]:
        """Everything that decides the decoded content, as plain data: the cache's identity."""
        ...

    def write(self, cache: Any) -> None:
        """Decode all examples into a :class:`paribus.data.cache.Writer`, chunk by chunk."""
        ...
