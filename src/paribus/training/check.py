"""A dry pass before the first step: what cannot train is said at once, with the shapes that do not fit.

Copies of task and network go through everything that a step does on one or two examples. Nothing is left behind: not
in the weights, nor in the statistics of a batch norm, nor in any generator of chance.
"""

from __future__ import annotations

import logging
import random
import sys
import traceback
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from paribus.chance import seeded
from paribus.data import trees
from paribus.data.deliver.loader import Batch, check_batch_size
from paribus.data.prepare import left_out
from paribus.data.prepare.prepared import PreparedData, prepare
from paribus.errors import ParibusError, RecipeError, nearest
from paribus.models.declarations import fits_at_once
from paribus.models.network import Network, assemble
from paribus.progress import Announce, silent
from paribus.records.parts import build
from paribus.records.recipe import Recipe
from paribus.records.sections import Training
from paribus.tasks.task import Task
from paribus.training.distributed import meeting, sharded
from paribus.training.ending import check_ending
from paribus.training.execution import Settings, check_device
from paribus.training.failures import as_out_of_memory
from paribus.training.groups import optimizers_of
from paribus.training.quasi_newton import check_full_batch
from paribus.training.schedules import Schedule
from paribus.training.stopping import Rule

logger = logging.getLogger(__name__)

_passed: set[tuple[Any, ...]] = set()  # once for all seeds of an arm; forked workers inherit what their parent checked


class Check:
    """Refuses all that a training refuses before its first step; what runs share is read and built once.

    Args:
        progress: told how far the data are, which are read.
    """

    def __init__(self, progress: Announce = silent) -> None:
        self.progress = progress
        self._data: tuple[str, PreparedData] | None = None  # the last ones, with what they are made of
        self._network: tuple[str, Task, Network] | None = None

    def __call__(self, recipe: Recipe, seed: int, settings: Settings) -> PreparedData:
        """Check one run.

        Args:
            recipe: what is to be trained.
            seed: with which seed.
            settings: how.

        Returns:
            Its data, which need not be opened and split again.

        Raises:
            ParibusError: DataError, RecipeError, RunError or OutOfMemory.
        """
        check_device(recipe.training, settings)
        sharded.check(recipe, settings)
        prepared = self._prepared(recipe, seed)
        check_batch_size(recipe.training.batch(examples := len(prepared.rows["train"])), examples)
        if settings.processes > 1 or recipe.training.norm_parts:
            meeting.check(recipe, examples, settings.processes)
        prepared.sampling(recipe.training)
        task, network = self._built(recipe, seed, prepared)
        if settings.processes > 1 and fits_at_once(network.model):
            rule = "a model that is fitted at once is fitted by one process"
            raise RecipeError(rule, got=f"{settings.processes} processes", hint="leave --processes out")
        task.check(prepared)
        check_compared(recipe.training, examples, task)
        check_watched(build("schedule", recipe.schedule), build("stopping", recipe.stopping), directions(task))
        optimizers = optimizers_of(recipe, task.stages(network), network)
        dry_pass(recipe, prepared, task, network)
        check_full_batch(recipe, prepared, task, network, optimizers)
        return prepared

    def _prepared(self, recipe: Recipe, seed: int) -> PreparedData:
        key = repr((recipe.data, recipe.split, recipe.chance, recipe.training.agreeing, seed))
        if self._data is None or self._data[0] != key:
            self._data, self._network = (key, prepare(recipe, recipe.seeds(seed), self.progress)), None
            left_out.tell(self._data[1].info.left_out)
        return self._data[1]

    def _built(self, recipe: Recipe, seed: int, prepared: PreparedData) -> tuple[Task, Network]:
        key = repr((recipe.model, recipe.task))
        if self._network is None or self._network[0] != key:
            task: Task = build("task", recipe.task, info=prepared.info)
            self._network = (key, task, assemble(recipe.model, task, recipe.seeds(seed)))
        return self._network[1:]


