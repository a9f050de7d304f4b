"""Published files: found in the user's own data, in the cache, or downloaded and checked."""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from paribus.cache import paths
from paribus.cache.checksums import checksum
from paribus.cache.paths import cache_errors
from paribus.errors import DataError, MissingData
from paribus.files import CHUNK_BYTES, limit, remove_leftovers, too_large, write_with
from paribus.progress import Announce, silent

MAX_BYTES = 4 << 30  # of one file
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

    def checksum(self) -> str:
        """The MD5 of the user's own copy, or else the published one, which a download must have."""
        path = self.find()
        return self.md5 if path is None or path == self.downloaded() else checksum(path, "md5")

    def places(self) -> Iterator[Path]:
        """Where the file is looked for, in this order."""
        if own := paths.own_data():
            yield own / self.folder / self.name
            yield own / self.folder / self.name.removesuffix(".gz")
        for root in paths.caches():
            yield root / "downloads" / self.folder / self.name

    def downloaded(self) -> Path:
        """Where a download of the file lies."""
        found = (root / "downloads" / self.folder / self.name for root in paths.caches())
        return next((path for path in found if path.is_file()), Path())

    def download(self, progress: Announce = silent) -> list[str]:
        """Bring the file into the cache; the reasons of all mirrors if none of them delivers it."""
        target = paths.writable_cache() / "downloads" / self.folder / self.name
        failures = []
        for mirror in self.mirrors:
            try:
                fetch(mirror + self.name, target, self.md5, progress)
                return []
            except (OSError, http.client.HTTPException, DataError) as error:
                failures.append(f"{mirror}: {_reason(error)}")
        return failures


def obtain(files: Sequence[PublishedFile], progress: Announce = silent) -> list[Path]:
    """The files of a data set on this machine, downloaded if need be.

    Raises:
        DataError: if no mirror delivers one; one message names all that are missing, what was tried and how to help.
    """
    for file in files:
        if file.find() is None and (failures := file.download(progress)):
            raise _missing([file for file in files if file.find() is None], failures)
    return [path for file in files if (path := file.find())]


def _missing(files: Sequence[PublishedFile], failures: Sequence[str]) -> DataError:
    first, several = files[0], len(files) > 1
    names = ", ".join(file.name for file in files)
    number = f"the {len(files)} files {names}, which are" if several else f"the file {names}, which is"
    return MissingData(
        f"{first.folder} needs {number} not here and cannot be downloaded ({'; '.join(failures)})",
        got="looked for " + ", ".join(str(path) for file in files for path in file.places()),
        hint=f"download {'them' if several else 'it'} from {first.mirrors[0]} yourself into a folder {first.folder}, "
        f"and set the environment variable PARIBUS_DATA to the folder that contains {first.folder}",
    )


def fetch(url: str, target: Path, md5: str, progress: Announce = silent) -> None:
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


def _receive(answer: http.client.HTTPResponse, path: Path, md5: str, progress: Announce, name: str) -> None:
    total, done, digest = (
        int(answer.headers.get("Content-Length") or 0),
        0,
        hashlib.md5(usedforsecurity=False),
    )
    most = limit(MAX_BYTES)
    if total > most:
        raise too_large(path.with_name(name), most)
    with path.open("wb") as file:
        while chunk := answer.read(CHUNK_BYTES // 16):
            done += len(chunk)
            if done > most:
                raise too_large(path.with_name(name), most)
            file.write(chunk)
            digest.update(chunk)
            progress(f"downloading {name}", done, total)
    if digest.hexdigest() != md5:
        raise DataError(f"the download does not match its published checksum {md5}", got=digest.hexdigest())


def _reason(error: Exception) -> str:
    if isinstance(error, DataError):
        return error.rule
    if isinstance(error, urllib.error.URLError) and not isinstance(error, urllib.error.HTTPError):
        return str(error.reason)
    return str(error) or type(error).__name__
