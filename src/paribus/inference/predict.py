"""Predictions of a trained network for files."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import torch

from paribus.data.arrays import as_inputs
from paribus.data.sources.images.decoding import SUFFIXES
from paribus.errors import DataError
from paribus.files import save_all
from paribus.inference.ensemble import Ensemble, members
from paribus.streams import escaped
from paribus.tasks.prediction import Prediction
from paribus.tasks.preview import to_png

SHOWN = 20  # predictions that are printed
CHUNK = 256  # examples predicted at a time


class Predictions(list[Prediction]):
    """One prediction for each file or example, in order; a notebook shows them as a table."""

    def __repr__(self) -> str:
        lines = [f"{one.file}: {one.problem or one.label or one.text or 'done'}" for one in self[:SHOWN]]
        return "\n".join([*lines, *([f"… {len(self) - SHOWN:,} more"] if len(self) > SHOWN else [])])


def predict(
    run: Any, inputs: Any, *, arm: str | None = None, tta: str | int | None = None, runs: str | Path = "runs"
) -> Predictions:
    """The task's predictions for files, for the pictures in folders, or for arrays.

    A file that cannot be read gets its reason instead of a prediction. Of several networks, or several views of each
    picture, the probabilities of the classes are averaged.

    >>> pb.predict("last", ["cat.jpg", "more_cats"])  # doctest: +SKIP
    >>> pb.predict(run, inputs)[0].label  # doctest: +SKIP
    >>> pb.predict(study, "cats", arm="norm=batch", tta="flip")[0].agreement  # doctest: +SKIP

    Args:
        run: a trained network, or what :func:`load` takes: a path, ``last``, a Run; a list of them; or a study, of
            which all seeds of an arm predict together.
        inputs: one path or several, or arrays (N, …) as the training inputs were given.
        arm: of a study with several, ``"norm=batch"``.
        tta: test-time augmentation: ``"flip"``, or a number of views drawn by the recipe's augmentations.
        runs: the folder below which names of runs are looked for.

    Raises:
        DataError: if the task makes no predictions for such inputs, or there is nothing to predict for.
        RunError: if there is no such run.
        StudyError: if it is not said which arm of a study.
    """
    chosen = members(run, arm, runs)
    trained = chosen[0]
    ensemble = Ensemble(chosen, tta) if len(chosen) > 1 or tta is not None else None
    files = [inputs] if isinstance(inputs, (str, Path)) else inputs
    if isinstance(files, (list, tuple)) and all(isinstance(one, (str, Path)) for one in files):
        paths = expanded([Path(one) for one in files])
        with torch.inference_mode():
            if ensemble is not None:
                return Predictions(ensemble.predict_files(paths))
            return Predictions(trained.task.predict_files(trained.network, paths))
    rows = as_inputs(inputs, trained.info)
    with torch.inference_mode():
        ask = ensemble.predict_inputs if ensemble else partial(trained.task.predict_inputs, trained.network)
        pieces = [ask(some) for some in rows.split(CHUNK)]
    found = [one for some in pieces for one in some]
    return Predictions(replace(one, file=str(number)) for number, one in enumerate(found))


def expanded(files: Sequence[Path]) -> list[Path]:
    """Files as given, folders as the pictures in them.

    Raises:
        DataError: if there is none.
    """
    paths = [path for given in files for path in _expand(given)]
    if not paths:
        raise DataError("there are no pictures to look at", got=", ".join(map(str, files)) or "nothing")
    return paths


def to_csv(predictions: Sequence[Prediction]) -> str:
    """As CSV: file, label, one column per figure, problem; where predictions are tables, the rows of those.

    Of several networks or views there is a column ``agreement`` too: see :class:`.tasks.prediction.Prediction`.

    Names are written by :func:`.streams.escaped`, which :func:`.streams.unescaped` undoes, and one that a spreadsheet
    would take for a formula behind an apostrophe.
    """
    if tables := [one for one in predictions if one.table]:
        return _rows_of(tables)
    names = next((list(one.figures) for one in predictions if one.figures), [])
    together = ["agreement"] if any(one.agreement is not None for one in predictions) else []
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(["file", "label", *map(harmless, names), *together, "problem"])
    for one in predictions:
        figures = [f"{one.figures[name]:.6f}" if one.figures and name in one.figures else "" for name in names]
        agreed = ["" if one.agreement is None else f"{one.agreement:.6f}" for _ in together]
        writer.writerow([harmless(one.file), harmless(one.label), *figures, *agreed, harmless(one.problem)])
    return target.getvalue()


def save(predictions: Sequence[Prediction], folder: Path, overwrite: bool = False) -> list[Path]:
    """Write predictions that are more than a word, named like their files: ``.png``, ``.csv``, ``.txt``.

    Files of the same name in different folders are numbered: ``street.png``, ``street-2.png``.

    Returns:
        The files written.

    Raises:
        RunError: if one is there already that may not be written over, such as a picture that was predicted for.
    """
    contents: dict[Path, bytes | str] = {}
    taken: set[str] = set()  # also where names that differ in case are one name
    for one in predictions:
        name = _free(Path(one.file).stem, taken)
        taken.add(name.casefold())
        contents |= {folder / (name + suffix): content for suffix, content in _contents(one).items()}
    return save_all(contents, overwrite)


def _free(stem: str, taken: set[str]) -> str:
    """The first of ``stem``, ``stem-2``, … that is not taken."""
    names = (stem if number == 1 else f"{stem}-{number}" for number in count(1))
    return next(name for name in names if name.casefold() not in taken)


def _contents(one: Prediction) -> dict[str, bytes | str]:
    """What a prediction holds, by the suffix of the file that it belongs into."""
    found: dict[str, bytes | str] = {}
    if one.picture is not None:
        found[".png"] = to_png(one.picture)
    if one.table is not None:
        target = io.StringIO()
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(map(harmless, one.table))
        writer.writerows(zip(*one.table.values(), strict=True))
        found[".csv"] = target.getvalue()
    if one.text:
        found[".txt"] = one.text
    return found


def _rows_of(predictions: Sequence[Prediction]) -> str:
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    heads = list(dict.fromkeys(head for one in predictions for head in one.table or ()))
    writer.writerow(["file", *map(harmless, heads)])
    for one in predictions:
        columns = [(one.table or {})[head] for head in heads]
        for row in zip(*columns, strict=True):
            writer.writerow([harmless(one.file), *(_cell(entry) for entry in row)])
    return target.getvalue()


def _cell(entry: float | str) -> str:
    return harmless(entry) if isinstance(entry, str) else f"{entry:.6g}"


def _expand(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(entry for entry in path.rglob("*") if entry.suffix.lower() in SUFFIXES and entry.is_file())
    return [path]


def harmless(name: str) -> str:
    """Text that neither a spreadsheet takes for a formula nor a terminal for an order; see :func:`.streams.escaped`."""
    text = escaped(name)
    return "'" + text if text[:1] in {"=", "+", "-", "@"} else text
