"""Folders in pieces, on their way between machines: no piece is larger than a small object store can hold."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from paribus import files
from paribus.errors import RunError

PIECE_BYTES = 16_000_000
STAYS = ("lock",)  # of a run folder: it belongs to the machine
LAST = ("status.json", "result.json")  # they say of the others that they are whole


@dataclass(frozen=True)
class Piece:
    """A part of a file.

    Args:
        name: of the file, within the folder.
        content: some of it; ``None`` where the file is gone.
        last: whether the file ends here.
    """

    name: str
    content: bytes | None
    last: bool = True


class Changes:
    """What has changed in a folder since the last time that somebody asked.

    Args:
        folder: that one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[str, tuple[int, int]] = {}  # file → time and size

    def pieces(self) -> Iterator[Piece]:
        """All files that are new or others, and those that are gone, in an order in which nobody is misled."""
        found = self._look()
        for name in sorted(found, key=_rank):
            if found[name] != self._known.get(name):
                yield from _pieces(self.folder / name, name)
        for name in self._known.keys() - found.keys():
            yield Piece(name, None)
        self._known = found

    def _look(self) -> dict[str, tuple[int, int]]:
        found = {}
        for place, _, names in os.walk(self.folder):
            for name in names:
                path = Path(place, name)
                if name in STAYS or name.startswith(files.TEMPORARY) or path.is_symlink():
                    continue
                try:
                    about = path.stat()
                except OSError:  # it went while we looked
                    continue
                found[path.relative_to(self.folder).as_posix()] = (about.st_mtime_ns, about.st_size)
        return found


class Arrivals:
    """Where pieces become files again.

    Args:
        folder: in which.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._begun: dict[str, list[bytes]] = {}

    def take(self, piece: Piece) -> None:
        """Take in a piece; its file appears with the last one, whole.

        Raises:
            RunError: for a name that leads out of the folder, or if the disk is full.
        """
        path = self._place(piece.name)
        if piece.content is None:
            self._begun.pop(piece.name, None)
            path.unlink(missing_ok=True)
            return
        parts = self._begun.setdefault(piece.name, [])
        parts.append(piece.content)
        if piece.last:
            files.write_bytes(path, b"".join(self._begun.pop(piece.name)), durable=piece.name in LAST)

    def _place(self, name: str) -> Path:
        inside = PurePosixPath(name)
        if inside.is_absolute() or ".." in inside.parts or not inside.parts:
            raise RunError("a file of a run lies in its folder", got=name)
        return self.folder / inside


def _pieces(path: Path, name: str) -> Iterator[Piece]:
    """A file as it is now; nothing where it has gone."""
    try:
        with path.open("rb") as file:
            content = file.read(PIECE_BYTES)
            while following := file.read(PIECE_BYTES):
                yield Piece(name, content, last=False)
                content = following
            yield Piece(name, content)
    except FileNotFoundError:
        return


def _rank(name: str) -> tuple[bool, bool, str]:
    return name in LAST, name.endswith(".json"), name
