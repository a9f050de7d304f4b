"""What the system knows of the files of runs without opening them: whether they are still what was read of them.

Three files of each run are asked for, and nothing less would do: a file that is edited in place leaves its folder's
times alone. Asking is most of what a long list takes. Threads wait for each other over it, so where there are many
runs, and this process has no other threads, processes that share its memory ask for some of them.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from paribus import files

FILES = ("recipe.json", "status.json", "result.json")  # what a list reads of a run
SETTLED_SECONDS = 2.0  # what was written a shorter while ago may be written again without another mark
HANDLES = os.stat in os.supports_dir_fd and os.scandir in os.supports_fd  # not on Windows
HELPERS = 3  # processes beside this one, at most; more would wait for the disk or for each other
BLOCKS = 4096  # of studies, at most: their numbers fit into a pipe at once, so that nobody waits for its reader

Stats = Sequence[os.stat_result | None]  # of some files of a run folder; None for one that is not there


def scan(study: str, names: tuple[str, ...] = FILES) -> Iterator[tuple[str, Stats]]:
    """All runs of a study with what the system knows of some of their files, the first being the one that makes it."""
    for arm in folders(study):
        label = os.path.basename(arm)  # noqa: PTH119
        try:
            handle = os.open(arm, os.O_RDONLY) if HANDLES else None
        except OSError:
            continue
        try:  # from the folder itself, where the system can: half the time
            place = f"{arm}/" if handle is None else ""
            for seed in _names(arm if handle is None else handle):
                run = f"{place}{seed}/"
                try:  # not a function of its own: 300,000 files are asked for
                    stats: Stats = [os.stat(run + name, dir_fd=handle) for name in names]
                except (OSError, ValueError):  # not all of them are there
                    stats = [_stat(run + name, handle) for name in names]
                if stats[0] is not None:
                    yield f"{label}/{seed}", stats
        finally:
            if handle is not None:
                os.close(handle)


def of_run(folder: str) -> Stats:
    """What the system knows of one run."""
    return [_stat(f"{folder}/{name}") for name in FILES]


def mark(stats: Stats) -> int:
    """A number that changes when any of the files does."""
    known: list[int] = []
    for it in stats:
        known += (it.st_mtime_ns, it.st_ctime_ns, it.st_size, it.st_ino) if it else (0,)
    return hash(tuple(known))


def settled(stats: Stats) -> bool:
    """Whether whoever writes to the files from now on gives them another mark."""
    newest = max(found.st_mtime for found in stats if found)
    return newest < time.time() - SETTLED_SECONDS


def seal(marks: Sequence[tuple[str, int]]) -> str:
    """What the marks of all runs of a study, by name, come to."""
    return hashlib.sha256(repr(marks).encode()).hexdigest()


def unchanged(seals: Mapping[str, str], helpers: int) -> set[str]:
    """The folders of studies in which all is as it was when they were sealed.

    Whoever is free takes the next ones, from a pipe; what a helper found is a number in another. One that is killed
    leaves its studies to be asked for again.

    Args:
        seals: by folder.
        helpers: processes beside this one.
    """
    studies, numbers = list(seals), -(-len(seals) // BLOCKS)
    blocks = [studies[start : start + numbers] for start in range(0, len(studies), numbers or 1)]
    todo, more = os.pipe()
    found, say = os.pipe()
    try:
        os.write(more, b"".join(place.to_bytes(4, "big") for place in range(len(blocks))))
        os.close(more)
        children = [_helper(todo, say, blocks, seals) for _ in range(helpers)]
        os.close(say)
        same = {study for place in _taken(todo) for study in blocks[place] if _is(study, seals[study])}
        for place in _taken(found):
            same.update(blocks[place])
        for child in children:
            with suppress(ChildProcessError):
                os.waitpid(child, 0)
    finally:
        os.close(todo)
        os.close(found)
    return same


def helpers() -> int:
    """How many processes may ask beside this one: none where it has threads, whose locks a copy of it would inherit."""
    from paribus.records.environment import cores  # short lists need none

    with suppress(OSError):
        if sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1:  # noqa: PTH208
            return min(HELPERS, cores() - 1)
    return 0


def folders(place: str) -> list[str]:
    """Those in a folder, by name, without what is only there for a moment."""
    with suppress(OSError), os.scandir(place) as entries:
        return sorted(entry.path for entry in entries if entry.is_dir() and not entry.name.startswith(files.TEMPORARY))
    return []


def _helper(todo: int, say: int, blocks: Sequence[Sequence[str]], seals: Mapping[str, str]) -> int:
    """Start a process that says which blocks are as they were."""
    if child := os.fork():
        return child
    try:
        for place in _taken(todo):
            if all(_is(study, seals[study]) for study in blocks[place]):
                os.write(say, place.to_bytes(4, "big"))
    finally:
        os._exit(0)  # nothing of the process that it is a copy of is its to end


def _taken(pipe: int) -> Iterator[int]:
    """Numbers from a pipe, until there are none."""
    while len(number := os.read(pipe, 4)) == 4:
        yield int.from_bytes(number, "big")


def _is(study: str, known: str) -> bool:
    return seal([(label, mark(stats)) for label, stats in scan(study)]) == known


def _stat(path: str, handle: int | None = None) -> os.stat_result | None:
    try:
        return os.stat(path, dir_fd=handle)
    except (OSError, ValueError):
        return None


def _names(folder: str | int) -> list[str]:
    with suppress(OSError):
        return sorted([name for name in os.listdir(folder) if not name.startswith(files.TEMPORARY)])  # noqa: PTH208
    return []
