"""File operations of a command as they happen, and traps at any of them.

Python tells of them through its audit events; forked processes go on telling, so a command's workers do too.
"""

from __future__ import annotations

import mmap
import os
import re
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Target = Literal["main", "self", "group"]  # the command's first process, the one at the trap, or all of them
PAGE = 4096  # bytes that the processes of a command share: the count at the trap, and the last operation

OPERATIONS = {  # audit event → which of its arguments is the place
    "open": 0,
    "os.mkdir": 0,
    "os.remove": 0,
    "os.rmdir": 0,
    "os.rename": 1,
    "os.link": 1,
    "os.symlink": 1,
    "os.chmod": 0,
    "os.scandir": 0,
    "shutil.copyfile": 1,
    "shutil.rmtree": 0,
}


@dataclass(frozen=True)
class Trap:
    """A signal at the ``count``-th operation of this label, counted over all processes of a command."""

    label: str
    count: int
    number: signal.Signals
    target: Target

    def __str__(self) -> str:
        return f"{self.number.name} to {self.target} before #{self.count} {self.label}"


class Board:
    """What the processes of a command tell of their file operations, in memory that they share."""

    def __init__(self, place: Path, trap: Trap | None = None) -> None:
        self.memory = mmap.mmap(-1, PAGE)
        self.place, self.trap = str(place), trap
        self.trail: int | None = None  # a file that takes all of them
        self.main = 0

    @property
    def phase(self) -> str:
        """The last operation."""
        return self.memory[8:].rstrip(b"\0").decode(errors="replace")

    def watch(self, trail: Path | None) -> None:
        """In the process of the command: tell from now on."""
        self.main = os.getpid()
        if trail is not None:
            self.trail = os.open(trail, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in OPERATIONS and (label := self._label(event, arguments)):
            text = label.encode()[: PAGE - 8]
            self.memory[8:] = text.ljust(PAGE - 8, b"\0")
            if self.trail is not None:
                os.write(self.trail, text + b"\n")
            if self.trap and label == self.trap.label:
                self._count(self.trap)

    def _label(self, event: str, arguments: tuple[Any, ...]) -> str:
        """An operation in words that are the same whenever it is repeated; nothing for those elsewhere."""
        place = arguments[OPERATIONS[event]]
        if not isinstance(place, (str, bytes, os.PathLike)):
            return ""
        path = os.fsdecode(place)
        if path.startswith("/"):
            if not path.startswith(self.place):
                return ""
            path = path.removeprefix(self.place).strip("/")
        writes = event == "open" and (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        path = re.sub(r"[0-9a-f]{12,}|(?<=tmp)[a-z0-9_]{8}", "*", path)
        return f"{'write' if writes else event.rpartition('.')[2]} {re.sub(r'[0-9]+', '#', path)}"

    def _count(self, trap: Trap) -> None:
        count = int.from_bytes(self.memory[:8], "little") + 1
        self.memory[:8] = count.to_bytes(8, "little")
        if count == trap.count:
            target = {"self": os.getpid(), "main": self.main, "group": 0}[trap.target]
            os.kill(target, trap.number)
