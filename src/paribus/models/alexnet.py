"""AlexNet."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

from torch import Tensor, nn

from paribus.models.blocks import (
    ACTIVATIONS,
    FINAL_ACTIVATIONS,
    NORMS,
    SMALLER,
    Activation,
    Factor,
    FinalActivation,
    Norm,
    Rate,
    Stem,
    Widths,
    headed,
    pick,
    widened,
)
from paribus.models.geometry import shape_behind
from paribus.models.initialisation import SCHEMES, Init
from paribus.models.vgg import SpreadHead


class AlexNet(nn.Module):
    """AlexNet, in the form for one device: five convolutions and three fully connected layers (Krizhevsky, 2014).

    Parameters are named as in torchvision's net. The local response normalisation of the first version (Krizhevsky et
    al., 2012) has been left out since.

    Args:
        input_shape: channels, height and width of a picture.
        num_outputs: how many numbers the network gives for each picture.
        width: factor on the channels of the convolutions.
        stem: the first convolution; published is 11 × 11 of stride 4, made for 224 × 224, small 3 × 3 that keeps the
            size, for pictures of 32 × 32 or so.
        norm: normalisation after each convolution.
        activation: function after each convolution and each hidden fully connected layer.
        head: what is kept of the last convolution; published is the mean in each of 6 × 6 fields, whatever its size;
            else all values, or the mean or the largest of each channel.
        hidden: units in each fully connected layer between the convolutions and the output.
        dropout: share of each hidden fully connected layer's inputs that is set to zero at random, in training only.
        init: scheme of the initial weights; default is torch's own, the others also set all biases to 0.
        final_activation: function after the last layer, before the loss; none gives logits.
    """

    backbone: ClassVar[tuple[str, ...]] = ("features",)

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        *,
        width: Factor = 1.0,
        stem: Stem = "published",
        norm: Norm = "none",
        activation: Activation = "relu",
        head: SpreadHead = "published",
        hidden: Widths = (4096, 4096),
        dropout: Rate = 0.5,
        init: Init = "default",
        final_activation: FinalActivation = "none",
    ) -> None:
        super().__init__()
        pick(SCHEMES, init, "init")
        self.init = init
        make = pick(ACTIVATIONS, activation, "activation")
        first = (3, 1, 1) if stem == "small" else (11, 4, 2)
        layers = [(64, *first), (192, 5, 1, 2), (384, 3, 1, 1), (256, 3, 1, 1), (256, 3, 1, 1)]
        self.features, channels = nn.Sequential(), input_shape[0]
        for place, (planes, kernel, stride, padding) in enumerate(layers):
            after = widened(planes, width)
            self.features.append(nn.Conv2d(channels, after, kernel, stride=stride, padding=padding))
            # A norm shares its place with the activation, so that convolutions keep their names.
            self.features.append(
                make() if norm == "none" else nn.Sequential(pick(NORMS, norm, "norm")(after), make()),
            )
            if place in (0, 1, 4):
                self.features.append(nn.MaxPool2d(3, stride=2))
            channels = after
        shape = shape_behind(self, self.features, input_shape, SMALLER[stem])
        self.avgpool, features = headed(head, shape, fields=6)
        self.classifier = nn.Sequential()
        for before, units in pairwise((features, *hidden)):
            self.classifier.extend([nn.Dropout(dropout), nn.Linear(before, units), make()])
        self.classifier.append(nn.Linear((features, *hidden)[-1], num_outputs))
        self.final = pick(FINAL_ACTIVATIONS, final_activation, "final_activation")()

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, num_outputs)."""
        out: Tensor = self.final(self.classifier(self.avgpool(self.features(x)).flatten(1)))
        return out
