"""Arrays as people hand them over: as data of a recipe, and as inputs of a network that was trained."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from paribus.data.info import DataInfo
from paribus.data.prepare import cache
from paribus.data.sources.arrays.arrays import Arrays
from paribus.data.sources.arrays.given import SCALE, given
from paribus.data.sources.arrays.values import Channels, Kind, numbers
from paribus.errors import DataError
from paribus.records.parts import Part

FAR = 5.0  # mean and deviation of training pictures whose values were not 0 … 1

logger = logging.getLogger(__name__)


class Data:
    """Arrays as the data of a recipe: NumPy arrays, torch tensors or lists, of any type of numbers.

    They are checked at once, brought into the form in which all data are stored, and kept in the cache under the hash
    of their content, which stands in the recipe. So other arrays are other runs, and workers find them too.

    >>> data = Data(inputs, targets)  # doctest: +SKIP
    >>> Run("digits/mlp", data=data).train()  # doctest: +SKIP

    Args:
        inputs: (N, F) vectors; (N, T, C) sequences, their steps first; pictures (N, H, W), (N, H, W, C) or
            (N, C, H, W), of any type: values 0 … 1 are stored as 0 … 255, as those of files are.
        targets: the class of each example (N,), as numbers, words or one-hot rows; numbers to predict, with fractions,
            (N,) or (N, K); masks (N, H, W) of class indices; nothing where only the inputs are learned.
        classes: names of the classes, by index; for words their order.
        test: inputs and targets of the held-out test; by default a share of the examples is held out.
        val: inputs and targets of validation; by default a share of the examples.
        names: of the examples, for lists of them.
        groups: (N,) what must not be separated by a split: patients, cameras.
        kind: ``pictures``, ``vectors`` or ``sequences``, where the shape would be misread.
        channels: ``first`` or ``last``, where it would be, too.

    Raises:
        DataError: for what is not finite, has several shapes, or is no number; it says where, and never prints arrays.
    """

    def __init__(
        self,
        inputs: Any,
        targets: Any = None,
        *,
        classes: Sequence[str] | None = None,
        test: tuple[Any, Any] | None = None,
        val: tuple[Any, Any] | None = None,
        names: Iterable[str] = (),
        groups: Any = None,
        kind: Kind = "auto",
        channels: Channels = "auto",
    ) -> None:
        splits = {"train": (inputs, targets), **_pair("val", val), **_pair("test", test)}
        found = given(splits, classes=classes, names=tuple(names), groups=groups, kind=kind, channels=channels)
        self.about = str(found)
        source = Arrays(content=found.digest)
        source.given = found
        cache.load(source)
        self.part = Part("arrays", content=found.digest)
        logger.info("data: %s", self.about)

    def __repr__(self) -> str:
        return f"Data({self.about})"


def _pair(split: str, value: Any) -> dict[str, tuple[Any, Any]]:
    if value is None:
        return {}
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise DataError(f"{split} is a pair of inputs and targets", got=value, hint=f"write {split}=(inputs, targets)")
    return {split: (value[0], value[1])}


def as_inputs(values: Any, info: DataInfo) -> Tensor:
    """Inputs as they were stored for training (N, *input_shape), from arrays of the shapes that :class:`Data` takes.

    One example may come without its first axis.

    Raises:
        DataError: if their shape or their range is not that of the training inputs.
    """
    array = numbers(values, "inputs")
    wanted = info.input_shape
    for shape, order in _forms(wanted, first=hasattr(values, "detach")):
        if array.shape[-len(shape) :] == shape and array.ndim - len(shape) in (0, 1):
            rows = array.reshape(-1, *shape).transpose(0, *(axis + 1 for axis in order)).reshape(-1, *wanted)
            return torch.from_numpy(rows.astype("float32", copy=True)) * _scale(rows, info)
    raise DataError(
        "inputs have the shape of the training inputs",
        got=f"shape {array.shape}",
        hint=f"the network was trained on {wanted}; give (N, {', '.join(map(str, wanted))})",
    )


def _forms(wanted: tuple[int, ...], first: bool) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Shapes in which an example may come, with the order of axes that makes it the wanted one."""
    as_stored = (wanted, tuple(range(len(wanted))))
    if len(wanted) == 3:
        channels, height, width = wanted
        forms = [as_stored, ((height, width, channels), (2, 0, 1))]
        return [*(forms if first else forms[::-1]), *([((height, width), (0, 1))] if channels == 1 else [])]
    if len(wanted) == 2:
        turned = (wanted[::-1], (1, 0))
        return [as_stored, turned] if first else [turned, as_stored]
    return [as_stored]


def _scale(rows: Any, info: DataInfo) -> float:
    """By what inputs are multiplied, so that they are as those of the training were.

    Raises:
        DataError: for pictures of values 0 … 1 where training had others, and nobody knows by what factor.
    """
    shares = rows.dtype.kind == "b" or (rows.dtype.kind == "f" and rows.min() >= 0 and rows.max() <= 1)
    if not shares or len(info.input_shape) != 3 or not info.mean:
        return 1.0
    if SCALE in info.more or info.decoding:  # files have 0 … 255
        return float(info.more.get(SCALE, 255.0))
    usual = max(info.mean) + max(info.deviation)
    if usual > FAR:
        rule = "inputs have the range of the training inputs"
        got = f"values {rows.min():g} … {rows.max():g}, in training {min(info.mean):.3g} ± {max(info.deviation):.3g}"
        raise DataError(rule, got=got, hint="give them as the training data were given")
    return 1.0
