"""The same net unit by unit, with one scalar formula for each weight, as it is done by hand.

    δ^D_i = φ′(z^D_i) · ∂L/∂ŷᵢ,   δˡ_i = φ′(zˡ_i) · Σ_k δˡ⁺¹_k wˡ⁺¹_ki,   ∂L/∂wˡ_ij = δˡ_i · hˡ⁻¹_j

Each δ is written out down to weights and activations as long as few paths lead from the unit to the outputs.
"""

from __future__ import annotations

import numpy as np

from paribus.theory.networks import matrices
from paribus.theory.networks.pieces import ACTIVATIONS, LOGARITHMIC, LOSSES, Net
from paribus.theory.networks.program import Line, Program, Values, gradient, run, updated

PATHS = 3  # from a unit to the outputs, up to which its delta is written out in full


class Names:
    """What the numbers of the net are called: ``w1_12`` in layer 1 goes to unit 1 from unit 2."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self._between = "_" if max(net.widths) > 9 else ""

    def weight(self, layer: int, i: int, j: int) -> str:
        """To unit i from unit j, counted from 1."""
        return f"w{layer}_{i}{self._between}{j}"

    def h(self, layer: int, i: int) -> str:
        """What unit i of a layer says; layer 0 is the input, the last one the prediction."""
        if layer == 0:
            return f"x{i}"
        return self.y("yhat", i) if layer == self.net.depth else f"h{layer}_{i}"

    def y(self, stem: str, i: int) -> str:
        """Prediction or target i; the only one needs no number."""
        return stem if self.net.widths[-1] == 1 else f"{stem}{i}"


def program(net: Net) -> Program:
    """Forward pass, deltas and the update rule of every weight, in scalars."""
    names = Names(net)
    deltas, full = _deltas(names)
    rules = [line for layer in range(net.depth, 0, -1) for line in _rules(names, layer, full)]
    symbols = {f"yhat{i}": rf"\hat{{y}}_{{{i}}}" for i in range(1, net.widths[-1] + 1)}
    return Program(
        forward=tuple(_forward(names)),
        backward=(*deltas, *rules),
        draw=lambda rng: values_of(net, matrices.draw(net, rng)),
        reference=lambda values: _reference(names, values),
        symbols={**symbols, "yhat": r"\hat{y}"},
    )


def values_of(net: Net, values: Values) -> Values:
    """The numbers of W1, b1, x, … each under its own name; the arrays stay among them."""
    names, found = Names(net), dict(values)
    for layer, width in enumerate(net.widths[1:], 1):
        for i, j in np.ndindex(width, net.widths[layer - 1]):
            found[names.weight(layer, i + 1, j + 1)] = values[f"W{layer}"][i, j]
        if net.bias:
            found |= {f"b{layer}_{i + 1}": values[f"b{layer}"][i] for i in range(width)}
    found |= {names.h(0, j + 1): value for j, value in enumerate(values["x"])}
    return found | {names.y("y", i + 1): value for i, value in enumerate(values["y"])}


def _forward(names: Names) -> list[Line]:
    net, lines = names.net, []
    for layer, width in enumerate(net.widths[1:], 1):
        units = range(1, width + 1)
        lines += [Line(f"z{layer}_{i}", _weighted(names, layer, i)) for i in units]
        if net.activation(layer) == "softmax":
            total = " + ".join(f"exp(z{layer}_{k})" for k in units)
            lines += [Line(names.h(layer, i), f"exp(z{layer}_{i}) / ({total})") for i in units]
        else:
            value = ACTIVATIONS[net.activation(layer)].value
            lines += [Line(names.h(layer, i), value.format(z=f"z{layer}_{i}")) for i in units]
    return [*lines, Line("L", _loss(names))]


def _weighted(names: Names, layer: int, i: int) -> str:
    inputs = range(1, names.net.widths[layer - 1] + 1)
    terms = [f"{names.weight(layer, i, j)} * {names.h(layer - 1, j)}" for j in inputs]
    return " + ".join([*terms, f"b{layer}_{i}"] if names.net.bias else terms)


def _loss(names: Names) -> str:
    """The loss, its sum written out."""
    n = names.net.widths[-1]
    pairs = [(names.y("yhat", i), names.y("y", i)) for i in range(1, n + 1)]
    one = {
        "mse": "({p} - {y})**2",
        "half-mse": "({p} - {y})**2",
        "bce": "{y} * log({p}) + (1 - {y}) * log(1 - {p})",
        "cross-entropy": "{y} * log({p})",
    }[names.net.loss]
    whole = " + ".join(one.format(p=p, y=y) for p, y in pairs)
    sign = "-" if names.net.loss in ("bce", "cross-entropy") else ""
    over = {"mse": n, "half-mse": 2, "bce": n, "cross-entropy": 1}[names.net.loss]
    bracketed = f"({whole})" if sign or (over > 1 and n > 1) else whole
    return f"{sign}{bracketed}" + (f" / {over}" if over > 1 else "")


def _deltas(names: Names) -> tuple[list[Line], dict[str, str]]:
    """The lines of all deltas, and the text by which each of them enters the rules."""
    net, lines = names.net, []
    full: dict[str, str] = {}
    paths = np.ones(net.widths[-1], int)
    for layer in range(net.depth, 0, -1):
        written_out = net.output != "softmax" and paths[0] <= PATHS
        for i in range(1, net.widths[layer] + 1):
            name = f"delta{layer}_{i}"
            text = _output_delta(names, i) if layer == net.depth else _hidden_delta(names, layer, i, full)
            lines.append(Line(name, text, f"chain rule, layer {layer}", gradient(f"z{layer}_{i}")))
            full[name] = text if written_out else name
        paths = np.full(net.widths[layer - 1], paths.sum())
    return lines, full


def _output_delta(names: Names, i: int) -> str:
    net = names.net
    n, p, y = net.widths[-1], names.y("yhat", i), names.y("y", i)
    if (net.output, net.loss) in (("sigmoid", "bce"), ("softmax", "cross-entropy")):
        return f"({p} - {y}) / {n}" if net.loss == "bce" and n > 1 else f"({p} - {y})"
    slope = _loss_slope(net, p, y)
    if net.output == "softmax":
        pairs = [(names.y("yhat", k), names.y("y", k)) for k in range(1, n + 1)]
        if net.loss in LOGARITHMIC:
            whole = " + ".join(_times(net, q, t) for q, t in pairs)
            return f"({_times(net, p, y)} - {p} * ({whole}))"
        mean = " + ".join(f"{_loss_slope(net, q, t)} * {q}" for q, t in pairs)
        return f"{p} * ({slope} - ({mean}))"
    if net.output == "sigmoid" and net.loss in LOGARITHMIC:
        return f"{_times(net, p, y)} * (1 - {p})"
    phi = ACTIVATIONS[net.output].slope.format(z=f"z{net.depth}_{i}", h=p)
    return f"{slope} * {phi}" if phi else slope


def _loss_slope(net: Net, p: str, y: str) -> str:
    n = net.widths[-1]
    text = LOSSES[net.loss].slope.format(p=p, y=y, n=n).removesuffix(" / 1")
    return text.replace("2 / 1 * ", "2 * ").replace("2 / 2 * ", "")


def _times(net: Net, p: str, y: str) -> str:
    """ŷ ∂L/∂ŷ, where the ŷ of the slope cancels against that of the logarithm."""
    return LOSSES[net.loss].times.format(p=p, y=y, n=net.widths[-1]).removesuffix(" / 1")


def _hidden_delta(names: Names, layer: int, i: int, full: dict[str, str]) -> str:
    after = range(1, names.net.widths[layer + 1] + 1)
    terms = [f"{full[f'delta{layer + 1}_{k}']} * {names.weight(layer + 1, k, i)}" for k in after]
    arriving = terms[0] if len(terms) == 1 else f"({' + '.join(terms).replace(' + -', ' - ')})"
    slope = ACTIVATIONS[names.net.hidden].slope.format(z=f"z{layer}_{i}", h=names.h(layer, i))
    return f"{arriving} * {slope}" if slope else arriving


def _rules(names: Names, layer: int, full: dict[str, str]) -> list[Line]:
    """For each weight its gradient (an answer, so not shown among the steps) and its update rule."""
    net, lines = names.net, []
    for i in range(1, net.widths[layer] + 1):
        delta = full[f"delta{layer}_{i}"]
        for j in range(1, net.widths[layer - 1] + 1):
            lines += _rule(names.weight(layer, i, j), f"{delta} * {names.h(layer - 1, j)}")
        lines += _rule(f"b{layer}_{i}", delta) if net.bias else []
    return lines


def _rule(name: str, slope: str) -> list[Line]:
    return [
        Line(f"d{name}", slope, "delta times what went in", gradient(name), shown=False),
        Line(f"{name}'new", f"{name} - eta * {slope}", "update rule", updated(name)),
    ]


def _reference(names: Names, values: Values) -> Values:
    """The forward pass in matrix form."""
    net = names.net
    whole = run(matrices.program(net).forward, values)
    found = {"L": whole["L"]}
    for layer, width in enumerate(net.widths[1:], 1):
        outputs = whole["yhat" if layer == net.depth else f"h{layer}"]
        found |= {f"z{layer}_{i + 1}": whole[f"z{layer}"][i] for i in range(width)}
        found |= {names.h(layer, i + 1): outputs[i] for i in range(width)}
    return found
