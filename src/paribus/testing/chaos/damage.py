"""What can happen to a file: bits flip, ends are lost, somebody else writes, deletes or links it."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

from paribus.files import TEMPORARY

Damage = Callable[[Path, random.Random], None]


def flip(path: Path, draw: random.Random) -> None:
    """Flip one bit."""
    content = bytearray(path.read_bytes())
    if content:
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    path.write_bytes(bytes(content))


def truncate(path: Path, draw: random.Random) -> None:
    """Lose the end."""
    os.truncate(path, draw.randrange(path.stat().st_size) if path.stat().st_size else 0)


def empty(path: Path, draw: random.Random) -> None:
    """Lose all."""
    os.truncate(path, 0)


def zero_tail(path: Path, draw: random.Random) -> None:
    """The end is zeros, as some file systems leave it after a crash."""
    content = path.read_bytes()
    keep = draw.randrange(len(content)) if content else 0
    path.write_bytes(content[:keep] + bytes(len(content) - keep))


def tear(path: Path, draw: random.Random) -> None:
    """Lose a part of the last line."""
    content = path.read_bytes()
    start = content.rstrip(b"\n").rfind(b"\n") + 1
    path.write_bytes(content[: draw.randrange(start, max(start + 1, len(content) - 1))])


def lose_lines(path: Path, draw: random.Random) -> None:
    """Lose one or two lines anywhere."""
    lines = path.read_bytes().splitlines(keepends=True)
    for _ in range(min(len(lines), draw.choice([1, 2]))):
        lines.pop(draw.randrange(len(lines)))
    path.write_bytes(b"".join(lines))


def delete(path: Path, draw: random.Random) -> None:
    """Be gone."""
    path.unlink()


def replace(path: Path, draw: random.Random) -> None:
    """Be other JSON."""
    others = [[], {}, None, 7, "text", {"format": 1}, {"surprise": True}, [{"epoch": 1}], {"pid": "x"}]
    path.write_text(json.dumps(draw.choice(others)) + "\n")


def move_and_link(path: Path, draw: random.Random) -> None:
    """Be a link to where the content is now."""
    moved = _outside(path)
    shutil.move(path, moved)
    path.symlink_to(moved)


def link_folder(path: Path, draw: random.Random) -> None:
    """Lie in a folder that is a link to elsewhere, if it is one of those that hold only files of one kind."""
    inner = path.parent
    if inner.name not in ("checkpoints", "previews", "figures"):
        return move_and_link(path, draw)
    moved = _outside(inner)
    shutil.move(inner, moved)
    inner.symlink_to(moved)
    return None


def dangling(path: Path, draw: random.Random) -> None:
    """Be a link to nothing, or to itself."""
    path.unlink()
    path.symlink_to(draw.choice([path.with_name("nowhere"), path]))


def folder(path: Path, draw: random.Random) -> None:
    """Be a folder."""
    path.unlink()
    path.mkdir()


def neighbour(path: Path, draw: random.Random) -> None:
    """Have a half-written file beside it that nobody will finish."""
    beside = path.parent / f"{TEMPORARY}{draw.randbytes(8).hex()}{path.suffix}"
    beside.write_bytes(path.read_bytes()[: draw.randrange(100)])
    os.utime(beside, (0, 0))  # of last week, not of somebody who is at work


def repeat(path: Path, draw: random.Random) -> None:
    """Be written twice."""
    path.write_bytes(path.read_bytes() * 2)


KINDS: tuple[Damage, ...] = (
    *(flip, truncate, empty, zero_tail, tear, lose_lines, repeat, replace),
    *(delete, move_and_link, link_folder, dangling, folder, neighbour),
)
DAMAGES = {kind.__name__.replace("_", " "): kind for kind in KINDS}


def files_below(root: Path) -> list[Path]:
    """All files of a tree, in an order that does not change."""
    return sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())


def _outside(path: Path) -> Path:
    """A free name in the folder ``outside`` of the place."""
    place = next(parent.parent for parent in path.parents if parent.name in ("runs", "cache"))
    (place / "outside").mkdir(exist_ok=True)
    return place / "outside" / path.name
