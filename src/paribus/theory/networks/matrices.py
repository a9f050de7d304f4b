"""Backpropagation through a fully connected net in matrix form.

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

from paribus.theory.networks.pieces import ACTIVATIONS, LOGARITHMIC, LOSSES, SOFTMAX, Net
from paribus.theory.networks.program import Line, Program, Values, gradient, updated


def program(net: Net) -> Program:
    """All of it with matrices, as the formulas at the head of this file."""
    last = net.depth
    return Program(
        forward=tuple(_forward(net)),
        backward=(*_deltas(net), *(line for layer in range(last, 0, -1) for line in _gradients(net, layer))),
        draw=lambda rng: draw(net, rng),
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
    short[("sigmoid", "cross-entropy")] = "-y * (1 - yhat)"
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


def shapes(net: Net) -> dict[str, tuple[int, ...]]:
    """Shape of the input, of every parameter and of the target."""
    found: dict[str, tuple[int, ...]] = {"x": (net.widths[0],)}
    for layer, (a, b) in enumerate(pairwise(net.widths), 1):
        found[f"W{layer}"] = (b, a)
        if net.bias:
            found[f"b{layer}"] = (b,)
    return {**found, "y": (net.widths[-1],)}


def draw(net: Net, rng: np.random.Generator) -> Values:
    """Random numbers for all of these, and a learning rate."""
    scale = {f"W{layer}": 1 / np.sqrt(width) for layer, width in enumerate(net.widths[:-1], 1)}  # nothing saturates
    values = {name: rng.normal(size=shape) * scale.get(name, 1.0) for name, shape in shapes(net).items()}
    return {**values, "y": _target(net, rng), "eta": rng.uniform(0.01, 1.0)}


def _target(net: Net, rng: np.random.Generator) -> Any:
    if net.loss not in LOGARITHMIC:
        return rng.normal(size=net.widths[-1])
    y = rng.uniform(0.05, 0.95, size=net.widths[-1])
    return y / y.sum() if net.loss == "cross-entropy" else y


def _reference(net: Net, values: Values) -> Values:
    """The forward pass by the NumPy network library."""
    from paribus.scratch import Tensor, nn, ops

    functions: dict[str, Any] = {"identity": lambda z: z, "tanh": nn.tanh, "sigmoid": nn.sigmoid, "relu": nn.relu}
    functions |= {"softplus": nn.softplus, "softmax": nn.softmax, "silu": lambda z: z * nn.sigmoid(z), "sin": np.sin}
    functions |= {"leaky-relu": lambda z: ops.leaky(z, 0.01), "elu": lambda z: ops.elu(z, 1.0), "gelu": nn.gelu}
    h = Tensor(values["x"][None])
    found: Values = {}
    for layer in range(1, net.depth + 1):
        z = h @ Tensor(values[f"W{layer}"].T) + (values[f"b{layer}"] if net.bias else 0.0)
        h = functions[net.activation(layer)](z)
        found |= {f"z{layer}": z.data[0], _h(net, layer): h.data[0]}
    return found
