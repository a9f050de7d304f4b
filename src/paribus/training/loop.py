"""The training loop. It knows no task, no model and no data source; it steps, records, saves and stops."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from paribus import files
from paribus.data.deliver.loader import Batch, Loader, check_batch_size
from paribus.data.prepare.prepared import PreparedData, prepare
from paribus.models.weights import hash_of, pack
from paribus.progress import Announce, silent
from paribus.records.environment import environment
from paribus.records.inputs import Inputs
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder, RunResult, this_process
from paribus.records.time import Time
from paribus.streams import patiently
from paribus.tasks import evaluation
from paribus.training import checkpoints
from paribus.training.began import began
from paribus.training.compiling import Compiling
from paribus.training.distributed.lead import crew
from paribus.training.execution import Settings, peak_memory_mb
from paribus.training.failures import recorded
from paribus.training.interruption import StopRequest, interruptible
from paribus.training.keep import Keep, keep_epoch
from paribus.training.loaders import Loaders
from paribus.training.monitor import Listener, Monitor, Plan, no_listener
from paribus.training.resume import finished, resume
from paribus.training.room import Room
from paribus.training.session import Session
from paribus.training.signals.recorder import Recorder
from paribus.training.step import step

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Due:
    """A step that a training comes to.

    Args:
        session: the training.
        batch: what the step is taken on.
        time: when in the training that is.
    """

    session: Session
    batch: Batch
    time: Time


@dataclass(frozen=True)
class Look:
    """A validation that a training comes to.

    Args:
        session: the training, between two epochs.
        loader: the examples.
        between: to be called after every batch; it may raise to stop.
    """

    session: Session
    loader: Loader
    between: Callable[[], None]


Stepwise = Generator[Due | Look, Any, RunResult]
"""A training that stops before every step: sent true, it goes on as whoever drives it took the step, else takes it.

