"""The training loop. It knows no task, no model and no data source; it steps, records, saves and stops."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from torch import nn

from paribus import files
from paribus.data.augmentation.compose import Compose
from paribus.data.deliver.loader import check_batch_size
from paribus.data.prepare.prepared import PreparedData, prepare
from paribus.errors import Diverged, Interrupted, RunError
from paribus.models.weights import hash_of, pack
from paribus.progress import Announce, silent
from paribus.records.environment import environment
from paribus.records.parts import build
from paribus.records.recipe import Recipe
from paribus.records.run import HEARTBEAT_SECONDS, RunFolder, RunResult, State, this_process
from paribus.tasks import evaluation
from paribus.training import checkpoints
from paribus.training.execution import Settings, peak_memory_mb
from paribus.training.failures import recorded
from paribus.training.schedules import Time
from paribus.training.session import FORMAT, Session
from paribus.training.signals import Request, interruptible

logger = logging.getLogger(__name__)

SHOWN = 8  # validation examples that are looked at while training
TICK_SECONDS = 0.1  # how often the loop looks up from its work


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


def ignore(progress: Progress) -> None:
    """The listener that does not listen."""


def train(
    folder: RunFolder,
    recipe: Recipe,
    seed: int,
    settings: Settings,
    listen: Listener = ignore,
    progress: Announce = silent,
) -> RunResult:
    """Train a recipe with a seed into a run folder, or go on with what is there.

    A finished run is not trained again: its result is returned. ``listen`` hears of the training, ``progress`` of the
    decoding of data that were not used before.

    Raises:
        ParibusError: Diverged, Interrupted, OutOfMemory, RunLocked, DataError or RecipeError, each also recorded in
            the folder's status.
    """
    folder.create(recipe, seed)
    with folder.lock(), recorded(folder), interruptible() as request:
        if (result := folder.result) is not None:
            _settle(folder)
            return result
        files.remove_leftovers(folder.path)
        checkpoints.tidy(folder.checkpoints)
        folder.write_status(replace(folder.status, state="running", started=time.time(), error="", **this_process()))
        seeds = recipe.seeds(seed)
        prepared = prepare(recipe, seeds, _heeding(request, progress))
        check_batch_size(recipe.training.batch_size, len(prepared.rows["train"]))
        session = Session(recipe, prepared, seeds, settings)
        folder.write_info(prepared.info.plain())
        folder.write_environment({**environment(), "execution": session.execution.plain()})
        _resume(folder, session)
        prepared = prepared.on(session.execution.device)
        return _Loop(folder, recipe, prepared, session, settings, listen, request).run()


class _Loop:
    """A training with its surroundings, so that :meth:`run` reads top to bottom."""

    def __init__(
        self,
        folder: RunFolder,
        recipe: Recipe,
        prepared: PreparedData,
        session: Session,
        settings: Settings,
        listen: Listener,
        request: Request,
    ) -> None:
        self.folder, self.recipe, self.session, self.settings = folder, recipe, session, settings
        self.listen, self.request = listen, request
        self.loader = prepared.loader("train", recipe.training.batch_size, session.execution.device)
        evaluation_batch = evaluation.batch_size(prepared.info, recipe.training.batch_size)
        self.validation = prepared.loader("val", evaluation_batch, session.execution.device)
        apart = max(1, len(self.validation.rows) // SHOWN)  # neighbours may be much alike, as windows of a series are
        self.shown = self.validation.take(self.validation.rows[::apart][:SHOWN])
        parts = {name: build("augment", part) for name, part in recipe.augment.items()}
        self.augment = Compose(parts)
        self.steps = min(recipe.budget.epochs * len(self.loader), recipe.budget.steps or 2**62)
        self.status = replace(folder.status, epochs=recipe.budget.epochs)
        self.status = replace(self.status, resumed=self.status.resumed + (session.step > 0))
        self.clock = self.last_save = time.perf_counter()
        self.next_tick = self.next_beat = 0.0

    def run(self) -> RunResult:
        """Train until the budget is used or the stopping rule speaks."""
        session = self.session
        while (session.step < self.steps or session.batches_done) and not session.stopping.stop:
            self.train_epoch()
            self.end_epoch()
        return self.finish()

    def train_epoch(self) -> None:
        """All steps that the current epoch still needs."""
        session = self.session
        session.begin_epoch()
        batches = self.loader.shuffled(
            session.seeds,
            session.epoch,
            start=session.batches_done,
            augment=self.augment if self.recipe.augment else None,
            blocks=self.recipe.training.shuffle == "blocks",
        )
        self.clock = time.perf_counter()
        for batch in islice(batches, self.steps - session.step):
            session.train_on(batch, Time(session.step, self.steps, len(self.loader)))
            if time.perf_counter() >= self.next_tick:
                self.look_up()

    def look_up(self) -> None:
        """What is done about ten times a second: check the loss, report, beat, save, hear requests to stop."""
        figures = {f"train/{name}": value for name, value in self.session.meter.figures().items()}
        self.refuse_divergence(figures)
        self.listen(self.progress(figures))
        if time.perf_counter() >= self.last_save + self.settings.checkpoint_seconds:
            self.save()
        self.heed()
        self.next_tick = time.perf_counter() + TICK_SECONDS

    def heed(self) -> None:
        """Show that this run is alive, and hear requests to stop."""
        now = time.perf_counter()
        if now >= self.next_beat:
            self.beat("running")
            self.next_beat = now + HEARTBEAT_SECONDS
        if self.request.heed():
            self.save()
            raise Interrupted("stopped on request; everything is saved", hint="run the same command again to go on")

    def end_epoch(self) -> None:
        """Evaluate, record, and let schedule and stopping rule hear of it."""
        session = self.session
        figures = {f"train/{name}": value for name, value in session.meter.figures().items()}
        self.account()
        figures |= session.evaluate(self.validation, "val", self.heed)
        self.clock = time.perf_counter()  # evaluation is no training time
        self.refuse_divergence(figures)
        row = {
            "epoch": session.epoch + 1,
            "step": session.step,
            "lr": session.rate,
            **figures,
            "seconds": round(session.seconds, 4),
        }
        self.folder.append_metrics(row)
        session.end_epoch(row)
        if session.epoch.bit_count() == 1:  # 1, 2, 4, 8, …: most is to be seen early, and the folder stays small
            self.preview(session.evaluated, f"{session.epoch:04}")
        self.listen(self.progress(figures, row))
        self.next_tick = 0.0

    def finish(self) -> RunResult:
        """Write the final weights, and as the result what was seen of them when their epoch ended."""
        session = self.session
        weights = session.final_weights()
        kept = session.stopping.best_epoch if session.best else session.epoch
        row = next(row for row in self.folder.metrics() if row["epoch"] == kept)
        files.write_bytes(self.folder.weights, pack(weights))
        if session.best:
            session.evaluated.load_state_dict(weights)
        self.preview(session.evaluated, "final")
        result = RunResult(
            metrics={name: value for name, value in row.items() if name.startswith("val/")},
            epochs=session.epoch,
            steps=session.step,
            best_epoch=kept,
            stopped_early=session.step < self.steps,
            weights_sha256=hash_of(weights),
            parameters=session.parameters,
            seconds=round(session.seconds, 4),
            examples_per_second=round(session.step / len(self.loader) * len(self.loader.rows) / session.seconds, 1),
            peak_memory_mb=peak_memory_mb(session.execution.device),
            execution=session.execution.plain(),
        )
        self.folder.write_result(result)
        self.beat("finished")
        checkpoints.clear(self.folder.checkpoints)
        return result

    def preview(self, network: nn.Module, name: str) -> None:
        """Keep what the network makes of a few validation examples."""
        seen = evaluation.preview(self.session.task, network, self.shown)
        if seen is not None:
            seen.save(self.folder.previews / name)

    def progress(self, figures: dict[str, float], row: dict[str, Any] | None = None) -> Progress:
        """How far the training is."""
        epoch = min(self.session.step // len(self.loader), self.recipe.budget.epochs)
        return Progress(epoch, self.recipe.budget.epochs, self.session.step, self.steps, figures, row)

    def refuse_divergence(self, figures: Mapping[str, float]) -> None:
        """Stop a training with a figure that is no number any more; the last checkpoint is still a good one."""
        for name, value in figures.items():
            if not math.isfinite(value):
                raise Diverged(
                    f"{name} is {value} in epoch {self.session.epoch + 1} (step {self.session.step})",
                    got=f"learning rate {self.session.rate:g}",
                    hint="lower optimizer.lr, or set training.clip_norm=1",
                )

    def account(self) -> None:
        """Add the time since the last call to the training time."""
        now = time.perf_counter()
        self.session.seconds += now - self.clock
        self.clock = now

    def save(self) -> None:
        """Write a checkpoint, unless the weights are not finite any more."""
        self.account()
        if self.session.finite():
            checkpoints.save(self.folder.checkpoints, self.session.step, self.session.state())
        self.clock = self.last_save = time.perf_counter()

    def beat(self, state: State) -> None:
        """Tell the world that this run is alive, and where it stands."""
        self.status = replace(self.status, state=state, epoch=self.session.epoch, step=self.session.step)
        self.folder.write_status(self.status)


def _heeding(request: Request, progress: Announce) -> Announce:
    """Progress of the data during which a request to stop is heard."""

    def report(what: str, done: int, total: int) -> None:
        progress(what, done, total)
        if request.heed():
            raise Interrupted("stopped on request, before the first step", hint="run the same command again to go on")

    return report


def _settle(folder: RunFolder) -> None:
    """Finish what was interrupted just behind its result."""
    if folder.status.state != "finished":
        folder.write_status(replace(folder.status, state="finished", error=""))
    checkpoints.clear(folder.checkpoints)


def _resume(folder: RunFolder, session: Session) -> None:
    """Load the newest whole checkpoint, and make the metrics agree with it."""
    state, problems = checkpoints.newest(folder.checkpoints)
    for problem in problems:
        logger.warning(problem)
    if problems and state is None:
        logger.warning("no checkpoint is whole: the training starts again from its beginning")
    if state is not None:
        if state["format"] != FORMAT:
            raise RunError(
                f"this version of paribus goes on from checkpoints of format {FORMAT}",
                got=f"format {state['format']} in {folder.checkpoints}",
                hint="finish the run with the version that began it, or delete the folder to start again",
            )
        session.load(state)
        now, before = session.execution.plain(), state["execution"]
        if changed := [f"{name} {now[name]} instead of {before[name]}" for name in now if now[name] != before[name]]:
            logger.warning("resumed with %s: the last bits may differ", ", ".join(changed))
    folder.rewind_metrics(session.epoch)
