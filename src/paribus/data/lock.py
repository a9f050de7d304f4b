"""A lock between processes that the operating system releases when its holder dies."""

from __future__ import annotations

import errno
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

INTERVAL = 0.1  # seconds between two attempts

if sys.platform == "win32":
    import msvcrt

    _BUSY = (errno.EACCES, errno.EDEADLK)

    def _lock(file: BinaryIO) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

    def _unlock(file: BinaryIO) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    _BUSY = (errno.EWOULDBLOCK, errno.EACCES)

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


@contextmanager
def locked(path: Path, waiting: Callable[[], None]) -> Iterator[bool]:
    """Hold the lock file ``path`` during a block, and call ``waiting`` again and again until it is free.

    Yields:
        False where the file system knows no locks: then the block runs without one.
    """
    with path.open("ab") as file:
        while (held := _try(file)) is None:
            waiting()
            time.sleep(INTERVAL)
        try:
            yield held
        finally:
            if held:
                _unlock(file)


def is_held(path: Path) -> bool:
    """Whether some process holds this lock file now."""
    if not path.exists():
        return False
    with path.open("ab") as file:
        held = _try(file)
        if held:
            _unlock(file)
        return held is None


def _try(file: BinaryIO) -> bool | None:
    """True: locked. None: someone else holds it. False: there are no locks on this file system."""
    try:
        _lock(file)
    except OSError as error:
        return None if error.errno in _BUSY else False
    return True
