"""From a graph to a running net of torch: each layer by torch's own module."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from math import prod
from operator import add, mul
from typing import Any

import torch
from torch import Tensor, nn

from paribus.errors import TheoryError
from paribus.theory.layers.counts import normalised
from paribus.theory.layers.graph import INPUT, Graph
from paribus.theory.layers.kinds import ACTIVATIONS, CELLS
from paribus.theory.layers.layer import Layer, Options, Shape
from paribus.theory.layers.sizes import same_padding

Builder = Callable[[Options, Shape], nn.Module]


class SameConv(nn.Module):
    """A convolution that pads by itself so that ⌈n/s⌉ windows fit; torch's own does so for stride 1 only."""

    def __init__(self, conv: nn.Module, before_after: list[tuple[int, int]]) -> None:
        super().__init__()
        self.conv = conv
        self.padding = [side for axis in reversed(before_after) for side in axis]  # the last axis comes first

    def forward(self, x: Tensor) -> Tensor:
        """Pad, then convolve."""
        out: Tensor = self.conv(nn.functional.pad(x, self.padding))
        return out


class SamePool(nn.Module):
    """A maximum that pads by itself so that ⌈n/s⌉ windows fit; what is padded is never the largest."""

    def __init__(self, pool: nn.Module, before_after: list[tuple[int, int]]) -> None:
        super().__init__()
        self.pool = pool
        self.padding = [side for axis in reversed(before_after) for side in axis]

    def forward(self, x: Tensor) -> Tensor:
        """Pad, then pool."""
        out: Tensor = self.pool(nn.functional.pad(x, self.padding, value=float("-inf")))
        return out


class Reshaped(nn.Module):
    """The values of each example in another shape."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, …) to (B, *shape)."""
        return x.reshape(len(x), *self.shape)


class OverChannels(nn.LayerNorm):
    """Layer norm of the channels of each pixel, as in ConvNeXt and in Keras."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, …) to the same shape."""
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class Attending(nn.Module):
    """Self-attention of another width than its input's, or without a projection behind it."""

    def __init__(self, features: int, width: int, heads: int, bias: bool, project: bool) -> None:
        super().__init__()
        self.heads = heads
        self.inside = nn.Linear(features, 3 * width, bias=bias)
        self.behind = nn.Linear(width, features, bias=bias) if project else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, T, F) to (B, T, F), or to (B, T, width) where nothing is behind."""
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.inside(x).chunk(3, -1))
        out = nn.functional.scaled_dot_product_attention(q, k, v)
        result: Tensor = self.behind(out.transpose(1, 2).flatten(2))
        return result


class Built(nn.Module):
    """The net of a graph. Its layers are ``layers[0]``, ``layers[1]`` …, in the order in which they run."""

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self.sources = [node.sources for node in graph.nodes]
        self.kinds = [node.layer.kind for node in graph.nodes]
        self.results = graph.results
        self.layers = nn.ModuleList(build(node.layer, graph.shape(node.sources[0])) for node in graph.nodes)

    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Map (B, *input), one for each input, to (B, *output), one for each result."""
        values = {INPUT - number: x for number, x in enumerate(inputs)}
        for number, (kind, sources) in enumerate(zip(self.kinds, self.sources, strict=True)):
            given = [values[source] for source in sources]
            values[number] = JOINTS[kind](given) if kind in JOINTS else self._run(number, given[0])
        return tuple(values[number] for number in self.results) or values[len(self.kinds) - 1]

    def _run(self, number: int, x: Tensor) -> Tensor:
        layer = self.layers[number]
        out = layer(x, x, x, need_weights=False) if isinstance(layer, nn.MultiheadAttention) else layer(x)
        result: Tensor = out[0] if isinstance(out, tuple) else out
        return result


def _multiplied(inputs: list[Tensor]) -> Tensor:
    """The product; a factor with one value for each channel is that of all its positions."""
    rank = max(one.ndim for one in inputs)
    return reduce(mul, [one.reshape(*one.shape, *(1,) * (rank - one.ndim)) for one in inputs])


JOINTS: Mapping[str, Callable[[list[Tensor]], Tensor]] = {
    "add": lambda inputs: reduce(add, inputs),
    "mul": _multiplied,
    "cat": lambda inputs: torch.cat(inputs, 1),
    "last": lambda inputs: inputs[0][:, -1],
    "transpose": lambda inputs: inputs[0].transpose(1, 2),
}


def build(layer: Layer, x: Shape) -> nn.Module:
    """A layer as a module of torch, for inputs of this shape.

    Raises:
        TheoryError: for a kind that torch has no module for.
    """
    if layer.kind in JOINTS:
        return nn.Identity()
    if layer.kind not in BUILDERS:
        raise TheoryError("a module's own operations can be measured only within their module", got=str(layer))
    return BUILDERS[layer.kind](layer.options, x)


def _ranked(name: str, x: Shape) -> Any:
    """Conv1d, Conv2d or Conv3d, by the axes of the input."""
    return getattr(nn, f"{name}{max(1, len(x) - 1)}d")


def _conv(o: Options, x: Shape) -> nn.Module:
    padding = 0 if o["padding"] == "same" else o["padding"]
    make = _ranked("Conv", x)
    conv: nn.Module = make(
        x[0], o["out"], o["kernel"], o["stride"], padding, o["dilation"], o["groups"], bias=o["bias"]
    )
    if o["padding"] != "same":
        return conv
    axes = zip(x[1:], o["kernel"], o["stride"], o["dilation"], strict=True)
    return SameConv(conv, [same_padding(*axis) for axis in axes])


