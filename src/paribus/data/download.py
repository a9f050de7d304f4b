"""Published files: found in the user's own data, in the cache, or downloaded and checked."""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paribus.data import places
from paribus.data.progress import Progress, silent
from paribus.data.writer import CHUNK_BYTES, cache_errors
from paribus.errors import DataError
from paribus.records.files import remove_leftovers, write_with

TIMEOUT = 30.0  # seconds without an answer


@dataclass(frozen=True)
class PublishedFile:
    """A file that the makers of a data set offer for download.

    Args:
        folder: name of the data set, and of the folder in which the file is looked for.
        name: the file's name.
        md5: the published checksum; what a mirror sends must match it.
        mirrors: addresses of the folders that offer the file, ending in a slash.
    """

    folder: str
    name: str
    md5: str
    mirrors: tuple[str, ...]

    def find(self) -> Path | None:
        """The file in the user's own data or in the cache; there also without its ``.gz``."""
        return next((path for path in self.places() if path.is_file()), None)

    def identity(self) -> Any:
        """What decides the content: size and time of the user's own copy, or else the published checksum."""
        path = self.find()
        if path is None or path == self.downloaded():
            return self.md5
        facts = path.stat()
        return [path.name, facts.st_size, facts.st_mtime_ns]

    def obtain(self, progress: Progress = silent) -> Path:
        """The file on this machine, downloaded if need be.

        Raises:
            DataError: if it is not there and no mirror delivers it; says what was tried and how to help.
        """
        return self.find() or self._download(progress)

    def places(self) -> Iterator[Path]:
        """Where the file is looked for, in this order."""
        if own := places.own_data():
            yield own / self.folder / self.name
            yield own / self.folder / self.name.removesuffix(".gz")
        for root in places.caches():
            yield root / "downloads" / self.folder / self.name

    def downloaded(self) -> Path:
        """Where a download of the file lies."""
        found = (root / "downloads" / self.folder / self.name for root in places.caches())
        return next((path for path in found if path.is_file()), Path())

    def _download(self, progress: Progress) -> Path:
        target = places.writable_cache() / "downloads" / self.folder / self.name
        failures = []
        for mirror in self.mirrors:
            try:
                fetch(mirror + self.name, target, self.md5, progress)
                return target
            except (OSError, http.client.HTTPException, DataError) as error:
                failures.append(f"{mirror}: {_reason(error)}")
        raise DataError(
            f"{self.folder} needs the file {self.name}, which is not here and cannot be downloaded "
            f"({'; '.join(failures)})",
            got="looked for " + ", ".join(map(str, self.places())),
            hint=f"download {self.mirrors[0]}{self.name} yourself into a folder {self.folder}, and set the "
            f"environment variable PARIBUS_DATA to the folder that contains {self.folder}",
        )


def fetch(url: str, target: Path, md5: str, progress: Progress = silent) -> None:
    """Download a file, check it, and only then put it in place.

    Raises:
        OSError: if the server cannot be reached or refuses.
        DataError: if what arrived does not match the checksum.
    """
    if target.parent.is_dir():
        remove_leftovers(target.parent)
    request = urllib.request.Request(url, headers={"User-Agent": "paribus"})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer, cache_errors(target):
        write_with(target, lambda temporary: _receive(answer, temporary, md5, progress, target.name))


def _receive(answer: http.client.HTTPResponse, path: Path, md5: str, progress: Progress, name: str) -> None:
    total, done, digest = (
        int(answer.headers.get("Content-Length") or 0),
        0,
        hashlib.md5(usedforsecurity=False),
    )
    with path.open("wb") as file:
        while chunk := answer.read(CHUNK_BYTES // 16):
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            progress(f"downloading {name}", done, total)
    if digest.hexdigest() != md5:
        raise DataError(f"the download does not match its published checksum {md5}", got=digest.hexdigest())


def _reason(error: Exception) -> str:
    if isinstance(error, DataError):
        return error.rule
    if isinstance(error, urllib.error.URLError) and not isinstance(error, urllib.error.HTTPError):
        return str(error.reason)
    return str(error) or type(error).__name__
