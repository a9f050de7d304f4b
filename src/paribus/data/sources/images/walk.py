"""The files below a folder, without following what leads elsewhere."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from paribus.data.sources.images.decoding import SUFFIXES

# what systems leave behind; names with a leading dot are hidden too
IGNORED = frozenset({"thumbs.db", "desktop.ini", "__macosx"})


def walk(root: Path) -> tuple[list[str], list[tuple[str, str]]]:
    """Names of all regular files below ``root``, and of what is not followed, with the reason.

    Links to folders are never followed, so there are no loops; links to files only if they stay below it.
    """
    files: list[str] = []
    skipped: list[tuple[str, str]] = []
    folders = [""]  # names below the root, each with a slash at its end
    while folders:
        folder = folders.pop()
        try:
            entries = [entry for entry in os.scandir(root / folder) if not _is_hidden(entry.name)]
        except OSError as error:
            skipped.append((folder, f"cannot be opened: {error.strerror}"))
            continue
        if not entries:
            skipped.append((folder, "an empty folder"))
        for entry in entries:
            if reason := _refusal(entry, root):
                skipped.append((folder + entry.name, reason))
            elif entry.is_dir():
                folders.append(f"{folder}{entry.name}/")
            else:
                files.append(folder + entry.name)
    return sorted(files), skipped


def _refusal(entry: os.DirEntry[str], root: Path) -> str:
    """Why an entry of a folder is not followed; empty if it is."""
    if entry.is_symlink() and not Path(os.path.realpath(entry.path)).is_relative_to(root):
        return "a link that leads out of the folder"
    try:
        mode = entry.stat().st_mode
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if stat.S_ISDIR(mode) and entry.is_symlink():
        return "a link to a folder"
    if stat.S_ISDIR(mode) and Path(entry.name).suffix.lower() in SUFFIXES:
        return "a folder named like a picture"
    return "" if stat.S_ISDIR(mode) or stat.S_ISREG(mode) else "not a regular file"


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in IGNORED
