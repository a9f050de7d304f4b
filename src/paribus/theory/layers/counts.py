"""Parameters and multiplications: one rule a line.

A multiplication is counted together with the addition that follows it (a multiply-accumulate, MAC): products with
weights, and the two products of attention. Windows over padding count in full. Element-wise work is not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from paribus.theory.layers.kinds import CELLS
from paribus.theory.layers.layer import Layer, Options, Shape
from paribus.theory.layers.worked import Worked, product, total, worked

Rule = Callable[[Options, Shape, Shape], Worked]  # options, input, output
GATES = {"rnn": 1, "gru": 3, "lstm": 4}


def filters(o: Options, x: Shape, y: Shape) -> Worked:
    """Weights of a convolution: kernel · channels in a group · filters."""
    return product(o["kernel"]) * _share(x[0], o["groups"]) * int(o["out"])


def convolution(o: Options, x: Shape, y: Shape) -> Worked:
    """Weights, and a bias for each filter."""
    return _biased(filters(o, x, y), o["bias"], o["out"])


def applied(o: Options, x: Shape, y: Shape) -> Worked:
    """Every weight once for each position of the output."""
    return product(y[1:]) * filters(o, x, y)


def transposed(o: Options, x: Shape, y: Shape) -> Worked:
    """A transposed convolution applies every weight once for each position of the input."""
    return product(x[1:]) * product(o["kernel"]) * x[0] * _share(o["out"], o["groups"])


def linear(o: Options, x: Shape, y: Shape) -> Worked:
    """A weight for each pair of input and output, and a bias for each output."""
    return _biased(Worked(x[-1]) * o["out"], o["bias"], o["out"])


def norm(o: Options, x: Shape, y: Shape) -> Worked:
    """A scale and a shift for each channel."""
    return Worked(2) * x[0] if o["affine"] else Worked(0)


def layer_norm(o: Options, x: Shape, y: Shape) -> Worked:
    """A scale and a shift for each normalised value."""
    scale = product(normalised(o, x))
    return (Worked(2) * scale if o["bias"] else scale) if o["affine"] else Worked(0)


def normalised(o: Options, x: Shape) -> Shape:
    """The axes that layer norm goes over: the features of a sequence, everything of a picture or its channels alone."""
    if len(x) > 2 and o["channels"]:
        return x[:1]
    return tuple(o["shape"]) if "shape" in o else x if len(x) > 2 else x[-1:]


def cell(kind: str) -> Rule:
    """Gates · units · (inputs + units + biases), for each layer and direction."""

    def parameters(o: Options, x: Shape, y: Shape) -> Worked:
        terms = [Worked(GATES[kind]) * o["out"] * (total((i, o["out"])) + o["biases"]) for i in _inputs(o, x)]
        return _both(o, total(terms))

    return parameters


def steps(kind: str) -> Rule:
    """Steps · gates · units · (inputs + units), for each layer and direction."""

    def multiplications(o: Options, x: Shape, y: Shape) -> Worked:
        terms = [Worked(x[0]) * GATES[kind] * o["out"] * (Worked(i) + o["out"]) for i in _inputs(o, x)]
        return _both(o, total(terms))

    return multiplications


def attention(o: Options, x: Shape, y: Shape) -> Worked:
    """Projections of queries, keys, values and of the result: 4 F², and 4 F biases; of another width or none behind."""
    width: int = o.get("width", x[1])
    if not o.get("project", True):
        return _biased(Worked(3) * x[1] * width, o["bias"], Worked(3) * width)
    biases = Worked(4) * x[1] if width == x[1] else total((Worked(3) * width, x[1]))
    return _biased(Worked(4) * x[1] * width, o["bias"], biases)


def attending(o: Options, x: Shape, y: Shape) -> Worked:
    """4 T F² for the projections; T² F for the scores Q Kᵀ, and as much for weighing the values.

    Where q queries look at T other steps, 2 (q + T) F² and 2 q T F.
    """
    if "queries" in o:
        q, keys = Worked(o["queries"]), Worked(o["keys"])
        return Worked(2) * (q + keys) * x[1] * x[1] + Worked(2) * q * keys * x[1]
    width: int = o.get("width", x[1])
    projections = Worked(4 if o.get("project", True) else 3)
    return projections * x[0] * x[1] * width + Worked(2) * x[0] * x[0] * width


def none(o: Options, x: Shape, y: Shape) -> Worked:
    """Nothing."""
    return Worked(0)


def _biased(weights: Worked, bias: bool, biases: Worked | int) -> Worked:
    return weights + worked(biases) if bias else weights


def _share(channels: int, groups: int) -> Worked:
    return Worked(channels).over(groups) if groups > 1 else Worked(channels)


def _inputs(o: Options, x: Shape) -> list[int]:
    """What goes into each of the stacked layers."""
    return [x[1]] + [o["out"] * (2 if o["bi"] else 1)] * (o["layers"] - 1)


def _both(o: Options, count: Worked) -> Worked:
    return Worked(2) * count if o["bi"] else count


# fmt: off
PARAMETERS: Mapping[str, Rule] = {
    "conv": convolution, "dw": convolution, "deconv": convolution,
    "linear": linear, "bn": norm, "instance": norm, "gn": norm, "ln": layer_norm,
    "embedding": lambda o, x, y: Worked(o["words"]) * o["width"],
    "prelu": lambda o, x, y: Worked(o["slopes"]),
    **{kind: cell(kind) for kind in CELLS},
    "attention": attention,
    "own": lambda o, x, y: product(o["shape"]),
    "op": lambda o, x, y: Worked(o.get("parameters", 0)),
}
MULTIPLICATIONS: Mapping[str, Rule] = {
    "conv": applied, "dw": applied, "deconv": transposed,
    "linear": lambda o, x, y: product(x) * o["out"],
    **{kind: steps(kind) for kind in CELLS},
    "attention": attending,
}
# fmt: on


def trained(layer: Layer, x: Shape, y: Shape) -> Worked:
    """How many numbers a layer trains: by its rule, and what is known to come on top."""
    count = PARAMETERS.get(layer.kind, none)(layer.options, x, y)
    return (
        (count + layer.options["more"]).noted("its weight is made of more numbers")
        if "more" in layer.options
        else count
    )
