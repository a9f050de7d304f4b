"""What a job of SLURM's does: it serves runs on its node, one after another, until nobody has any more.

It and whoever hands runs out talk through files of a folder that they share, see :mod:`.lines`. Where its time is over
or its place is needed for others, SLURM sends a signal: then its run saves, and goes on elsewhere.
"""

from __future__ import annotations

import platform
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from paribus.errors import ParibusError
from paribus.studies.executors.lines import BEAT_SECONDS, Line, Pulse
from paribus.studies.executors.node import settle, watch
from paribus.studies.executors.orders import Order, Report
from paribus.studies.executors.places import Gone

LEAVE = ("SIGTERM", "SIGUSR1", "SIGUSR2")  # sent before a place is taken away; by default submitit asks for the last
IDLE_SECONDS = 60.0  # without a word of whoever asked, before an idle place is given back
ALONE_SECONDS = 120.0  # the same with a run, which then saves and stops
END, STOP = "end", "stop"  # words beside orders: leave; let the run save and stop


def serve(desk: str, name: str, pause: float) -> None:
    """Serve runs.

    Args:
        desk: the folder that is shared.
        name: of this place.
        pause: seconds between two looks for something new.
    """
    import paribus.training.loop  # noqa: F401  loads torch, once for all runs

    _Station(Path(desk), name, pause).serve()


class _Station:
    def __init__(self, desk: Path, name: str, pause: float) -> None:
        self.desk, self.pause, self.node = desk, pause, platform.node()
        self.orders, self.reports = Line(desk / f"{name}.orders"), Line(desk / f"{name}.reports")
        self.pulse = Pulse(desk / "pulse")
        self.leaving, self.over, self.stopped = "", False, False
        self.next: list[tuple[Order, str]] = []
        self._due = self._look = self._silence = 0.0
        for word in LEAVE:
            if number := getattr(signal, word, None):
                signal.signal(number, self._leave)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asked decides what Ctrl-C means

    def serve(self) -> None:
        """Until there is nothing more to do here."""
        try:
            self.reports.say(Report(self.node, ready=True))
            while not self._asked_to_leave():
                if self.next:
                    for report in self._run(*self.next.pop(0)):
                        self.reports.say(report)
                else:
                    time.sleep(self.pause)
            self.reports.say(Gone(self.leaving or "it was idle"))
        except OSError:  # the folder is gone, and with it whoever would read
            return

    def _run(self, order: Order, packed: str) -> Iterator[Report | Gone]:
        try:
            settle(order, self.node)
            content = (self.desk / packed).read_bytes() if packed else b""
            for report in watch(order, content, Path(order.path), self.node, self._asked_to_stop):
                yield self._as_left(report)
        except ParibusError as error:  # this node can run none of them
            self.over = True
            yield Gone("", error)

    def _as_left(self, report: Report) -> Report:
        """A run that has stopped because this place is taken away, and not because somebody wished it."""
        if not self.leaving or self.stopped or not (report.events and report.events[-1][0] == "interrupted"):
            return report
        return replace(report, events=report.events[:-1], left=self.leaving)

    def _asked_to_stop(self) -> bool:
        """Whether the run of this place is to save and stop."""
        if self._hear() > ALONE_SECONDS:
            self.leaving = self.leaving or "whoever asked for it is gone"
        return bool(self.leaving or self.stopped)

    def _asked_to_leave(self) -> bool:
        if self._hear() > IDLE_SECONDS and not self.next:
            self.over = True
        return bool(self.leaving or self.over)

    def _hear(self) -> float:
        """Take in what was said, and give a sign of life; returns for how long whoever asked gave none."""
        now = time.monotonic()
        if now >= self._due:
            self.reports.say(None)
            self._due = now + BEAT_SECONDS
        if now >= self._look:
            self._look = now + self.pause
            for word in self.orders.heard():
                if word == END:
                    self.over = self.stopped = True
                elif word == STOP:
                    self.stopped = True
                else:
                    self.stopped = False
                    self.next.append(word)
            self._silence = self.pulse.silence()
        return self._silence

    def _leave(self, number: int, frame: Any) -> None:
        self.leaving = f"its place was taken away ({signal.Signals(number).name})"
