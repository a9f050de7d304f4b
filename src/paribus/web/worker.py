"""Work that is too heavy for the server: done by a process of its own, which imports torch when it needs it.

The server never imports it, so the page stays quick, and a process that runs out of memory or time takes nothing with
it. ``python -m paribus.web.worker`` reads a line of JSON for each task, and answers with a line.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from queue import SimpleQueue
from typing import IO, Any

from paribus import errors
from paribus.errors import ParibusError
from paribus.files import dumps
from paribus.web.answers import TooLong

TASKS = "paribus.web.tasks"  # the package whose modules hold the tasks
NICE = 5  # trainings come first


class Worker:
    """A process that does one task after another, started with the first one.

    Args:
        name: for messages.
        warm: the task that imports what it will need.
    """

    def __init__(self, name: str, warm: str = "warm:reports") -> None:
        self.name, self.warm = name, warm
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = self._warmed = False

    def ask(self, task: str, seconds: float = 120.0, /, **given: Any) -> Any:
        """What a task gives: ``"runs:page"`` is the function ``page`` in ``tasks/runs.py``. Waits for those before it.

        Raises:
            ParibusError: what the task raised.
            TooLong: if it took longer than ``seconds``; the process is ended.
        """
        with self._lock:
            process, late = self._started(), threading.Event()
            timer = threading.Timer(seconds, _give_up, (process, late))
            timer.daemon = True
            timer.start()
            try:
                reply = self._exchange(process, dumps([task, given]).encode() + b"\n")
            finally:
                timer.cancel()
            if not reply:
                self._end()
                raise self._gone(seconds if late.is_set() else None)
        return _read(reply)

    def warm_once(self) -> None:
        """Start the process, if it was never started, and let it import what it will need, without waiting for it."""
        if not self._warmed:
            self._warmed = True
            threading.Thread(target=self._warm, daemon=True).start()

    def close(self) -> None:
        """End the process, whatever it does."""
        self._closed = True
        self._end()

    def _warm(self) -> None:
        with suppress(ParibusError, OSError):
            self.ask(self.warm)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._closed:
            raise TooLong("the page is being closed")
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "paribus.web.worker"],  # nothing is imported from this folder
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the server, which ends it
            )
        return self._process

    def _exchange(self, process: subprocess.Popen[bytes], line: bytes) -> bytes:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(line)
            process.stdin.flush()
            return process.stdout.readline()
        except (OSError, ValueError):
            return b""

    def _gone(self, seconds: float | None) -> ParibusError:
        if seconds is not None:
            rule = f"this took longer than {seconds:.0f} s, and was given up"
            return TooLong(rule, hint="ask for less, or ask the command line, which waits")
        hint = "it may have run out of memory; ask again, or ask the command line"
        return TooLong("the process that worked on this has ended", got=self.name, hint=hint)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            _kill(process)
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):
                    if pipe is not None:
                        pipe.close()
            process.wait()


def _give_up(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started, which would hold its pipes open: the session is its own."""
    if process.poll() is None and hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def _read(reply: bytes) -> Any:
    """What a reply says; an error of the task is raised here."""
    content = json.loads(reply)
    if (error := content.get("error")) is None:
        return content["answer"]
    kind = getattr(errors, error["kind"], ParibusError)
    raise kind(error["rule"], got=error["got"], hint=error["hint"])


def serve(tasks: IO[bytes], replies: IO[bytes]) -> None:
    """Do what is asked, line by line; when nobody can ask any more the process ends, whatever it does."""
    asked: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_hear, args=(tasks, asked), daemon=True).start()
    while True:
        replies.write(dumps(_reply(asked.get())).encode() + b"\n")
        replies.flush()


def _hear(tasks: IO[bytes], asked: SimpleQueue[bytes]) -> None:
    for line in tasks:
        asked.put(line)
    os._exit(0)


def _reply(line: bytes) -> dict[str, Any]:
    try:
        task, given = json.loads(line)
        module, _, name = task.partition(":")
        return {"answer": getattr(importlib.import_module(f"{TASKS}.{module}"), name)(**given)}
    except ParibusError as error:
        kind = type(error).__name__
        return {"error": {"kind": kind, "rule": error.rule, "got": error.got, "hint": error.hint}}
    except MemoryError as error:
        return _trouble("there is not enough memory for this", str(error), "ask for less")
    except Exception as error:  # one task must not end those behind it
        return _trouble(errors.message_of(error), "", "this is a mistake of paribus: please report it")


def _trouble(rule: str, got: str, hint: str) -> dict[str, Any]:
    return {"error": {"kind": "ParibusError", "rule": rule, "got": got, "hint": hint}}


def main() -> None:
    """Serve on standard input and output; what tasks print goes nowhere."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError, AttributeError):
        os.nice(NICE)
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, replies)


if __name__ == "__main__":
    main()
