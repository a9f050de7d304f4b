"""Picture files as a network takes them, for tasks that predict for files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from paribus.data.info import DataInfo
from paribus.data.sources.images.decoding import Colour, decode
from paribus.errors import DataError, RecipeError
from paribus.tasks.prediction import Prediction

CHUNK = 256  # pictures decoded at a time


def of_one_size(
    files: Sequence[Path], info: DataInfo, predict: Callable[[Tensor], Sequence[Prediction]]
) -> list[Prediction]:
    """A prediction for each picture, decoded as in training; a file that cannot be read gets its reason.

    Args:
        files: the pictures, of which some are decoded at a time, so that their pixels fit into memory.
        info: of the data that the network was trained on.
        predict: what is said of pictures (B, C, H, W).
    """
    return [
        found for start in range(0, len(files), CHUNK) for found in _chunk(files[start : start + CHUNK], info, predict)
    ]


def _chunk(
    files: Sequence[Path], info: DataInfo, predict: Callable[[Tensor], Sequence[Prediction]]
) -> Iterator[Prediction]:
    pixels, problems = decoded(files, info)
    found = iter(predict(pixels) if len(pixels) else ())
    for path in files:
        problem = problems.get(path)
        yield Prediction(str(path), problem=problem) if problem else replace(next(found), file=str(path))


def decoded(files: Sequence[Path], info: DataInfo) -> tuple[Tensor, dict[Path, str]]:
    """The files that can be read as pixels (n, *input_shape) uint8, decoded as in training, and why others cannot.

    Raises:
        DataError: if the network was not trained on pictures.
    """
    colour, shape = _colour(info), info.input_shape
    decoding = info.decoding or {"size": shape[1:], "colour": colour, "fit": "pad"}
    pixels, problems = [], {}
    for path in files:
        try:
            pixels.append(decode(path, **decoding))
        except DataError as error:
            problems[path] = error.rule
    return torch.from_numpy(np.stack(pixels)) if pixels else torch.empty(0, *shape), problems


def for_every_pixel(outputs: Tensor, inputs: Tensor) -> Tensor:
    """What a network gave for pictures (B, C, H, W), as float32 (B, K, H, W).

    Raises:
        RecipeError: if it has no output for every pixel.
    """
    if outputs.ndim != 4 or outputs.shape[2:] != inputs.shape[2:]:
        got = f"{tuple(outputs.shape)} for pictures {tuple(inputs.shape)}"
        raise RecipeError("this task needs a model with an output for every pixel", got=got, hint="use model=unet")
    return outputs.float()


def own_size(path: Path, info: DataInfo) -> Tensor:
    """A picture file as pixels (C, H, W) uint8 of its own size, with the channels that the network takes.

    Raises:
        DataError: if it cannot be read, or the network was not trained on pictures.
    """
    return torch.from_numpy(decode(path, None, _colour(info)).copy())  # Pillow's own memory is read-only


def each(files: Sequence[Path], info: DataInfo, predict: Callable[[str, Tensor], Prediction]) -> list[Prediction]:
    """A prediction for each picture, taken in its own size; a file that cannot be read gets its reason."""
    predictions = []
    for path in files:
        try:
            picture = own_size(path, info)
        except DataError as error:
            predictions.append(Prediction(str(path), problem=error.rule))
        else:
            predictions.append(predict(str(path), picture))
    return predictions


def _colour(info: DataInfo) -> Colour:
    shape = info.input_shape
    if len(shape) != 3 or shape[0] not in (1, 3):
        raise DataError("this network does not take pictures, which have 1 or 3 channels", got=f"input shape {shape}")
    return "rgb" if shape[0] == 3 else "grey"