def _max_pool(o: Options, x: Shape) -> nn.Module:
    padding = 0 if o["padding"] == "same" else o["padding"]
    pool: nn.Module = _ranked("MaxPool", x)(o["kernel"], o["stride"], padding, o["dilation"], ceil_mode=o["ceil"])
    if o["padding"] != "same":
        return pool
    axes = zip(x[1:], o["kernel"], o["stride"], o["dilation"], strict=True)
    return SamePool(pool, [same_padding(*axis) for axis in axes])


def _lp_pool(o: Options, x: Shape) -> nn.Module:
    one = len(x) == 2  # where torch takes numbers alone
    kernel, stride = (o[name][0] if one else o[name] for name in ("kernel", "stride"))
    pool: nn.Module = _ranked("LPPool", x)(2, kernel, stride, ceil_mode=o["ceil"])
    return pool


def _deconv(o: Options, x: Shape) -> nn.Module:
    names = {"groups": "groups", "bias": "bias", "dilation": "dilation", "extra": "output_padding"}
    more = {torchs: o[name] for name, torchs in names.items()}
    conv: nn.Module = _ranked("ConvTranspose", x)(x[0], o["out"], o["kernel"], o["stride"], o["padding"], **more)
    return conv


def _attention(o: Options, x: Shape) -> nn.Module:
    if {"width", "project"} & {*o}:
        return Attending(x[1], o.get("width", x[1]), o["heads"], o["bias"], o.get("project", True))
    return nn.MultiheadAttention(x[1], o["heads"], bias=o["bias"], batch_first=True)


def _cell(kind: str) -> Builder:
    def make(o: Options, x: Shape) -> nn.Module:
        bias, cell = o["biases"] > 0, getattr(nn, kind.upper())
        built: nn.Module = cell(x[1], o["out"], o["layers"], bias=bias, batch_first=True, bidirectional=o["bi"])
        if o["biases"] == 1:
            _keep_one_bias(built)
        return built

    return make


def _keep_one_bias(cell: nn.Module) -> None:
    """Hold torch's second bias vector at zero, as no parameter: what is left is a cell with one."""
    for name, parameter in list(cell.named_parameters()):
        if name.startswith("bias_hh"):
            delattr(cell, name)
            cell.register_buffer(name, torch.zeros_like(parameter))


NAMES = {"elu": "ELU", "gelu": "GELU", "silu": "SiLU", "selu": "SELU", "prelu": "PReLU", "relu": "ReLU",
         "relu6": "ReLU6", "leaky_relu": "LeakyReLU", "log_softmax": "LogSoftmax"}  # fmt: skip
TORCH_NAMES = {name: NAMES.get(name, name.capitalize()) for name in ACTIVATIONS}
CLASSES: Mapping[str, Any] = {name: getattr(nn, torchs) for name, torchs in TORCH_NAMES.items()}
IN_PLACE = ("relu", "relu6", "leaky_relu", "elu", "silu", "selu", "mish", "hardswish", "hardsigmoid", "hardtanh")


def _activation(name: str) -> Builder:
    def make(o: Options, x: Shape) -> nn.Module:
        if name in ("softmax", "log_softmax"):
            built: nn.Module = CLASSES[name](dim=1 if len(x) != 2 else -1)
        else:
            built = CLASSES[name](inplace=True) if o.get("inplace") and name in IN_PLACE else CLASSES[name]()
        return built

    return make


# fmt: off
BUILDERS: Mapping[str, Builder] = {
    "conv":      _conv,
    "dw":        _conv,
    "deconv":    _deconv,
    "pool":      _max_pool,
    "avgpool":   lambda o, x: _ranked("AvgPool", x)(o["kernel"], o["stride"], o["padding"], ceil_mode=o["ceil"]),
    "lppool":    _lp_pool,
    "shuffle":   lambda o, x: nn.PixelShuffle(o["factor"][0]),
    "glu":       lambda o, x: nn.GLU(o.get("axis", -1)),
    "adaptive":  lambda o, x: _ranked("AdaptiveAvgPool", x)(o["size"]),
    "gap":       lambda o, x: _ranked("AdaptiveAvgPool", x)(1),
    "gmp":       lambda o, x: _ranked("AdaptiveMaxPool", x)(1),
    "up":        lambda o, x: nn.Upsample(scale_factor=tuple(map(float, o["factor"])),
                                          mode=("linear", "bilinear", "trilinear")[len(x) - 2]
                                          if o["smooth"] else "nearest"),
    "flatten":   lambda o, x: nn.Flatten(o.get("start", 1)),
    "reshape":   lambda o, x: nn.Unflatten(1, o["shape"]) if prod(o["shape"]) == x[0] else Reshaped(o["shape"]),
    "zeropad":   lambda o, x: getattr(nn, f"ConstantPad{len(x) - 1}d")(
                     [side for p in reversed(o["around"]) for side in (p, p)], 0.0),
    "linear":    lambda o, x: nn.Linear(x[-1], o["out"], bias=o["bias"]),
    "bn":        lambda o, x: _ranked("BatchNorm", x)(x[0], affine=o["affine"]),
    "instance":  lambda o, x: _ranked("InstanceNorm", x)(x[0], affine=o["affine"]),
    "gn":        lambda o, x: nn.GroupNorm(o["groups"], x[0], affine=o["affine"]),
    "ln":        lambda o, x: (OverChannels if len(x) > 2 and o["channels"] else nn.LayerNorm)(
                     normalised(o, x), elementwise_affine=o["affine"], bias=o["bias"]),
    "dropout":   lambda o, x: nn.Dropout(o["rate"], inplace=o["inplace"]),
    "embedding": lambda o, x: nn.Embedding(o["words"], o["width"]),
    "attention": _attention,
    **{kind: _cell(kind) for kind in CELLS},
    **{name: _activation(name) for name in ACTIVATIONS},
    "prelu":     lambda o, x: nn.PReLU(o["slopes"]),
}
# fmt: on
