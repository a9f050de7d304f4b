"""How long work announces its progress, and how that is said where no bar can be drawn."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from paribus.streams import say

Announce = Callable[[str, int, int], None]
"""Called with what is being done, how much is done and how much there is (0 where that is not known)."""

FIRST_SECONDS, MOST_SECONDS = 2.0, 30.0  # before the first line, and between two of them


def silent(what: str, done: int, total: int) -> None:
    """Progress that is not shown."""


class Seldom:
    """Says when a line is due: after two seconds, then at distances that grow to half a minute."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.next = self.began + FIRST_SECONDS

    def due(self) -> bool:
        """Whether to say something now."""
        now = time.monotonic()
        if now < self.next:
            return False
        self.next = now + min(now - self.began, MOST_SECONDS)
        return True


class Lines:
    """Progress as a plain line now and then: ``decoding 1,200/60,000, about 40 s left``.

    Args:
        say: what is done with a line; by default it goes to standard error.
    """

    def __init__(self, say: Callable[[str], None] = say) -> None:
        self.say, self.seldom = say, Seldom()
        self.what, self.began, self.before = "", 0.0, 0  # what is being done, since when, and what was done before

    def __call__(self, what: str, done: int, total: int) -> None:
        """Take in how far the work is."""
        if what != self.what:
            self.what, self.began, self.before = what, time.monotonic(), done
        if self.seldom.due():
            self.say(self.line(done, total))

    def line(self, done: int, total: int) -> str:
        """How far the work is, and how long the rest takes at the pace so far."""
        if not total:
            return f"{self.what} {done:,}" if done else self.what
        now = done - self.before
        left = (time.monotonic() - self.began) * (total - done) / now if now > 0 else 0
        return f"{self.what} {done:,}/{total:,}" + (f", about {clock(left)} left" if left else "")


@contextmanager
def working(what: str) -> Iterator[None]:
    """A block of which nobody knows how long it takes: a line says now and then that it goes on."""
    seldom, over = Seldom(), threading.Event()

    def watch() -> None:
        while not over.wait(max(0.0, seldom.next - time.monotonic())):
            if seldom.due():
                say(f"{what}: {clock(time.monotonic() - seldom.began)} so far")

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def clock(seconds: float) -> str:
    """A duration as people say it: ``8 s``, ``3:05 min``, ``1:20 h``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d} min" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d} h"
