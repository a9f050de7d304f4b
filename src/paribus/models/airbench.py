"""The network of the speed records on CIFAR-10: three groups of convolutions behind whitened patches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from paribus.errors import RecipeError
from paribus.models.blocks import ACTIVATIONS, Activation, Factor, Widths, pick
from paribus.models.geometry import picture
from paribus.models.whitening import Whitening

Whitened = Literal["none", "frozen", "bias"]


class AirBench(nn.Module):
    """A convolutional network made to learn small pictures within seconds (Jordan, 2024, after Page, 2019).

    A layer of 2×2 filters that whiten the patches of training pictures, then groups of two convolutions with max
    pooling between them, the largest value of each channel, and a linear layer whose outputs are scaled down. Each
    trick of it is an option that can be switched off.

    Args:
        input_shape: channels, height and width of a picture.
        num_outputs: how many numbers the network gives for each picture.
        widths: channels in each group of two convolutions; each group halves the picture.
        whitening: of the first layer: none draws and trains it like any other, else it whitens patches; frozen leaves
            it at that, bias trains its bias.
        identity: whether a convolution begins by handing its inputs on, with a filter drawn for each further output.
        activation: function behind the first layer and each norm.
        norm_scale: whether batch norms learn a scale beside their shift.
        norm_momentum: weight of a batch in the running mean and variance, which short trainings need to be large.
        shift_rate: factor on the learning rate of the shifts of batch norms, whose decay of weights stays what it is.
        output_scale: factor on the outputs; less than 1 begins with more even probabilities.
    """

    backbone: ClassVar[tuple[str, ...]] = ("whitening", "activation", "groups")

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        *,
        widths: Widths = (64, 256, 256),
        whitening: Whitened = "bias",
        identity: bool = True,
        activation: Activation = "gelu",
        norm_scale: bool = False,
        norm_momentum: Annotated[float, Field(gt=0, le=1)] = 0.4,
        shift_rate: Factor = 64.0,
        output_scale: Factor = 1 / 9,
    ) -> None:
        super().__init__()
        channels, height, width = picture(input_shape)
        if min(height, width) <= 2 ** len(widths):
            rule = f"with {len(widths)} widths, each of which halves the picture, its sides need {2 ** len(widths) + 1}"
            raise RecipeError(rule, got=f"{height}×{width}", hint="set model.widths to fewer numbers, or data.size")
        self.shift_rate, self.output_scale = shift_rate, output_scale
        self.whitening = Whitening(channels)
        self.whitened = whitening != "none"
        self.whitening.weight.requires_grad_(not self.whitened)
        self.whitening.bias.requires_grad_(whitening != "frozen")
        self.activation = pick(ACTIVATIONS, activation, "activation")()
        wide = (self.whitening.out_channels, *widths)
        self.groups = nn.Sequential()
        for before, after in pairwise(wide):
            norm = partial(_norm, after, norm_scale, norm_momentum)
            self.groups.append(Group(before, after, norm, identity=identity, activation=activation))
        self.pool = nn.AdaptiveMaxPool2d(1)
        self.output = nn.Linear(wide[-1], num_outputs, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, num_outputs)."""
        x = self.groups(self.activation(self.whitening(x)))
        out: Tensor = self.output(self.pool(x).flatten(1)) * self.output_scale
        return out

    def adapt_to(self, inputs: Tensor) -> None:
        """Whiten the patches of training pictures (N, C, H, W), unless the first layer is trained like any other."""
        if self.whitened:
            self.whitening.fit(inputs)

    def parameter_groups(self) -> Mapping[str, Mapping[str, Any]]:
        """The shifts of the norms, at a rate of their own."""
        factors = {"lr_factor": self.shift_rate, "weight_decay_factor": 1 / self.shift_rate}
        return {"shifts": {"params": ["groups.*.norm1.bias", "groups.*.norm2.bias"], **factors}}


class Group(nn.Module):
    """Convolution, pooling, norm, activation, and the same again without pooling."""

    def __init__(
        self, channels: int, width: int, norm: Callable[[], nn.Module], *, identity: bool, activation: str
    ) -> None:
        super().__init__()
        self.conv1 = Convolution(channels, width, identity)
        self.pool = nn.MaxPool2d(2)
        self.norm1 = norm()
        self.activation = pick(ACTIVATIONS, activation, "activation")()
        self.conv2 = Convolution(width, width, identity)
        self.norm2 = norm()

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels, H, W) to (B, width, ⌊H/2⌋, ⌊W/2⌋)."""
        x = self.activation(self.norm1(self.pool(self.conv1(x))))
        out: Tensor = self.activation(self.norm2(self.conv2(x)))
        return out


class Convolution(nn.Conv2d):
    """3×3 without a bias, whose first filters may hand their own channel on as it is."""

    def __init__(self, channels: int, width: int, identity: bool) -> None:
        self.identity = identity  # before the constructor of torch, which draws the weights
        super().__init__(channels, width, 3, padding=1, bias=False)

    def reset_parameters(self) -> None:
        """Draw the weights; those of as many filters as there are channels are then the identity."""
        super().reset_parameters()
        if self.identity:
            with torch.no_grad():
                nn.init.dirac_(self.weight[: self.in_channels])


def _norm(width: int, scale: bool, momentum: float) -> nn.BatchNorm2d:
    norm = nn.BatchNorm2d(width, momentum=momentum)
    norm.weight.requires_grad_(scale)
    return norm
