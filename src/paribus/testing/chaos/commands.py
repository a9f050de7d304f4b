"""The command ``paribus`` as a process of its own that can be watched, trapped, starved and killed.

Most commands are forked from a process that has loaded all that they import, which saves seconds; everything else is
as in a terminal: a session and a process group of their own, default signals, streams that are files, pipes or closed.
A cold command is started from nothing.

A :class:`Trap` sends a signal at one of the file operations of a forked command or its workers: so a kill hits any
moment between two operations, and the same one when it is repeated.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import entry_points
from multiprocessing import util
from pathlib import Path
from typing import Any, Literal, NoReturn

from paribus.testing.chaos.watching import Board, Target, Trap

Streams = Literal["files", "closed", "no output", "full", "no errors", "reader leaves"]
STREAMS: tuple[Streams, ...] = ("closed", "no output", "full", "no errors", "reader leaves")

COLD = "from paribus.cli import main; main()"
UNFLUSHED = 120  # exit code of Python where the standard streams cannot be written at its end
SAID_BYTES = 200_000  # of what a command prints


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Args:
        code: its exit code; negative for a signal, ``None`` if it hung and had to be ended.
        out: what it printed.
        err: what it printed as errors.
        phase: its last file operation.
        seconds: how long it took.
    """

    code: int | None
    out: str
    err: str
    phase: str
    seconds: float

    @property
    def said(self) -> str:
        """All that it printed."""
        return self.out + "\n" + self.err


@dataclass
class Command:
    """A command that runs.

    Args:
        pid: its first process, and its process group.
        lifeline: a pipe that ends when the last of its processes is gone.
        said: the files of its output.
        board: what it tells about its file operations.
        began: when it started.
    """

    pid: int
    lifeline: int
    said: tuple[Path, Path]
    board: Board
    began: float = field(default_factory=time.monotonic)
    code: int | None = None

    def wait(self, seconds: float) -> bool:
        """Wait for its first process, so long at most; whether it has ended."""
        until = time.monotonic() + seconds
        while self.code is None:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self.code = os.waitstatus_to_exitcode(status)
            elif time.monotonic() >= until:
                return False
            else:
                time.sleep(0.002)
        return True

    def send(self, number: signal.Signals, target: Target) -> None:
        """Send a signal to its first process, to one of its workers or, where it has none, to that, or to all."""
        with suppress(ProcessLookupError):
            if target == "group":
                os.killpg(self.pid, number)
            elif target == "self":
                os.kill(next(iter(children(self.pid)), self.pid), number)
            elif self.code is None:
                os.kill(self.pid, number)

    def end(self, seconds: float) -> Ended:
        """Wait for its end; what does not end in time is killed, and counts as hanging."""
        in_time = self.wait(seconds)
        if not in_time:
            self.send(signal.SIGKILL, "group")
            self.wait(seconds)
        took = time.monotonic() - self.began
        out, err = (path.read_bytes()[:SAID_BYTES].decode(errors="replace") for path in self.said)
        return Ended(self.code if in_time else None, out, err, self.board.phase, took)

    def settle(self, seconds: float) -> bool:
        """Wait for the end of all its processes; whether they ended by themselves."""
        ready = bool(select.select([self.lifeline], [], [], seconds)[0])
        if not ready:
            self.send(signal.SIGKILL, "group")
        os.close(self.lifeline)
        return ready


def load_entry() -> Callable[[], Any]:
    """The function behind the installed command."""
    [entry] = entry_points(group="console_scripts", name="paribus")
    function: Callable[[], Any] = entry.load()
    return function


