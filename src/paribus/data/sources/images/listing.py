"""Which pictures a folder holds, and the class, split and group of each: from folder names or a CSV file."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from paribus.data.sources.images.decoding import decode
from paribus.data.sources.images.entry import Entry, Skipped
from paribus.data.sources.images.table import find_csv, from_csv
from paribus.data.sources.images.walk import walk
from paribus.data.splits import SPLIT_NAMES, SPLITS
from paribus.errors import DataError, MissingData


@dataclass(frozen=True)
class Listing:
    """All pictures of a folder, before any is opened: training first, then validation, then test."""

    root: Path
    entries: tuple[Entry, ...]
    skipped: Skipped = ()

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; numbers in their own order."""
        labels = {entry.label for entry in self.entries}
        return tuple(sorted(labels, key=lambda label: (int(label) if label.isdecimal() else -1, label)))


def listing(root: Path, labels: str = "folders", group: str | None = None) -> Listing:
    """List the pictures of a folder.

    Args:
        root: the folder: either one folder per class, or ``train``, ``validation`` and ``test`` folders with
            one folder per class in each.
        labels: ``folders``, or the path of a CSV file with the columns ``path``, ``label`` and perhaps
            ``split``.
        group: a column of the CSV file, or a regular expression with one group in parentheses that is
            searched in each file's path below the root; files that are no pictures need not match.

    Raises:
        DataError: if nothing can be learned from what is there; says what and where.
    """
    if not root.is_dir():
        hint = "check data.path; a relative path starts at the current folder or at PARIBUS_DATA"
        raise MissingData("data.path must be a folder of pictures", got=str(root), hint=hint)
    root = root.resolve()
    if labels == "folders":
        entries, skipped = _from_folders(root)
    else:
        entries, skipped = from_csv(root, find_csv(root, labels), group)
    if group and not any(entry.group for entry in entries):
        entries = _grouped(root, entries, group)
    entries.sort(key=lambda entry: (SPLITS.index(entry.split), entry.name))
    found = Listing(root, tuple(entries), tuple(sorted(skipped)))
    _check(found)
    return found


def _from_folders(root: Path) -> tuple[list[Entry], list[tuple[str, str]]]:
    files, skipped = walk(root)
    pieces = [name.split("/") for name in files]
    # a folder "train" that holds folders is a split; one that holds pictures is a class, of railways perhaps
    official = any(SPLIT_NAMES.get(piece[0].lower()) == "train" and len(piece) > 2 for piece in pieces)
    if not official:
        _refuse_splits_without_classes({piece[0] for piece in pieces if len(piece) > 1})
    read = _in_split if official else _in_class
    entries = []
    for name, piece in zip(files, pieces, strict=True):
        found = read(name, piece)
        if isinstance(found, Entry):
            entries.append(found)
        else:
            skipped.append((name, found))
    return entries, skipped


def _refuse_splits_without_classes(folders: set[str]) -> None:
    named = sorted(folder for folder in folders if folder.lower() in SPLIT_NAMES)
    if len({SPLIT_NAMES[folder.lower()] for folder in named}) > 1:
        hint = f"make {named[0]}/CLASS/… folders, or list the pictures in a CSV file for data.labels"
        raise DataError("the folders of the splits must hold one folder per class", got=", ".join(named), hint=hint)


def _in_class(name: str, piece: list[str]) -> Entry | str:
    return Entry(name, piece[0]) if len(piece) > 1 else "lies in no class folder"


def _in_split(name: str, piece: list[str]) -> Entry | str:
    split = SPLIT_NAMES.get(piece[0].lower())
    if split is None:
        return "lies outside of the train, validation and test folders"
    return Entry(name, piece[1], split) if len(piece) > 2 else "lies in no class folder"


def _grouped(root: Path, entries: list[Entry], pattern: str) -> list[Entry]:
    """Groups from file names; a file that cannot be used needs none."""
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise DataError(f"data.group is no regular expression: {error}", got=pattern) from None
    if not expression.groups:
        hint = r"for instance patient(\d+)"
        raise DataError("data.group must have a group in parentheses", got=pattern, hint=hint)
    found = []
    for entry in entries:
        match = expression.search(entry.name)
        group = match[1] if match else None
        if not group and _usable(root / entry.name):
            raise DataError("data.group must match every file name", got=entry.name, hint=f"correct {pattern!r}")
        found.append(replace(entry, group=group or ""))
    return found


def _usable(path: Path) -> bool:
    try:
        decode(path, size=8)
    except DataError:
        return False
    return True


def _check(found: Listing) -> None:
    """Refuse what no classifier can be trained on."""
    if not found.entries:
        hint = "put the pictures into one folder per class" + _sample(found.skipped)
        raise DataError("data.path holds no pictures in class folders", got=str(found.root), hint=hint)
    trained = Counter(entry.label for entry in found.entries if entry.split == "train")
    if len(found.classes) < 2:
        hint = "put the pictures of each class into a folder of its own"
        raise DataError("there must be at least two classes", got=", ".join(found.classes), hint=hint)
    for entry in found.entries:
        if entry.label not in trained:
            rule = f"every class must have training pictures; {entry.label!r} is only in {entry.split}"
            raise DataError(rule, got=entry.name, hint=f"training has {', '.join(sorted(trained)) or 'no pictures'}")


def _sample(skipped: Skipped) -> str:
    return "; left out: " + ", ".join(f"{name} ({reason})" for name, reason in skipped[:3]) if skipped else ""
