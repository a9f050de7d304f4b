"""Everything a training holds between two steps: what a checkpoint saves and a resumed run loads."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from paribus.chance import Seeds, seeded
from paribus.data.deliver.loader import Loader
from paribus.data.prepare.prepared import PreparedData
from paribus.models.adapting import adapt
from paribus.models.declarations import AtOnce, fits_at_once
from paribus.models.network import Network, assemble
from paribus.models.size import count_parameters
from paribus.records.parts import build
from paribus.records.recipe import Recipe
from paribus.tasks.evaluation import evaluate
from paribus.tasks.meter import added
from paribus.tasks.task import Meter, Task
from paribus.training.averaging import Average, Lookahead
from paribus.training.check import check_watched, directions, dry_pass
from paribus.training.distributed.group import Group, One
from paribus.training.distributed.sharded import Sharded
from paribus.training.execution import Execution, Settings, choose
from paribus.training.groups import optimizers_of
from paribus.training.penalty import share_of_zeros
from paribus.training.quasi_newton import check_full_batch
from paribus.training.schedules import Schedule
from paribus.training.signals.gathered import Gathered
from paribus.training.stopping import Rule

FORMAT = 3  # of the state; raised when a new version could not go on from an older one


class Stopwatch:
    """Seconds of training; evaluating and saving do not count."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._since: float | None = None

    def start(self) -> None:
        """Count from now on."""
        self._since = time.perf_counter()

    def pause(self) -> None:
        """Count no more; nothing changes where it does not run."""
        if self._since is not None:
            self.seconds += time.perf_counter() - self._since
            self._since = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Do something that does not count."""
        running = self._since is not None
        self.pause()
        try:
            yield
        finally:
            if running:
                self.start()


class Session:
    """A training in the middle of its work.

    Args:
        recipe: what to train.
        prepared: its data; two examples are looked at, to see how much work they are.
        seeds: the run's chance.
        settings: the user's wishes for the execution.
        group: the processes that train together, if they are several.
    """

    def __init__(
        self,
        recipe: Recipe,
        prepared: PreparedData,
        seeds: Seeds,
        settings: Settings,
        group: Group | None = None,
    ) -> None:
        self.training, self.seeds = recipe.training, seeds
        self.group: Group = group or One(recipe.training.accumulate, recipe.training.norm_parts or 1)
        self.draws = True  # whether steps draw random numbers, as far as is known
        self.task: Task = build("task", recipe.task, info=prepared.info)
        network = assemble(recipe.model, self.task, seeds)
        self.task.check(prepared)
        dry_pass(recipe, prepared, self.task, network)
        adapt(network, prepared)
        examples = len(prepared.rows["train"])
        self.execution: Execution = choose(self.training, settings, self.task, network, prepared.sample(), examples)
        self.network: Network = self.execution.place(network)
        self.fitted: AtOnce | None = network.model if fits_at_once(network.model) else None
        self.optimizers = optimizers_of(recipe, self.task.stages(self.network), network)
        check_full_batch(recipe, prepared, self.task, self.network, self.optimizers)
        self.task.prepare(prepared)
        self.schedule: Schedule = build("schedule", recipe.schedule)
        self.stopping: Rule = build("stopping", recipe.stopping)
        self.directions = directions(self.task)
        check_watched(self.schedule, self.stopping, self.directions)
        self.scaler = torch.amp.GradScaler(enabled=self.execution.precision == "fp16")
        decay, every = (None, 0) if self.fitted else (self.training.ema, self.training.lookahead)
        self.average = Average(self.network, decay) if decay is not None else None
        self.lookahead = Lookahead(self.network, every) if every else None
        self.best: dict[str, Tensor] = {}
        self.rows: list[dict[str, Any]] = []  # one per whole epoch, as in metrics.jsonl
        self.signals = Gathered(settings.signals)
        self.meter: Meter = self.task.meter("train")
        self.epoch = self.batches_done = self.step = 0  # whole epochs, batches of the current one, all steps
        self.stopwatch = Stopwatch()
        self.autocast = self.execution.autocast()
        self.noise_key = seeds.key("noise")

    @property
    def parameters(self) -> int:
        """Trainable numbers; of a model that is fitted at once, what it says that it has of them."""
        if self.fitted:
            return self.fitted.size
        return count_parameters(self.network, trainable=True)

    @property
    def started_from(self) -> dict[str, Any]:
        """What the run writes down of weights and of other runs that it starts or learns from, if there are any."""
        weights = {"weights": loaded.plain()} if (loaded := self.network.loaded) is not None else {}
        return weights | self.task.learns_from()

    @property
    def evaluated(self) -> nn.Module:
        """The network whose figures count: the moving average where there is one."""
        if self.average is not None:
            return self.average.module
        return self.group.replica if self.group.replica is not None else self.network

    @property
    def rate(self) -> float:
        """The learning rate in use, of the first stage, before the factors of the model's own groups; 0 of none."""
        if not self.optimizers:
            return 0.0
        group = next(iter(self.optimizers.values())).param_groups[0]
        return float(group["lr"] / group["lr_factor"])

    def begin_epoch(self) -> None:
        """Go into training mode; at the beginning of an epoch nothing is carried over from the one before."""
        self.network.at_epoch(self.epoch)
        self.network.train()
        if not self.batches_done:
            self.task.begin()
        self.stopwatch.start()

    def train_figures(self) -> dict[str, float]:
        """Figures of the current epoch's training so far."""
        if self.group.share.size == 1:
            return {f"train/{name}": value for name, value in self.meter.figures().items()}
        meter = self.task.meter("train")
        meter.load(self.counted()["meter"])
        return {f"train/{name}": value for name, value in meter.figures().items()}

    def counted(self) -> dict[str, Any]:
        """What all processes have counted in the current epoch, and what the task keeps from batch to batch."""
        self.group.call("tell")
        told = self.group.told(self.own())
        return {"meter": added([one["meter"] for one in told]), "task": self.task.joined([one["task"] for one in told])}

    def own(self) -> dict[str, Any]:
        """What this process adds to that."""
        return {"meter": self.meter.state(), "task": self.task.state()}

    def evaluate(self, loader: Loader, split: str, between: Callable[[], None]) -> dict[str, float]:
        """Figures of the network over one part of the data: in float32, as the held-out test and predictions are."""
        self.weights()
        return evaluate(self.task, self.evaluated, loader, split, between)

    def sparsity(self) -> dict[str, float]:
        """The share of weights that are exactly 0, where a penalty makes them so."""
        return {"model/zeros": share_of_zeros(self.evaluated.parameters())} if self.training.l1 else {}

    def tell_row(self) -> None:
        """Tell the other processes of the epoch that has ended; they know its figures from this one."""
        self.group.call("epoch")
        self.group.spread(self.rows[-1])

    def end_epoch(self, row: Mapping[str, Any]) -> None:
        """Keep the figures, tell them to schedule and stopping rule, and keep the best weights."""
        self.rows.append(dict(row))
        check_watched(self.schedule, self.stopping, [figure for figure in self.directions if figure in row])
        self.epoch, self.batches_done, self.meter = self.epoch + 1, 0, self.task.meter("train")
        self.schedule.observe(row, self.directions)
        better = self.stopping.observe(self.epoch, row, self.directions)
        if better and self.stopping.restore and not self.group.share.rank:
            self.best = {name: tensor.detach().clone() for name, tensor in self.evaluated.state_dict().items()}

    def final_weights(self) -> dict[str, Tensor]:
        """The weights that the run leaves behind."""
        return self.best or dict(self.evaluated.state_dict())

    def finite(self) -> bool:
        """Whether the loss so far and all weights are finite numbers."""
        if self.batches_done and not all(map(math.isfinite, self.meter.figures().values())):
            return False
        self.weights()
        network = self.network if self.group.replica is None else self.group.replica
        return all(bool(parameter.isfinite().all()) for parameter in network.parameters())

    def shard(self) -> None:
        """Cut weights and the optimizer's state along the processes, which all have the same."""
        assert isinstance(self.group, Sharded)
        self.group.call("shard")
        self.group.shard(self.network, self.optimizers)
        self.group.done()

    def weights(self) -> None:
        """Bring the whole network up to date, where this process has but a part of the one that is trained."""
        if isinstance(self.group, Sharded):
            found = self.group.gathered("weights", dict(self.network.state_dict()))
            if self.group.replica is not None:
                self.group.replica.load_state_dict(found)

    def whole(self) -> dict[str, Any]:
        """The network, and what the optimizers remember, of all processes together."""
        optimizers = {stage: optimizer.state_dict() for stage, optimizer in self.optimizers.items()}
        return self.group.gathered("state", {"network": dict(self.network.state_dict()), "optimizers": optimizers})

    def state(self) -> dict[str, Any]:
        """All of it, as a tree for a checkpoint."""
        return {
            "format": FORMAT,
            "epoch": self.epoch,
            "batches_done": self.batches_done,
            "step": self.step,
            "seconds": self.stopwatch.seconds,
            "execution": self.execution.plain(),
            **self.whole(),
            "average": dict(self.average.state_dict()) if self.average is not None else {},
            "lookahead": self.lookahead.state() if self.lookahead is not None else {},
            "schedule": self.schedule.state(),
            "stopping": self.stopping.state(),
            "scaler": self.scaler.state_dict(),
            "best": self.best,
            "rows": self.rows,
            "signals": self.signals.state(),
            **(self.counted() if self.batches_done else {"meter": {}, "task": {}}),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on where :meth:`state` was taken."""
        self.epoch, self.batches_done, self.step = state["epoch"], state["batches_done"], state["step"]
        self.stopwatch.seconds = state["seconds"]
        self.network.load_state_dict(state["network"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        if self.lookahead is not None:
            self.lookahead.load(state["lookahead"])
        for stage, optimizer in self.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][stage])
            _like_parameters(optimizer)
        self.schedule.load(state["schedule"])
        self.stopping.load(state["stopping"])
        self.scaler.load_state_dict(state["scaler"])
        self.best = {name: tensor.to(self.execution.device) for name, tensor in state["best"].items()}
        self.rows = list(state["rows"])
        self.signals.load(state.get("signals", {}))
        if self.batches_done:
            self.meter.load(state["meter"])
            self.task.load(state["task"])


@contextmanager
def untouched(session: Session) -> Iterator[None]:
    """Give a session back as it was: weights, buffers, optimizers, schedule, counters and torch's own chance."""
    state, schedule, training = deepcopy(session.state()), session.schedule, session.network.training
    with seeded(0):
        try:
            yield
        finally:
            session.stopwatch.pause()
            for optimizer in session.optimizers.values():
                optimizer.zero_grad()
            session.schedule, session.meter = schedule, session.task.meter("train")
            session.load(state)
            session.network.train(training)


def _like_parameters(optimizer: torch.optim.Optimizer) -> None:
    """Give loaded state the memory layout of its parameters, without which updates take a slow path.

    What has another shape gets memory of its own: where a tensor begins in it decides the last bits of its sums.
    """
    for parameter, state in optimizer.state.items():
        for name, value in state.items():
            state[name] = _like(parameter, value)


def _like(parameter: Tensor, value: Any) -> Any:
    if isinstance(value, list):  # of L-BFGS, its history
        return [_like(parameter, entry) for entry in value]
    if not isinstance(value, Tensor):
        return value
    if value.shape == parameter.shape:
        return torch.empty_like(parameter, dtype=value.dtype).copy_(value)
    return value.clone()
