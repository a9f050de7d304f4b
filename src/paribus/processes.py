"""Which processes live, and since when: a number alone says little, for the system gives it to others later.

And how much memory this one has taken.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

LARGEST = 2**31 - 1  # number of a process, on any system
SLACK_SECONDS = 2.0  # by which clocks, and the times of processes, may be off


def lives(pid: int, since: float) -> bool | None:
    """Whether the process that had this number at a moment still has it.

    A process that began after that moment is another one. On Linux ``/proc`` tells, elsewhere ``ps``, and where there
    is neither nobody can say.

    Args:
        pid: the number; what can be none is no process.
        since: a moment at which it was alive, in seconds since 1970.
    """
    if type(pid) is not int or not 0 < pid <= LARGEST:
        return False
    if os.path.exists("/proc/self/stat"):  # noqa: PTH110  lists ask for many
        began = _from_proc(pid)
    elif os.name == "posix":
        began = _from_ps(pid)
    else:
        return None
    return began is not None and began <= since + SLACK_SECONDS


def peak_memory_mb() -> float:
    """Largest resident memory of this process so far, in MB; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6, 1)


def parent(pid: int) -> int:
    """The process that started another one; 0 where nobody can say."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
            return int(file.read().rpartition(b")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return _asked(pid, "ppid=", int, 0)


def command_line(pid: int) -> bytes:
    """The words that a process was started with; nothing where nobody can say."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return _asked(pid, "args=", str.encode, b"")


def _asked(pid: int, what: str, read: Callable[[str], Found], otherwise: Found) -> Found:
    """What ``ps`` says of a process."""
    command = ["ps", "-o", what, "-p", str(pid)]
    try:
        return read(subprocess.run(command, capture_output=True, text=True, timeout=10).stdout.strip())
    except (OSError, subprocess.SubprocessError, ValueError):
        return otherwise


def _from_proc(pid: int) -> float | None:
    """When a process began; none if there is no such process, or it has ended and only its parent has not asked."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
            state, *fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    if state in (b"Z", b"X"):
        return None
    ticks = int(fields[18])  # since the machine was started
    return time.time() - (time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK"))


def _from_ps(pid: int) -> float | None:
    """The same, from ``[[days-]hours:]minutes:seconds`` since it began."""
    command = ["ps", "-o", "stat=,etime=", "-p", str(pid)]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=10).stdout.split()
    except (OSError, subprocess.SubprocessError):
        return None
    if len(said) != 2 or said[0].startswith("Z"):
        return None
    days, _, clock = said[1].rpartition("-")
    seconds = 0
    for number in clock.split(":"):
        seconds = 60 * seconds + int(number)
    return time.time() - 86400 * int(days or 0) - seconds