def check_run(recipe: Recipe, seed: int, settings: Settings, progress: Announce = silent) -> PreparedData:
    """Refuse all that one training refuses before its first step: see :class:`Check`."""
    return Check(progress)(recipe, seed, settings)


def directions(task: Task) -> dict[str, bool]:
    """The figures that are there while training, and whether higher is better."""
    return {f"{split}/{metric.name}": metric.higher_is_better for split in ("train", "val") for metric in task.metrics}


def check_compared(training: Training, examples: int, task: Task) -> None:
    """Refuse batches in which a loss that compares examples finds nothing to compare."""
    least, held, size = task.least_per_class, training.per_class, training.batch(examples)
    if training.sampling != "episodes":
        if size < least:
            hint = "set training.sampling=episodes with several examples of each class, or a larger training.batch_size"
            raise RecipeError("this loss compares the examples of a batch", got=f"batches of {size}", hint=hint)
        return
    if least > 1 and (held < least or size // held < 2):
        rule = f"this loss compares two classes or more in every batch, with {least} examples or more of each"
        got = f"training.batch_size={training.batch_size}, training.per_class={held}"
        enough = max(held, least)
        hint = f"set training.per_class={enough} training.batch_size={max(2, size // held) * enough}"
        raise RecipeError(rule, got=got, hint=hint)


def check_watched(schedule: Schedule, stopping: Rule, figures: Collection[str]) -> None:
    """Refuse a schedule or a stopping rule that watches a figure which there is not."""
    for field, part in (("schedule", schedule), ("stopping", stopping)):
        metric = getattr(part, "metric", None)
        if metric is not None and metric not in figures:
            rule = f"{field}.metric must be a figure of this task"
            raise RecipeError(rule, got=metric, hint=nearest(metric, figures))


def dry_pass(recipe: Recipe, prepared: PreparedData, task: Task, network: Network) -> None:
    """Refuse a network that its task, its data or its batches do not fit.

    Args:
        recipe: what is trained.
        prepared: its data.
        task: its task.
        network: its network, on the CPU.

    Raises:
        RecipeError: with the shapes of inputs, outputs and targets.
        OutOfMemory: if a step on two examples is too much already.
    """
    examples = len(prepared.rows["train"])
    parts = recipe.model, recipe.task, recipe.sources()
    batch_size = recipe.training.batch(examples)
    made_of = repr((parts, batch_size, recipe.training.accumulate))
    known = (made_of, prepared.info.input_shape, prepared.info.target_shape, prepared.info.classes, examples)
    if known in _passed:
        return
    with _without_traces():
        least = smallest(examples, batch_size, recipe.training.accumulate)
        if batch_size > 1:
            _pass(recipe, prepared.sample(), task, network)
        if least == 1:
            with _alone(recipe, examples):
                _pass(recipe, prepared.sample(1), task, network)
        check_ending(task, deepcopy(network), prepared.sample(1).inputs)
    _passed.add(known)


def smallest(examples: int, batch_size: int, accumulate: int) -> int:
    """The fewest examples that go through the network at once: of the smallest batch the smallest piece."""
    batches = -(-examples // batch_size)
    return max(1, examples // batches // accumulate)


def _pass(recipe: Recipe, batch: Batch, task: Task, network: Network) -> None:
    """One step of all stages but for the update, on copies."""
    task, network = deepcopy(task), deepcopy(network).train()
    seen: list[Any] = []
    network.register_forward_hook(lambda _, __, output: seen.append(output))
    meter = task.meter("train")
    try:
        task.begin()
        task.at(0, 0.0)
        for stage in task.stages(network):
            loss, outputs = task.loss(stage, network, batch)
            _check_outputs(recipe, task, batch, seen)
            if loss.requires_grad:  # where nothing is to be trained, that is refused elsewhere
                loss.backward()
            meter.update(stage, loss.detach(), trees.detach(outputs), batch)
        meter.figures()
        if fits_at_once(network.model):
            task.fitting(batch)
    except ParibusError:
        raise
    except Exception as error:
        _check_outputs(recipe, task, batch, seen)  # what people can mend, if it is that
        raise _explained(error, recipe, batch, seen) from error


def _check_outputs(recipe: Recipe, task: Task, batch: Batch, seen: list[Any]) -> None:
    """Refuse outputs of another shape than the task reads."""
    wanted = task.output_shape(batch)
    if wanted is None or not seen or _shape(seen[-1]) == str(wanted):
        return
    raise RecipeError(
        f"model={recipe.model.use} does not fit task={recipe.task.use}: its outputs have another shape",
        got=_shapes(batch, seen),
        hint=f"the task needs outputs {wanted}, where num_outputs is {task.num_outputs}; see: paribus list models",
    )


def _explained(error: Exception, recipe: Recipe, batch: Batch, seen: list[Any]) -> ParibusError:
    """The error as one that names shapes and the place outside of torch where it arose."""
    if isinstance(known := as_out_of_memory(error), ParibusError):
        return known
    said = next(iter(str(error).splitlines()), "")
    return RecipeError(
        f"model={recipe.model.use} cannot take a step of task={recipe.task.use}: {type(error).__name__}: {said}"
        f" ({_place(error)})",
        got=_shapes(batch, seen),
        hint="choose another model, or correct your own; see: paribus list models",
    )


@contextmanager
def _alone(recipe: Recipe, examples: int) -> Iterator[None]:
    """Say what is wrong where a network learns from several examples at once, and not from one alone."""
    try:
        yield
    except RecipeError as error:
        options = recipe.training
        batch_size = options.batch(examples)
        rule = "this network cannot learn from a single example, as no batch norm can"
        if batch_size == 1:
            got, hint = "training.batch_size=1", "set training.batch_size=2 or more"
        elif examples // -(-examples // batch_size) == 1:
            got = f"a last batch of 1: {examples} examples in batches of {batch_size}"
            hint = f"set training.batch_size={examples}, or another split.limit"
        else:
            got = f"pieces of 1: training.accumulate={options.accumulate} of batches of {batch_size}"
            hint = f"set training.accumulate={max(1, batch_size // 2)} or less"
        raise RecipeError(f"{rule}\n  {error.rule}", got=got, hint=f"{hint}, or another model.norm") from error


@contextmanager
def _without_traces() -> Iterator[None]:
    """Leave all generators of chance and the number of threads as they were.

    One thread: a pool of threads that is started here would be dead in every worker that is forked.
    """
    numpy = sys.modules.get("numpy")
    threads, own, array = torch.get_num_threads(), random.getstate(), numpy.random.get_state() if numpy else None
    torch.set_num_threads(1)
    try:
        with seeded(0):
            yield
    finally:
        torch.set_num_threads(threads)
        random.setstate(own)
        if numpy:
            numpy.random.set_state(array)


def _shapes(batch: Batch, seen: list[Any]) -> str:
    outputs = f"outputs {_shape(seen[-1])} for " if seen else ""
    return f"{outputs}inputs {_shape(batch.inputs)} and targets {_shape(batch.targets)}"


def _shape(tree: Any) -> str:
    if isinstance(tree, Tensor):
        return str(tuple(tree.shape))
    if isinstance(tree, trees.Ragged):
        return f"ragged {tuple(tree.values.shape)}"
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{name}: {_shape(branch)}" for name, branch in tree.items()) + "}"
    if isinstance(tree, (tuple, list)):
        return "[" + ", ".join(map(_shape, tree)) + "]"
    return type(tree).__name__


def _place(error: Exception) -> str:
    """File and line of the innermost frame that is not torch's."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if "/torch/" not in Path(frame.filename).as_posix()
    ]
    return f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}"
