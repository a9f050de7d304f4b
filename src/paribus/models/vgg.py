"""The networks of the Visual Geometry Group: nothing but 3 × 3 convolutions and pooling, and large layers behind."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from paribus.models.blocks import (
    ACTIVATIONS,
    FINAL_ACTIVATIONS,
    NORMS,
    POOLING,
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

SpreadHead = Literal["published", "flatten", "global_average", "global_max"]
CHANNELS = (64, 128, 256, 512, 512)


class VGG(nn.Module):
    """Stages of 3 × 3 convolutions that end in pooling, then fully connected layers (Simonyan & Zisserman, 2015).

    Parameters are named as in torchvision's nets, with batch norm as without. Convolutions keep their bias before every
    norm, as the published weights have it.

    Args:
        input_shape: channels, height and width of a picture.
        num_outputs: how many numbers the network gives for each picture.
        convolutions: convolutions in each stage, one entry per stage; by default those of the published net.
        width: factor on the channels of the convolutions.
        stem: whether the first stage ends in pooling; published has it, small leaves it out, for less than 32 × 32.
        norm: normalisation after each convolution; the published nets have none, or batch.
        activation: function after each convolution and each hidden fully connected layer.
        pooling: how a stage halves the picture: largest or mean of 2 × 2.
        head: what is kept of the last stage; published is the mean in each of 7 × 7 fields, whatever its size; else all
            values, or the mean or the largest of each channel.
        hidden: units in each fully connected layer between the convolutions and the output.
        dropout: share of each hidden fully connected layer's outputs that is set to zero at random, in training only.
        init: scheme of the initial weights; default is torch's own, from which nets without norm hardly learn.
        final_activation: function after the last layer, before the loss; none gives logits.
    """

    published: ClassVar[tuple[int, ...]]
    backbone: ClassVar[tuple[str, ...]] = ("features",)

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        *,
        convolutions: Annotated[Widths, Field(max_length=len(CHANNELS))] | None = None,
        width: Factor = 1.0,
        stem: Stem = "published",
        norm: Norm = "none",
        activation: Activation = "relu",
        pooling: Literal["max", "average"] = "max",
        head: SpreadHead = "published",
        hidden: Widths = (4096, 4096),
        dropout: Rate = 0.5,
        init: Init = "he",
        final_activation: FinalActivation = "none",
    ) -> None:
        super().__init__()
        pick(SCHEMES, init, "init")
        self.init, self.drawn_as = init, dict[str, str]()
        make = pick(ACTIVATIONS, activation, "activation")
        self.features, channels = nn.Sequential(), input_shape[0]
        for stage, count in enumerate(convolutions or self.published):
            for _ in range(count):
                after = widened(CHANNELS[stage], width)
                self._convolve(channels, after, norm, make)
                channels = after
            if stage or stem == "published":
                self.features.append(pick(POOLING, pooling, "pooling")())
        shape = shape_behind(self, self.features, input_shape, SMALLER[stem])
        self.avgpool, features = headed(head, shape, fields=7)
        self.classifier = nn.Sequential()
        for before, units in pairwise((features, *hidden)):
            self.classifier.extend([nn.Linear(before, units), make(), nn.Dropout(dropout)])
        self.classifier.append(nn.Linear((features, *hidden)[-1], num_outputs))
        self.drawn_as[f"classifier.{len(self.classifier) - 1}"] = "output"
        self.final = pick(FINAL_ACTIVATIONS, final_activation, "final_activation")()

    def _convolve(self, channels: int, width: int, norm: str, make: Callable[[], nn.Module]) -> None:
        """One more convolution; its place depends on the norm, and its initial weights should not."""
        self.drawn_as[f"features.{len(self.features)}"] = f"convolution.{len(self.drawn_as)}"
        self.features.append(nn.Conv2d(channels, width, 3, padding=1))
        if norm != "none":
            self.features.append(pick(NORMS, norm, "norm")(width))
        self.features.append(make())

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, num_outputs)."""
        out: Tensor = self.final(self.classifier(self.avgpool(self.features(x)).flatten(1)))
        return out


class VGG11(VGG):
    """VGG-11: 8 convolutions and 3 fully connected layers (Simonyan & Zisserman, 2015, net A)."""

    published = (1, 1, 2, 2, 2)


class VGG13(VGG):
    """VGG-13: 10 convolutions and 3 fully connected layers (Simonyan & Zisserman, 2015, net B)."""

    published = (2, 2, 2, 2, 2)


class VGG16(VGG):
    """VGG-16: 13 convolutions and 3 fully connected layers (Simonyan & Zisserman, 2015, net D)."""

    published = (2, 2, 3, 3, 3)


class VGG19(VGG):
    """VGG-19: 16 convolutions and 3 fully connected layers (Simonyan & Zisserman, 2015, net E)."""

    published = (2, 2, 4, 4, 4)
