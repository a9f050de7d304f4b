"""Members of a tar archive, read in place: nothing is extracted, so nothing can be written elsewhere."""

from __future__ import annotations

import gzip
import io
import math
import os
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from paribus.errors import DataError
from paribus.files import CHUNK_BYTES, LIMIT, limit, open_regular, too_large

MAX_MEMBERS = 1_000
MAX_BYTES = 8 << 30
MAX_HEADER = 1 << 20  # of a member: its name, and a few notes
MARGIN = 1 << 20  # a small archive is mostly padding
MAX_RATIO = 200  # unpacked : packed; pictures reach about 3, an archive made to fill the memory 1,000


class Archive:
    """An open archive whose members have been checked.

    Args:
        path: the file, for messages.
        tar: the archive.
    """

    def __init__(self, path: Path, tar: tarfile.TarFile) -> None:
        self.path, self._tar = path, tar
        self._members = {Path(member.name).name: member for member in checked(path, tar)}

    @property
    def names(self) -> list[str]:
        """File names of the members without their folders, sorted."""
        return sorted(self._members)

    def size(self, name: str) -> int:
        """Bytes of a member."""
        return self._member(name).size

    def open(self, name: str) -> IO[bytes]:
        """A member as a binary file."""
        file = self._tar.extractfile(self._member(name))
        assert file is not None  # only regular files pass the check
        return file

    def lines(self, name: str) -> list[str]:
        """The lines of a small text member that are not empty."""
        text = self.open(name).read().decode("utf-8", errors="replace")
        return [line.strip() for line in text.splitlines() if line.strip()]

    def _member(self, name: str) -> tarfile.TarInfo:
        if name not in self._members:
            rule = f"{self.path.name} must contain {name}"
            raise DataError(rule, got=", ".join(self.names) or "an empty archive", hint="get the original archive")
        return self._members[name]


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Open a compressed tar archive for reading.

    Raises:
        DataError: if it is damaged, holds links or devices, or unpacks to far more than it should; also when
            the damage shows only while a member is read within the block.
    """
    try:
        with (
            open_regular(path) as packed,
            gzip.GzipFile(fileobj=packed) as stream,
            tarfile.open(fileobj=(guarded := _Guarded(path, stream)), mode="r:") as tar,  # type: ignore[call-overload]
        ):
            archive = Archive(path, tar)
            guarded.most = sys.maxsize  # from here on members are read
            while stream.read(CHUNK_BYTES):  # the checksum of the whole stands at its end
                _check_size(path, stream.tell(), "padding")
            yield archive
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, RecursionError) as error:
        hint = "delete the file and let it be downloaded again, or get a whole copy"
        raise DataError(f"the archive {path.name} is damaged: {error}", got=str(path), hint=hint) from error


class _Guarded:
    """A stream of an archive from which headers are read: none is larger than headers are, whatever it claims."""

    def __init__(self, path: Path, stream: gzip.GzipFile) -> None:
        self._path, self._stream, self.most = path, stream, MAX_HEADER
        self.seek, self.tell = stream.seek, stream.tell

    def read(self, size: int = -1) -> bytes:
        """Bytes, as many as a header may have."""
        if not 0 <= size <= self.most:
            raise _refused(self._path, f"has a header of more than {self.most:,} bytes", f"{size:,} bytes")
        return self._stream.read(size)


class _Bounded(io.RawIOBase):
    """A stream that ends in an error before more than some bytes have come out of it."""

    def __init__(self, path: Path, stream: gzip.GzipFile, most: int) -> None:
        self._path, self._stream, self._left, self._most = path, stream, most, most

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer; the number of bytes that came."""
        content = self._stream.read(len(buffer))
        self._left -= len(content)
        if self._left < 0:
            raise too_large(self._path, self._most)
        buffer[: len(content)] = content
        return len(content)


@contextmanager
def unpacked(path: Path, usual: int) -> Iterator[IO[bytes]]:
    """The content of a regular file, plain or with gzip (``.gz``), which may come to ``usual`` bytes.

    Raises:
        DataError: if it is no regular file, damaged, or if more comes out of it, or far more than files hold.
    """
    most = _bound(path, usual)
    try:
        with open_regular(path) as file:
            if path.suffix == ".gz":
                with gzip.GzipFile(fileobj=file) as stream:
                    yield io.BufferedReader(_Bounded(path, stream, most), CHUNK_BYTES >> 4)
            elif path.stat().st_size > most:
                raise too_large(path, most)
            else:
                yield file
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path.name} is damaged: {error}", got=str(path), hint="get a whole copy") from error


def check_unpacked(path: Path, usual: int) -> None:
    """Unpack a file (``.gz``) once and keep nothing, where what comes out takes long to read; as :func:`unpacked`."""
    if path.suffix == ".gz":
        with unpacked(path, usual) as stream:
            while stream.read(CHUNK_BYTES):
                pass


def _bound(path: Path, usual: int) -> int:
    """Bytes that may come out of a file: what was allowed, or what is usual and fits to its size."""
    if LIMIT in os.environ or path.suffix not in (".gz", ".npz"):
        return limit(usual)
    return min(usual, MAX_RATIO * path.stat().st_size + MARGIN)


def check_npz(path: Path, usual: int = MAX_BYTES) -> None:
    """Refuse a NumPy archive (``.npz``) whose arrays are larger than they may be, before one of them is read.

    Raises:
        DataError: naming the array; also for an array whose header claims another size than its bytes.
    """
    import numpy as np

    bound = _bound(path, usual)
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            if sum(member.file_size for member in archive.infolist()) > bound:
                raise too_large(path, bound)
            for member in archive.infolist():
                with archive.open(member) as content:
                    version = np.lib.format.read_magic(content)
                    read = (
                        np.lib.format.read_array_header_1_0
                        if version == (1, 0)
                        else np.lib.format.read_array_header_2_0
                    )
                    shape, _, dtype = read(content)
                    if not dtype.hasobject and math.prod(shape) * dtype.itemsize > member.file_size:
                        raise DataError(f"{path.name} is damaged: {member.filename} claims {shape}", got=str(path))
    except (ValueError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError) as error:
        raise DataError(f"{path.name} is damaged: {error}", got=str(path), hint="get a whole copy") from error


def checked(path: Path, tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The regular files of an archive; each is checked before the next header is unpacked."""
    total = 0
    for count, member in enumerate(tar, start=1):
        total += member.size
        if not (member.isreg() or member.isdir()):
            raise _refused(path, "holds a link or a device", member.name)
        if count > MAX_MEMBERS:
            raise _refused(path, f"holds more than {MAX_MEMBERS:,} members", member.name)
        _check_size(path, total, member.name)
        if member.isreg():
            yield member


def _check_size(path: Path, total: int, where: str) -> None:
    limit = min(MAX_BYTES, MAX_RATIO * path.stat().st_size + MARGIN)
    if total > limit:
        raise _refused(path, f"unpacks to more than {limit:,} bytes", f"{total:,} bytes up to {where}")


def _refused(path: Path, reason: str, got: str) -> DataError:
    return DataError(f"the archive {path.name} {reason}, so it is not what it should be", got=got, hint=f"see {path}")
