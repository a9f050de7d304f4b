"""The facts of a data set that a model and a task must know; recorded with every run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from paribus.data.dataset import Dataset


@dataclass(frozen=True)
class DataInfo:
    """What is known of the data before training.

    Args:
        input_shape: shape of one example.
        classes: names of the classes; none where targets are no classes.
        sizes: examples per part: train, validation, test.
        class_counts: training examples per class; where each has many targets, those: pixels, tokens.
        mean, deviation: per channel, over the training part, in units of the stored values (0 … 255 for pictures);
            empty where inputs are no quantities, as tokens are.
        decoding: how pictures are made into tensors, so that prediction does the same; empty for other data.
        target_shape: shape of one target; () for a class.
        about: what else tasks and models must know, as plain data.
    """

    input_shape: tuple[int, ...]
    classes: tuple[str, ...]
    sizes: Mapping[str, int]
    class_counts: tuple[int, ...]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    decoding: Mapping[str, Any] = field(default_factory=dict)
    target_shape: tuple[int, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """As plain data for ``info.json``."""
        return asdict(self)

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> DataInfo:
        """Back from plain data."""
        values: dict[str, Any] = {
            key: tuple(entry) if isinstance(entry, list) else entry for key, entry in content.items()
        }
        return cls(**values)


def gather(dataset: Dataset, rows: Mapping[str, Tensor], decoding: Mapping[str, Any]) -> DataInfo:
    """The facts of a data set that was split into ``rows``; moments come from the training rows alone."""
    train = rows["train"]
    mean, deviation = scaling(dataset, train)
    return DataInfo(
        input_shape=dataset.input_shape,
        classes=dataset.classes,
        sizes={part: len(index) for part, index in rows.items()},
        class_counts=class_counts(dataset, train),
        mean=mean,
        deviation=deviation,
        decoding=dict(decoding),
        target_shape=tuple(dataset.targets.shape[1:]),
        about=dict(dataset.about),
    )


def scaling(dataset: Dataset, train: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation of every channel over some rows; nothing for tokens."""
    if dataset.moments is None:
        return (), ()
    sums, squares = dataset.moments[train].sum(0).unbind(-1)  # (C,)
    values = len(train) * dataset.inputs[0].numel() / len(sums)  # stored values per channel
    mean = sums / values
    deviation = (squares / values - mean**2).clamp(min=0).sqrt()
    deviation[deviation == 0] = 1.0  # a constant channel stays as it is
    return tuple(mean.tolist()), tuple(deviation.tolist())


def class_counts(dataset: Dataset, rows: Tensor) -> tuple[int, ...]:
    """How often each class is a target among some rows; nothing where targets are no classes."""
    if dataset.counts is not None:
        return tuple(dataset.counts[rows].sum(0).tolist())
    if dataset.labels is None:
        return ()
    return tuple(dataset.labels[rows].bincount(minlength=len(dataset.classes)).tolist())
