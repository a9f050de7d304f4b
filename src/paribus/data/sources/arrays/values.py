"""Inputs as people have them in memory, arranged as they are stored: channels first, pictures as 0 … 255."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from paribus.data.write.npy import Array
from paribus.errors import DataError

Kind = Literal["auto", "pictures", "vectors", "sequences"]
Channels = Literal["auto", "first", "last"]

CHANNELS = (1, 2, 3, 4)  # sizes of an axis that is taken for the colours of pictures
EXACT = 1e-3  # of a grey level: values this near to a step of 1/255 are one


class Pieces(NamedTuple):
    """Some values as they are stored, and what was done with them that their owner may want to know."""

    values: Array
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Arrangement:
    """How inputs are brought into the form in which they are stored: the same for every split, and for predictions.

    Args:
        kind: what an example is.
        shape: of an example as it is given.
        order: its axes in the order in which they are stored, counted from 0; an axis of size 1 is set before those of
            grey pictures.
        scale: by what values are multiplied: 255 for pictures whose values lie in 0 … 1.
        dtype: of the stored values.
    """

    kind: Literal["pictures", "vectors", "sequences"]
    shape: tuple[int, ...]
    order: tuple[int, ...]
    scale: float = 1.0
    dtype: str = "float32"

    @property
    def stored_shape(self) -> tuple[int, ...]:
        """Shape of an example as it is stored: (C, H, W), (C, T) or (F,)."""
        shape = tuple(self.shape[axis] for axis in self.order)
        return (1, *shape) if self.kind == "pictures" and len(shape) == 2 else shape or (1,)

    def apply(self, values: Array) -> Array:
        """Examples (N, *shape) as they are stored (N, *stored_shape)."""
        turned = values.transpose(0, *(axis + 1 for axis in self.order)).reshape(len(values), *self.stored_shape)
        if self.scale != 1.0:
            turned = turned * np.float64(self.scale)
        if self.dtype == "uint8":
            turned = np.rint(turned)
        return np.ascontiguousarray(turned, self.dtype)


def numbers(values: Any, what: str) -> Array:
    """The numbers in an array, a tensor, a list of either, or a data frame.

    Args:
        values: them.
        what: they are called in errors: inputs.

    Raises:
        DataError: if they are no numbers, not finite, of several shapes, or none at all.
    """
    array = as_array(values, what)
    if array.dtype.kind not in "buif":
        hint = "turn categories into numbers first, and sparse matrices into arrays (matrix.toarray())"
        raise DataError(f"{what} are numbers", got=f"{array.dtype} values of shape {array.shape}", hint=hint)
    if not array.ndim or not array.size:
        raise DataError(f"{what} hold at least one example", got=f"shape {array.shape}")
    if array.dtype.kind == "f":
        _check_finite(array, what)
    return array


def as_array(values: Any, what: str) -> Array:
    """Any array, tensor or list as a NumPy array, whatever it holds.

    Raises:
        DataError: if examples differ in their shapes.
    """
    if hasattr(values, "detach"):  # a tensor; NumPy has no bfloat16
        tensor = values.detach().cpu()
        values = tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor
    elif isinstance(values, (list, tuple)) and values and hasattr(values[0], "detach"):
        values = [as_array(one, what) for one in values]
    try:
        return np.asarray(values)
    except ValueError:
        shapes = sorted({np.shape(one) for one in values if not isinstance(one, (list, tuple))} or {()})
        got = f"shapes {', '.join(map(str, shapes[:3]))}" if len(shapes) > 1 else "rows of different lengths"
        raise DataError(f"all {what} have one shape", got=got, hint="cut, pad or resize them to one first") from None


def arrangement(array: Array, kind: Kind = "auto", channels: Channels = "auto", first: bool = False) -> Arrangement:
    """Recognise by their shape what examples (N, …) are.

    Args:
        array: all of them.
        kind: what they are, where their shape would be misread.
        channels: which axis of pictures holds the colours.
        first: whether channels stand first where both ends could be them, as torch has it; NumPy has them last.

    Raises:
        DataError: if they cannot be pictures, sequences or vectors.
    """
    shape = array.shape[1:]
    found = _kind(array) if kind == "auto" else kind
    axes = {"vectors": (0, 1), "sequences": (2,), "pictures": (2, 3)}[found]
    if len(shape) not in axes:
        rule = {
            "vectors": "vectors are an array (N, features)",
            "sequences": "sequences are an array (N, steps, channels)",
            "pictures": "pictures are an array (N, height, width), or one with channels first or last",
        }[found]
        raise DataError(rule, got=f"shape {array.shape}", hint="give kind='pictures', 'vectors' or 'sequences'")
    if found == "vectors":
        return Arrangement("vectors", shape, tuple(range(len(shape))))
    if found == "sequences":
        return Arrangement("sequences", shape, (1, 0))
    order = (0, 1) if len(shape) == 2 else _order(shape, channels, first)
    scale, dtype = _scale(array)
    return Arrangement("pictures", shape, order, scale, dtype)


def described(one: Arrangement) -> str:
    """What was recognised, in words: ``grey pictures of 28×28 pixels, channels last``."""
    shape = one.stored_shape
    if one.kind == "vectors":
        return f"vectors of {shape[0]:,} features"
    if one.kind == "sequences":
        return f"sequences of {shape[1]:,} steps and {shape[0]:,} channels (steps first, as given)"
    colour = {1: "grey", 3: "colour"}.get(shape[0], f"{shape[0]}-channel")
    where = "" if len(one.shape) == 2 else ", channels first" if one.order == (0, 1, 2) else ", channels last"
    scaled = f", values 0 … 1 stored as 0 … {one.scale:g}" if one.scale != 1 else ""
    return f"{colour} pictures of {shape[1]}×{shape[2]} pixels{where}{scaled}"


def _kind(array: Array) -> Literal["pictures", "vectors", "sequences"]:
    """By the number of axes; of three, whole numbers and squares are pictures, all else sequences."""
    axes = array.ndim - 1
    if axes < 2:
        return "vectors"
    if axes == 2:
        square = array.shape[1] == array.shape[2]
        return "pictures" if square or array.dtype.kind in "bui" else "sequences"
    if axes == 3:
        return "pictures"
    rule = "inputs are vectors (N, F), sequences (N, T, C) or pictures (N, H, W), (N, H, W, C), (N, C, H, W)"
    raise DataError(
        rule, got=f"shape {array.shape}", hint="videos and volumes: give single pictures or features of them"
    )


def _order(shape: tuple[int, ...], channels: Channels, first: bool) -> tuple[int, ...]:
    if channels != "auto":
        return (0, 1, 2) if channels == "first" else (2, 0, 1)
    might = [shape[0] in CHANNELS, shape[2] in CHANNELS]
    if not any(might):
        got, hint = f"pictures of shape {shape}", "give channels='first' or channels='last'"
        raise DataError("pictures have 1 to 4 channels, before or behind height and width", got=got, hint=hint)
    return (0, 1, 2) if might == [True, False] or (all(might) and first) else (2, 0, 1)


def _scale(array: Array) -> tuple[float, str]:
    """By what the values of pictures are multiplied, and the type in which they are stored."""
    kind, low, high = array.dtype.kind, array.min(), array.max()
    if kind == "b":
        return 255.0, "uint8"
    if kind in "ui":
        return 1.0, "uint8" if low >= 0 and high <= 255 else "float32"
    scale = 255.0 if low >= 0 and 0 < high <= 1 else 1.0
    whole = low >= 0 and high * scale <= 255 and _whole(array, scale)
    return scale, "uint8" if whole else "float32"


def _whole(array: Array, scale: float) -> bool:
    """Whether all values times the scale are whole numbers, looked at piece by piece."""
    flat = array.reshape(-1)
    for start in range(0, len(flat), 1 << 22):
        piece = flat[start : start + (1 << 22)].astype(np.float64) * scale
        if np.abs(piece - np.rint(piece)).max() > EXACT:
            return False
    return True


def _check_finite(array: Array, what: str) -> None:
    with np.errstate(over="ignore"):
        lost = ~np.isfinite(array.astype(np.float32, copy=False)).reshape(len(array), -1).all(1)
    if lost.any():
        got = f"{int(lost.sum()):,} of {len(array):,} examples with other values, the first is number {lost.argmax():,}"
        raise DataError(f"{what} are finite numbers", got=got, hint="fill or drop missing values first")
