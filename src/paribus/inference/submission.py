"""Predictions as leaderboards want them: an id and a label for each file, or an id and probabilities."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from paribus import files
from paribus.errors import DataError, nearest
from paribus.inference.predict import harmless
from paribus.tasks.prediction import Prediction

LARGEST = 1 << 28  # bytes of a sample that is read
NAMED = 5  # ids that an error names


@dataclass(frozen=True)
class Layout:
    """What a submission looks like.

    Args:
        columns: the first for the id; then classes, for their probabilities, or one other name, for the label.
        ids: in the order in which they are wanted; ``None`` for all files in their own.
    """

    columns: tuple[str, ...] = ("id", "label")
    ids: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Submission:
    """A submission as text, with the files that it has no row for, since nobody asked for them."""

    text: str
    rows: int
    left_out: tuple[str, ...] = ()


def layout(columns: str | None = None, like: Path | None = None) -> Layout:
    """From ``id,cat,dog``, or from a sample file with a header and the ids; by default ``id,label``.

    Raises:
        DataError: for both, a sample that is none, or columns that are none.
    """
    if columns and like:
        got = f"--columns {columns} and --like {like}"
        raise DataError("the columns are those of the sample", got=got, hint="leave one of the two out")
    if like is not None:
        return _sample(like)
    return _checked(tuple(name.strip() for name in columns.split(","))) if columns else Layout()


def _sample(path: Path) -> Layout:
    try:
        text = files.read_regular(path, LARGEST).decode("utf-8-sig")
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"a sample submission is a CSV file: {error}", got=str(path)) from None
    if len(rows) < 2:
        hint = "give the file that the leaderboard offers as a sample"
        raise DataError("a sample submission has a header and a row for every id", got=str(path), hint=hint)
    ids = tuple(row[0] for row in rows[1:])
    if twice := [name for name, times in Counter(ids).items() if times > 1]:
        raise DataError("a sample submission has each id once", got=_some(twice), hint=f"correct {path}")
    return _checked(tuple(rows[0]), ids)


def _checked(columns: tuple[str, ...], ids: tuple[str, ...] | None = None) -> Layout:
    if len(columns) < 2 or len({*columns}) < len(columns) or not all(columns):
        rule = "a submission has a column for the id, then one for the label, or some for classes, each once"
        raise DataError(rule, got=",".join(columns), hint="write --columns id,label")
    return Layout(columns, ids)


def submission(predictions: Sequence[Prediction], wanted: Layout, folders: Iterable[Path] = ()) -> Submission:
    """Write predictions in a layout.

    The id of a file is its name without suffix. Where a sample gives the ids, they may be names, with suffix or
    without, or paths within the folders that were predicted for.

    Raises:
        DataError: for a file without prediction, a column that is no class, ids that are not one file each, and an id
            that a spreadsheet would take for a formula.
    """
    if failed := [one for one in predictions if one.problem]:
        rule = f"a submission has a prediction for every file, and {len(failed)} cannot be read: {failed[0].problem}"
        raise DataError(rule, got=_some([one.file for one in failed]), hint="take them out of the folder")
    names = list(predictions[0].figures or ())
    values = _values(wanted.columns[1:], names)
    by_id = _own(predictions) if wanted.ids is None else _asked(predictions, wanted.ids, [*folders])
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(wanted.columns)
    for name, one in by_id.items():
        if harmless(name) != name:
            rule = "a submission writes ids as they are, and a spreadsheet or a terminal would obey this one"
            raise DataError(rule, got=harmless(name), hint="rename the file")
        writer.writerow([name, *([one.label] if values is None else [_number(one, value) for value in values])])
    chosen = {id(one) for one in by_id.values()}
    return Submission(target.getvalue(), len(by_id), tuple(one.file for one in predictions if id(one) not in chosen))


def _values(columns: Sequence[str], names: Sequence[str]) -> Sequence[str] | None:
    """The classes whose probabilities stand in the columns; ``None`` for the label."""
    strange = [column for column in columns if column not in names]
    if not strange:
        return columns
    if len(columns) == 1:
        return None
    rule = "the columns behind the id are classes, for their probabilities, or a single other one, for the label"
    raise DataError(rule, got=_some(strange), hint=nearest(strange[0], names))


def _number(one: Prediction, name: str) -> str:
    return f"{(one.figures or {})[name]:.6f}"


def _own(predictions: Sequence[Prediction]) -> dict[str, Prediction]:
    """Every file by its name without suffix."""
    found: defaultdict[str, list[Prediction]] = defaultdict(list)
    for one in predictions:
        found[Path(one.file).stem].append(one)
    if twice := [same for same in found.values() if len(same) > 1]:
        hint = "say the ids with --like sample_submission.csv: they may be names with suffix, or paths"
        raise DataError("two files have one id", got=_some([one.file for one in twice[0]]), hint=hint)
    return {name: same[0] for name, same in found.items()}


def _asked(predictions: Sequence[Prediction], ids: Sequence[str], folders: Sequence[Path]) -> dict[str, Prediction]:
    """The file of each id, in the order of the ids."""
    known: defaultdict[str, dict[str, Prediction]] = defaultdict(dict)
    for one in predictions:
        for name in _names(Path(one.file), folders):
            known[name][one.file] = one
    if missing := [name for name in ids if name not in known]:
        rule = f"{len(missing)} of {len(ids)} ids of the sample have no file here"
        raise DataError(rule, got=_some(missing), hint=f"the first file here is {predictions[0].file}")
    return {name: _only(name, known[name]) for name in ids}


def _names(path: Path, folders: Sequence[Path]) -> set[str]:
    """What an id may call a file."""
    within = [path.relative_to(folder) for folder in folders if path.is_relative_to(folder) and path != folder]
    forms = [path, Path(path.name), *within]
    return {text for form in forms for text in (form.as_posix(), form.with_suffix("").as_posix())}


def _only(name: str, found: Mapping[str, Prediction]) -> Prediction:
    if len(found) > 1:
        hint = "predict for one folder at a time"
        raise DataError(f"several files have the id {harmless(name)}", got=_some([*found]), hint=hint)
    return next(iter(found.values()))


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(map(harmless, names[:NAMED])) + more
