"""Everything a training holds between two steps: what a checkpoint saves and a resumed run loads."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from paribus.chance import Seeds, set_seed
from paribus.data import trees
from paribus.data.deliver.loader import Batch, Loader
from paribus.data.prepare.prepared import PreparedData
from paribus.errors import RecipeError, nearest
from paribus.models.network import assemble
from paribus.records.parts import build
from paribus.records.recipe import Recipe
from paribus.tasks.evaluation import evaluate
from paribus.tasks.task import Meter, Task
from paribus.training.execution import Execution, Settings, choose
from paribus.training.schedules import Schedule, Time
from paribus.training.stopping import Rule

FORMAT = 2  # of the state; raised when a new version could not go on from an older one


class Session:
    """A training in the middle of its work.

    Args:
        recipe: what to train.
        material: its data; two examples are looked at, to see how much work they are.
        seeds: the run's chance.
        settings: the user's wishes for the execution.
    """

    def __init__(self, recipe: Recipe, prepared: PreparedData, seeds: Seeds, settings: Settings) -> None:
        self.training, self.seeds = recipe.training, seeds
        self.task: Task = build("task", recipe.task, info=prepared.info)
        network = assemble(recipe.model, prepared.info, seeds, self.task.num_outputs)
        self.execution: Execution = choose(self.training, settings, self.task, network, prepared.sample())
        self.network = self.execution.place(network)
        stages = self.task.stages(self.network)
        _check_stages(recipe, stages)
        self.task.prepare(prepared)
        self.optimizers = {
            stage: build("optimizer", recipe.optimizers.get(stage, recipe.optimizer), params=parameters)
            for stage, parameters in stages.items()
        }
        self.base_rates = {stage: optimizer.defaults["lr"] for stage, optimizer in self.optimizers.items()}
        self.schedule: Schedule = build("schedule", recipe.schedule)
        self.stopping: Rule = build("stopping", recipe.stopping)
        self.directions = {  # figure → whether higher is better
            f"{split}/{metric.name}": metric.higher_is_better
            for split in ("train", "val")
            for metric in self.task.metrics
        }
        self._check_watched(self.directions)
        self.scaler = torch.amp.GradScaler(enabled=self.execution.precision == "fp16")
        self.average = _average(self.network, self.training.ema)
        self.best: dict[str, Tensor] = {}
        self.meter: Meter = self.task.meter("train")
        self.epoch = self.batches_done = self.step = 0  # whole epochs, batches of the current one, all steps
        self.seconds = 0.0
        self._autocast = self.execution.autocast()
        self._noise = seeds.key("noise")

    @property
    def parameters(self) -> int:
        """Trainable numbers."""
        return sum(parameter.numel() for parameter in self.network.parameters() if parameter.requires_grad)

    @property
    def evaluated(self) -> nn.Module:
        """The network whose figures count: the moving average where there is one."""
        return self.average.module if self.average is not None else self.network

    @property
    def rate(self) -> float:
        """The learning rate in use (of the first stage)."""
        return float(next(iter(self.optimizers.values())).param_groups[0]["lr"])

    def begin_epoch(self) -> None:
        """Go into training mode; at the beginning of an epoch nothing is carried over from the one before."""
        self.network.train()
        if not self.batches_done:
            self.task.begin()

    def train_on(self, batch: Batch, time: Time) -> None:
        """One step of every stage on one batch."""
        set_seed(self._noise + self.step)
        self.task.at(self.step, time.epoch)
        factor = self.schedule.factor(time)
        for stage, optimizer in self.optimizers.items():
            if not self.task.due(stage, self.step):
                continue
            for group in optimizer.param_groups:
                group["lr"] = self.base_rates[stage] * factor
            optimizer.zero_grad()
            for piece in batch.chunks(self.training.accumulate) if self.training.accumulate > 1 else (batch,):
                self._add_gradient(stage, piece, share=len(piece) / len(batch))
            self._update(optimizer)
        if self.average is not None:
            self.average.update_parameters(self.network)
        self.step += 1
        self.batches_done += 1

    def evaluate(self, loader: Loader, split: str, between: Callable[[], None]) -> dict[str, float]:
        """Figures of the network over one part of the data."""
        return evaluate(self.task, self.evaluated, loader, split, self._autocast, between)

    def end_epoch(self, row: Mapping[str, Any]) -> None:
        """Let schedule and stopping rule hear the figures, and keep the best weights."""
        self._check_watched([figure for figure in self.directions if figure in row])
        self.epoch, self.batches_done, self.meter = self.epoch + 1, 0, self.task.meter("train")
        self.schedule.observe(row, self.directions)
        if self.stopping.observe(self.epoch, row, self.directions) and self.stopping.restore:
            self.best = {name: tensor.detach().clone() for name, tensor in self.evaluated.state_dict().items()}

    def final_weights(self) -> dict[str, Tensor]:
        """The weights that the run leaves behind."""
        return self.best or dict(self.evaluated.state_dict())

    def finite(self) -> bool:
        """Whether the loss so far and all weights are finite numbers."""
        if self.batches_done and not all(map(math.isfinite, self.meter.figures().values())):
            return False
        return all(bool(parameter.isfinite().all()) for parameter in self.network.parameters())

    def state(self) -> dict[str, Any]:
        """All of it, as a tree for a checkpoint."""
        return {
            "format": FORMAT,
            "epoch": self.epoch,
            "batches_done": self.batches_done,
            "step": self.step,
            "seconds": self.seconds,
            "execution": self.execution.plain(),
            "network": dict(self.network.state_dict()),
            "average": dict(self.average.state_dict()) if self.average is not None else {},
            "optimizers": {stage: optimizer.state_dict() for stage, optimizer in self.optimizers.items()},
            "schedule": self.schedule.state(),
            "stopping": self.stopping.state(),
            "scaler": self.scaler.state_dict(),
            "best": self.best,
            "meter": self.meter.state() if self.batches_done else {},
            "task": self.task.state() if self.batches_done else {},
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on where :meth:`state` was taken."""
        self.epoch, self.batches_done, self.step = state["epoch"], state["batches_done"], state["step"]
        self.seconds = state["seconds"]
        self.network.load_state_dict(state["network"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        for stage, optimizer in self.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][stage])
            _like_parameters(optimizer)
        self.schedule.load(state["schedule"])
        self.stopping.load(state["stopping"])
        self.scaler.load_state_dict(state["scaler"])
        self.best = {name: tensor.to(self.execution.device) for name, tensor in state["best"].items()}
        if self.batches_done:
            self.meter.load(state["meter"])
            self.task.load(state["task"])

    def _check_watched(self, figures: Collection[str]) -> None:
        """Refuse a schedule or a stopping rule that watches a figure which there is not."""
        for field, part in (("schedule", self.schedule), ("stopping", self.stopping)):
            metric = getattr(part, "metric", None)
            if metric is not None and metric not in figures:
                rule = f"{field}.metric must be a figure of this task"
                raise RecipeError(rule, got=metric, hint=nearest(metric, figures))

    def _add_gradient(self, stage: str, batch: Batch, share: float) -> None:
        with self._autocast():
            loss, outputs = self.task.loss(stage, self.network, batch)
        self.scaler.scale(loss if share == 1 else loss * share).backward()
        self.meter.update(stage, loss.detach(), trees.detach(outputs), batch)

    def _update(self, optimizer: torch.optim.Optimizer) -> None:
        if self.training.clip_norm is not None:
            self.scaler.unscale_(optimizer)
            parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
            nn.utils.clip_grad_norm_(parameters, self.training.clip_norm)
        self.scaler.step(optimizer)
        self.scaler.update()


def _check_stages(recipe: Recipe, stages: Collection[str]) -> None:
    for stage in recipe.optimizers:
        if stage not in stages:
            raise RecipeError("optimizers names the stages of the task", got=stage, hint=nearest(stage, stages))


def _average(network: nn.Module, decay: float | None) -> AveragedModel | None:
    if decay is None:
        return None
    return AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)


def _like_parameters(optimizer: torch.optim.Optimizer) -> None:
    """Give loaded state the memory layout of its parameters, without which updates take a slow path."""
    for parameter, state in optimizer.state.items():
        for name, value in state.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                state[name] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)
