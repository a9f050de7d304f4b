"""Files that survive: atomic writes, append-only JSON lines, checksums.

A write goes to a temporary file, is flushed to the disk, renamed over the old one, and the folder is flushed
too: at every moment either the old or the new file is whole. Where a file is written often, or others are flushed
with it later, it is renamed only (``durable=False``): killed processes harm it as little, a power cut may.
"""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import platform
import re
import secrets
import shutil
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from io import BufferedReader
from pathlib import Path
from typing import Any

from paribus import processes
from paribus.errors import DamagedRecord, DataError, ParibusError, RunError

CHUNK_BYTES = 1 << 24  # large files are read and written about this much at a time
LIMIT = "PARIBUS_MAX_GB"  # environment variable: what files may have, unpacked and on the way, in gigabytes
TEMPORARY = ".tmp-"  # prefix of half-written files, before host, process and a random number
MISPLACED = {errno.EISDIR, errno.EBUSY, errno.ELOOP}  # a folder or a link stands right there
OLD_SECONDS = 3600.0  # a half-written file of nobody known is given up after this time


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
            errno.ELOOP: "a link stands where a file is needed",
        }.get(error.errno or 0)
        if reason is None:
            raise
        raise RunError(
            f"cannot write {path.name}: {reason}",
            got=str(path.parent.absolute()),
            hint=f"delete {path.absolute()} or rename it, and run the same command again"
            if error.errno in MISPLACED
            else "free some space or choose another folder (for runs: --runs DIR); what was saved before is intact",
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


def write_with(path: Path, write: Callable[[Path], None], durable: bool = True) -> None:
    """Let ``write`` fill a temporary file, then put it in place of ``path`` atomically, and durably if wished."""
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _temporary(path)
        temporary.touch(exist_ok=False)
        try:
            write(temporary)
            if durable:
                flush(temporary)
            temporary.replace(path)
            if durable:
                _flush_folder(path.parent)
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise


def write_folder(path: Path, fill: Callable[[Path], None]) -> None:
    """Let ``fill`` put files into a temporary folder, then rename it to ``path``: it is whole or it is not there.

    What stood at ``path`` goes. Where somebody else makes the folder at the same moment, theirs stays.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary, before = _temporary(path), _temporary(path)
        temporary.mkdir()
        try:
            fill(temporary)
            for folder, _, names in os.walk(temporary):
                for name in names:
                    flush(Path(folder, name))
                _flush_folder(Path(folder))
            if path.exists():
                path.rename(before)
            try:
                temporary.rename(path)
            except OSError:
                if not path.exists():
                    raise
            _flush_folder(path.parent)
        finally:
            for leftover in (temporary, before):
                _remove(leftover)


def write_bytes(path: Path, content: bytes, durable: bool = True) -> None:
    """Write ``content`` to ``path``, atomically."""
    write_with(path, lambda temporary: _write_all(temporary, content), durable)


def write_shared(path: Path, content: bytes) -> None:
    """Write a file into a folder that many share; what processes that died left half written there goes."""
    remove_old_leftovers(path.parent)
    write_bytes(path, content)


def save(path: str | Path, content: bytes | str, overwrite: bool = False) -> Path:
    """Write a file that the user named; see :func:`save_all`."""
    return save_all({Path(path): content}, overwrite)[0]


def save_all(contents: Mapping[Path, bytes | str], overwrite: bool = False) -> list[Path]:
    """Write files that the user named: all of them, or none if one would replace what is there.

    A file that holds just what would be written is no obstacle. A device or a pipe, such as ``/dev/stdout``, is written
    into.

    Raises:
        RunError: as :func:`refuse_existing`, or if a file cannot be written.
    """
    encoded = {
        path: text.encode("utf-8", "backslashreplace") if isinstance(text, str) else text
        for path, text in contents.items()
    }
    fresh = {path: content for path, content in encoded.items() if not _holds(path, content)}
    refuse_existing(*fresh, overwrite=overwrite)
    for path, content in fresh.items():
        if path.exists() and not path.is_file():
            with disk_errors(path):
                _write_all(path, content)
        else:
            write_bytes(path, content)
    return list(encoded)


def refuse_existing(*paths: Path, overwrite: bool = False) -> None:
    """Refuse to write where something is already: paribus cannot know what it is worth.

    Raises:
        RunError: naming the first file that is there and may not be written over, or a folder in a file's place.
    """
    for path in paths:
        if path.is_dir():
            with disk_errors(path):
                raise IsADirectoryError(errno.EISDIR, "a folder", str(path))
        there = path.is_file() or (path.is_symlink() and not path.exists())  # devices and pipes keep nothing
        if there and not overwrite:
            raise RunError(
                "a file of this name is there already, and stays as it is",
                got=str(path),
                hint="choose another name, or say --overwrite (in Python: overwrite=True)",
            )


def write_json(path: Path, value: Any, durable: bool = True) -> None:
    """Write ``value`` as indented JSON, atomically; NaN and infinities become ``null``."""
    write_bytes(path, (dumps(value, indent=2) + "\n").encode(), durable)


def dumps(value: Any, indent: int | None = None) -> str:
    """A value as JSON; what is not finite becomes ``null``, a byte of a name that is no UTF-8 an escape ``\\udcNN``."""
    try:
        text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = json.dumps(finite(value), indent=indent, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode()  # Python's escapes of half surrogates are JSON's


def read_json(path: str | Path) -> Any:
    """Read a JSON file; a damaged one is a :class:`RunError` that names it."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123  lists read 100,000s of small ones
            return json.loads(str(file.readall(), "utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        name = os.path.basename(path)  # noqa: PTH119
        raise DamagedRecord(f"cannot read {name}: {error}", got=str(path), hint="is this a run folder?") from error


def finite(value: Any) -> Any:
    """A copy of ``value`` that JSON can hold: non-finite floats are ``None``, tuples are lists."""
    if isinstance(value, dict):
        return {str(key): finite(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def line(row: dict[str, Any]) -> bytes:
    """A row as one JSON line; the names of non-finite entries are kept under ``"non_finite"``."""
    broken = [key for key, value in row.items() if isinstance(value, float) and not math.isfinite(value)]
    return (dumps({**row, "non_finite": broken} if broken else row) + "\n").encode()


def append_line(path: Path, row: dict[str, Any]) -> None:
    """Append a row as one JSON line; what is a link is refused, for its target may be anybody's."""
    with disk_errors(path), open(path, "ab", opener=not_behind_a_link) as file:
        file.write(line(row))  # buffered: a short write is an error, not half a line


def read_lines(path: Path) -> tuple[list[dict[str, Any]], bool]:
    """All whole lines of a JSON-lines file, and whether something torn or foreign was left out."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return [], False
    except OSError as error:
        hint = f"delete {path} and run the same command again: rows come back from the checkpoint, if there is one"
        raise DamagedRecord(f"cannot read {path.name}: {error}", got=str(path), hint=hint) from error
    *lines, rest = content.split(b"\n")
    rows, torn = [], bool(rest)
    for text in lines:
        try:
            row = json.loads(text)
        except (ValueError, RecursionError):  # a line torn by a crash, with others appended behind it
            row = None
        if isinstance(row, dict):
            rows.append(row)
        else:
            torn = True
    return rows, torn


def open_regular(
    path: Path, most: int | None = None, error: type[ParibusError] = DataError, links: bool = True
) -> BufferedReader:
    """Open a regular file for reading: never a folder, a pipe or a device, be it behind a link.

    Args:
        path: the file.
        most: bytes that it may have.
        error: what to raise.
        links: whether it may lie behind a link, even one that was put there a moment ago.

    Raises:
        ParibusError: of that type, if it is something else, or larger.
        OSError: if it is missing, or cannot be opened.
    """
    _require_regular(path, path.stat() if links else path.lstat(), error)  # some devices act on being opened
    behind = 0 if links else getattr(os, "O_NOFOLLOW", 0)
    try:
        handle = os.open(path, os.O_RDONLY | behind | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as problem:
        if not behind or problem.errno != errno.ELOOP:
            raise
        raise error(f"{path.name} has just become a link, and no regular file", got=str(path)) from None
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


def read_regular(path: Path, most: int, error: type[ParibusError] = DataError, links: bool = True) -> bytes:
    """The content of a regular file of at most ``most`` bytes; as :func:`open_regular`."""
    with open_regular(path, most, error, links) as file:
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
        kinds = {stat.S_IFDIR: "a folder", stat.S_IFLNK: "a link"}
        what = kinds.get(stat.S_IFMT(found.st_mode), "a pipe, a socket or a device")
        raise error(
            f"{path.name or path} is {what}, and no regular file", got=str(path), hint="give the path of a file"
        )


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal digits."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def aside(path: Path) -> Path:
    """Where to keep something that makes room: the first of NAME--before-1, NAME--before-2, … that is free."""
    number = 1
    while (free := path.with_name(f"{path.name}--before-{number}")).exists():
        number += 1
    return free


def remove_leftovers(folder: Path) -> None:
    """Delete temporary files that a killed process left in ``folder`` and below, where nobody else is at work."""
    for place, folders, names in os.walk(folder):
        for name in (*folders, *names):
            if name.startswith(TEMPORARY) and not _in_use(leftover := Path(place, name)):
                _remove(leftover)


def remove_old_leftovers(folder: Path) -> None:
    """Delete temporary files of ours right in ``folder``, where others work too: of dead processes, or old ones."""
    with suppress(OSError), os.scandir(folder) as entries:
        for leftover in [Path(entry.path) for entry in entries if _OURS.match(entry.name)]:
            known = _in_use(leftover)
            if known is False or (known is None and leftover.lstat().st_mtime < time.time() - OLD_SECONDS):
                _remove(leftover)


_OURS = re.compile(rf"{re.escape(TEMPORARY)}(?:(\w+)\.(\d+)-)?[0-9a-f]{{16}}(?:\.\w+)?\Z")  # earlier ones had no owner


def temporary_name() -> str:
    """A name for a file that lives no longer than this process: what is left of it is deleted one day."""
    return _temporary(Path("it")).name


def _temporary(path: Path) -> Path:
    return path.parent / f"{TEMPORARY}{_host()}.{os.getpid()}-{secrets.token_hex(8)}{path.suffix}"


@cache
def _host() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def _in_use(temporary: Path) -> bool | None:
    """Whether the process that began a temporary file lives; ``None`` where that is not known."""
    found = _OURS.match(temporary.name)
    if found is None or found[1] != _host():
        return None
    try:
        return processes.lives(int(found[2]), temporary.lstat().st_mtime)
    except OSError:  # it is gone
        return True


def _remove(path: Path) -> None:
    """Delete a file, a link or a folder of ours; what a link points to stays."""
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def not_behind_a_link(path: str, flags: int) -> int:
    """An opener that refuses a link: what is appended stays in the folder in which the file is."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content


def _write_all(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)


def flush(path: Path) -> None:
    """Wait until a file is on the disk; its name is, once something beside it is written durably."""
    with path.open("r+b") as file:  # Windows flushes only what is open for writing
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open a folder; its rename is durable by itself
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
