"""Files that survive: atomic writes, append-only JSON lines, checksums.

A write goes to a temporary file, is flushed to the disk, renamed over the old one, and the folder is flushed
too: at every moment either the old or the new file is whole.
"""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import Any

from paribus.errors import DataError, ParibusError, RunError

CHUNK_BYTES = 1 << 24  # large files are read and written about this much at a time
LIMIT = "PARIBUS_MAX_GB"  # environment variable: what files may have, unpacked and on the way, in gigabytes
TEMPORARY = ".tmp-"  # prefix of half-written files; the next opening of a run folder removes them


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn a full disk or a missing permission into one message that names the place."""
    try:
        yield
    except OSError as error:
        reason = {
            errno.ENOSPC: "the disk is full",
            errno.EFBIG: "the file would exceed the size limit of this process",
            errno.EDQUOT: "the disk quota is used up",
            errno.EACCES: "there is no permission to write here",
            errno.EPERM: "there is no permission to write here",
            errno.EROFS: "the file system is read-only",
            errno.EIO: "the disk reports an error",
            errno.ENAMETOOLONG: "the name is too long for this file system",
            errno.EEXIST: "a file stands where a folder is needed",
            errno.ENOTDIR: "a file stands where a folder is needed",
            errno.EISDIR: "a folder stands where a file is needed",
            errno.EBUSY: "a folder stands where a file is needed",
        }.get(error.errno or 0)
        if reason is None:
            raise
        raise RunError(
            f"cannot write {path.name}: {reason}",
            got=str(path.parent.absolute()),
            hint="free some space or choose another folder (for runs: --runs DIR); what was saved before is intact",
        ) from error


def check_writable(folder: Path) -> None:
    """Refuse a folder that could not be made, or in which nothing could be written; nothing is made.

    Raises:
        RunError: naming it, and why.
    """
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(place))
    with disk_errors(folder):
        if not there.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(there))
        if not os.access(there, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(there))


def write_with(path: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` fill a temporary file, then put it in place of ``path`` atomically and durably."""
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.parent / f"{TEMPORARY}{secrets.token_hex(8)}{path.suffix}"
        temporary.touch(exist_ok=False)
        try:
            write(temporary)
            with temporary.open("r+b") as file:  # Windows flushes only what is open for writing
                os.fsync(file.fileno())
            temporary.replace(path)
            _flush_folder(path.parent)
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``, atomically."""
    write_with(path, lambda temporary: _write_all(temporary, content))


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON, atomically; NaN and infinities become ``null``."""
    write_bytes(path, (dumps(value, indent=2) + "\n").encode())


def dumps(value: Any, indent: int | None = None) -> str:
    """A value as JSON; what is not finite becomes ``null``."""
    try:
        return json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    except ValueError:
        return json.dumps(finite(value), indent=indent, ensure_ascii=False)


def read_json(path: str | Path) -> Any:
    """Read a JSON file; a damaged one is a :class:`RunError` that names it."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123  lists read 100,000s of small ones
            return json.loads(str(file.readall(), "utf-8"))
    except (ValueError, OSError) as error:
        name = os.path.basename(path)  # noqa: PTH119
        raise RunError(f"cannot read {name}: {error}", got=str(path), hint="is this a run folder?") from error


def finite(value: Any) -> Any:
    """A copy of ``value`` that JSON can hold: non-finite floats are ``None``, tuples are lists."""
    if isinstance(value, dict):
        return {str(key): finite(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def append_line(path: Path, row: dict[str, Any]) -> None:
    """Append one JSON line; the names of non-finite entries are kept under ``"non_finite"``."""
    broken = [key for key, value in row.items() if isinstance(value, float) and not math.isfinite(value)]
    if broken:
        row = {**row, "non_finite": broken}
    line = (dumps(row) + "\n").encode()
    with disk_errors(path), path.open("ab") as file:  # buffered: a short write is an error, not half a line
        file.write(line)


def read_lines(path: Path) -> tuple[list[dict[str, Any]], bool]:
    """All whole lines of a JSON-lines file, and whether a torn last line was left out."""
    if not path.exists():
        return [], False
    content = path.read_bytes()
    *lines, rest = content.split(b"\n")
    rows, torn = [], bool(rest)
    for line in lines:
        try:
            rows.append(dict(json.loads(line)))
        except (ValueError, TypeError):  # a line torn by a crash, with others appended behind it
            torn = True
    return rows, torn


def keep_lines(path: Path, keep: Callable[[dict[str, Any]], bool]) -> None:
    """Rewrite a JSON-lines file with the rows that ``keep`` accepts; a torn line goes."""
    if path.exists():
        rows, _ = read_lines(path)
        kept = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows if keep(row)]
        write_bytes(path, "".join(kept).encode())


def open_regular(path: Path, most: int | None = None, error: type[ParibusError] = DataError) -> BufferedReader:
    """Open a regular file for reading: never a folder, a pipe or a device, be it behind a link.

    Args:
        path: the file.
        most: bytes that it may have.
        error: what to raise.

    Raises:
        ParibusError: of that type, if it is something else, or larger.
        OSError: if it is missing, or cannot be opened.
    """
    _require_regular(path, path.stat(), error)  # some devices act on being opened
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    file = os.fdopen(handle, "rb")
    try:
        found = os.fstat(handle)
        _require_regular(path, found, error)
        if most is not None and found.st_size > most:
            raise _too_long(path, most, error)
    except BaseException:
        file.close()
        raise
    return file


def read_regular(path: Path, most: int, error: type[ParibusError] = DataError) -> bytes:
    """The content of a regular file of at most ``most`` bytes; as :func:`open_regular`."""
    with open_regular(path, most, error) as file:
        content = file.read(most + 1)
    if len(content) > most:  # it grew
        raise _too_long(path, most, error)
    return content


def limit(usual: int) -> int:
    """Bytes that one thing may have: what is usual, or what the environment variable PARIBUS_MAX_GB allows."""
    allowed = os.environ.get(LIMIT)
    try:
        return int(float(allowed) * (1 << 30)) if allowed else usual
    except (ValueError, OverflowError):
        raise DataError(f"{LIMIT} is a number of gigabytes", got=allowed, hint=f"for example {LIMIT}=8") from None


def too_large(path: Path, most: int) -> DataError:
    """The error for what comes to more bytes than :func:`limit` allows, with the way to allow more."""
    more = max(1, math.ceil(4 * most / (1 << 30)))
    hint = f"if it is meant to be so large, set the environment variable {LIMIT}={more} (gigabytes)"
    return DataError(f"{path.name} comes to more than {most:,} bytes", got=str(path), hint=hint)


def _too_long(path: Path, most: int, error: type[ParibusError]) -> ParibusError:
    return error(f"{path.name} has more than {most:,} bytes", got=str(path), hint="is this the right file?")


def _require_regular(path: Path, found: os.stat_result, error: type[ParibusError]) -> None:
    if not stat.S_ISREG(found.st_mode):
        what = "a folder" if stat.S_ISDIR(found.st_mode) else "a pipe, a socket or a device"
        raise error(
            f"{path.name or path} is {what}, and no regular file", got=str(path), hint="give the path of a file"
        )


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal digits."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove_leftovers(folder: Path) -> None:
    """Delete temporary files that a killed process left in ``folder`` and below."""
    for leftover in folder.rglob(TEMPORARY + "*"):
        leftover.unlink(missing_ok=True)


def _write_all(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open a folder; its rename is durable by itself
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
