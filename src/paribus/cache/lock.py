"""A lock between processes that the operating system releases when its holder dies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from paribus.files import disk_errors

INTERVAL = 0.1  # seconds between two attempts


@contextmanager
def locked(path: Path, waiting: Callable[[], None]) -> Iterator[bool]:
    """Hold the lock file ``path`` during a block; ``waiting`` is called repeatedly until it is free.

    Yields:
        False where the file system knows no locks: then the block runs without one.
    """
    lock = FileLock(path)
    held = _try(lock, INTERVAL)
    while held is None:
        waiting()
        held = _try(lock, INTERVAL)
    try:
        yield held
    finally:
        lock.release()


def is_held(path: Path) -> bool:
    """Whether some process holds this lock file now."""
    if not path.exists():
        return False
    lock = FileLock(path)
    held = _try(lock, 0)
    lock.release()
    return held is None


def _try(lock: FileLock, seconds: float) -> bool | None:
    """True: locked. None: someone else holds it. False: there are no locks on this file system."""
    try:
        with disk_errors(Path(lock.lock_file)):
            lock.acquire(timeout=seconds)
    except Timeout:
        return None
    except NotImplementedError:
        return False
    return True
