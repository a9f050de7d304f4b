"""What a trained network says of picture files."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from paribus.analysis.trained import Trained
from paribus.data.images import SUFFIXES, decode
from paribus.errors import DataError

CHUNK = 256  # pictures decoded at a time


@dataclass(frozen=True)
class Prediction:
    """The answer for one file.

    Args:
        file: the path as given.
        label: the most probable class; empty if the file cannot be read.
        probabilities: class → probability.
        problem: why there is no answer.
    """

    file: str
    label: str = ""
    probabilities: Mapping[str, float] | None = None
    problem: str = ""


def predict(trained: Trained, files: Sequence[Path]) -> list[Prediction]:
    """Classify picture files, decoded as the training pictures were; folders stand for the pictures in them.

    A file that cannot be read gets its reason instead of a label.

    Raises:
        DataError: if the network was not trained on square pictures, or there is no file at all.
    """
    shape = trained.facts.input_shape
    if len(shape) != 3 or shape[0] not in (1, 3):
        raise DataError("this network does not take pictures, which have 1 or 3 channels", got=f"input shape {shape}")
    if shape[1] != shape[2]:
        rule = "picture files can only be brought to squares, and this network takes other rectangles"
        raise DataError(rule, got=f"input shape {shape}", hint="bring them to this shape and call Trained.predict")
    paths = [path for given in files for path in _expand(given)]
    if not paths:
        raise DataError("there are no pictures to look at", got=", ".join(map(str, files)) or "nothing")
    default = {"size": shape[1], "colour": "rgb" if shape[0] == 3 else "grey", "fit": "pad"}
    decoding = trained.facts.decoding or default
    answers = []
    for start in range(0, len(paths), CHUNK):
        answers += _chunk(trained, paths[start : start + CHUNK], decoding)
    return answers


def to_csv(predictions: Sequence[Prediction]) -> str:
    """As CSV: file, label, one column of probability per class, problem."""
    classes = next((list(one.probabilities) for one in predictions if one.probabilities), [])
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(["file", "label", *map(_harmless, classes), "problem"])
    for one in predictions:
        shares = [f"{one.probabilities[name]:.6f}" if one.probabilities else "" for name in classes]
        writer.writerow([_harmless(one.file), _harmless(one.label), *shares, _harmless(one.problem)])
    return target.getvalue()


def _chunk(trained: Trained, paths: Sequence[Path], decoding: Mapping[str, object]) -> list[Prediction]:
    pixels, problems = [], {}
    for path in paths:
        try:
            pixels.append(decode(path, **decoding))  # type: ignore[arg-type]
        except DataError as error:
            problems[path] = error.rule
    rows = iter(trained.predict(torch.from_numpy(np.stack(pixels))).tolist() if pixels else [])
    answers = []
    for path in paths:
        if path in problems:
            answers.append(Prediction(str(path), problem=problems[path]))
            continue
        shares = dict(zip(trained.facts.classes, next(rows), strict=True))
        answers.append(Prediction(str(path), max(shares, key=shares.__getitem__), shares))
    return answers


def _expand(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(entry for entry in path.rglob("*") if entry.suffix.lower() in SUFFIXES and entry.is_file())
    return [path]


def _harmless(text: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    return "'" + text if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