And before every validation: sent figures, it goes on with these, else finds its own.
"""


def train(
    folder: RunFolder,
    recipe: Recipe,
    seed: int,
    settings: Settings,
    listen: Listener = no_listener,
    progress: Announce = silent,
    inputs: Inputs | None = None,
    prepared: PreparedData | None = None,
) -> RunResult:
    """Train a recipe with a seed into a run folder, or go on with what is there.

    A finished run is not trained again: its result is returned. ``listen`` hears of the training, ``progress`` of the
    decoding of data that were not used before. ``inputs`` are what it must read, where that is known before;
    ``prepared`` its data, where they were opened for a check.

    Raises:
        ParibusError: Diverged, Interrupted, OutOfMemory, RunLocked, DataError or RecipeError, each also recorded in
            the folder's status.
    """
    going = stepwise(folder, recipe, seed, settings, listen, progress, inputs, prepared)
    while True:
        try:
            next(going)
        except StopIteration as end:
            result: RunResult = end.value
            return result


def stepwise(
    folder: RunFolder,
    recipe: Recipe,
    seed: int,
    settings: Settings,
    listen: Listener = no_listener,
    progress: Announce = silent,
    inputs: Inputs | None = None,
    prepared: PreparedData | None = None,
    request: StopRequest | None = None,
) -> Stepwise:
    """The training of :func:`train`, stopped before each of its steps so that several can be taken in one.

    ``request`` is that of whoever drives several at once, who then listens to signals and keeps the streams patient.
    """
    keep, alone = Keep.of(settings.keep), request is None
    folder.refuse_links()
    folder.create(recipe, seed, inputs)
    with (
        folder.lock(),
        patiently() if alone else nullcontext(),
        recorded(folder),
        interruptible() if request is None else nullcontext(request) as request,
        crew(recipe, seed, settings, inputs, request) as others,
    ):
        files.remove_leftovers(folder.path)
        if (result := finished(folder)) is not None:
            others.dismiss()
            return result
        checkpoints.tidy(folder.checkpoints)
        before = folder.last_status()
        folder.write_status(replace(before, state="running", started=time.time(), error="", **this_process()))

        seeds, settings = recipe.seeds(seed), others.settings
        with request.at_once():
            others.start()
            prepared = prepared or prepare(recipe, seeds, progress)
            folder.create(recipe, seed, prepared.inputs)  # says so if the data are others than those it began with
            check_batch_size(recipe.training.batch(examples := len(prepared.rows["train"])), examples)
            session = Session(recipe, prepared, seeds, settings, others.group(recipe, examples))
        folder.write_info(prepared.info.plain())
        data = Loaders.of(recipe, prepared, session.execution.device, whole=session.fitted is not None)
        about = {"execution": session.execution.plain(), **session.started_from}
        folder.write_environment({**environment(), **about, "began": began(session, prepared, data.train, data.order)})
        resume(folder, session)
        with request.at_once():
            others.wait()
        others.meet(session)

        epochs = 1 if session.fitted else recipe.budget.epochs
        steps = min(epochs * len(data.train), recipe.budget.steps or 2**62)
        plan = Plan(epochs, steps, len(data.train))
        recorder = Recorder(folder, session, data.train, plan)
        diverging = partial(recorder.finish, probed=False)
        monitor = Monitor(folder, session, plan, settings, listen, request, diverging)
        compiling, room = Compiling(session, plan, settings), Room(session)

        if not plan.steps:
            _look(folder, session, data, monitor)
        while (session.step < plan.steps or session.batches_done) and not session.stopping.stop:
            session.begin_epoch()
            for batch in data.rest_of_epoch(session, plan):
                now = plan.time(session.step)
                with recorder.watching(batch), room.for_batch(batch):
                    if not (yield Due(session, batch, now)):
                        step(session, batch, now)
                compiling.stepped()
                monitor.tick()
            session.stopwatch.pause()

            figures = session.train_figures()
            found = yield Look(session, data.validation, monitor.between_batches)
            figures |= found or session.evaluate(data.validation, "val", monitor.between_batches)
            figures |= session.sparsity()
            monitor.refuse_divergence(figures)
            seconds = round(session.stopwatch.seconds, 4)
            row = {"epoch": session.epoch + 1, "step": session.step, "lr": session.rate, **figures, "seconds": seconds}
            folder.append_metrics(row)
            session.end_epoch(row)
            session.tell_row()
            recorder.look()
            keep_epoch(folder, session, keep)
            if session.epoch.bit_count() == 1:  # 1, 2, 4, 8, …: most is to be seen early, and the folder stays small
                _preview(folder, session, data.shown, f"{session.epoch:04}")
            monitor.report_epoch(figures, row)

        keep_epoch(folder, session, keep, last=True)
        recorder.finish()
        result = _write_result(folder, session, data, plan)
        monitor.heartbeat("finished")
        checkpoints.clear(folder.checkpoints)
        return result


def _look(folder: RunFolder, session: Session, data: Loaders, monitor: Monitor) -> None:
    """Where nothing is to be trained: the figures of the weights as they are, as a row of epoch 0."""
    figures = session.evaluate(data.validation, "val", monitor.between_batches)
    session.rows = [{"epoch": 0, "step": 0, "lr": 0.0, **figures, "seconds": 0.0}]
    folder.append_metrics(session.rows[0])
    monitor.report_epoch(figures, session.rows[0])


def _write_result(folder: RunFolder, session: Session, data: Loaders, plan: Plan) -> RunResult:
    """Write the final weights, and as the result what was seen of them when their epoch ended."""
    weights = session.final_weights()
    kept = session.stopping.best_epoch if session.best else session.epoch
    row = session.rows[kept - 1]  # of no epoch the only one, of epoch 0
    if mended := folder.restore_metrics(session.rows):
        logger.warning(mended)
    files.write_bytes(folder.weights, pack(weights))
    if session.best:
        session.evaluated.load_state_dict(weights)
    _preview(folder, session, data.shown, "final")
    if data.shared and (scores := evaluation.scores(session.task, session.evaluated, data.validation)):
        files.write_bytes(folder.examples, pack(scores), durable=False)  # the result waits for it
    seconds = session.stopwatch.seconds
    result = RunResult(
        metrics={name: value for name, value in row.items() if name.startswith(("val/", "model/"))},
        epochs=session.epoch,
        steps=session.step,
        best_epoch=kept,
        stopped_early=session.step < plan.steps,
        weights_sha256=hash_of(weights),
        parameters=session.parameters,
        seconds=round(seconds, 4),
        examples_per_second=round(session.step / plan.per_epoch * len(data.train.rows) / max(seconds, 1e-9), 1),
        peak_memory_mb=peak_memory_mb(session.execution.device),
        execution=session.execution.plain(),
    )
    folder.write_result(result)
    return result


def _preview(folder: RunFolder, session: Session, batch: Batch, name: str) -> None:
    """Keep what the network makes of a few examples, for people to look at."""
    seen = evaluation.preview(session.task, session.evaluated, batch)
    if seen is not None:
        seen.save(folder.previews / name, overwrite=True)
