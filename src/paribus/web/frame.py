"""The page in a notebook: served by a process of its own, which ends with the notebook."""

from __future__ import annotations

import atexit
import subprocess
import sys
import threading
from contextlib import suppress
from html import escape
from pathlib import Path

from paribus.errors import ParibusError

SECONDS = 20.0  # that it may take to begin
HEIGHT = 720  # pixels


class Frame:
    """A page that is served until it is closed, or the notebook ends; a notebook shows it in a frame.

    Args:
        address: with its token.
        process: that serves it.
        height: of the frame, in pixels.
    """

    def __init__(self, address: str, process: subprocess.Popen[str], height: int) -> None:
        self.address, self.height = address, height
        self._process = process
        atexit.register(self.close)

    def close(self) -> None:
        """End the page; trainings that it started go on."""
        atexit.unregister(self.close)
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.communicate(timeout=5)

    def _repr_html_(self) -> str:
        address = escape(self.address)
        return (
            f'<p><a href="{address}" target="_blank" rel="noopener">open in a window of its own</a></p>'
            f'<iframe src="{address}" title="paribus" width="100%" height="{self.height}"></iframe>'
        )

    def __repr__(self) -> str:
        return f"the page is at {self.address}"


def ui(runs: str | Path = "runs", *, port: int = 0, read_only: bool = False, height: int = HEIGHT) -> Frame:
    """The local page about a folder of runs, as ``paribus ui`` opens it; a notebook shows it in a frame.

    >>> page = pb.ui("runs")  # doctest: +SKIP

    Args:
        runs: the folder of the run folders.
        port: the port; the next free one if it is in use, any by default.
        read_only: show everything, and let nothing be started, stopped or changed.
        height: of the frame, in pixels.

    Raises:
        ParibusError: if it does not begin.
    """
    words = [sys.executable, "-m", "paribus.web.framed", str(Path(runs).absolute()), str(port), str(int(read_only))]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    late = threading.Timer(SECONDS, process.kill)
    late.start()
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
    finally:
        late.cancel()
    if not address:
        _, said = process.communicate(timeout=SECONDS)
        raise ParibusError("the page did not begin", got=said.strip()[-500:], hint="try: paribus ui")
    return Frame(address, process, height)
