"""A command as a process: what it prints is kept, and nothing of it outlives its time, its caller or its end."""

from __future__ import annotations

import os
import queue
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from paribus import files
from paribus.errors import RunError

HEAD_BYTES, TAIL_BYTES = 16 << 20, 1 << 20  # of what a command prints, its beginning and its end are kept
TICK_SECONDS = 0.1  # between two looks at a process
GRACE_SECONDS = 10.0  # from a request to stop to the end of patience
BEGINS, ENDS = "paribus runs: ", "[paribus: "  # lines of ours in the log
AT_ONCE = getattr(signal, "SIGKILL", signal.SIGTERM)
LINE_BYTES = 10_000  # of a line, in which figures are looked for


@dataclass(frozen=True)
class Ended:
    """How a process ended.

    Args:
        code: its exit code; the negative number of the signal that ended it.
        seconds: how long it took.
        peak_memory_mb: its largest resident memory, as far as it was seen; 0 where the system does not tell.
        timed_out: whether it was ended because its time was over.
        last_line: the last line that it printed.
        whole: whether all that it printed is in the log.
    """

    code: int
    seconds: float
    peak_memory_mb: float
    timed_out: bool = False
    last_line: str = ""
    whole: bool = True

    @property
    def failed(self) -> bool:
        """Whether it ended badly by itself."""
        return self.code != 0 and not self.timed_out


def execute(
    arguments: Sequence[str],
    *,
    directory: Path,
    environment: Mapping[str, str],
    log: Path,
    timeout: float | None,
    hear: Callable[[str], None],
    tick: Callable[[], None],
) -> Ended:
    """Run a command to its end.

    Args:
        arguments: the command and its arguments; no shell reads them.
        directory: where it runs.
        environment: its variables.
        log: the file to which all that it prints is appended.
        timeout: seconds that it may take.
        hear: told every line that it prints.
        tick: called about ten times a second while it runs.

    Raises:
        RunError: if it cannot be started.
        BaseException: what ``hear``, ``tick`` or a signal raises; the process and its children have ended then.
    """
    began, peak, timed_out = time.monotonic(), 0.0, False
    with Log(log, hear) as kept, _started(arguments, directory, environment) as process:
        kept.note(f"{BEGINS}{shlex.join(arguments)}")
        printed = _Printed(process.stdout)  # type: ignore[arg-type]
        try:
            while process.poll() is None:
                peak = max(peak, _peak_memory_mb(process.pid))
                kept.write(printed.wait(TICK_SECONDS))
                if printed.over:
                    _wait(process, TICK_SECONDS)
                tick()
                if timeout is not None and time.monotonic() > began + timeout:
                    timed_out = True
                    _end(process, printed, kept)
        except BaseException:
            kept.note(f"{ENDS}stopped on request]")
            _end(process, printed, kept)
            raise
        _kill(process, AT_ONCE)  # what it left running belongs to no run
        for content in printed.rest():
            kept.write(content)
        seconds = time.monotonic() - began
        how = "its time is over" if timed_out else f"exit code {process.returncode}"
        kept.note(f"{ENDS}{how}, after {seconds:.1f} s]")
    return Ended(process.returncode, seconds, peak, timed_out, kept.last_line, kept.whole)


class Log:
    """What a command prints, in a file that stays small: of very much, the beginning and the end.

    Args:
        path: of the file, to which is appended.
        hear: told every line.
    """

    def __init__(self, path: Path, hear: Callable[[str], None]) -> None:
        self.path, self.hear = path, hear
        self.last_line, self.whole = "", True
        self._written = self._left_out = self._waiting = 0
        self._tail: deque[bytes] = deque()
        self._line = b""

    def __enter__(self) -> Log:
        with files.disk_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = open(self.path, "ab", buffering=0, opener=files.not_behind_a_link)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(OSError):
            self._append_tail()
        self._file.close()

    def write(self, content: bytes) -> None:
        """Take in what was printed."""
        if not content:
            return
        room = max(0, HEAD_BYTES - self._written)
        self._append(content[:room])
        self._keep(content[room:])
        self._split(content)

    def note(self, line: str) -> None:
        """A line of ours, at the end of what there is."""
        if self._line:
            self._hear(self._line)
            self._line = b""
        self._append_tail()
        self._append(f"{line}\n".encode("utf-8", "backslashreplace"))

    def _append(self, content: bytes) -> None:
        """What cannot be written, because the disk is full, is lost, and that is all."""
        with suppress(OSError):
            self._file.write(content)
        self._written += len(content)

    def _keep(self, content: bytes) -> None:
        if not content:
            return
        self._tail.append(content)
        self._waiting += len(content)
        while self._waiting - len(self._tail[0]) >= TAIL_BYTES:
            self._waiting -= len(gone := self._tail.popleft())
            self._left_out += len(gone)

    def _append_tail(self) -> None:
        if self._left_out:
            self.whole = False
            self._append(f"\n[{self._left_out:,} bytes are left out here]\n".encode())
        self._append(b"".join(self._tail))
        self._tail.clear()
        self._left_out = self._waiting = 0

    def _split(self, content: bytes) -> None:
        *lines, rest = re.split(rb"[\r\n]+", self._line + content)
        for line in lines:
            self._hear(line)
        self._line = rest[-LINE_BYTES:]

    def _hear(self, line: bytes) -> None:
        text = line[-LINE_BYTES:].decode("utf-8", "backslashreplace")
        if text.strip():
            self.last_line = text.strip()
            self.hear(text)


