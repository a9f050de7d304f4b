"""The kinds of layers, and the words in which the notation speaks of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Words = Mapping[str, tuple[str, Any]]


@dataclass(frozen=True)
class Kind:
    """How a kind of layer is written.

    Args:
        about: what it does.
        example: one layer as people write it.
        numbers: options given as bare numbers, in this order.
        letters: options given as a letter and a number: ``{"k": "kernel"}`` reads ``k3``.
        words: options that are one word: ``{"same": ("padding", "same")}``.
        needs: options without which there is no such layer.
        window: whether it slides a window over channels-first inputs.
    """

    about: str
    example: str
    numbers: tuple[str, ...] = ()
    letters: Mapping[str, str] = field(default_factory=dict)
    words: Words = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    window: bool = False


BIAS: Words = {"bias": ("bias", True), "nobias": ("bias", False)}
CONV = {"k": "kernel", "s": "stride", "p": "padding", "d": "dilation", "g": "groups"}
POOL = {"k": "kernel", "s": "stride", "p": "padding"}
CEIL: Words = {"ceil": ("ceil", True)}
CELL: Words = {"bi": ("bi", True), "bias1": ("biases", 1), "bias2": ("biases", 2), "nobias": ("biases", 0)}

# fmt: off
KINDS: Mapping[str, Kind] = {
    "conv": Kind("convolution: filters, kernel, stride, padding, dilation, groups", "conv 64 k7 s2 p3",
                 ("out",), CONV, {"same": ("padding", "same"), **BIAS}, ("out", "kernel"), window=True),
    "dw": Kind("depthwise convolution: a filter for each channel (m2: two)", "dw k3 s2 p1",
               (), {**{k: v for k, v in CONV.items() if k != "g"}, "m": "multiplier"},
               {"same": ("padding", "same"), **BIAS}, ("kernel",), window=True),
    "deconv": Kind("transposed convolution; o: output padding", "deconv 32 k4 s2 p1",
                   ("out",), {**CONV, "o": "extra"}, BIAS, ("out", "kernel"), window=True),
    "pool": Kind("maximum over windows; the stride is the kernel unless given", "pool 3 s2 p1",
                 ("kernel",), {**POOL, "d": "dilation"}, {**CEIL, "same": ("padding", "same")}, ("kernel",),
                 window=True),
    "avgpool": Kind("mean over windows", "avgpool 2", ("kernel",), POOL, CEIL, ("kernel",), window=True),
    "lppool": Kind("root of the sum of squares over windows, or of other powers", "lppool 2",
                   ("kernel",), {"s": "stride"}, CEIL, ("kernel",), window=True),
    "adaptive": Kind("mean over as many windows as asked for", "adaptive 7", ("size",), {}, {}, ("size",)),
    "gap": Kind("mean of each channel (global average pooling); leaves C×1×1", "gap"),
    "gmp": Kind("maximum of each channel (global maximum pooling)", "gmp"),
    "up": Kind("enlarge by whole factors, nearest neighbour (linear: interpolate)", "up 2",
               ("factor",), {}, {"linear": ("smooth", True)}, ("factor",)),
    "shuffle": Kind("channels as pixels: a picture so many times as wide and high, of fewer channels", "shuffle 2",
                    ("factor",), {}, {}, ("factor",)),
    "glu": Kind("gated linear unit: one half times the sigmoid of the other; glu 1: of the channels", "glu", ("axis",)),
    "flatten": Kind("all values of an example in a row; flatten 2: those of each channel", "flatten", ("start",)),
    "reshape": Kind("the same values in another shape, channels first", "reshape 16x8x8", ("shape",), {}, {},
                    ("shape",)),
    "zeropad": Kind("values around the borders, so many on every side", "zeropad 1", ("around",), {}, {}, ("around",)),
    "linear": Kind("fully connected layer on the last axis", "linear 10", ("out",), {}, BIAS, ("out",)),
    "bn": Kind("batch norm: scale and shift for each channel", "bn", (), {}, {"plain": ("affine", False)}),
    "instance": Kind("instance norm", "instance", (), {}, {"affine": ("affine", True)}),
    "gn": Kind("group norm: number of groups", "gn 8", ("groups",), {}, {"plain": ("affine", False)}, ("groups",)),
    "ln": Kind("layer norm: over the last axis of a sequence, over everything of a picture, or over its channels alone",
               "ln", (), {}, {"plain": ("affine", False), "channels": ("channels", True), **BIAS}),
    "dropout": Kind("dropout: share set to zero", "dropout 0.5", ("rate",), {}, {"inplace": ("inplace", True)}),
    "embedding": Kind("a vector for each of so many words", "embedding 10000 64",
                      ("words", "width"), {}, {}, ("words", "width")),
    "rnn": Kind("simple recurrent layer: units, layers l2, both directions bi", "rnn 50 l2 bi",
                ("out",), {"l": "layers"}, CELL, ("out",)),
    "lstm": Kind("long short-term memory", "lstm 50", ("out",), {"l": "layers"}, CELL, ("out",)),
    "gru": Kind("gated recurrent unit", "gru 50", ("out",), {"l": "layers"}, CELL, ("out",)),
    "attention": Kind("self-attention over a sequence: heads; w: another width; open: no projection behind",
                      "attention h8", (), {"h": "heads", "w": "width"},
                      {**BIAS, "open": ("project", False)}),
    "input": Kind("another input of the net: its number, from 1", "input 2", ("number",), needs=("number",)),
    "last": Kind("the last step of a sequence", "last"),
    "transpose": Kind("channels × steps to steps × channels, and back", "transpose"),
    "id": Kind("the input as it is; id?: this branch only where the shapes agree", "id"),
    "skip": Kind("the input as it is, or a 1×1 convolution with batch norm where the shapes differ", "skip"),
    "add": Kind("the sum of branches", "[conv 8 k3 p1 | id]"),
    "cat": Kind("branches side by side along the channels", "[conv 8 k1 & conv 8 k3 p1]"),
    "mul": Kind("the product of branches", "[gap, conv 8 k1, sigmoid * id]"),
    "op": Kind("an operation of the module's own code", "op", ("name",)),
    "own": Kind("parameters that the module itself holds", "own", ("name",)),
}
ACTIVATIONS = ("relu", "relu6", "leaky_relu", "elu", "gelu", "silu", "selu", "mish", "prelu", "softplus",
               "hardswish", "hardsigmoid", "hardtanh", "tanh", "sigmoid", "softmax", "log_softmax")
KINDS = {**KINDS, **{name: Kind("activation function, element by element", name, (), {}, {"inplace": ("inplace", True)})
                     for name in ACTIVATIONS},
         "prelu": Kind("relu with trained slopes below 0, one or one a channel", "prelu 64", ("slopes",))}

CONV_DEFAULTS = {"stride": (1,), "padding": (0,), "dilation": (1,), "groups": 1, "bias": True}
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "conv": CONV_DEFAULTS,
    "dw": {**{k: v for k, v in CONV_DEFAULTS.items() if k != "groups"}, "multiplier": 1},
    "deconv": {**CONV_DEFAULTS, "extra": (0,)},
    "pool": {"stride": None, "padding": (0,), "dilation": (1,), "ceil": False},
    "avgpool": {"stride": None, "padding": (0,), "dilation": (1,), "ceil": False},
    "lppool": {"stride": None, "padding": (0,), "dilation": (1,), "ceil": False},
    "up": {"smooth": False},
    "linear": {"bias": True},
    "bn": {"affine": True}, "instance": {"affine": False}, "gn": {"affine": True},
    "ln": {"affine": True, "bias": True, "channels": False},
    "dropout": {"rate": 0.5, "inplace": False},
    **{kind: {"layers": 1, "bi": False, "biases": 2} for kind in ("rnn", "lstm", "gru")},
    "attention": {"heads": 1, "bias": True},
    **{name: {"inplace": False} for name in (*ACTIVATIONS, "add", "mul", "op")},
    "prelu": {"inplace": False, "slopes": 1},
}
ALIASES = {
    "fc": "linear", "dense": "linear", "maxpool": "pool", "batchnorm": "bn", "layernorm": "ln", "groupnorm": "gn",
    "instancenorm": "instance", "globalavgpool": "gap", "depthwise": "dw", "upsample": "up", "identity": "id",
    "emb": "embedding", "attn": "attention", "mha": "attention", "swish": "silu", "adaptivepool": "adaptive",
}
# fmt: on
COPIES = {"getitem", "pad"}  # operations that move values and compute nothing
WRITTEN = sorted({*KINDS, *ALIASES} - {"add", "cat", "mul", "op", "own"})  # what may stand in a text
PER_AXIS = {"kernel", "stride", "padding", "dilation", "extra", "size", "factor", "around"}
SEVERAL = {*PER_AXIS, "shape"}  # options of more than one number
CELLS = ("rnn", "lstm", "gru")
CHANNELS_FIRST = {"conv", "dw", "deconv", "pool", "avgpool", "lppool", "adaptive", "gap", "gmp", "up", "shuffle",
                  "zeropad", "bn",
                  "instance", "gn"}  # fmt: skip
STEPS_FIRST = {*CELLS, "attention", "embedding", "linear", "ln", "last"}
