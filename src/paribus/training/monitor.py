"""What a training does beside its steps: reports, heartbeats, checkpoints, and stopping where it must."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from paribus.errors import Diverged, Interrupted, Paused
from paribus.records.run import HEARTBEAT_SECONDS, RunFolder, State
from paribus.records.time import Time
from paribus.training import checkpoints
from paribus.training.execution import Settings
from paribus.training.interruption import StopRequest
from paribus.training.session import Session

TICK_SECONDS = 0.1  # between two looks at the loss, and two reports


@dataclass(frozen=True)
class Progress:
    """How far a training is: sent to listeners about ten times a second, and at every epoch's end with ``row``."""

    epoch: int
    epochs: int
    step: int
    steps: int
    figures: dict[str, float] = field(default_factory=dict)
    row: dict[str, Any] | None = None


Listener = Callable[[Progress], None]


def no_listener(progress: Progress) -> None:
    """The listener of those who want no reports."""


@dataclass(frozen=True)
class Plan:
    """How long a training may take: at most ``epochs`` and ``steps``, with ``per_epoch`` steps an epoch."""

    epochs: int
    steps: int
    per_epoch: int

    def time(self, step: int) -> Time:
        """When in the training a step is."""
        return Time(step, self.steps, self.per_epoch)

    def before_look(self, step: int) -> bool:
        """Whether a step, counted from 0, is the first one, the last one, or the last of epoch 1, 2, 4, 8, …"""
        epochs, rest = divmod(step + 1, self.per_epoch)
        return step == 0 or step + 1 == self.steps or (not rest and epochs.bit_count() == 1)


class Monitor:
    """Watches over a session.

    Args:
        folder: where status and checkpoints are written.
        session: the training.
        plan: how long it may take.
        settings: the user's wishes, of which the time between two checkpoints counts here.
        listen: who hears how far it is.
        request: whether somebody asked to stop.
        diverging: called when the training is stopped because a figure is no number any more.
    """

    def __init__(
        self,
        folder: RunFolder,
        session: Session,
        plan: Plan,
        settings: Settings,
        listen: Listener,
        request: StopRequest,
        diverging: Callable[[], None],
    ) -> None:
        self.folder, self.session, self.plan = folder, session, plan
        self.settings, self.listen, self.request, self.diverging = settings, listen, request, diverging
        before = folder.last_status()
        self.status = replace(before, epochs=plan.epochs, resumed=before.resumed + (session.step > 0))
        self.last_save = time.perf_counter()
        self.next_tick = self.next_heartbeat = 0.0

    def tick(self) -> None:
        """After every step; about ten times a second, check the loss, report, and save if it is time to."""
        if time.perf_counter() < self.next_tick:
            return
        figures = self.session.train_figures()
        self.refuse_divergence(figures)
        self.listen(self.progress(figures))
        if time.perf_counter() >= self.last_save + self.settings.checkpoint_seconds:
            self.save()
        self.between_batches()
        self.next_tick = time.perf_counter() + TICK_SECONDS

    def between_batches(self) -> None:
        """Show now and then that this run is alive; save and stop if that was asked for.

        Raises:
            Interrupted: if it was.
        """
        now = time.perf_counter()
        if now >= self.next_heartbeat:
            self.heartbeat("running")
            self.next_heartbeat = now + HEARTBEAT_SECONDS
        if self.request.stop_requested():
            self.save()
            raise Interrupted("stopped on request; everything is saved", hint="run the same command again to go on")

    def report_epoch(self, figures: dict[str, float], row: dict[str, Any]) -> None:
        """Report an epoch that has ended; the next step is reported at once.

        Raises:
            Paused: if the training was to go no further for now.
        """
        self.listen(self.progress(figures, row))
        self.next_tick = 0.0
        ended = self.session.step >= self.plan.steps or self.session.stopping.stop
        if self.settings.until is not None and self.session.epoch >= self.settings.until and not ended:
            self.save()
            self.heartbeat("interrupted")
            raise Paused(f"paused behind epoch {self.session.epoch} of {self.plan.epochs}; everything is saved")

    def progress(self, figures: dict[str, float], row: dict[str, Any] | None = None) -> Progress:
        """How far the training is."""
        epoch = min(self.session.step // self.plan.per_epoch, self.plan.epochs)
        return Progress(epoch, self.plan.epochs, self.session.step, self.plan.steps, figures, row)

    def refuse_divergence(self, figures: Mapping[str, float]) -> None:
        """Stop a training with a figure that is no number any more; the last checkpoint is still a good one.

        Raises:
            Diverged: with the figure and the learning rate.
        """
        for name, value in figures.items():
            if not math.isfinite(value):
                self.diverging()
                raise Diverged(
                    f"{name} is {value} in epoch {self.session.epoch + 1} (step {self.session.step})",
                    got=f"learning rate {self.session.rate:g}",
                    hint="lower optimizer.lr, or set training.clip_norm=1",
                )

    def save(self) -> None:
        """Write a checkpoint, unless the weights are not finite any more."""
        with self.session.stopwatch.paused():
            if self.session.finite():
                checkpoints.save(self.folder.checkpoints, self.session.step, self.session.state())
        self.last_save = time.perf_counter()

    def heartbeat(self, state: State) -> None:
        """Write into the status that this run is alive (its time is when it was written), and how far it is."""
        self.status = replace(self.status, state=state, epoch=self.session.epoch, step=self.session.step)
        self.folder.write_status(self.status)
