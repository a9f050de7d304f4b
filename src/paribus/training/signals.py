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
class StopRequest:
    """Whether somebody asked to stop (the number of the signal), and whether that was noticed."""

    number: int = 0
    noticed: bool = False

    def stop_requested(self) -> bool:
        """Whether to stop; whoever gets a yes has promised to."""
        self.noticed |= bool(self.number)
        return self.noticed


@contextmanager
def interruptible() -> Iterator[StopRequest]:
    """Turn SIGINT and SIGTERM into a request to stop; a second Ctrl-C aborts at once.

    A signal that is ignored stays ignored, as SIGINT is in the background jobs of a shell script. Only the main thread
    can receive signals; elsewhere the request never comes.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return

    def on_signal(number: int, frame: FrameType | None) -> None:
        if request.number and number == signal.SIGINT:
            raise KeyboardInterrupt
        request.number = number

    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    previous = {number: signal.signal(number, on_signal) for number in heard}
    try:
        yield request
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        if request.number and not request.noticed:  # it came when there was nothing left to stop here
            signal.raise_signal(request.number)
