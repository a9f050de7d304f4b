"""The network of a run: the recipe's model behind the scaling of its inputs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from paribus.chance import Seeds, seeded
from paribus.data.info import DataInfo
from paribus.models.initialisation import initialise
from paribus.records.parts import Part, build


class Network(nn.Module):
    """Scales stored values to mean 0 and deviation 1 per channel, then calls the model.

    The scaling is part of the network, so that whoever has the weights needs nothing else to predict. Tokens, which
    are no quantities, reach the model as they are.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, model: nn.Module, info: DataInfo) -> None:
        super().__init__()
        self.model = model
        self.scales = bool(info.mean)
        if not self.scales:
            return
        shape = (-1, *(1 for _ in info.input_shape[1:]))  # channels first
        self.register_buffer("mean", torch.tensor(info.mean).view(shape))
        self.register_buffer("scale", 1 / torch.tensor(info.deviation).view(shape))

    def forward(self, inputs: Tensor) -> Tensor:
        """From stored inputs (B, *input_shape) to the model's outputs."""
        outputs: Tensor = self.model(self.scaled(inputs))
        return outputs

    def scaled(self, inputs: Tensor) -> Tensor:
        """What the model sees of stored inputs."""
        if not self.scales:
            return inputs
        scaled = inputs.to(self.scale.dtype).sub_(self.mean) if inputs.dtype == torch.uint8 else inputs - self.mean
        return scaled.mul_(self.scale)


def assemble(part: Part, info: DataInfo, seeds: Seeds, num_outputs: int | None = None) -> Network:
    """Build the recipe's model for these data and give it the initial weights of this seed.

    Args:
        part: the model.
        info: of the data.
        seeds: the run's chance.
        num_outputs: how many numbers the task needs for each example, pixel or token; by default one per class.
    """
    key = seeds.key("initialisation")
    with seeded(key):  # for parameters that a user's constructor draws itself
        model = build(
            "model",
            part,
            input_shape=info.input_shape,
            in_channels=info.input_shape[0],
            target_shape=info.target_shape,
            num_outputs=len(info.classes) if num_outputs is None else num_outputs,
            num_classes=len(info.classes),
            num_tokens=len(info.text.vocabulary) if info.text else 0,
        )
    initialise(model, key)
    return Network(model, info)
