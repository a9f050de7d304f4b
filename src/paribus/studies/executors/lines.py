"""What processes on several machines say to each other through files of a folder that they share.

A line is a file to which one process appends and that another reads. It is there before anybody reads, and opened anew
for each look: network file systems promise that what one has closed is seen by whoever opens it later, and may keep for
a minute that a file is *not* there. Things travel pickled, so the folder is for one user alone (mode 700).
"""

from __future__ import annotations

import pickle
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

HEAD_BYTES = 8  # before each thing: how long it is
BEAT_SECONDS = 2.0  # between two signs of life


class Line:
    """One direction of what two processes say.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._read = path, 0

    def open(self) -> Line:
        """Make the file, before anybody reads."""
        self.path.touch(mode=0o600)
        return self

    def say(self, thing: Any) -> None:
        """Append a thing.

        Raises:
            OSError: where the folder is gone or full.
        """
        content = pickle.dumps(thing)
        with self.path.open("r+b") as file:  # one that somebody has removed is not made again
            file.seek(0, 2)
            file.write(len(content).to_bytes(HEAD_BYTES, "big") + content)

    def heard(self) -> list[Any]:
        """What is new; half of a thing waits for its other half.

        Raises:
            OSError: where the folder is gone.
        """
        with self.path.open("rb") as file:
            file.seek(self._read)
            content = file.read()
        found, start = [], 0
        while (end := start + HEAD_BYTES) <= len(content):
            stop = end + int.from_bytes(content[start:end], "big")
            if stop > len(content):
                break
            found.append(pickle.loads(content[end:stop]))
            start = stop
        self._read += start
        return found


class Pulse:
    """Signs of life of one process, in a file that many read.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._count, self._due, self._seen = path, 0, 0.0, b""
        self.since = time.monotonic()  # the last sign, by the clock of whoever looks: those of machines differ

    def beat(self) -> None:
        """Give a sign, if it is time to."""
        if time.monotonic() >= self._due:
            self._count += 1
            self.path.write_bytes(b"%d" % self._count)
            self._due = time.monotonic() + BEAT_SECONDS

    def silence(self) -> float:
        """Seconds since the last sign; endless where the file is gone."""
        seen = b""
        with suppress(OSError):
            seen = self.path.read_bytes()
        if seen and seen != self._seen:
            self._seen, self.since = seen, time.monotonic()
        return time.monotonic() - self.since if self.path.parent.is_dir() else float("inf")
