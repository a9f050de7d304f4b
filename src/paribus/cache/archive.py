"""Members of a tar archive, read in place: nothing is extracted, so nothing can be written elsewhere."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from paribus.errors import DataError
from paribus.files import CHUNK_BYTES

MAX_MEMBERS = 1_000
MAX_BYTES = 8 << 30
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
        with gzip.open(path) as stream, tarfile.open(fileobj=stream, mode="r:") as tar:
            archive = Archive(path, tar)
            while stream.read(CHUNK_BYTES):  # the checksum of the whole stands at its end
                _check_size(path, stream.tell(), "padding")
            yield archive
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        hint = "delete the file and let it be downloaded again, or get a whole copy"
        raise DataError(f"the archive {path.name} is damaged: {error}", got=str(path), hint=hint) from error


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
