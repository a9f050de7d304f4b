"""Backpropagation by hand through a fully connected net, for each weight and in matrix form."""

from __future__ import annotations

from typing import Any

import numpy as np

from paribus.errors import TheoryError, nearest
from paribus.theory.derivations.derivation import Derivation
from paribus.theory.networks import matrices, units
from paribus.theory.networks.numbers import as_array, generator, nice
from paribus.theory.networks.pieces import LOGARITHMIC, Net, parse_net
from paribus.theory.networks.program import Program, Values
from paribus.theory.networks.proof import derivation

BY_HAND = 60  # parameters up to which the rule of each one is written out
RATE = 0.5


def dense(
    network: str,
    hidden: str = "tanh",
    output: str = "sigmoid",
    loss: str = "mse",
    bias: bool = True,
    values: dict[str, Any] | None = None,
    seed: int = 0,
    x: Any = None,
    y: Any = None,
) -> Derivation:
    """Backpropagation through a fully connected net, one sample at a time.

    Args:
        network: widths from the inputs to the outputs: ``"2-2-1"``.
        hidden: activation of the hidden layers: identity, tanh, sigmoid, relu, leaky-relu, elu, silu, gelu, softplus
            or sin.
        output: activation of the last layer; any of these or softmax.
        loss: mse (mean over the outputs), half-mse (half the sum), bce (mean) or cross-entropy (sum).
        bias: whether the layers have biases.
        values: numbers for the example: W1, b1, W2, …, x, y, and optionally lr.
        seed: of the example's numbers where none are given.
        x: the input, where ``values`` do not give one.
        y: the targets.

    Raises:
        TheoryError: a net that cannot be, or numbers that do not fit it.
    """
    net = parse_net(network, hidden, output, loss, bias)
    own = {name: given for name, given in (("x", x), ("y", y)) if given is not None}
    if values is None:
        nice_ones = _nice(net, generator(seed))
        values = {name: value for name, value in nice_ones.items() if name != "eta"}
    numbers = _numbers(net, {**values, **own})
    programs: tuple[Program, ...]
    programs, example = (matrices.program(net),), numbers
    answers = {name: f"d{name}" for name in _parameters(net)}
    if by_hand := net.parameters <= BY_HAND:
        programs, example = (units.program(net), *programs), units.values_of(net, numbers)
        names = [line.name for line in programs[0].backward if line.name.startswith(("dw", "db"))]
        answers = {name.removeprefix("d"): name for name in names}
    return derivation(
        f"Backpropagation through {network}: {_words(net)}",
        programs,
        answers,
        layout="w1_ij goes to unit i of layer 1 from its input j, so Wl has the shape (outputs, inputs)",
        shapes={name: np.shape(value) for name, value in numbers.items()},
        assumptions=_assumptions(net),
        example=example,
        substitute=by_hand,
    )


def _parameters(net: Net) -> list[str]:
    layers = range(1, net.depth + 1)
    return [f"{stem}{layer}" for layer in layers for stem in (("W", "b") if net.bias else ("W",))]


def _nice(net: Net, rng: np.random.Generator) -> Values:
    values: Values = {name: nice(rng, shape) for name, shape in matrices.shapes(net).items()}
    return {**values, "y": np.eye(net.widths[-1])[0], "eta": RATE}


def _numbers(net: Net, given: dict[str, Any]) -> Values:
    """The user's numbers, one for every weight."""
    given = dict(given)
    rate = as_array(given.pop("lr", given.pop("eta", RATE)), "lr")
    shapes = matrices.shapes(net)
    for name in given:
        if name not in shapes:
            raise TheoryError(
                "the values name something that this network does not have", got=name, hint=nearest(name, shapes)
            )
    if missing := [name for name in shapes if name not in given]:
        raise TheoryError(
            "the values must have a number for everything", got=f"without {', '.join(missing)}", hint=_wanted(shapes)
        )
    values: Values = {name: _fitting(name, given[name], shape) for name, shape in shapes.items()}
    if rate.ndim or rate <= 0:
        raise TheoryError("the learning rate lr is one number above 0", got=str(rate))
    _check_target(net, values["y"])
    return {**values, "eta": float(rate)}


def _fitting(name: str, rows: Any, shape: tuple[int, ...]) -> Any:
    array = np.atleast_1d(as_array(rows, name))
    if array.shape != shape:
        raise TheoryError(f"{name} has the shape {shape} in this network", got=f"shape {array.shape}")
    return array


def _check_target(net: Net, y: Any) -> None:
    if net.loss in LOGARITHMIC and (y.min() < 0 or y.max() > 1):
        raise TheoryError(f"targets of {net.loss} are probabilities, from 0 to 1", got=str(y.tolist()))
    if net.loss == "cross-entropy" and abs(y.sum() - 1) > 1e-9:
        raise TheoryError("targets of cross-entropy sum to 1", got=str(y.tolist()), hint="give a one-hot vector")


def _wanted(shapes: dict[str, tuple[int, ...]]) -> str:
    return "needed are " + ", ".join(f"{name} {shape}" for name, shape in shapes.items()) + ", and lr if not 0.5"


def _words(net: Net) -> str:
    hidden = f"{net.hidden}, " if net.depth > 1 else ""
    return f"{hidden}{net.output}, {net.loss}" + ("" if net.bias else ", no biases")


def _assumptions(net: Net) -> tuple[str, ...]:
    said = [f"one sample; {net.parameters} parameters; eta is the learning rate"]
    said += ["the targets y sum to 1"] if net.loss == "cross-entropy" else []
    said += (
        ["no z is exactly 0, where relu and leaky relu have no derivative"]
        if {"relu", "leaky-relu"} & {net.hidden, net.output}
        else []
    )
    return tuple(said)
