"""The network of a run: the recipe's model behind the scaling of its inputs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor, nn

from paribus.chance import Seeds, seeded
from paribus.data.info import DataInfo
from paribus.errors import RecipeError
from paribus.models.altering import altered, redrawn
from paribus.models.declarations import input_scaling
from paribus.models.freezing import frozen_until, resting, set_epoch
from paribus.models.initialisation import initialise
from paribus.models.pretrained import COMPANION, Loaded, imagenet_scaling, load_weights
from paribus.models.start import Start
from paribus.models.tables import Encoding
from paribus.records.kinds import KINDS
from paribus.records.parts import Part, build, resolve
from paribus.records.weights import NONE

LAST = sys.maxsize  # an epoch in which all is trained that ever is


class Supplier(Protocol):
    """What is asked of a task to build the model for it."""

    info: DataInfo
    supplies: ClassVar[frozenset[str]]

    def model_inputs(self) -> Mapping[str, Any]:
        """Constructor parameters that models may ask for, with their values."""
        ...

    def companion(self) -> nn.Module | None:
        """What learns beside the model and is no part of it."""
        ...


class Network(nn.Module):
    """Scales stored values to mean 0 and deviation 1 per channel, or as the model wants them, then calls the model.

    The scaling is part of the network, so that the weights are all that prediction needs. Tokens, which
    are no quantities, reach the model as they are; tables are encoded, see :class:`.tables.Encoding`.

    A task's companion is trained and saved with the model, and called by the task alone; who starts from these weights
    leaves it behind.
    """

    mean: Tensor
    scale: Tensor

    def __init__(
        self,
        model: nn.Module,
        info: DataInfo,
        start: Start | None = None,
        loaded: Loaded | None = None,
        companion: nn.Module | None = None,
    ) -> None:
        super().__init__()
        start = start or Start()
        self.model, self.loaded, self.lr_factors = model, loaded, start.lr_factors
        self.companion = companion
        self.frozen_until = frozen_until(model, start.freeze, start.unfreeze)
        self.epoch = LAST
        self.quantities = bool(info.mean)
        self.encoding = Encoding(info.table) if info.table else None
        scaling = _scaling(model, info, start, loaded)
        self.scales = scaling is not None
        if scaling is not None:
            self.register_buffer("mean", scaling[0])
            self.register_buffer("scale", scaling[1])
        self.at_epoch(self.epoch)

    def at_epoch(self, epoch: int) -> None:
        """Freeze what is frozen in this epoch, counted from 0, and nothing else; takes hold with :meth:`train`."""
        self.epoch = epoch
        set_epoch(self.model, self.frozen_until, epoch)

    def train(self, mode: bool = True) -> Network:
        """Into training mode, but for what is frozen."""
        super().train(mode)
        for module in resting(self.model, self.frozen_until, self.epoch) if self.frozen_until else ():
            module.eval()
        return self

    def frozen_in(self, epoch: int) -> list[nn.Parameter]:
        """The parameters that the recipe freezes in an epoch."""
        return [it for name, it in self.model.named_parameters() if epoch < self.frozen_until.get(name, 0)]

    def forward(self, inputs: Tensor) -> Tensor:
        """From stored inputs (B, *input_shape) to the model's outputs."""
        outputs: Tensor = self.model(self.scaled(inputs))
        return outputs

    def scaled(self, inputs: Tensor) -> Tensor:
        """What the model sees of stored inputs."""
        if self.encoding is not None:
            encoded: Tensor = self.encoding(inputs)
            return encoded
        if not self.scales:
            return inputs.float() if self.quantities else inputs
        scaled = inputs.to(self.scale.dtype).sub_(self.mean) if inputs.dtype == torch.uint8 else inputs - self.mean
        return scaled.mul_(self.scale)


def assemble(part: Part, task: Supplier, seeds: Seeds, *, blank: bool = False) -> Network:
    """Build the recipe's model for a task and its data, and give it the initial weights of this seed.

    Args:
        part: the model.
        task: what it is for.
        seeds: the run's chance.
        blank: whether other weights come in any case, so that those which the recipe starts from need not be there.
    """
    supplied = task.model_inputs()
    if unknown := supplied.keys() - KINDS["model"].supplied - task.supplies:
        raise TypeError(f"{type(task).__name__}.supplies must name what model_inputs() gives: {sorted(unknown)}")
    key = seeds.key("initialisation")
    with seeded(key):  # for parameters that a user's constructor draws itself
        model = build("model", part, **supplied)
        companion = task.companion()
    known = resolve("model", part, supplied)
    start = Start(**{name: known.settings[name] for name in known.common})
    altered(model, start)
    initialise(model, key)
    redrawn(model, start, key)
    if companion is not None:
        initialise(companion, seeds.key("initialisation", COMPANION))
    loaded = None if blank else load_weights(model, start, task.info, known.settings, seeds.seed)
    return Network(model, task.info, start, loaded, companion)


def _scaling(model: nn.Module, info: DataInfo, start: Start, loaded: Loaded | None) -> tuple[Tensor, Tensor] | None:
    """Mean and 1/deviation of the inputs: the model's own or the data's, or those of the weights it starts from."""
    declared = input_scaling(model, info)
    if declared is None:
        return None
    if start.weights == NONE and start.input_scaling == "auto":
        return declared[0], 1 / declared[1]
    channels, *rest = info.input_shape
    shape = (channels, *(1 for _ in rest))
    if start.input_scaling == "imagenet":
        found = imagenet_scaling(channels)
    elif start.input_scaling == "auto" and loaded is not None and loaded.scaling is not None:
        found = loaded.scaling
    else:
        own = (info.mean, info.deviation) if start.input_scaling == "data" and info.mean else declared
        found = torch.as_tensor(own[0]), 1 / torch.as_tensor(own[1])
    if any(values.numel() not in (1, channels) for values in found):
        rule = "the weights were trained on inputs with another number of channels"
        raise RecipeError(rule, got=f"{found[0].numel()} there, {channels} here", hint="set model.input_scaling=data")
    mean, scale = (values.reshape(-1, *shape[1:]).expand(shape).clone() for values in found)
    return mean, scale
