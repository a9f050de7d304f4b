"""What a training costs, before it: the network's size, the memory of a step, the seconds of an epoch.

Memory is predicted by a rule and measured on a real step; seconds are measured over a few steps of this machine.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, count, islice
from statistics import median, quantiles

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from paribus.chance import seeded
from paribus.data.deliver.loader import Batch
from paribus.data.prepare.prepared import PreparedData
from paribus.errors import ParibusError
from paribus.models.size import count_parameters
from paribus.progress import Announce, silent
from paribus.records.parts import Part, build
from paribus.records.recipe import Recipe
from paribus.theory.layers import Table, table
from paribus.theory.layers.saved import saved
from paribus.training.check import check_run
from paribus.training.execution import Settings
from paribus.training.failures import as_out_of_memory
from paribus.training.loop import Loaders
from paribus.training.monitor import Plan
from paribus.training.session import Session
from paribus.training.step import step

WARM = 2  # steps before the clock runs: the first ones make buffers
LEAST, MOST = 3, 200  # steps that are measured
SECONDS = 1.5  # of measuring, unless the fewest steps take longer
EVALUATED = 1024  # validation examples that are evaluated for the clock


@dataclass(frozen=True)
class Memory:
    """Bytes of one kind that a training step holds.

    Args:
        what: kind.
        rule: how it is predicted.
        predicted: by that rule; ``None`` where there is none.
        measured: on a real step; ``None`` where it was not.
    """

    what: str
    rule: str
    predicted: int | None
    measured: int | None


@dataclass(frozen=True)
class Epoch:
    """How long an epoch takes, estimated from some steps of it.

    Args:
        steps: of an epoch.
        measured: steps that were measured.
        step: seconds of a step: their median, and the tenths that are fastest and slowest.
        evaluation: seconds of the evaluation behind an epoch.
    """

    steps: int
    measured: int
    step: tuple[float, float, float]
    evaluation: float

    @property
    def seconds(self) -> tuple[float, float, float]:
        """Of a whole epoch: as its steps' median says, and as their fastest and slowest tenth would have it."""
        middle, low, high = (self.steps * one + self.evaluation for one in self.step)
        return middle, low, high


@dataclass(frozen=True)
class Costs:
    """What a training of a recipe costs.

    Args:
        recipe: its name.
        model: name of the model.
        layers: of the network; ``None`` where they cannot be followed.
        problem: why not.
        frozen: paths of the layers that are not trained.
        trainable: numbers that are.
        fixed: numbers that are not.
        batch: examples that go through the network at once.
        memory: by kind.
        epoch: how long one takes; ``None`` where nothing was measured.
        epochs: that the recipe trains at most.
        execution: device, number format, layout and threads.
    """

    recipe: str
    model: str
    layers: Table | None
    problem: str
    frozen: tuple[str, ...]
    trainable: int
    fixed: int
    batch: int
    memory: tuple[Memory, ...]
    epoch: Epoch | None
    epochs: int
    execution: Mapping[str, str | int | bool]


def costs(
    recipe: Recipe, seed: int = 0, *, device: str = "auto", measure: bool = True, progress: Announce = silent
) -> Costs:
    """What a training costs on this machine; nothing is written, and no weights are kept.

    Args:
        recipe: what is to be trained.
        seed: with which seed.
        device: where.
        measure: whether to take a few steps; else nothing is measured.
        progress: told how far the data are, which are read.

    Raises:
        ParibusError: whatever a training would refuse before its first step.
    """
    settings = Settings(device)
    prepared = check_run(recipe, seed, settings, progress)
    with seeded(0):  # steps set torch's generator, which is given back as it was
        session = Session(recipe, prepared, recipe.seeds(seed), settings)
        layers, problem = _layers(session, prepared)
        at_once = _at_once(recipe, len(prepared.rows["train"]))
        predicted = _predicted(recipe, session, layers, at_once)
        measured, epoch = _measured(recipe, session, prepared) if measure else ({}, None)
    return Costs(
        recipe=recipe.name,
        model=recipe.model.use,
        layers=layers,
        problem=problem,
        frozen=tuple(_frozen(session.network.model)),  # type: ignore[arg-type]
        trainable=session.parameters,
        fixed=count_parameters(session.network) - session.parameters,
        batch=at_once,
        memory=tuple(replace(one, measured=measured.get(one.what)) for one in predicted),
        epoch=epoch,
        epochs=recipe.budget.epochs,
        execution=session.execution.plain(),
    )


