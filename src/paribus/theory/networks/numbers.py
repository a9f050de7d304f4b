"""Numbers that users give: matrices typed on one line, or in files."""

from __future__ import annotations

import ast
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paribus.errors import TheoryError
from paribus.files import read_regular

Array = NDArray[Any]
DUST = 1e-12  # what rounding leaves of a 0, in numbers that a lecturer would write
MAX_BYTES = 10_000_000  # of a file
MOST = 2048  # numbers of an array: every one of them is varied in the proof
SHOWN = 64  # numbers of an array that a table still shows
TYPED = 'type rows of numbers, "3 4 5; 2 1 -3" or "[[3, 4], [2, 1]]", or a .json, .npy or .csv file'


def parse_array(text: str) -> Array:
    """``"3 4 5; 2 1 -3"`` or ``"[[3, 4], [5, 6]]"`` → a matrix, ``"3 4 5"`` → a vector, ``"x.npy"`` → a file's.

    Raises:
        TheoryError: not numbers, rows of different lengths, or no such file.
    """
    if Path(text).suffix in READERS:
        return _read(Path(text))
    if text.strip().startswith("["):
        try:
            return as_array(ast.literal_eval(text.strip()), "a matrix")
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            raise TheoryError("a matrix is made of numbers", got=_short(text), hint=TYPED) from None
    try:
        rows = [[float(word) for word in row.replace(",", " ").split()] for row in text.strip(" ;").split(";")]
    except ValueError:
        raise TheoryError("a matrix is made of numbers", got=text, hint=TYPED) from None
    return as_array(rows if len(rows) > 1 else rows[0], "a matrix")


def as_array(rows: Any, name: str) -> Array:
    """Finite numbers in rows of equal length.

    Raises:
        TheoryError: something else.
    """
    try:
        array = np.asarray(rows, float)
    except (TypeError, ValueError):
        raise TheoryError(f"{name} has numbers in rows of equal length", got=_short(rows), hint=TYPED) from None
    if not array.size or not np.isfinite(array).all():
        raise TheoryError(f"{name} has finite numbers, at least one", got=_short(rows), hint=TYPED)
    if array.size > MOST:
        raise TheoryError(
            f"by hand {name} has at most {MOST} numbers", got=f"{array.size}", hint="cut out a part of it"
        )
    return array


def read_values(path: Path) -> dict[str, Any]:
    """A JSON file of named numbers and arrays: ``{"x": [1, 2], "lr": 0.1}``.

    Raises:
        TheoryError: no such file, no JSON, or no object.
    """
    try:
        values = json.loads(read_regular(path, MAX_BYTES, TheoryError))
    except FileNotFoundError:
        raise TheoryError("there is no such file", got=str(path), hint="give the path of a JSON file") from None
    except ValueError as error:
        raise TheoryError(f"the file is not JSON: {error}", got=str(path)) from None
    if not isinstance(values, dict):
        raise TheoryError("the file holds names with their numbers", got=str(path), hint='write {"x": [1, 2], …}')
    return values


def shown(value: Any) -> str:
    """A number with six digits, an array in rows; a large one by its shape."""
    array = np.asarray(value, float)
    if array.size > SHOWN:
        return f"shape {array.shape}, mean {shown(array.mean())}"
    if not array.ndim:
        return f"{0.0 if abs(array) < DUST else float(array):.6g}"
    return "[" + ", ".join(shown(part) for part in array) + "]"


def generator(seed: int) -> np.random.Generator:
    """Where the numbers of an example come from.

    Raises:
        TheoryError: the seed is negative.
    """
    if seed < 0:
        raise TheoryError("a seed is a whole number from 0", got=seed)
    return np.random.default_rng(seed)


def fitting(given: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
    """Numbers for every name, each of its shape.

    Raises:
        TheoryError: a name without numbers, one that does not exist, or another shape.
    """
    if missing := [name for name in shapes if name not in given]:
        raise TheoryError("the values must have a number for everything", got=f"without {', '.join(missing)}")
    if strange := [name for name in given if name not in shapes]:
        raise TheoryError("the values name what is not there", got=strange[0], hint=f"there are {', '.join(shapes)}")
    found = {name: np.atleast_1d(as_array(given[name], name)) for name in shapes}
    for name, shape in shapes.items():
        if found[name].shape != shape:
            raise TheoryError(f"{name} has the shape {shape} here", got=f"shape {found[name].shape}")
    return found


def like(upstream: Any, x: Array, seed: int) -> Array:
    """The gradient that arrives at something of the shape of x; numbers with one decimal if it is not given.

    Raises:
        TheoryError: another shape.
    """
    above = as_array(upstream, "upstream") if upstream is not None else nice(generator(seed + 1), x.shape)
    if above.shape != x.shape:
        raise TheoryError("the upstream gradient has the shape of what comes out", got=f"{above.shape} and {x.shape}")
    return above


def numbered(sizes: Sequence[int]) -> str:
    """Sizes as people write them: 3 × 3."""
    return " × ".join(map(str, sizes))


def nice(rng: np.random.Generator, shape: tuple[int, ...], low: float = -1.0, high: float = 1.0) -> Array:
    """Random numbers with one decimal, none of them 0, as a lecturer picks them."""
    tenths = rng.integers(round(low * 10), round(high * 10) + 1, size=shape)
    return np.where(tenths == 0, 5, tenths) / 10


def _read(path: Path) -> Array:
    if not path.is_file():
        raise TheoryError("there is no such file", got=str(path), hint=TYPED)
    try:
        return as_array(READERS[path.suffix](path), str(path))
    except (ValueError, OSError) as error:
        raise TheoryError(f"the file cannot be read as numbers: {error}", got=str(path)) from None


def _json(path: Path) -> Any:
    return json.loads(read_regular(path, MAX_BYTES, TheoryError))


def _csv(path: Path) -> Any:
    return np.loadtxt(io.BytesIO(read_regular(path, MAX_BYTES, TheoryError)), delimiter=",", ndmin=2)


def _npy(path: Path) -> Any:
    return np.load(io.BytesIO(read_regular(path, MAX_BYTES, TheoryError)), allow_pickle=False)


READERS = {".json": _json, ".csv": _csv, ".npy": _npy}


def _short(rows: Any) -> str:
    text = str(rows)
    return text if len(text) <= 100 else text[:100] + " …"
