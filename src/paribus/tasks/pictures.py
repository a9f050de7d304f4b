"""Picture files as a network takes them, for tasks that answer about files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from paribus.data.facts import Facts
from paribus.data.images import decode
from paribus.errors import DataError

CHUNK = 256  # pictures decoded at a time


def chunks(files: Sequence[Path]) -> Iterator[Sequence[Path]]:
    """Some files at a time, so that their pixels fit into memory."""
    for start in range(0, len(files), CHUNK):
        yield files[start : start + CHUNK]


def decoded(files: Sequence[Path], facts: Facts) -> tuple[Tensor, dict[Path, str]]:
    """The files that can be read as pixels (n, *input_shape) uint8, decoded as in training, and why others cannot.

    Raises:
        DataError: if the network was not trained on square pictures.
    """
    shape = facts.input_shape
    if len(shape) != 3 or shape[0] not in (1, 3):
        raise DataError("this network does not take pictures, which have 1 or 3 channels", got=f"input shape {shape}")
    if shape[1] != shape[2]:
        rule = "picture files can only be brought to squares, and this network takes other rectangles"
        raise DataError(rule, got=f"input shape {shape}", hint="bring them to this shape and call Trained.predict")
    decoding = facts.decoding or {"size": shape[1], "colour": "rgb" if shape[0] == 3 else "grey", "fit": "pad"}
    pixels, problems = [], {}
    for path in files:
        try:
            pixels.append(decode(path, **decoding))
        except DataError as error:
            problems[path] = error.rule
    return torch.from_numpy(np.stack(pixels)) if pixels else torch.empty(0, *shape), problems