class _Printed:
    """What a process prints, read by a thread of its own, so that nobody waits for a process that says nothing."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.queue = stream, queue.Queue[bytes](maxsize=64)
        self.over = False
        threading.Thread(target=self._read, daemon=True).start()

    def wait(self, seconds: float) -> bytes:
        """What was printed next; nothing after that time, or when it is over."""
        if self.over:
            return b""
        with suppress(queue.Empty):
            content = self.queue.get(timeout=seconds)
            self.over = not content
            return content
        return b""

    def rest(self) -> Iterator[bytes]:
        """What is still to be read of a process that has ended; whoever has left its group is not waited for."""
        deadline = time.monotonic() + 1.0
        while time.monotonic() < deadline and (content := self.wait(TICK_SECONDS)):
            yield content

    def _read(self) -> None:
        with self.stream, suppress(OSError):
            while content := os.read(self.stream.fileno(), 1 << 16):
                self.queue.put(content)
        self.queue.put(b"")


@contextmanager
def _started(
    arguments: Sequence[str], directory: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own, of which nothing is left behind."""
    own_group: dict[str, Any] = {"start_new_session": True} if os.name == "posix" else {}
    try:
        process = subprocess.Popen(
            arguments,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **own_group,
        )
    except (OSError, ValueError) as error:
        raise cannot_start(arguments[0], directory, error) from None
    with _guarded(process.pid):
        try:
            yield process
        finally:
            _kill(process, AT_ONCE)
            process.wait()


def cannot_start(program: str, directory: Path, error: Exception) -> RunError:
    """The error for a command that the system does not run."""
    if not directory.is_dir():
        return RunError("there is no such directory for the command to run in", got=str(directory))
    if isinstance(error, FileNotFoundError):
        hint = "is it installed, and spelled like this? Pipes, && and the like need --shell"
        return RunError("there is no such command", got=program, hint=hint)
    if isinstance(error, PermissionError):
        return RunError(
            "this command may not be executed", got=program, hint=f"chmod +x {program}, or: python {program}"
        )
    reason = getattr(error, "strerror", None) or str(error)
    return RunError(f"this command cannot be started: {reason.lower()}", got=program, hint="does it begin with #! ?")


GUARD = "import os, signal, sys\nsys.stdin.buffer.read()\nos.killpg(int(sys.argv[1]), signal.SIGKILL)"


@contextmanager
def _guarded(group: int) -> Iterator[None]:
    """Kill a group of processes when this process dies, however it dies: only then its end of a pipe closes."""
    if os.name != "posix":
        yield
        return
    guard = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", GUARD, str(group)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is not meant for it
    )
    try:
        yield
    finally:
        guard.kill()
        guard.communicate()


def _end(process: subprocess.Popen[bytes], printed: _Printed, log: Log) -> None:
    """Ask a process to end, and end it when its time for that is over; what it still prints is kept."""
    _kill(process, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        log.write(printed.wait(TICK_SECONDS))
        if printed.over:
            _wait(process, TICK_SECONDS)
    _kill(process, AT_ONCE)
    process.wait()


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)


def _kill(process: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal to a process and all of its group, also when the process itself has ended."""
    with suppress(OSError):
        if os.name == "posix":
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)


def _peak_memory_mb(pid: int) -> float:
    """The largest resident memory of a process so far; what the system counts for a child includes its parent's."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:  # noqa: PTH123
            [kilobytes] = [line.split()[1] for line in file if line.startswith(b"VmHWM")]
    except (OSError, ValueError):
        return 0.0
    return round(int(kilobytes) * 1024 / 1e6, 1)
