"""Backpropagation by hand through a fully connected net, for each weight and in matrix form.

With h⁰ = x and layers l = 1 … D:

    zˡ = Wˡ hˡ⁻¹ + bˡ,   hˡ = φ(zˡ),   ŷ = h^D,   δˡ = ∂L/∂zˡ
    δ^D = φ′(z^D) ⊙ ∂L/∂ŷ                       for softmax: (diag ŷ − ŷŷᵀ) ∂L/∂ŷ
    δˡ  = φ′(zˡ) ⊙ (Wˡ⁺¹)ᵀ δˡ⁺¹
    ∂L/∂Wˡ = δˡ (hˡ⁻¹)ᵀ,   ∂L/∂bˡ = δˡ          (Rumelhart, Hinton and Williams 1986)
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from paribus.errors import TheoryError, nearest
from paribus.theory.derivations.derivation import Derivation
from paribus.theory.networks.board import Board, Line, Values, gradient, updated
from paribus.theory.networks.example import worked
from paribus.theory.networks.numbers import as_array, generator, nice
from paribus.theory.networks.pieces import ACTIVATIONS, LOGARITHMIC, LOSSES, SOFTMAX, Net, parse_net
from paribus.theory.networks.proof import Proved, derivation, prove
from paribus.theory.networks.units import units_board, units_values

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
) -> Derivation:
    """Backpropagation through a fully connected net, one sample at a time.

    Args:
        network: widths from the inputs to the outputs: ``"2-2-1"``.
        hidden: activation of the hidden layers: identity, tanh, sigmoid, relu or softplus.
        output: activation of the last layer; any of these or softmax.
        loss: mse (mean over the outputs), half-mse (half the sum), bce (mean) or cross-entropy (sum).
        bias: whether the layers have biases.
        values: numbers for the example: W1, b1, W2, …, x, y, and optionally lr.
        seed: of the example's numbers where none are given.

    Raises:
        TheoryError: a net that cannot be, or numbers that do not fit it.
    """
    net = parse_net(network, hidden, output, loss, bias)
    numbers = _numbers(net, values) if values is not None else _nice(net, generator(seed))
    proofs: tuple[Proved, ...] = (prove(matrix_board(net)),)
    answers = {name: f"d{name}" for name in _parameters(net)}
    tables = (worked("The example with numbers", matrix_board(net), numbers),)
    if net.parameters <= BY_HAND:
        board = units_board(net, lambda rng: units_values(net, _draw(net, rng)))
        proofs = (prove(board), *proofs)
        answers = {
            line.name.removeprefix("d"): line.name for line in board.backward if line.name.startswith(("dw", "db"))
        }
        tables = (worked("The example with numbers", board, units_values(net, numbers), substitute=True),)
    return derivation(
        f"Backpropagation through {network}: {_words(net)}",
        proofs,
        answers,
        layout="w1_ij goes to unit i of layer 1 from its input j, so Wl has the shape (outputs, inputs)",
        shapes={name: np.shape(value) for name, value in numbers.items()},
        assumptions=_assumptions(net),
        tables=tables,
    )


def matrix_board(net: Net) -> Board:
    """All of it with matrices, as the formulas at the head of this file."""
    last = net.depth
    return Board(
        forward=tuple(_forward(net)),
        backward=(*_deltas(net), *(line for layer in range(last, 0, -1) for line in _gradients(net, layer))),
        draw=lambda rng: _draw(net, rng),
        reference=lambda values: _reference(net, values),
        symbols=_symbols(net),
    )


def _forward(net: Net) -> list[Line]:
    lines = []
    for layer in range(1, net.depth + 1):
        shift = f" + b{layer}" if net.bias else ""
        phi = SOFTMAX if net.activation(layer) == "softmax" else ACTIVATIONS[net.activation(layer)]
        lines.append(Line(f"z{layer}", f"W{layer} @ {_h(net, layer - 1)}{shift}"))
        lines.append(Line(_h(net, layer), phi.value.format(z=f"z{layer}")))
    loss = LOSSES[net.loss].value.format(p="yhat", y="y", n=net.widths[-1])
    return [*lines, Line("L", loss.removesuffix(" / 1"))]


def _deltas(net: Net) -> list[Line]:
    last = net.depth
    slope = (
        LOSSES[net.loss].slope.format(p="yhat", y="y", n=net.widths[-1]).removesuffix(" / 1").replace("2 / 1 ", "2 ")
    )
    lines = [Line("dyhat", slope, "derivative of the loss", gradient("yhat"))]
    for layer in range(last, 0, -1):
        arriving = "dyhat" if layer == last else f"(W{layer + 1}.T @ delta{layer + 1})"
        name = net.activation(layer)
        inner = {"z": f"z{layer}", "h": _h(net, layer)}
        if name == "softmax":
            text, rule = f"({SOFTMAX.slope.format(**inner)}) @ {arriving}", "chain rule through the softmax"
        else:
            text = " * ".join(filter(None, (arriving, ACTIVATIONS[name].slope.format(**inner))))
            rule = "chain rule" if layer == last else "chain rule, back through the weights"
        lines.append(Line(f"delta{layer}", text, rule, gradient(f"z{layer}")))
    return lines + _short_delta(net)


def _short_delta(net: Net) -> list[Line]:
    """Where loss and activation fit each other, almost everything cancels."""
    short = {("sigmoid", "bce"): f"(yhat - y) / {net.widths[-1]}", ("softmax", "cross-entropy"): "yhat - y"}
    text = short.get((net.output, net.loss))
    if text is None:
        return []
    rule = f"{net.output} and {net.loss} cancel"
    return [Line(f"delta{net.depth}'short", text.removesuffix(" / 1"), rule, gradient(f"z{net.depth}"))]


def _gradients(net: Net, layer: int) -> list[Line]:
    weight = f"outer(delta{layer}, {_h(net, layer - 1)})"
    w, b, delta = f"W{layer}", f"b{layer}", f"delta{layer}"
    lines = [Line(f"d{w}", weight, "delta times what went in", gradient(w))]
    lines += [Line(f"d{b}", delta, "delta times 1", gradient(b))] if net.bias else []
    lines += [Line(f"{w}'new", f"{w} - eta * {weight}", "update rule", updated(w))]
    return lines + ([Line(f"{b}'new", f"{b} - eta * {delta}", "update rule", updated(b))] if net.bias else [])


def _h(net: Net, layer: int) -> str:
    return "x" if layer == 0 else "yhat" if layer == net.depth else f"h{layer}"


def _symbols(net: Net) -> dict[str, str]:
    """The layer stands above, in brackets."""
    symbols = {
        f"{stem}{layer}": f"{letter}^{{({layer})}}"
        for stem, letter in {"W": "W", "b": "b", "z": "z", "h": "h", "delta": r"\delta"}.items()
        for layer in range(1, net.depth + 1)
    }
    return {**symbols, "yhat": r"\hat{y}"}


def _parameters(net: Net) -> list[str]:
    layers = range(1, net.depth + 1)
    return [f"{stem}{layer}" for layer in layers for stem in (("W", "b") if net.bias else ("W",))]


def _shapes(net: Net) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {"x": (net.widths[0],)}
    for layer, (a, b) in enumerate(pairwise(net.widths), 1):
        shapes[f"W{layer}"] = (b, a)
        if net.bias:
            shapes[f"b{layer}"] = (b,)
    return {**shapes, "y": (net.widths[-1],)}


def _draw(net: Net, rng: np.random.Generator) -> Values:
    scale = {f"W{layer}": 1 / np.sqrt(width) for layer, width in enumerate(net.widths[:-1], 1)}  # nothing saturates
    values = {name: rng.normal(size=shape) * scale.get(name, 1.0) for name, shape in _shapes(net).items()}
    return {**values, "y": _target(net, rng), "eta": rng.uniform(0.01, 1.0)}


def _target(net: Net, rng: np.random.Generator) -> Any:
    if net.loss not in LOGARITHMIC:
        return rng.normal(size=net.widths[-1])
    y = rng.uniform(0.05, 0.95, size=net.widths[-1])
    return y / y.sum() if net.loss == "cross-entropy" else y


def _nice(net: Net, rng: np.random.Generator) -> Values:
    values: Values = {name: nice(rng, shape) for name, shape in _shapes(net).items()}
    return {**values, "y": np.eye(net.widths[-1])[0], "eta": RATE}


def _numbers(net: Net, given: dict[str, Any]) -> Values:
    """The user's numbers, one for every weight."""
    given = dict(given)
    rate = as_array(given.pop("lr", given.pop("eta", RATE)), "lr")
    shapes = _shapes(net)
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
    said += ["no z is exactly 0, where relu has no derivative"] if "relu" in (net.hidden, net.output) else []
    return tuple(said)


def _reference(net: Net, values: Values) -> Values:
    """The forward pass by the NumPy network library."""
    from paribus.scratch import Tensor, nn

    functions: dict[str, Any] = {"identity": lambda z: z, "tanh": nn.tanh, "sigmoid": nn.sigmoid, "relu": nn.relu}
    functions |= {"softplus": nn.softplus, "softmax": nn.softmax}
    h = Tensor(values["x"][None])
    found: Values = {}
    for layer in range(1, net.depth + 1):
        z = h @ Tensor(values[f"W{layer}"].T) + (values[f"b{layer}"] if net.bias else 0.0)
        h = functions[net.activation(layer)](z)
        found |= {f"z{layer}": z.data[0], _h(net, layer): h.data[0]}
    return found
