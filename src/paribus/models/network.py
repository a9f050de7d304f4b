"""The network of a run: the recipe's model behind the scaling of its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor, nn

from paribus.chance import Seeds, seeded
from paribus.data.info import DataInfo
from paribus.models.declarations import input_scaling
from paribus.models.initialisation import initialise
from paribus.models.tables import Encoding
from paribus.records.kinds import KINDS
from paribus.records.parts import Part, build


class Supplier(Protocol):
    """What is asked of a task to build the model for it."""

    info: DataInfo
    supplies: ClassVar[frozenset[str]]

    def model_inputs(self) -> Mapping[str, Any]:
        """Constructor parameters that models may ask for, with their values."""
        ...


class Network(nn.Module):
    """Scales stored values to mean 0 and deviation 1 per channel, or as the model wants them, then calls the model.

    The scaling is part of the network, so that the weights are all that prediction needs. Tokens, which
    are no quantities, reach the model as they are; tables are encoded, see :class:`.tables.Encoding`.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, model: nn.Module, info: DataInfo) -> None:
        super().__init__()
        self.model = model
        self.quantities = bool(info.mean)
        self.encoding = Encoding(info.table) if info.table else None
        scaling = input_scaling(model, info)
        self.scales = scaling is not None
        if scaling is not None:
            mean, deviation = scaling
            self.register_buffer("mean", mean)
            self.register_buffer("scale", 1 / deviation)

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


def assemble(part: Part, task: Supplier, seeds: Seeds) -> Network:
    """Build the recipe's model for a task and its data, and give it the initial weights of this seed."""
    supplied = task.model_inputs()
    if unknown := supplied.keys() - KINDS["model"].supplied - task.supplies:
        raise TypeError(f"{type(task).__name__}.supplies must name what model_inputs() gives: {sorted(unknown)}")
    key = seeds.key("initialisation")
    with seeded(key):  # for parameters that a user's constructor draws itself
        model = build("model", part, **supplied)
    initialise(model, key)
    return Network(model, task.info)
