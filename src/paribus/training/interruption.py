"""Stop politely when asked to: finish the step, save, say so."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from paribus.errors import Interrupted
from paribus.streams import say

# Ctrl-C, a polite kill, and a terminal that was closed
SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class _StopNow(KeyboardInterrupt):
    """Raised wherever a block happens to be; no ``except Exception`` takes it for a damaged picture."""


@dataclass
class StopRequest:
    """Whether somebody asked to stop (the number of the signal), whether that was noticed, and what it does then."""

    number: int = 0
    noticed: bool = False
    breaks: bool = False  # into what is being done, instead of waiting until somebody looks
    ending: bool = False  # by itself: a polite kill must not come before its last words

    def stop_requested(self) -> bool:
        """Whether to stop; whoever gets a yes has promised to."""
        self.noticed |= bool(self.number)
        return self.noticed

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """A block that is left as soon as somebody asks to stop: reading data, which may take hours and is done again.

        Raises:
            Interrupted: if somebody asked.
        """
        self.breaks = True
        try:
            if not self.number:
                yield
        except _StopNow:
            pass
        finally:
            self.breaks = False
        if self.stop_requested():
            raise Interrupted("stopped on request, before the first step", hint="run the same command again to go on")

    def receive(self, number: int, frame: FrameType | None) -> None:
        """What happens at a signal."""
        again, self.number = self.number and number == signal.SIGINT, number
        if again:
            say("aborting: what was not saved before is lost")
            raise KeyboardInterrupt
        if self.breaks:
            raise _StopNow
        if number == signal.SIGINT:
            say("stopping as soon as everything is saved; Ctrl-C again aborts at once")


@contextmanager
def interruptible() -> Iterator[StopRequest]:
    """Turn Ctrl-C, a polite kill and a closed terminal into a request to stop; a second Ctrl-C aborts at once.

    A signal that is ignored stays ignored: SIGINT in the background jobs of a shell script, SIGHUP below ``nohup``.
    Only the main thread can receive signals; elsewhere the request never comes.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return

    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    previous = {number: signal.signal(number, request.receive) for number in heard}
    try:
        yield request
    finally:
        for number, handler in previous.items():
            signal.signal(number, signal.SIG_IGN if request.ending and number == signal.SIGTERM else handler)
        if request.number and not request.noticed:  # it came when there was nothing left to stop here
            signal.raise_signal(request.number)
