"""Jobs of SLURM's as places for runs, submitted through submitit: many at once as one array.

A place serves one run after another, so that nobody queues for each, and is kept for a while for the study's next look.
Submitit is MIT-licensed software of Meta's (https://github.com/facebookincubator/submitit).
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paribus.errors import StudyError
from paribus.studies.executors.lines import Line, Pulse
from paribus.studies.executors.orders import Report
from paribus.studies.executors.places import Gone
from paribus.studies.executors.station import END, STOP, serve

LOCAL_SECONDS, FAR_SECONDS = 0.05, 1.0  # between two looks at the files of places: here; over a network
SILENT_SECONDS = {True: 3.0, False: 30.0}  # of a place, here or far, before its job is looked for
LOST_SECONDS = 600.0  # of a place that is said to run
LEAVE_SECONDS = 30.0  # that places of this machine get to end


@dataclass(eq=False)
class _Place:
    """A job of SLURM's.

    Args:
        name: of its files.
        job: submitit's.
        orders: what is said to it.
        reports: what it says.
        asked: the name under which it was asked for; empty where nobody needs it now.
        offered: whether whoever asked knows that it is there.
        node: where it is; empty where it has not begun.
        heard: when it last gave a sign of life.
        asked_after: the same, or when its job was last looked for.
    """

    name: str
    job: Any
    orders: Line
    reports: Line
    asked: str = ""
    offered: bool = False
    node: str = ""
    heard: float = field(default_factory=time.monotonic)
    asked_after: float = field(default_factory=time.monotonic)


class Batch:
    """Places of one kind, which outlive a study's look.

    Args:
        desk: a folder that all nodes share, made for this.
        submitter: submitit's executor, which has the resources of each.
        local: whether they are processes of this machine.
    """

    def __init__(self, desk: Path, submitter: Any, local: bool) -> None:
        self.desk, self.submitter, self.local = desk, submitter, local
        self.pulse = Pulse(desk / "pulse")
        self.pulse.beat()
        self.pause = LOCAL_SECONDS if local else FAR_SECONDS
        self.places: list[_Place] = []
        self.asked: list[str] = []  # names for which there is no job yet
        self.left: list[Any] = []  # jobs of this machine whose places have left, and that may not have ended yet
        self.packed = ""
        self.owner = os.getpid()

    def pack(self, packed: bytes) -> None:
        """Lay down the user's own parts and functions, for the runs that come."""
        self.packed = f"{secrets.token_hex(8)}.parts" if packed else ""
        if packed:
            (self.desk / self.packed).write_bytes(packed)

    def ask(self) -> str:
        """An idle place, one that has begun before all others; or else a further job."""
        name = secrets.token_hex(8)
        idle = sorted((place for place in self.places if not place.asked), key=lambda place: not place.node)
        if idle:
            idle[0].asked = name
        else:
            self.asked.append(name)
        return name

    def give(self, place: str, thing: Any) -> None:
        """Say to a place what it has to do; one for which nothing is left becomes idle."""
        if thing is not None and (found := self._of(place)):
            with suppress(OSError):  # what is gone is noticed when it is listened to
                found.orders.say((thing, self.packed))

    def heard(self, seconds: float) -> Iterator[tuple[str, Report | Gone]]:
        """What places say."""
        self._submit()
        until = time.monotonic() + seconds
        while True:
            self.pulse.beat()
            said = [pair for place in list(self.places) for pair in self._listen(place)]
            if said or time.monotonic() >= until:
                yield from said
                return
            time.sleep(self.pause)

    def ring(self) -> None:
        """Let all runs save and stop."""
        for place in self.places:
            with suppress(OSError):
                place.orders.say(STOP)

    def cancel(self, place: str, force: bool) -> None:
        """Give a place up: one that waits in the queue; with ``force`` one that has a run."""
        if place in self.asked:
            self.asked.remove(place)
        elif (found := self._of(place)) and (force or not found.node):
            self._remove(found)
            with suppress(OSError):
                found.orders.say(END)
            self._end_job(found)

    def forget(self, place: str) -> None:
        """Its run has ended: it is idle."""
        if found := self._of(place):
            found.asked, found.offered = "", False

    def free(self) -> str:
        """What is known of the queue."""
        states = sorted({str(place.job.state) for place in self.places if not place.node})
        return f"the states of their jobs are {', '.join(states) or 'not known'}"

    def end(self) -> None:
        """Give all places back."""
        if self.owner != os.getpid():  # a fork of this process has the object, not the places
            return
        for place in self.places:
            with suppress(OSError):
                place.orders.say(END)
        jobs, until = [*self.left, *(place.job for place in self.places)], time.monotonic() + LEAVE_SECONDS
        while self.local and time.monotonic() < until and not all(job.done() for job in jobs):
            time.sleep(self.pause)
        for place in self.places:
            self._end_job(place)
        self.places, self.left = [], []
        shutil.rmtree(self.desk, ignore_errors=True)

    def _of(self, asked: str) -> _Place | None:
        return next((place for place in self.places if place.asked == asked), None)

    def _submit(self) -> None:
        """Submit what was asked for, as one array.

        Raises:
            StudyError: where SLURM refuses it.
        """
        if not self.asked:
            return
        names = [secrets.token_hex(4) for _ in self.asked]
        lines = [[Line(self.desk / f"{name}.{kind}").open() for kind in ("orders", "reports")] for name in names]
        try:
            with _deaf(), self.submitter.batch():
                jobs = [self.submitter.submit(serve, str(self.desk), name, self.pause) for name in names]
        except Exception as error:  # of submitit, or of sbatch by way of it
            said = str(error).strip().splitlines() or [type(error).__name__]
            hint = "what --on slurm:… says goes to sbatch: is there such a partition, account, time, memory?"
            raise StudyError("SLURM takes no job of this kind", got=said[-1], hint=hint) from None
        for asked, name, job, (orders, reports) in zip(self.asked, names, jobs, lines, strict=True):
            self.places.append(_Place(name, job, orders, reports, asked))
        self.asked = []

    def _listen(self, place: _Place) -> Iterator[tuple[str, Report | Gone]]:
        """What a place says, and whether it is gone without a word."""
        now = time.monotonic()
        try:
            said = place.reports.heard()
        except OSError as error:
            said = [Gone(f"the file of its messages cannot be read: {error.strerror}")]
        for thing in said:
            place.asked_after = place.heard = now
            if isinstance(thing, Gone) and place in self.places:
                self._remove(place)
            if isinstance(thing, Report) and thing.ready:
                place.node = thing.node
                continue
            if thing is not None and place.asked:
                yield place.asked, thing
        if place not in self.places:
            return
        if place.node and place.asked and not place.offered:
            place.offered = True
            yield place.asked, Report(place.node, ready=True)
        if now - place.asked_after > SILENT_SECONDS[self.local]:
            place.asked_after = now
            # SLURM is asked for those that had begun; of the queue submitit itself asks now and then, for all at once
            if place.job.done(force_check=bool(place.node)) or (place.node and now - place.heard > LOST_SECONDS):
                self._remove(place)
                self._end_job(place)
                if place.asked:
                    yield place.asked, Gone(_last_words(place.job))

    def _remove(self, place: _Place) -> None:
        self.places.remove(place)
        if self.local:
            self.left = [job for job in [*self.left, place.job] if not job.done()]

    def _end_job(self, place: _Place) -> None:
        """End a job that may have ended by itself."""
        with suppress(OSError, subprocess.SubprocessError):
            if not self.local:
                place.job.cancel(check=False)
            elif not place.job.done():
                os.kill(int(place.job.job_id), signal.SIGTERM)


@contextmanager
def _deaf() -> Iterator[None]:
    """A block whose processes do not hear Ctrl-C, which reaches all of a terminal: who waits for them tells them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _last_words(job: Any) -> str:
    """What a job that has ended wrote last, in a line."""
    with suppress(OSError, UnicodeDecodeError):
        said = (job.stderr() or "").strip().splitlines()
        if said:
            return str(said[-1])
    return "its job has ended without a word"
