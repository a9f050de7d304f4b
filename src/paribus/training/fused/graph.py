"""Whether trainings can take their steps together: they are one graph, and differ in numbers that need not be in it.

Seeds, learning rates, momenta, decays, schedules, rates of dropout, penalties, clipping, budgets and stopping rules may
differ: all of that stays with each training, and so do numbers that a task takes from its split, such as weights of
classes. Shapes, layers, tasks and number formats must be the same.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from paribus.data import trees
from paribus.models.network import Network
from paribus.records.parts import is_own
from paribus.records.recipe import Recipe
from paribus.tasks.task import Task
from paribus.training.fused.clusters import optimizer_of
from paribus.training.fused.noise import DROPS
from paribus.training.fused.stack import tensors_of
from paribus.training.loop import Due
from paribus.training.quasi_newton import LBFGS
from paribus.training.session import Session

FREE = ("clip_norm", "l1", "l2", "ema", "lookahead")  # fields of training that each run may have in its own way
OVER_BATCHES = ("due", "at", "begin", "state", "load")  # methods by which a task depends on when it is asked


def family(recipe: Recipe) -> Hashable:
    """What recipes share that may be one graph: all but seeds, rates and other numbers with a point, and budgets."""
    model = {name: it for name, it in recipe.settings("model").items() if not isinstance(it, float)}
    training = recipe.training.model_dump(exclude=set(FREE))
    split = recipe.split.model_dump()
    kinds = recipe.model.use, recipe.optimizer.use, sorted(recipe.augment)  # mixed pictures have targets of their own
    return repr((recipe.data, recipe.task, kinds, model, recipe.common("model"), training, split))


def why_never(recipe: Recipe, own: bool = False) -> str:
    """Why no training of a recipe can be one of several, as far as the recipe tells; empty where it may be.

    Args:
        recipe: of the training.
        own: whether classes that do not ship are trusted to do nothing but compute.
    """
    for kind, part in recipe.parts():
        if not own and kind in ("model", "task", "optimizer") and is_own(kind, part):
            return (
                f"{part.use} is a class of your own, and whatever it does besides computing would happen once for all "
                "runs: say FusedPool(own=True) if it only computes"
            )
    return ""


def why_alone(due: Due) -> str:
    """Why a training can only take its steps by itself; empty where there is no reason."""
    session = due.session
    task = type(session.task)
    if session.fitted:
        return "the model is fitted at once"
    if session.execution.compiled:
        return "the model is compiled for its run"
    if list(session.optimizers) != ["model"]:
        return "the task has several stages"
    if own := [name for name in OVER_BATCHES if getattr(task, name) is not getattr(Task, name)]:
        return f"the task {task.__name__} changes from batch to batch ({own[0]})"
    if isinstance(optimizer_of(session), LBFGS):
        return "L-BFGS asks for the loss several times in a step"
    if session.scaler.is_enabled():
        return "fp16 scales each run's gradients in its own way"
    leaves = [*trees.leaves(due.batch.inputs), *trees.leaves(due.batch.targets)]
    if not all(isinstance(leaf, Tensor) for leaf in leaves):
        return "examples of a batch differ in length"
    return ""


def frozen(session: Session) -> frozenset[str]:
    """What of a network is frozen in the current epoch: those that step together have the same frozen."""
    until, epoch = session.network.frozen_until, session.network.epoch
    return frozenset(name for name, epochs in until.items() if epoch < epochs)


def apart(first: Due, other: Due) -> str:
    """Why two trainings cannot take a step together though each could with others; empty where they can."""
    one, two = first.session, other.session
    if first.time.per_epoch != other.time.per_epoch:
        return f"epochs of {other.time.per_epoch} batches, not of {first.time.per_epoch}"
    if (one.execution.device, one.execution.precision) != (two.execution.device, two.execution.precision):
        return "another device or number format"
    for name, mine, theirs in (
        ("batches", _shapes(first), _shapes(other)),
        ("layers", layers(one.network), layers(two.network)),
        ("tensors", _tensors(one.network), _tensors(two.network)),
        ("optimizers", _optimizers(one), _optimizers(two)),
    ):
        if mine != theirs:
            return f"the {name} of the networks are not the same" if name != "batches" else "batches of other shapes"
    if type(one.task) is not type(two.task) or not _same(_settings(one.task), _settings(two.task)):
        return "the tasks are not the same"
    return ""


def layers(network: nn.Module) -> list[tuple[str, str, Any]]:
    """Every layer with its settings, but for rates of dropout."""
    return [(path, type(layer).__qualname__, _plain(layer)) for path, layer in network.named_modules()]


def _plain(layer: nn.Module) -> dict[str, Any]:
    rates = {"p"} if type(layer) in DROPS else {"dropout"} if isinstance(layer, nn.RNNBase) else set()
    hidden = rates | ({"epoch"} if isinstance(layer, Network) else set())
    known = {name: it for name, it in vars(layer).items() if not name.startswith("_") and name not in hidden}
    return {name: it for name, it in known.items() if isinstance(it, (bool, int, float, str, tuple, list, type(None)))}


def _shapes(due: Due) -> list[Any]:
    leaves = [*trees.leaves(due.batch.inputs), *trees.leaves(due.batch.targets)]
    return [(leaf.shape, leaf.dtype) if isinstance(leaf, Tensor) else None for leaf in leaves]


def _tensors(network: nn.Module) -> list[Any]:
    return [(name, it.shape, it.dtype, it.requires_grad) for name, it in tensors_of(network).items()]


def _optimizers(session: Session) -> list[Any]:
    groups = optimizer_of(session).param_groups
    return [type(optimizer_of(session)).__name__, [len(group["params"]) for group in groups]]


def _settings(task: Task) -> Mapping[str, Any]:
    """What a task holds, but for what is known of the data, whose part in a loss the trial looks at.

    Of its tensors, such as weights of classes, which each training may have in its own way, the shapes.
    """
    held = {name: it for name, it in vars(task).items() if name != "info"}
    return {name: (it.shape, it.dtype) if isinstance(it, Tensor) else it for name, it in held.items()}


def numbers_of(tasks: Sequence[Task]) -> dict[str, Tensor]:
    """The tensors of tasks that differ between them (R, …): weights of classes or scales of targets, of their splits.

    A task with nothing of its own computes as ever.
    """
    held = {name: [vars(task)[name] for task in tasks] for name, it in vars(tasks[0]).items() if isinstance(it, Tensor)}
    return {name: torch.stack(own) for name, own in held.items() if not all(torch.equal(own[0], it) for it in own)}


def _same(one: Any, two: Any) -> bool:
    if isinstance(one, Tensor) and isinstance(two, Tensor):
        return one.shape == two.shape and one.dtype == two.dtype and torch.equal(one, two)
    if isinstance(one, Mapping) and isinstance(two, Mapping):
        return one.keys() == two.keys() and all(_same(one[name], two[name]) for name in one)
    if isinstance(one, (list, tuple)) and isinstance(two, (list, tuple)):
        return len(one) == len(two) and all(_same(*pair) for pair in zip(one, two, strict=True))
    return bool(type(one) is type(two) and one == two)
