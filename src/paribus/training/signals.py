"""Stop politely when asked to: finish the step, save, say so."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM") if hasattr(signal, name))


@dataclass
class Request:
    """Whether somebody asked to stop (the number of the signal), and whether that was heard."""

    number: int = 0
    heeded: bool = False

    def heed(self) -> bool:
        """Whether to stop; whoever gets a yes has promised to."""
        self.heeded |= bool(self.number)
        return self.heeded


@contextmanager
def interruptible() -> Iterator[Request]:
    """Turn SIGINT and SIGTERM into a request to stop; a second Ctrl-C aborts at once.

    Only the main thread can receive signals; elsewhere the request never comes.
    """
    request = Request()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return

    def on_signal(number: int, frame: FrameType | None) -> None:
        if request.number and number == signal.SIGINT:
            raise KeyboardInterrupt
        request.number = number

    previous = {number: signal.signal(number, on_signal) for number in SIGNALS}
    try:
        yield request
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        if request.number and not request.heeded:  # it came when there was nothing left to stop here
            signal.raise_signal(request.number)
