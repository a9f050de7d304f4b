"""One step of an LSTM cell.

i, f, o = σ(z_i), σ(z_f), σ(z_o),   g = tanh(z_g),   z_q = W_q x + U_q h₀ + b_q for each q of i, f, g, o
c₁ = f ⊙ c₀ + i ⊙ g,   h₁ = o ⊙ tanh(c₁)        (Hochreiter and Schmidhuber 1997; Gers et al. 2000)

∂L/∂c₁ = K + G ⊙ o ⊙ (1 − tanh²c₁)             G, K: what arrives at h₁ and c₁ from above and from later
∂L/∂c₀ = ∂L/∂c₁ ⊙ f                            the path on which gradients survive: no matrix, no squashing
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from paribus.errors import TheoryError
from paribus.theory.derivations.derivation import Derivation
from paribus.theory.networks.gates import Shapes, drawn, filled, shapes, symbols
from paribus.theory.networks.numbers import as_array, fitting, generator, nice
from paribus.theory.networks.program import Line, Program, Values, gradient
from paribus.theory.networks.proof import derivation

GATES = {"i": "sigmoid", "f": "sigmoid", "g": "tanh", "o": "sigmoid"}


def lstm(values: dict[str, Any] | None = None, *, seed: int = 0) -> Derivation:
    """All gradients of an LSTM cell.

    Args:
        values: Wi, Ui, bi, Wf, …, bo, x, h0, c0, and optionally G, K (ones and zeros), for the example.
        seed: of the example's numbers where none are given.

    Raises:
        TheoryError: numbers that are missing or do not fit.
    """
    example = _given(values) if values is not None else filled(_shapes(2, 1), partial(nice, generator(seed)))
    program = Program(
        forward=tuple(_forward()),
        backward=tuple(_backward()),
        draw=partial(drawn, _shapes),
        reference=_reference,
        symbols=symbols(GATES),
    )
    weights = [f"{stem}{gate}" for gate in GATES for stem in "WUb"]
    return derivation(
        "An LSTM cell",
        (program,),
        {name: f"d{name}" for name in (*weights, "x", "h0", "c0")},
        shapes={"Wi": ("h", "n"), "Ui": ("h", "h"), "bi": ("h",), "x": ("n",), "h0": ("h",), "c0": ("h",)},
        assumptions=(
            "G and K are the gradients that arrive at h1 and c1",
            "i, f, g, o have weights of the same shapes",
        ),
        example=example,
    )


def _forward() -> list[Line]:
    lines = []
    for gate, squash in GATES.items():
        lines.append(Line(f"z{gate}", f"W{gate} @ x + U{gate} @ h0 + b{gate}"))
        lines.append(Line(gate, f"{squash}(z{gate})"))
    return [*lines, Line("c1", "f * c0 + i * g"), Line("h1", "o * tanh(c1)"), Line("L", "sum(G * h1) + sum(K * c1)")]


def _backward() -> list[Line]:
    lines = [
        Line("dh1", "G", "what arrives from above", gradient("h1")),
        Line("dc1", "K + G * o * (1 - tanh(c1)**2)", "from later, and through the output", gradient("c1")),
        Line("do", "G * tanh(c1)", "product rule", gradient("o")),
        Line("df", "dc1 * c0", "product rule", gradient("f")),
        Line("di", "dc1 * g", "product rule", gradient("i")),
        Line("dg", "dc1 * i", "product rule", gradient("g")),
        Line("dc0", "dc1 * f", "product rule", gradient("c0"), "the forget gate alone stands between c1 and c0"),
    ]
    for gate, squash in GATES.items():
        slope = f"(1 - {gate}**2)" if squash == "tanh" else f"{gate} * (1 - {gate})"
        lines.append(Line(f"dz{gate}", f"d{gate} * {slope}", f"derivative of the {squash}", gradient(f"z{gate}")))
        lines.append(Line(f"dW{gate}", f"outer(dz{gate}, x)", "delta times what went in", gradient(f"W{gate}")))
        lines.append(Line(f"dU{gate}", f"outer(dz{gate}, h0)", "delta times what went in", gradient(f"U{gate}")))
        lines.append(Line(f"db{gate}", f"dz{gate}", "delta times 1", gradient(f"b{gate}")))
    for name, stem in (("x", "W"), ("h0", "U")):
        text = " + ".join(f"{stem}{gate}.T @ dz{gate}" for gate in GATES)
        lines.append(Line(f"d{name}", text, "sum over the four gates", gradient(name)))
    return lines


def _shapes(hidden: int, inputs: int) -> Shapes:
    return {**shapes(GATES, hidden, inputs), "x": (inputs,), **dict.fromkeys(("h0", "c0", "G", "K"), (hidden,))}


def _given(values: dict[str, Any]) -> Values:
    if "x" not in values or "c0" not in values:
        raise TheoryError(
            "the values must have x, h0, c0 and the weights of four gates", got=f"only {', '.join(values)}"
        )
    hidden, inputs = as_array(values["c0"], "c0").size, as_array(values["x"], "x").size
    return fitting({"G": np.ones(hidden), "K": np.zeros(hidden), **values}, _shapes(hidden, inputs))


def _reference(values: Values) -> Values:
    """The cell by the NumPy network library."""
    from paribus.scratch import Tensor, nn

    hidden, inputs = values["Wi"].shape
    layer = nn.LSTM(inputs, hidden, dtype=float)
    weights = (np.concatenate([values[f"{stem}{gate}"] for gate in GATES]).T for stem in "WUb")
    layer.weight.data, layer.recurrent.data, layer.bias.data = weights
    start = (Tensor(values["h0"][None]), Tensor(values["c0"][None]))
    h, c = layer.run(Tensor(values["x"][None, None]), start)[1]
    return {"h1": h.data[0], "c1": c.data[0]}