def start(
    words: Sequence[str],
    place: Path,
    said: Path,
    *,
    trap: Trap | None = None,
    trail: Path | None = None,
    streams: Streams = "files",
    largest: int | None = None,
    cold: bool = False,
    loaded: Path | None = None,
    first: Callable[[], None] | None = None,
) -> Command:
    """Start ``paribus`` in the folder ``place``.

    Args:
        words: its arguments.
        place: the current folder, with the cache and temporary files below it.
        said: its output goes to files of this name with ``.out`` and ``.err``.
        trap: where a signal is sent.
        trail: a file that takes the labels of all file operations.
        streams: what the standard streams are.
        largest: no file may become larger than so many bytes, as if the disk were full.
        cold: start from nothing: no trap and no trail, but exactly what a terminal starts.
        loaded: a file that takes the names of the modules that were needed.
        first: called in the process of the command, unless it is cold.
    """
    outputs = said.with_suffix(".out"), said.with_suffix(".err")
    for path in outputs:
        path.write_bytes(b"")
    board = Board(place, trap)
    lifeline, held = os.pipe()
    opened = _open(streams, outputs)
    reader = None
    if streams == "reader leaves":
        reader, opened[1] = os.pipe()

    def prepare() -> None:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        if largest is not None:
            import resource  # there is none on Windows

            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
        _place(opened)

    if cold:
        command = [sys.executable, "-c", COLD, *words]
        environ = {**os.environ, **surroundings(place)}
        process = subprocess.Popen(command, cwd=place, env=environ, preexec_fn=prepare, pass_fds=[held])
        pid = process.pid
        process.returncode = 0  # so that only the command below waits for it
    else:
        pid = os.fork()
        if pid == 0:
            os.close(lifeline)
            _become(words, place, prepare, (first or (lambda: None), lambda: board.watch(trail)), loaded)
    os.close(held)
    for number in {number for number in opened if number is not None}:
        os.close(number)
    if reader is not None:  # takes the first that is said and goes, as head does
        select.select([reader], [], [], 2)
        os.close(reader)
    return Command(pid, lifeline, outputs, board)


def surroundings(place: Path) -> dict[str, str]:
    """The environment of a command in this folder."""
    folders = {"PARIBUS_CACHE": str(place / "cache"), "TMPDIR": str(place / "tmp"), "PARIBUS_RUNS": "runs"}
    return {**folders, "COLUMNS": "1000"}  # so wide that no message is broken into lines


def children(pid: int) -> list[int]:
    """The processes that a process started and that live; none where the system does not tell."""
    with suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def load_modules(names: Path) -> None:
    """Import here what a command needed, so that the next ones need not."""
    for name in json.loads(names.read_text()):
        if name not in sys.modules:
            with suppress(Exception):  # some can only be imported by others
                import_module(name)


def _become(
    words: Sequence[str],
    place: Path,
    prepare: Callable[[], None],
    steps: Sequence[Callable[[], object]],
    loaded: Path | None,
) -> NoReturn:
    """In a forked process: be the command, and end like it."""
    code = 1
    try:
        atexit._clear()  # what the parent wants done at its own end
        atexit.register(util._exit_function)  # type: ignore[attr-defined]
        os.chdir(place)
        os.environ.update(surroundings(place))
        tempfile.tempdir = None
        prepare()
        for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
            setattr(sys, name, _stream(number, mode))
            setattr(sys, f"__{name}__", getattr(sys, name))
        sys.argv = ["paribus", *words]
        for step in steps:
            step()
        code = _run()
        if loaded is not None:
            loaded.write_text(json.dumps([name for name in list(sys.modules) if not name.startswith("__")]))
    finally:
        os._exit(code)


def _run() -> int:
    code: Any = 0
    try:
        main = load_entry()
        signal.signal(signal.SIGINT, signal.default_int_handler)  # from here on an answer is expected
        main()
    except SystemExit as error:
        code = error.code
    except BaseException:
        traceback.print_exc()
        code = 1
    for last in (atexit._run_exitfuncs, *(stream.flush for stream in (sys.stdout, sys.stderr) if stream)):
        try:
            last()
        except Exception:  # as the interpreter does for streams that cannot be written
            code = code or UNFLUSHED
    return code if isinstance(code, int) else int(code is not None)


def _stream(number: int, mode: str) -> Any:
    """A standard stream as Python makes it at its start: none where it is closed."""
    try:
        os.fstat(number)
        return open(number, mode, encoding="utf-8", closefd=False)
    except OSError:
        return None


def _open(streams: Streams, outputs: tuple[Path, Path]) -> list[int | None]:
    """Descriptors for the three standard streams; none for those that are closed."""
    out, err = (Path("/dev/full"),) * 2 if streams == "full" else outputs
    paths = {
        "closed": (None, None, None),
        "no output": (os.devnull, None, err),
        "no errors": (os.devnull, out, None),
        "reader leaves": (os.devnull, None, err),
    }.get(streams, (os.devnull, out, err))
    return [None if path is None else os.open(path, os.O_RDWR | os.O_APPEND) for path in paths]


def _place(opened: Sequence[int | None]) -> None:
    """Make these descriptors the standard streams of this process."""
    for number, source in enumerate(opened):
        if source is not None:
            os.dup2(source, number)
    for number, source in enumerate(opened):
        if source is None:
            with suppress(OSError):
                os.close(number)
