"""One step of a GRU cell, as torch and cuDNN compute it.

r, z = σ(W_q x + U_q h₀ + b_q) for q of r, z,   s = U_n h₀ + c,   n = tanh(W_n x + b_n + r ⊙ s)
h₁ = (1 − z) ⊙ n + z ⊙ h₀                       (Cho et al. 2014, with the reset gate outside of the product)

∂L/∂h₀ = G ⊙ z + U_nᵀ(∂L/∂z_n ⊙ r) + U_rᵀ ∂L/∂z_r + U_zᵀ ∂L/∂z_z      the first path has no matrix and no squashing
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from paribus.theory.derivations.derivation import Derivation
from paribus.theory.networks.gates import Shapes, drawn, filled, shapes, symbols
from paribus.theory.networks.numbers import fitting, generator, nice
from paribus.theory.networks.program import Line, Program, Values, gradient
from paribus.theory.networks.proof import derivation

GATES = ("r", "z", "n")


def gru(values: dict[str, Any] | None = None, *, seed: int = 0) -> Derivation:
    """All gradients of a GRU cell.

    Args:
        values: Wr, Ur, br, Wz, …, bn, c, x, h0, and optionally G (ones), for the example.
        seed: of the example's numbers where none are given.

    Raises:
        TheoryError: numbers that are missing or do not fit.
    """
    rng = generator(seed)
    example = _given(values) if values is not None else filled(_shapes(2, 1), partial(nice, rng))
    weights = [f"{stem}{gate}" for gate in GATES for stem in "WUb"]
    return derivation(
        "A GRU cell",
        (Program(_forward(), _backward(), partial(drawn, _shapes), _reference, symbols(GATES)),),
        {name: f"d{name}" for name in (*weights, "c", "x", "h0")},
        shapes={"Wr": ("h", "n"), "Ur": ("h", "h"), "br": ("h",), "c": ("h",), "x": ("n",), "h0": ("h",)},
        assumptions=("G is the gradient that arrives at h1", "r, z, n have weights of the same shapes"),
        example=example,
    )


def _forward() -> tuple[Line, ...]:
    gates = [
        line
        for gate in "rz"
        for line in (Line(f"z{gate}", f"W{gate} @ x + U{gate} @ h0 + b{gate}"), Line(gate, f"sigmoid(z{gate})"))
    ]
    return (
        *gates,
        Line("s", "Un @ h0 + c"),
        Line("zn", "Wn @ x + bn + r * s"),
        Line("n", "tanh(zn)"),
        Line("h1", "(1 - z) * n + z * h0"),
        Line("L", "sum(G * h1)"),
    )


def _backward() -> tuple[Line, ...]:
    lines = [
        Line("dh1", "G", "what arrives from above", gradient("h1")),
        Line("dn", "G * (1 - z)", "product rule", gradient("n")),
        Line("dzn", "dn * (1 - n**2)", "derivative of the tanh", gradient("zn")),
        Line("dz", "G * (h0 - n)", "product rule", gradient("z"), "z chooses between the old state and the new one"),
        Line("dzz", "dz * z * (1 - z)", "derivative of the sigmoid", gradient("zz")),
        Line("dr", "dzn * s", "product rule", gradient("r")),
        Line("dzr", "dr * r * (1 - r)", "derivative of the sigmoid", gradient("zr")),
        Line("ds", "dzn * r", "product rule", gradient("s")),
    ]
    for gate, arriving in {"r": "dzr", "z": "dzz", "n": "dzn"}.items():
        recurrent = "ds" if gate == "n" else arriving
        lines.append(Line(f"dW{gate}", f"outer({arriving}, x)", "delta times what went in", gradient(f"W{gate}")))
        lines.append(Line(f"dU{gate}", f"outer({recurrent}, h0)", "delta times what went in", gradient(f"U{gate}")))
        lines.append(Line(f"db{gate}", arriving, "delta times 1", gradient(f"b{gate}")))
    return (
        *lines,
        Line("dc", "ds", "delta times 1", gradient("c")),
        Line("dx", " + ".join(f"W{gate}.T @ dz{gate}" for gate in GATES), "sum over three paths", gradient("x")),
        Line("dh0", "G * z + Ur.T @ dzr + Uz.T @ dzz + Un.T @ ds", "sum over four paths", gradient("h0")),
    )


def _shapes(hidden: int, inputs: int) -> Shapes:
    return {**shapes(GATES, hidden, inputs), "c": (hidden,), "x": (inputs,), "h0": (hidden,), "G": (hidden,)}


def _given(values: dict[str, Any]) -> Values:
    hidden, inputs = (np.size(values.get(name, 0)) for name in ("h0", "x"))
    return fitting({"G": np.ones(hidden), **values}, _shapes(hidden, inputs))


def _reference(values: Values) -> Values:
    """The cell by the NumPy network library."""
    from paribus.scratch import Tensor, nn

    hidden, inputs = values["Wr"].shape
    layer = nn.GRU(inputs, hidden, dtype=float)
    layer.weight.data, layer.recurrent.data, layer.bias.data = (
        np.concatenate([values[f"{stem}{gate}"] for gate in GATES]).T for stem in "WUb"
    )
    layer.recurrent_bias.data = np.concatenate([np.zeros(2 * hidden), values["c"]])
    states = layer.run(Tensor(values["x"][None, None]), (Tensor(values["h0"][None]),))[1]
    return {"h1": states[0].data[0]}
