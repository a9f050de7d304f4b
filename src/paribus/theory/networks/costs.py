"""A convolutional against a recurrent net on a sequence, and two against three axes: what each of them costs.

    conv1d, width k, c → c            parameters L(c²k + c)     L layers see 1 + L(k − 1) steps, all positions at once
    the same, dilated 1, k, k², …     parameters L(c²k + c)     L layers see k^L steps
    RNN, c → c                        parameters 2c² + c        sees everything, T steps one after the other

Depth is not believed but counted: in the graph that the NumPy library records, the longest chain of products
(convolutions and matrix products) from the parameters to the last output, each of which waits for the one before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from paribus.errors import TheoryError
from paribus.theory.derivations.derivation import Derivation
from paribus.theory.derivations.record import Formula, Table
from paribus.theory.networks.program import Line, Program, Trial, Values, run
from paribus.theory.networks.proof import derivation

PRODUCTS = {"convolution", "affine", "matmul"}
LENGTHS = (8, 16, 32, 64, 128)
COUNTED = "what the NumPy library's layers and graphs hold, counted"
GIVEN_SEQUENCE = Formula("a sequence of T steps with c channels, c → c", r"x \in \mathbb{R}^{T \times c}")
GIVEN_AXES = Formula(
    "c channels on S**2 pixels or S**3 voxels, c → c",
    r"x \in \mathbb{R}^{c \times S^2},\quad x \in \mathbb{R}^{c \times S^3}",
)


def cnn_or_rnn(*, steps: int = 64, size: tuple[int, int] = (16, 3)) -> Derivation:
    """Parameters and sequential depth of three nets that all see ``steps`` steps.

    Args:
        steps: length T of the sequence.
        size: channels c, and width k of the filters.

    Raises:
        TheoryError: sizes below 1, or a filter that sees one step only.
    """
    c, k = size
    if steps < 2 or c < 1 or k < 2 or steps > 512:
        raise TheoryError(
            "sequences have 2 to 512 steps, filters see at least 2", got=f"{steps} steps, {c} channels, width {k}"
        )
    values = {"T": steps, "c": c, "k": k}
    program = _sequence_program()
    return derivation(
        f"CNN against RNN, {steps} steps, {c} channels, filters {k} wide",
        (program,),
        {name: name for name in ("cnn_depth", "dilated_depth", "rnn_depth")},
        given_as=GIVEN_SEQUENCE,
        gradients=False,
        oracle=COUNTED,
        layout="depth: the longest chain of products in the graph",
        shapes={"T": (), "c": (), "k": ()},
        assumptions=("all three see the whole sequence: 1 + L(k − 1) ≥ T, k**L ≥ T",),
        tables=(_row_table(program, values), _lengths(program, values)),
    )


def conv2d_or_3d(*, size: tuple[int, int] = (16, 3)) -> Derivation:
    """Parameters and multiplications of a convolution over 2 and over 3 axes.

    Args:
        size: channels c (in and out), and width k of the filters.

    Raises:
        TheoryError: sizes below 1.
    """
    c, k = size
    if c < 1 or k < 1:
        raise TheoryError("channels and filters are at least 1", got=f"{c} channels, width {k}")
    program = Program(
        forward=(),
        backward=(
            Line("parameters_2d", "c * c * k**2 + c", "a filter per pair of channels, a bias per output", _weights(2)),
            Line("parameters_3d", "c * c * k**3 + c", "the same with one more axis", _weights(3)),
            Line(
                "products_2d", "(S - k + 1)**2 * c * c * k**2", "each output is a product with one filter", _products(2)
            ),
            Line(
                "products_3d", "(S - k + 1)**3 * c * c * k**3", "each output is a product with one filter", _products(3)
            ),
            Line("times", "products_3d / products_2d", "how much more work", latex=r"k\,(S - k + 1)"),
        ),
        draw=lambda rng: {
            "c": int(rng.integers(1, 4)),
            "k": (k := int(rng.integers(1, 4))),
            "S": k + int(rng.integers(0, 4)),
        },
    )
    values = {"c": c, "k": k, "S": 32}
    return derivation(
        f"Conv2D against Conv3D, {c} channels, filters {k} wide, on sides of 32",
        (program,),
        {line.name: line.name for line in program.backward[:4]},
        given_as=GIVEN_AXES,
        gradients=False,
        oracle=COUNTED,
        layout="numbers of parameters and of multiplications",
        shapes={"c": (), "k": (), "S": ()},
        assumptions=("no padding, stride 1; S is the side of the picture or volume",),
        tables=(_row_table(program, values),),
    )


def _sequence_program() -> Program:
    return Program(
        forward=(),
        backward=(
            Line(
                "L",
                "-(-(T - 1) // (k - 1))",
                "layers until 1 + L(k − 1) ≥ T",
                latex=r"\left\lceil \frac{T-1}{k-1} \right\rceil",
            ),
            Line("D", "sum(k**arange(12.0) < T)", "layers until k**D ≥ T", latex=r"\lceil \log_k T \rceil"),
            Line(
                "cnn_parameters",
                "L * (c * c * k + c)",
                "counted in the layers",
                lambda trial: _size(_cnn(trial.values)),
            ),
            Line(
                "dilated_parameters",
                "D * (c * c * k + c)",
                "counted in the layers",
                lambda trial: _size(_dilated(trial.values)),
            ),
            Line("rnn_parameters", "2 * c * c + c", "counted in the layer", lambda trial: _size([_rnn(trial.values)])),
            Line("cnn_depth", "L", "counted in the graph", _depth(lambda values: _through(_cnn(values), values))),
            Line(
                "dilated_depth", "D", "counted in the graph", _depth(lambda values: _through(_dilated(values), values))
            ),
            Line(
                "rnn_depth",
                "T",
                "counted in the graph",
                _depth(_unrolled),
                "each product with U waits for the one before",
            ),
        ),
        draw=lambda rng: {"T": int(rng.integers(2, 30)), "c": int(rng.integers(1, 5)), "k": int(rng.integers(2, 5))},
        symbols={name: rf"\text{{{name.replace('_', ' ')}}}" for name in NAMES},
    )


NAMES = [f"{net}_{what}" for net in ("cnn", "dilated", "rnn") for what in ("parameters", "depth")]


def _cnn(values: Values) -> list[Any]:
    return [_layer(values, 1) for _ in range(values["L"])]


def _dilated(values: Values) -> list[Any]:
    return [_layer(values, values["k"] ** i) for i in range(values["D"])]


def _layer(values: Values, dilation: int) -> Any:
    from paribus.scratch import nn

    return nn.Conv1d(values["c"], values["c"], values["k"], dilation=dilation)


def _rnn(values: Values) -> Any:
    from paribus.scratch import nn

    return nn.RNN(values["c"], values["c"])


def _size(layers: list[Any]) -> int:
    return sum(parameter.size for layer in layers for parameter in layer.parameters())


def _through(layers: list[Any], values: Values) -> Any:
    """The last output of causal convolutions, zeros before the sequence."""
    from paribus.scratch import Tensor, ops

    x = Tensor(np.ones((1, values["c"], values["T"]), np.float32))
    for layer in layers:
        past = layer.dilation * (values["k"] - 1)
        x = layer(ops.pad(x, widths=((0, 0), (0, 0), (past, 0)), value=0.0)).relu()
    return x[:, :, -1]


def _unrolled(values: Values) -> Any:
    from paribus.scratch import Tensor

    return _rnn(values)(Tensor(np.ones((1, values["T"], values["c"]), np.float32)))[:, -1]


def _depth(net: Callable[[Values], Any]) -> Callable[[Trial], int]:
    return lambda trial: depth(net(trial.values))


def depth(node: Any) -> int:
    """The longest chain of products that led to a tensor of the NumPy library."""
    steps: dict[int, Any] = {}
    waiting = [node]
    while waiting:
        step = getattr(waiting.pop(), "step", None)
        if step is not None and step.number not in steps:
            steps[step.number] = step
            waiting += step.inputs
    lengths: dict[int, int] = {}
    for number in sorted(steps):  # in the order in which they ran
        step = steps[number]
        before = [lengths[x.step.number] for x in step.inputs if getattr(x, "step", None) is not None]
        lengths[number] = max(before, default=0) + (step.primitive.name in PRODUCTS)
    return lengths[node.step.number] if lengths else 0


def _weights(axes: int) -> Callable[[Trial], int]:
    return lambda trial: int(np.prod(_kernels(trial.values, axes)[0].shape)) + trial.values["c"]


def _kernels(values: Values, axes: int) -> tuple[Any, Any]:
    """Filters over this many axes, and what they make of a cube, by the NumPy library."""
    from paribus.scratch import Tensor, nn

    c, k, side = values["c"], values["k"], values["S"]
    filters = Tensor(np.ones((c, c, *(k,) * axes)))
    return filters, nn.convolution(Tensor(np.ones((1, c, *(side,) * axes))), filters)


def _products(axes: int) -> Callable[[Trial], int]:
    """Of ones with ones each output is the number of its products, so their sum is the number of all."""
    return lambda trial: int(_kernels(trial.values, axes)[1].data.sum())


def _row_table(program: Program, values: Values) -> Table:
    found = run(program.backward, values)
    rows = tuple((line.name.replace("_", " "), line.text, int(found[line.name])) for line in program.backward)
    return Table("With numbers", ("quantity", "formula", "value"), rows)


def _lengths(program: Program, values: Values) -> Table:
    rows = []
    for steps in LENGTHS:
        found = run(program.backward, {**values, "T": steps})
        rows.append((steps, *(int(found[f"{net}_depth"]) for net in ("cnn", "dilated", "rnn"))))
    return Table("Sequential depth by length", ("T", "CNN", "dilated CNN", "RNN"), tuple(rows))
