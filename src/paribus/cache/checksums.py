"""Checksums of files by their content, remembered by size and times: what has not changed is not read again."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from paribus.cache import paths
from paribus.errors import ParibusError
from paribus.files import write_shared
from paribus.progress import Announce, silent

SETTLED_SECONDS = 2.0  # what was written a shorter while ago may be written again without another time
THREADS = 8  # that read at once: hashing leaves Python's lock alone
STEP = 256  # files between two reports of progress

Known = dict[str, tuple[list[int], str]]  # path of a file → its mark, and its checksum


def checksums(
    root: Path, names: Sequence[str], progress: Announce = silent, algorithm: str = "blake2b"
) -> dict[str, str]:
    """The checksums of files below a folder, by name.

    Args:
        root: the folder.
        names: of the files, with slashes.
        progress: told how many of those are read that were not known.
        algorithm: of hashlib; of blake2b, 16 bytes.

    Returns:
        Hexadecimal digits; for a file that cannot be read, the reason.
    """
    book = _book(root, algorithm)
    known = _known(book)
    marks = {name: _mark(root / name) for name in names}
    found = {name: known[name][1] for name in names if name in known and known[name][0] == marks[name]}
    fresh = [name for name in names if name not in found]
    with ThreadPoolExecutor(THREADS) as pool:
        for start in range(0, len(fresh), STEP):
            some = fresh[start : start + STEP]
            found |= zip(some, pool.map(lambda name: _checksum(root / name, algorithm), some), strict=True)
            progress("reading files", start + len(some), len(fresh))
    if fresh:
        _remember(book, known, {name: (marks[name], found[name]) for name in fresh})
    return {name: found[name] for name in names}


def checksum(path: Path, algorithm: str = "blake2b") -> str:
    """The checksum of one file; see :func:`checksums`."""
    return checksums(path.parent, [path.name], algorithm=algorithm)[path.name]


def _mark(path: Path) -> list[int]:
    """What changes when a file is written, replaced or touched; empty for one that is not there."""
    try:
        info = path.stat()
    except OSError:
        return []
    return [info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino]


def _checksum(path: Path, algorithm: str) -> str:
    digest = hashlib.blake2b(digest_size=16) if algorithm == "blake2b" else hashlib.new(algorithm)
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: digest).hexdigest()
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _book(root: Path, algorithm: str) -> str:
    """The name of the file in which the checksums of a folder are remembered."""
    place = hashlib.sha256(os.fsencode(root.absolute())).hexdigest()[:16]
    return f"checksums/{place}-{algorithm}.json"


def _known(book: str) -> Known:
    for cache in paths.caches():
        with suppress(OSError, ValueError, TypeError, AttributeError):
            content = json.loads((cache / book).read_bytes())
            return {name: (list(mark), str(value)) for name, (mark, value) in content.items()}
    return {}


def _remember(book: str, known: Known, news: Mapping[str, tuple[list[int], str]]) -> None:
    """Write down what was read, but for files that may still be written to, or could not be read."""
    newest = (time.time() - SETTLED_SECONDS) * 1e9
    settled = {name: entry for name, entry in news.items() if entry[0] and max(entry[0][1:3]) < newest}
    if settled:
        with suppress(ParibusError, OSError):  # the cache is full, or not ours to write: they are read again
            write_shared(paths.writable_cache() / book, json.dumps({**known, **settled}).encode())
