"""Where data lies: the user's own copies (``PARIBUS_DATA``) and the cache (``PARIBUS_CACHE``)."""

from __future__ import annotations

import functools
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from platformdirs import user_cache_path

from paribus import files
from paribus.errors import RunError


def own_data() -> Path | None:
    """The folder with the user's own copies of public data sets, if ``PARIBUS_DATA`` names one."""
    name = os.environ.get("PARIBUS_DATA")
    return Path(name).expanduser() if name else None


def find_folder(path: str) -> Path:
    """A folder as the user writes it: from the current folder, or else below ``PARIBUS_DATA``."""
    here, own = Path(path).expanduser(), own_data()
    return own / path if own and not here.exists() and (own / path).exists() else here


def cache() -> Path:
    """The cache folder: ``PARIBUS_CACHE``, or ``paribus`` in the platform's cache folder of this user."""
    if name := os.environ.get("PARIBUS_CACHE"):
        return Path(name).expanduser()
    return user_cache_path("paribus", appauthor=False)


def fallback() -> Path:
    """A cache folder for machines whose home cannot be written; one per user."""
    if sys.platform == "win32":  # there the temporary folder belongs to the user
        return Path(tempfile.gettempdir()) / "paribus"
    return Path(tempfile.gettempdir()) / f"paribus-{os.getuid()}"


def writable_cache() -> Path:
    """The cache folder, or the fallback where that cannot be written; the first such time with a warning."""
    return _writable(cache())


def caches() -> tuple[Path, ...]:
    """All folders in which something may have been cached."""
    return (cache(), fallback()) if _is_ours(fallback()) else (cache(),)


@functools.cache
def _writable(folder: Path) -> Path:
    if _can_write(folder):
        return folder
    warnings.warn(
        f"the cache folder {folder} cannot be written; using {fallback()} instead. "
        "Set PARIBUS_CACHE to a folder of your own to keep decoded data.",
        stacklevel=3,
    )
    fallback().mkdir(mode=0o700, parents=True, exist_ok=True)
    return fallback() if _is_ours(fallback()) else Path(tempfile.mkdtemp(prefix="paribus-"))


def _is_ours(folder: Path) -> bool:
    """Whether no other user can have made this folder in the shared temporary folder."""
    if sys.platform == "win32":
        return folder.is_dir()
    return folder.is_dir() and not folder.is_symlink() and folder.stat().st_uid == os.getuid()


def _can_write(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


@contextmanager
def cache_errors(folder: Path) -> Iterator[None]:
    """Turn a full disk or a missing permission into one message that names the cache and the way out."""
    try:
        with files.disk_errors(folder.parent / "the decoded data"):
            yield
    except RunError as error:
        hint = "free some space, or set PARIBUS_CACHE to a folder on another disk"
        raise RunError(error.rule, got=error.got, hint=hint) from error
