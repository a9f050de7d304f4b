"""A few steps on trial: what they hold, and how long they take."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count, islice
from statistics import median, quantiles

import torch
from torch import Tensor, nn

from paribus.data.deliver.loader import Batch
from paribus.data.prepare.prepared import PreparedData
from paribus.records.recipe import Recipe
from paribus.theory.layers.measure import keeping
from paribus.training.failures import as_out_of_memory
from paribus.training.loaders import Loaders
from paribus.training.monitor import Plan
from paribus.training.session import Session
from paribus.training.step import step

WARM = 2  # steps before the clock runs: the first ones make buffers
LEAST, MOST = 3, 200  # steps that are measured
SECONDS = 1.5  # of measuring, unless the fewest steps take longer
EVALUATED = 1024  # validation examples that are evaluated for the clock


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


def trial(recipe: Recipe, session: Session, prepared: PreparedData) -> tuple[dict[str, int], Epoch]:
    """Take a few steps, which change the session, and say what they held, in bytes by kind, and how long they took."""
    data = Loaders.of(recipe, prepared, session.execution.device)
    plan = Plan(recipe.budget.epochs, recipe.budget.epochs * len(data.train), len(data.train))
    batches = chain.from_iterable(
        data.train.shuffled(session.seeds, epoch, augment=data.augment, order=data.order) for epoch in count()
    )
    session.begin_epoch()
    try:
        kept = _kept(session, next(batches), recipe.training.accumulate)
        seconds = list(_timed(session, batches, plan))
        evaluation = _evaluation(session, data)
    except (RuntimeError, MemoryError) as error:
        raise as_out_of_memory(error) from error
    return {"activations": kept, **held(session)}, Epoch(len(data.train), len(seconds), _range(seconds), evaluation)


def _timed(session: Session, batches: Iterator[Batch], plan: Plan) -> Iterator[float]:
    """Seconds of one step after the other, its batch included, for as long as it is worth."""
    for _ in range(WARM):
        step(session, next(batches), plan.time(0))
    began = before = now(session)
    for number in range(MOST):
        step(session, next(batches), plan.time(0))
        after = now(session)
        yield after - before
        before = after
        if number + 1 >= LEAST and after - began > SECONDS:
            return


def now(session: Session) -> float:
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
    began, seen = now(session), 0
    session.evaluated.eval()
    with torch.inference_mode():
        for batch in islice(data.validation.in_order(), -(-EVALUATED // data.validation.batch_size)):
            for stage in session.task.stages(session.network):
                session.task.loss(stage, session.evaluated, batch)
            seen += len(batch)
    return (now(session) - began) * len(data.validation.rows) / seen


def _kept(session: Session, batch: Batch, pieces: int) -> int:
    """Bytes that torch keeps for the backward pass of a batch, or of a piece of it; of several stages the most."""
    piece = batch.chunks(pieces)[0] if pieces > 1 else batch
    return max(_kept_of(session, stage, piece) for stage in session.optimizers)


def _kept_of(session: Session, stage: str, batch: Batch) -> int:
    with keeping(everything(session.network)) as kept, session.autocast():
        session.task.loss(stage, session.network, batch)
    return sum(kept.values())


def held(session: Session) -> dict[str, int]:
    """Bytes of what lies there after a step."""
    states = [state for optimizer in session.optimizers.values() for state in optimizer.state.values()]
    average = [] if session.average is None else everything(session.average.module)
    return {
        "parameters": size(everything(session.network)),
        "gradients": size(it.grad for it in session.network.parameters() if it.grad is not None),
        "optimizer state": size(value for state in states for value in state.values() if isinstance(value, Tensor)),
        "moving average": size(average),
    }


def everything(network: nn.Module) -> list[Tensor]:
    """Parameters and buffers."""
    return [*network.parameters(), *network.buffers()]


def size(tensors: Iterable[Tensor]) -> int:
    """Bytes of tensors."""
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
