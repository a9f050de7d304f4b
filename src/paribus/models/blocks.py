"""What networks are made of, by name: activations, norms, pooling, and the layers that combine them.

Weights are drawn by a layer's name (see :mod:`paribus.models.initialisation`), so the pieces of a layer are
named attributes: switching a norm or dropout on renames, and thus redraws, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Annotated, Literal, TypeVar

from pydantic import Field
from torch import Tensor, nn

from paribus.errors import RecipeError, nearest

Widths = tuple[Annotated[int, Field(ge=1)], ...]
Rate = Annotated[float, Field(ge=0, lt=1)]
Factor = Annotated[float, Field(gt=0)]
Stem = Literal["published", "small"]
Activation = Literal["relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid", "none"]
FinalActivation = Literal["none", "softmax", "sigmoid", "relu"]
FlatNorm = Literal["none", "batch", "layer"]
Norm = Literal["none", "batch", "layer", "group", "instance"]
Pooling = Literal["max", "average", "stride", "none"]
Head = Literal["flatten", "global_average", "global_max"]
Entry = TypeVar("Entry")

ACTIVATIONS: Mapping[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "none": nn.Identity,
}

FINAL_ACTIVATIONS: Mapping[str, Callable[[], nn.Module]] = {
    "none": nn.Identity,
    "softmax": lambda: nn.Softmax(dim=1),
    "sigmoid": nn.Sigmoid,
    "relu": nn.ReLU,
}

FLAT_NORMS: Mapping[str, Callable[[int], nn.Module]] = {
    "none": lambda width: nn.Identity(),
    "batch": nn.BatchNorm1d,
    "layer": nn.LayerNorm,
}

NORMS: Mapping[str, Callable[[int], nn.Module]] = {
    "none": lambda width: nn.Identity(),
    "batch": nn.BatchNorm2d,
    "layer": lambda width: nn.GroupNorm(1, width),
    "group": lambda width: nn.GroupNorm(groups(width), width),
    "instance": lambda width: nn.InstanceNorm2d(width, affine=True),
}

POOLING: Mapping[str, Callable[[], nn.Module]] = {
    "max": lambda: nn.MaxPool2d(2),
    "average": lambda: nn.AvgPool2d(2),
    "stride": nn.Identity,  # the convolution before it takes steps of 2
    "none": nn.Identity,
}

HEADS: Mapping[str, Callable[[], nn.Module]] = {
    "flatten": nn.Identity,
    "global_average": lambda: nn.AdaptiveAvgPool2d(1),
    "global_max": lambda: nn.AdaptiveMaxPool2d(1),
}

# What helps where pictures are too small for a net.
SMALLER: Mapping[str, str] = {"published": "set model.stem=small, which takes smaller ones", "small": ""}

# These norms subtract each channel's own mean, and with it any bias of the layer before.
# Their own shift takes its place, so the layer has none.
CANCEL_BIAS = frozenset({"batch", "instance"})


class Dense(nn.Module):
    """A fully connected layer: linear, norm, activation, dropout."""

    def __init__(self, inputs: int, width: int, *, norm: str, activation: str, dropout: float) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, width, bias=norm not in CANCEL_BIAS)
        self.norm = pick(FLAT_NORMS, norm, "norm")(width)
        self.activation = pick(ACTIVATIONS, activation, "activation")()
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, inputs) to (B, width)."""
        out: Tensor = self.dropout(self.activation(self.norm(self.linear(x))))
        return out


class Conv(nn.Module):
    """A convolutional layer that keeps the picture's size at stride 1: convolution, norm, activation."""

    def __init__(
        self, channels: int, width: int, *, kernel: int, stride: int, norm: str, activation: str, groups: int = 1
    ) -> None:
        super().__init__()
        bias, padding = norm not in CANCEL_BIAS, kernel // 2
        self.conv = nn.Conv2d(channels, width, kernel, stride=stride, padding=padding, bias=bias, groups=groups)
        self.norm = pick(NORMS, norm, "norm")(width)
        self.activation = pick(ACTIVATIONS, activation, "activation")()

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels, H, W) to (B, width, ⌈H/stride⌉, ⌈W/stride⌉)."""
        out: Tensor = self.activation(self.norm(self.conv(x)))
        return out


def dense_layers(inputs: int, widths: Widths, *, norm: str, activation: str, dropout: float) -> nn.Sequential:
    """Fully connected layers of these widths, one after the other."""
    layers = nn.Sequential()
    for before, width in pairwise((inputs, *widths)):
        layers.append(Dense(before, width, norm=norm, activation=activation, dropout=dropout))
    return layers


def widened(channels: int, factor: float) -> int:
    """Channels times a factor, whole and at least one."""
    return max(1, round(channels * factor))


def headed(head: str, shape: tuple[int, ...], fields: int = 0) -> tuple[nn.Module, int]:
    """What stands between convolutions and fully connected layers, and how many features it keeps.

    Args:
        head: one of :data:`HEADS`; or, with ``fields``, published: the mean in each of fields × fields parts.
        shape: channels, height and width behind the convolutions.
        fields: of the published head, where there is one.
    """
    published: Mapping[str, Callable[[], nn.Module]] = {"published": lambda: nn.AdaptiveAvgPool2d(fields)}
    channels, height, width = shape
    kept = {"published": fields**2, "flatten": height * width}.get(head, 1)
    return pick({**published, **HEADS} if fields else HEADS, head, "head")(), channels * kept


def groups(width: int) -> int:
    """Groups of a group norm: the most, up to 8, that divide the width into two channels or more each."""
    return max((n for n in range(1, 9) if width % n == 0 and width >= 2 * n), default=1)


def pick(table: Mapping[str, Entry], name: str, option: str) -> Entry:
    """The entry of a table by its name."""
    if name not in table:
        raise RecipeError(f"there is no {option} of this name", got=name, hint=nearest(name, table))
    return table[name]