def _at_once(recipe: Recipe, examples: int) -> int:
    """The most examples that go through the network at once: batches differ by one, and so do their pieces."""
    steps = -(-examples // recipe.training.batch_size)
    return -(-examples // (steps * recipe.training.accumulate))


def _layers(session: Session, prepared: PreparedData) -> tuple[Table | None, str]:
    model: nn.Module = session.network.model  # type: ignore[assignment]
    try:
        return table(model, prepared.info.input_shape), ""
    except ParibusError as error:  # a network of one's own may do what no table can say
        return None, f"{error.rule}: {error.got}" if error.got else error.rule


def _frozen(model: nn.Module) -> Iterator[str]:
    """Paths of the modules that hold parameters of which none is trained."""
    for path, module in model.named_modules():
        own = list(module.parameters(recurse=False))
        if own and not any(parameter.requires_grad for parameter in own):
            yield path


def _predicted(recipe: Recipe, session: Session, layers: Table | None, at_once: int) -> list[Memory]:
    values = [*session.network.parameters(), *session.network.buffers()]
    trained = sum(map(_bytes, _trained(session)))
    state = {stage: _state_of(recipe.optimizers.get(stage, recipe.optimizer)) for stage in session.optimizers}
    names = " and ".join(dict.fromkeys(name for one in state.values() for name in one or ())) or "nothing"
    known = (
        None
        if None in state.values()
        else sum(
            len(state[stage] or ()) * _bytes(parameter)
            for stage, optimizer in session.optimizers.items()
            for group in optimizer.param_groups
            for parameter in group["params"]
        )
    )
    found = [
        Memory("parameters", "4 bytes each, and the buffers", sum(map(_bytes, values)), None),
        Memory("gradients", "as many as trained parameters", trained, None),
        Memory("optimizer state", f"for each parameter {names}", known, None),
    ]
    if session.average is not None:
        found.append(Memory("moving average", "a copy of the parameters", sum(map(_bytes, values)), None))
    return [*found, _activations(layers, at_once)]


def _activations(layers: Table | None, at_once: int) -> Memory:
    """What is kept for the backward pass of a batch."""
    what = "activations"
    if layers is None:
        return Memory(what, "not known", None, None)
    one = saved(layers)
    rule = f"{at_once} examples × {one.example + one.input:,} bytes that the backward pass needs, in float32"
    if one.unknown:
        return Memory(what, f"not known of {', '.join(dict.fromkeys(one.unknown))}", None, None)
    return Memory(what, rule, at_once * (one.example + one.input) + one.batch, None)


def _state_of(part: Part) -> tuple[str, ...] | None:
    """Names of the numbers that an optimizer keeps for each parameter, seen on a parameter of 2 × 2."""
    probe = nn.Parameter(torch.ones(2, 2))
    probe.grad = torch.ones(2, 2)
    with suppress(Exception):  # an optimizer of one's own may ask for more than a parameter with its gradient
        optimizer: torch.optim.Optimizer = build("optimizer", part, params=[probe])
        optimizer.step()
        kept = optimizer.state[probe]
        return tuple(name for name, value in kept.items() if isinstance(value, Tensor) and value.shape == probe.shape)
    return None


def _measured(recipe: Recipe, session: Session, prepared: PreparedData) -> tuple[dict[str, int], Epoch]:
    """Bytes by kind and seconds, of real steps."""
    data = Loaders.of(recipe, prepared, session.execution.device)
    plan = Plan(recipe.budget.epochs, recipe.budget.epochs * len(data.train), len(data.train))
    batches = chain.from_iterable(
        data.train.shuffled(session.seeds, epoch, augment=data.augment, blocks=data.blocks) for epoch in count()
    )
    session.begin_epoch()
    try:
        kept = _kept(session, next(batches), recipe.training.accumulate)
        seconds = list(_timed(session, batches, plan))
        evaluation = _evaluation(session, data)
    except (RuntimeError, MemoryError) as error:
        raise as_out_of_memory(error) from error
    return {"activations": kept, **_held(session)}, Epoch(len(data.train), len(seconds), _range(seconds), evaluation)


def _timed(session: Session, batches: Iterator[Batch], plan: Plan) -> Iterator[float]:
    """Seconds of one step after the other, its batch included, for as long as it is worth."""
    for _ in range(WARM):
        step(session, next(batches), plan.time(0))
    began = before = _now(session)
    for number in range(MOST):
        step(session, next(batches), plan.time(0))
        now = _now(session)
        yield now - before
        before = now
        if number + 1 >= LEAST and now - began > SECONDS:
            return


def _now(session: Session) -> float:
    """The time when all that was asked for is done."""
    if session.execution.device.startswith("cuda"):
        torch.cuda.synchronize(session.execution.device)
    return time.perf_counter()


def _range(seconds: Sequence[float]) -> tuple[float, float, float]:
    """The median, and the tenths at the ends."""
    tenths = quantiles(seconds, n=10, method="inclusive")
    return median(seconds), tenths[0], tenths[-1]


def _evaluation(session: Session, data: Loaders) -> float:
    """Seconds of an evaluation over all validation examples, from some of them."""
    began, seen = _now(session), 0
    session.evaluated.eval()
    with torch.inference_mode():
        for batch in islice(data.validation.in_order(), -(-EVALUATED // data.validation.batch_size)):
            for stage in session.task.stages(session.network):
                session.task.loss(stage, session.evaluated, batch)
            seen += len(batch)
    return (_now(session) - began) * len(data.validation.rows) / seen


def _kept(session: Session, batch: Batch, pieces: int) -> int:
    """Bytes that torch keeps for the backward pass of a batch, or of a piece of it; of several stages the most."""
    piece = batch.chunks(pieces)[0] if pieces > 1 else batch
    return max(_kept_of(session, stage, piece) for stage in session.optimizers)


def _kept_of(session: Session, stage: str, batch: Batch) -> int:
    weights = {it.untyped_storage()._cdata for it in (*session.network.parameters(), *session.network.buffers())}
    storages: dict[int, int] = {}
    alive = []  # so that no address is used twice

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in weights:
            storages[storage._cdata] = storage.nbytes()
            alive.append(storage)
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor), session.autocast():
        session.task.loss(stage, session.network, batch)
    return sum(storages.values())


def _held(session: Session) -> dict[str, int]:
    """Bytes of what lies there after a step."""
    values = [*session.network.parameters(), *session.network.buffers()]
    state = [
        value for optimizer in session.optimizers.values() for one in optimizer.state.values() for value in one.values()
    ]
    average = (
        [] if session.average is None else [*session.average.module.parameters(), *session.average.module.buffers()]
    )
    return {
        "parameters": sum(map(_bytes, values)),
        "gradients": sum(_bytes(it.grad) for it in _trained(session) if it.grad is not None),
        "optimizer state": sum(_bytes(value) for value in state if isinstance(value, Tensor)),
        "moving average": sum(map(_bytes, average)),
    }


def _trained(session: Session) -> list[nn.Parameter]:
    return [it for it in session.network.parameters() if it.requires_grad]


def _bytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()
