"""The network of a run: the recipe's model behind the scaling of its inputs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from paribus.chance import Seeds, seeded
from paribus.data.facts import Facts
from paribus.models.initialisation import initialise
from paribus.records.parts import Part, build


class Network(nn.Module):
    """Scales stored values to mean 0 and deviation 1 per channel, then calls the model.

    The scaling is part of the network, so that whoever has the weights needs nothing else to predict.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, model: nn.Module, facts: Facts) -> None:
        super().__init__()
        self.model = model
        shape = (-1, *(1 for _ in facts.input_shape[1:]))  # channels first
        self.register_buffer("mean", torch.tensor(facts.mean).view(shape))
        self.register_buffer("scale", 1 / torch.tensor(facts.deviation).view(shape))

    def forward(self, inputs: Tensor) -> Tensor:
        """From stored inputs (B, *input_shape) to the model's outputs."""
        scaled = inputs.to(self.scale.dtype).sub_(self.mean) if inputs.dtype == torch.uint8 else inputs - self.mean
        outputs: Tensor = self.model(scaled.mul_(self.scale))
        return outputs


def assemble(part: Part, facts: Facts, seeds: Seeds) -> Network:
    """Build the recipe's model for these data and give it the initial weights of this seed."""
    key = seeds.key("initialisation")
    with seeded(key):  # for parameters that a user's constructor draws itself
        model = build(
            "model",
            part,
            input_shape=facts.input_shape,
            in_channels=facts.input_shape[0],
            num_outputs=len(facts.classes),
            num_classes=len(facts.classes),
        )
    initialise(model, key)
    return Network(model, facts)
