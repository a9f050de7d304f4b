"""Whether decoded data on the disk are what was written: checksums of blocks, sampled when they are opened."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from paribus.errors import ParibusError
from paribus.files import write_bytes, write_shared
from paribus.progress import Announce, silent

BLOCK_BYTES = 1 << 22
SAMPLED = 2  # blocks of each file that every opening looks at, beside the first one with the header
DAY_SECONDS = 24 * 3600.0
STAMP = "checked.json"  # times of the files when all of them were last read: one that changed since is read whole

Blocks = Mapping[str, list[str]]  # file → checksum of each block


def blocks_of(path: Path) -> list[str]:
    """The checksums of all blocks of a file."""
    with path.open("rb") as file:
        return [_hash(content) for content in iter(lambda: file.read(BLOCK_BYTES), b"")]


def sealed(meta: Mapping[str, Any]) -> dict[str, Any]:
    """The description of decoded data, with a checksum of its own."""
    return {**meta, "seal": _seal(meta)}


def is_whole(meta: Mapping[str, Any]) -> bool:
    """Whether a description is as it was sealed."""
    return meta.get("seal") == _seal({name: value for name, value in meta.items() if name != "seal"})


def damaged(folder: Path, blocks: Blocks, whole: bool = False, progress: Announce = silent) -> list[str]:
    """The files of a folder that are not what was written.

    A few blocks of each are read; all of them once a day, when a file has another time, or when asked.

    Args:
        folder: of the decoded data.
        blocks: the checksums that were taken when they were written.
        whole: read all blocks.
        progress: told how far that is.
    """
    whole = whole or not _checked_lately(folder, blocks)
    total = sum(map(len, blocks.values()))
    found, done = [], 0
    for name, expected in blocks.items():
        chosen = range(len(expected)) if whole else _sample(len(expected))
        if not _same(folder / name, expected, chosen):
            found.append(name)
        done += len(expected)
        if whole and total > len(blocks):
            progress("checking the decoded data", done, total)
    if whole and not found:
        stamp(folder, blocks)
    return found


def stamp(folder: Path, blocks: Blocks) -> None:
    """Note that all files are as they were written, now."""
    with suppress(ParibusError, OSError):  # a cache that others own: it is sampled
        write_shared(folder / STAMP, json.dumps(_marks(folder, blocks)).encode())


def write_meta(path: Path, meta: Mapping[str, Any]) -> None:
    """Write a description and seal it."""
    write_bytes(path, json.dumps(sealed(json.loads(json.dumps(meta))), indent=2).encode())


def _same(path: Path, expected: list[str], chosen: Any) -> bool:
    try:
        with path.open("rb") as file:
            for number in chosen:
                file.seek(number * BLOCK_BYTES)
                if _hash(file.read(BLOCK_BYTES)) != expected[number]:
                    return False
    except OSError:
        return False
    return True


def _sample(count: int) -> list[int]:
    return sorted({0, *(secrets.randbelow(count) for _ in range(SAMPLED))}) if count else []


def _checked_lately(folder: Path, blocks: Blocks) -> bool:
    if not os.access(folder, os.W_OK):
        return True
    try:
        path = folder / STAMP
        recent = 0 <= time.time() - path.stat().st_mtime < DAY_SECONDS
        return recent and json.loads(path.read_bytes()) == _marks(folder, blocks)
    except (OSError, ValueError):
        return False


def _marks(folder: Path, blocks: Blocks) -> dict[str, list[int]]:
    found = {name: (folder / name).stat() for name in blocks}
    return {name: [info.st_mtime_ns, info.st_ctime_ns, info.st_ino] for name, info in found.items()}


def _hash(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=8).hexdigest()


def _seal(meta: Mapping[str, Any]) -> str:
    return _hash(json.dumps(meta, sort_keys=True).encode())
