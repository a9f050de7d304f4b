"""What a trained network says of files."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import torch

from paribus.analysis.trained import Trained
from paribus.data.images import SUFFIXES
from paribus.errors import DataError
from paribus.tasks.answer import Answer


def predict(trained: Trained, files: Sequence[Path]) -> list[Answer]:
    """The task's answers about files; folders stand for the pictures in them.

    A file that cannot be read gets its reason instead of an answer.

    Raises:
        DataError: if the task gives no answers about files, or there is no file at all.
    """
    paths = [path for given in files for path in _expand(given)]
    if not paths:
        raise DataError("there are no pictures to look at", got=", ".join(map(str, files)) or "nothing")
    with torch.inference_mode():
        return trained.task.answers(trained.network, paths)


def to_csv(answers: Sequence[Answer]) -> str:
    """As CSV: file, label, one column per figure, problem."""
    names = next((list(one.figures) for one in answers if one.figures), [])
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(["file", "label", *map(_harmless, names), "problem"])
    for one in answers:
        figures = [f"{one.figures[name]:.6f}" if one.figures and name in one.figures else "" for name in names]
        writer.writerow([_harmless(one.file), _harmless(one.label), *figures, _harmless(one.problem)])
    return target.getvalue()


def _expand(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(entry for entry in path.rglob("*") if entry.suffix.lower() in SUFFIXES and entry.is_file())
    return [path]


def _harmless(text: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    return "'" + text if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
