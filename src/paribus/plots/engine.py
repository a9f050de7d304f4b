"""The drawing engine, in a process of its own: where memory is short it does not fail but kills its process.

The process is started with the first picture, serves all others, and ends with this one.
"""

from __future__ import annotations

import atexit
import base64
import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Any

from paribus.errors import ParibusError

LANGUAGE = "5.20"  # of Vega-Lite
SECONDS = 120.0  # that a picture may take

# reads a line of JSON for each picture, and answers with a line
SERVER = f"""
import base64, json, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
import vl_convert
def draw(kind, given, scale):
    if kind == "svg":
        return vl_convert.vegalite_to_svg(given, vl_version="{LANGUAGE}", allowed_base_urls=[]).encode()
    return bytes(vl_convert.svg_to_png(given, scale=scale) if kind == "png" else vl_convert.svg_to_pdf(given))
for line in sys.stdin:
    try:
        answer = {{"drawn": base64.b64encode(draw(*json.loads(line))).decode()}}
    except Exception as error:
        answer = {{"problem": str(error)}}
    print(json.dumps(answer), flush=True)
"""


class NotDrawn(ParibusError):
    """A picture that the drawing engine did not draw."""


class Engine:
    """The process that draws, once it is needed."""

    def __init__(self) -> None:
        self._lock, self._owner = threading.Lock(), 0
        self._process: subprocess.Popen[str] | None = None

    def draw(self, kind: str, given: Any, scale: float = 1.0) -> bytes:
        """A picture as a file.

        Args:
            kind: ``svg`` of a Vega-Lite specification; ``png`` or ``pdf`` of an SVG text.
            given: that specification or text.
            scale: pixels of a PNG for each of the SVG.

        Raises:
            NotDrawn: if the engine refuses, dies, or takes too long.
        """
        with self._lock:
            try:
                answer = self._asked(json.dumps([kind, given, scale]))
            except (OSError, ValueError) as error:
                self._stop()
                raise NotDrawn("a picture cannot be drawn: the drawing engine does not run", got=str(error)) from error
        if not answer:
            hint = "it needs some gigabytes of address space: raise the limit (ulimit -v), then ask again"
            raise NotDrawn("a picture cannot be drawn: the drawing engine died", got=self._stop(), hint=hint)
        found = json.loads(answer)
        if "problem" in found:
            raise NotDrawn("a picture cannot be drawn", got=found["problem"])
        return base64.b64decode(found["drawn"])

    def _asked(self, request: str) -> str:
        """The answer to a request; nothing if the process dies over it."""
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        patience = threading.Timer(SECONDS, process.kill)
        patience.start()
        try:
            process.stdin.write(request + "\n")
            process.stdin.flush()
            return process.stdout.readline()
        except BrokenPipeError:
            return ""
        finally:
            patience.cancel()

    def _running(self) -> subprocess.Popen[str]:
        """The process; a new one if there is none, or if it is that of the process which this one was forked from."""
        if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:
            if self._owner == os.getpid():
                self._stop()
            command = [sys.executable, "-P", "-c", SERVER]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8"
            )
            self._owner = os.getpid()
            atexit.register(self._stop)
        return self._process

    def _stop(self) -> str:
        """End what runs; how it ended."""
        process, self._process = self._process, None
        if process is None:
            return "it was not started"
        process.kill()
        with suppress(OSError), process:  # closes its pipes
            pass
        return f"exit code {process.returncode}"
