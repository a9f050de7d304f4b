"""Targets as people have them in memory, as class indices, or as numbers to predict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from paribus.data.sources.arrays.values import as_array
from paribus.data.sources.masks.labels import IGNORE
from paribus.data.write.npy import Array
from paribus.errors import DataError

MANY = 1000  # classes from which whole numbers look like measured ones


class Labels(NamedTuple):
    """Targets as they are stored.

    Args:
        indices: split → (N,) int64, or (N, H, W) uint8 of masks; (N,) or (N, K) float32 of numbers to predict.
        classes: names of the classes, by index; none of numbers.
        about: what was done with them, in words; empty where nothing was.
    """

    indices: Mapping[str, Array]
    classes: tuple[str, ...]
    about: str = ""


def labels(targets: Mapping[str, Any], classes: Sequence[str] | None = None) -> Labels:
    """The classes of examples, given as numbers, words, or rows with a single 1; or numbers to predict.

    Fractions are numbers to predict, and so are more different whole numbers than classes usually are.

    Args:
        targets: split → its targets, the first being those of training.
        classes: names by index, or for words their order.

    Raises:
        DataError: if they are no classes, or a split has some that training lacks.
    """
    found = {split: _flat(as_array(given, "targets")) for split, given in targets.items()}
    train = next(iter(found.values()))
    if classes is None and train.dtype.kind in "buif" and _measured(train):
        what = "numbers to predict" if train.ndim == 1 else f"{train.shape[1]} numbers to predict"
        return Labels({split: _finite(array, split) for split, array in found.items()}, (), what)
    about = ""
    if train.ndim == 2 and train.shape[1] > 1:
        columns = train.shape[1]
        about = f"one-hot rows of {columns} taken for classes"
        found = {split: _from_rows(array) for split, array in found.items()}
        known: list[Any] = list(range(len(classes) if classes is not None else columns))
    elif classes is not None and train.dtype.kind in "buif":
        known = list(range(len(classes)))
    else:
        known = list(classes) if classes is not None else np.unique(train).tolist()
    found = {split: _comparable(array) for split, array in found.items()}
    names = _names(classes) or tuple(str(_plain(one)) for one in known)
    return Labels({split: _indices(array, known, split) for split, array in found.items()}, names, about)


def masks(targets: Mapping[str, Any], classes: Sequence[str] | None = None) -> Labels:
    """Masks (N, H, W) of class indices; :data:`IGNORE` is a pixel that is not learned.

    Raises:
        DataError: if they are no indices of classes.
    """
    found = {split: as_array(given, "targets") for split, given in targets.items()}
    top = -1
    for array in found.values():
        if array.dtype.kind not in "bui" or array.min() < 0 or array.max() > IGNORE:
            rule = f"masks hold class indices 0 … {IGNORE - 1}, and {IGNORE} where nothing is to be learned"
            raise DataError(rule, got=f"{array.dtype} values from {array.min()} to {array.max()}")
        known = array[array != IGNORE]
        top = max(top, int(known.max()) if known.size else -1)
    names = _names(classes) or tuple(map(str, range(top + 1)))
    if top >= len(names):
        raise DataError(f"class indices are 0 … {len(names) - 1}", got=str(top), hint="name every class in classes=")
    return Labels({split: array.astype(np.uint8) for split, array in found.items()}, names)


def _flat(array: Array) -> Array:
    """(N,) or rows (N, K); words that come as objects are words."""
    if array.dtype.kind == "O":
        if not all(isinstance(one, str) for one in array.reshape(-1)):
            got = f"{array.dtype} values of shape {array.shape}"
            raise DataError("targets are numbers or words", got=got, hint="give one class for each example")
        array = array.astype(str)
    if array.dtype.kind not in "buifU" or array.ndim not in (1, 2):
        rule = "targets are the class of each example (N,), or masks (N, H, W) of pictures"
        raise DataError(rule, got=f"{array.dtype} values of shape {array.shape}")
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array


def _measured(array: Array) -> bool:
    """Whether numbers are measured ones, and no classes."""
    known = array[np.isfinite(array)]
    if array.dtype.kind == "f" and (known != np.rint(known)).any():
        return True
    return array.ndim == 1 and len(np.unique(known)) > MANY


def _finite(array: Array, split: str) -> Array:
    """Numbers to predict as they are stored."""
    if array.dtype.kind not in "buif" or not np.isfinite(array).all():
        rule = f"targets of {split} are finite numbers, as those of training"
        raise DataError(rule, got=f"{array.dtype} values of shape {array.shape}", hint="leave such examples out")
    return array.astype(np.float32)


def _from_rows(array: Array) -> Array:
    """Class indices from rows with a single 1 each."""
    if array.ndim != 2 or array.dtype.kind not in "buif" or not _one_hot(array):
        rule = "targets with several columns are one-hot: a single 1 in each row"
        raise DataError(
            rule, got=f"{array.dtype} values of shape {array.shape}", hint="give one class for each example"
        )
    indices: Array = array.argmax(1)
    return indices


def _one_hot(array: Array) -> bool:
    return bool(((array == 0) | (array == 1)).all() and (array.sum(1) == 1).all())


def _comparable(array: Array) -> Array:
    """Whole numbers that come as floating-point ones, as whole numbers.

    Raises:
        DataError: for other fractions, which are no classes.
    """
    if array.dtype.kind != "f":
        return array
    if not np.isfinite(array).all() or (array != np.rint(array)).any():
        raise _no_classes(f"{array.dtype} values such as {array[array != np.rint(array)][0]:g}")
    return array.astype(np.int64)


def _indices(array: Array, known: Sequence[Any], split: str) -> Array:
    """(N,) int64: where in the list of the known classes each target stands."""
    place = {_plain(one): number for number, one in enumerate(known)}
    present, inverse = np.unique(array, return_inverse=True)
    if unknown := [one for one in present.tolist() if _plain(one) not in place]:
        got = f"{len(unknown)} in {split}: {', '.join(map(str, unknown[:5]))}"
        hint = f"known are: {', '.join(map(str, list(place)[:20]))}"
        raise DataError("every target is one of the classes", got=got, hint=hint)
    found: Array = np.array([place[_plain(one)] for one in present.tolist()], np.int64)[inverse.reshape(-1)]
    return found


def _plain(value: Any) -> Any:
    """Numbers that are equal are the same class, whatever their type."""
    return int(value) if isinstance(value, float) and not isinstance(value, bool) else value


def _names(classes: Sequence[str] | None) -> tuple[str, ...]:
    names = tuple(map(str, classes)) if classes is not None else ()
    if len(set(names)) < len(names):
        raise DataError("names of classes differ", got=", ".join(names[:20]))
    return names


def _no_classes(got: str) -> DataError:
    hint = "numbers to predict have fractions in training too; to make classes of numbers: np.digitize(y, edges)"
    return DataError("targets are classes: whole numbers, words, or one-hot rows", got=got, hint=hint)
