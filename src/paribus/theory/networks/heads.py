"""Self-attention of two heads, all gradients by X and the weights.

    Qᵢ = X W^Qᵢ,  Kᵢ = X W^Kᵢ,  Vᵢ = X W^Vᵢ,  Hᵢ = softmax(Qᵢ Kᵢᵀ/√d) Vᵢ,  Y = H₁ W^O₁ + H₂ W^O₂

The heads stand side by side in the paper, [H₁ H₂] W^O (Vaswani et al. 2017, section 3.2.2); W^O₁ is above W^O₂ there.
X is read six times, so six paths lead back to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from paribus.theory.derivations.derivation import Derivation
from paribus.theory.networks.gates import Shapes, filled
from paribus.theory.networks.numbers import fitting, generator, nice
from paribus.theory.networks.program import Line, Program, Values, gradient
from paribus.theory.networks.proof import derivation

HEADS = (1, 2)
READ = "QKV"


def two_heads(values: dict[str, Any] | None = None, *, seed: int = 0) -> Derivation:
    """All gradients of self-attention with two heads.

    Args:
        values: X (t, 2d), WQ1, WK1, WV1, WQ2, WK2, WV2 (2d, d), WO1, WO2 (d, 2d), and optionally G = ∂L/∂Y (ones).
        seed: of the example's numbers where none are given.

    Raises:
        TheoryError: numbers that are missing or do not fit.
    """
    example = (
        _given(values) if values is not None else _with_width(filled(_shapes(2, 1), partial(nice, generator(seed))))
    )
    weights = [f"W{letter}{i}" for i in HEADS for letter in (*READ, "O")]
    return derivation(
        "Self-attention of two heads",
        (Program(tuple(_forward()), tuple(_backward()), _draw, _reference, _symbols(weights)),),
        {name: f"d{name}" for name in ("X", *weights)},
        shapes={"X": ("t", "2*d"), **{name: ("d", "2*d") if name[1] == "O" else ("2*d", "d") for name in weights}},
        assumptions=("G is the gradient that arrives from above, ∂L/∂Y", "d is the width of a head"),
        example=example,
    )


def _forward() -> Iterator[Line]:
    for i in HEADS:
        yield from (Line(f"{letter}{i}", f"X @ W{letter}{i}") for letter in READ)
        yield Line(f"S{i}", f"Q{i} @ K{i}.T / sqrt(d)")
        yield Line(f"A{i}", f"softmax(S{i})")
        yield Line(f"H{i}", f"A{i} @ V{i}")
    yield Line("Y", " + ".join(f"H{i} @ WO{i}" for i in HEADS))
    yield Line("L", "sum(Y * G)")


def _backward() -> Iterator[Line]:
    yield Line("dY", "G", "what arrives from above", gradient("Y"))
    for i in HEADS:
        own = f"A{i} * (dA{i} - sum(dA{i} * A{i}, -1, keepdims=True))"
        yield Line(f"dWO{i}", f"H{i}.T @ dY", "product rule, transposed", gradient(f"WO{i}"))
        yield Line(f"dH{i}", f"dY @ WO{i}.T", "product rule", gradient(f"H{i}"))
        yield Line(f"dV{i}", f"A{i}.T @ dH{i}", "product rule, transposed", gradient(f"V{i}"))
        yield Line(f"dA{i}", f"dH{i} @ V{i}.T", "product rule", gradient(f"A{i}"))
        yield Line(f"dS{i}", own, "Jacobian of the softmax, row by row", gradient(f"S{i}"))
        yield Line(f"dQ{i}", f"dS{i} @ K{i} / sqrt(d)", "product rule", gradient(f"Q{i}"))
        yield Line(f"dK{i}", f"dS{i}.T @ Q{i} / sqrt(d)", "product rule, transposed", gradient(f"K{i}"))
        for letter in READ:
            yield Line(f"dW{letter}{i}", f"X.T @ d{letter}{i}", "product rule, transposed", gradient(f"W{letter}{i}"))
    paths = " + ".join(f"d{letter}{i} @ W{letter}{i}.T" for i in HEADS for letter in READ)
    yield Line("dX", paths, "sum over six paths", gradient("X"))


def _symbols(weights: list[str]) -> dict[str, str]:
    return {name: f"W^{{{name[1]}}}_{{{name[2]}}}" for name in weights}


def _shapes(steps: int, width: int) -> Shapes:
    found: Shapes = {"X": (steps, 2 * width)}
    for i in HEADS:
        found |= {f"W{letter}{i}": (2 * width, width) for letter in READ} | {f"WO{i}": (width, 2 * width)}
    return {**found, "G": (steps, 2 * width)}


def _with_width(values: Values) -> Values:
    return {**values, "d": values["WQ1"].shape[1]}


def _draw(rng: np.random.Generator) -> Values:
    sizes = _shapes(int(rng.integers(1, 5)), int(rng.integers(1, 4)))
    return _with_width(filled(sizes, lambda shape: rng.normal(size=shape)))


def _given(values: dict[str, Any]) -> Values:
    steps, width = np.shape(np.atleast_2d(values.get("X", [[0, 0]])))[:2]
    sizes = _shapes(steps, max(1, width // 2))
    return _with_width(fitting({"G": np.ones(sizes["G"]), **values}, sizes))


def _reference(values: Values) -> Values:
    """The layer of the NumPy network library, in which the heads stand side by side."""
    from paribus.scratch import Tensor, nn

    layer = nn.Attention(values["X"].shape[1], heads=2, dtype=float)
    for letter, one in zip((*READ, "O"), (layer.query, layer.key, layer.value, layer.out), strict=True):
        one.weight.data = np.concatenate([values[f"W{letter}{i}"] for i in HEADS], axis=0 if letter == "O" else 1)
    return {"Y": layer(Tensor(values["X"][None])).data[0]}
