"""Attention, soft, masked and hard.

    S = QKᵀ/√d,   A = softmax(S) by rows,   O = AV                       (Vaswani et al. 2017, equation 1)
    ∂L/∂V = Aᵀ ∂L/∂O,   ∂L/∂A = ∂L/∂O Vᵀ,   ∂L/∂S = A ⊙ (∂L/∂A − rowsum(∂L/∂A ⊙ A))
    ∂L/∂Q = ∂L/∂S K/√d,   ∂L/∂K = (∂L/∂S)ᵀ Q/√d

Under a causal mask the scores above the diagonal are −∞, so A is 0 there, and so are ∂L/∂S and all that depends on it.

With arg-max in the place of softmax each row of A has a single 1. It does not move when the scores move a little, so
∂A/∂S = 0 wherever it exists: the values learn, the scores do not. Softmax at temperature τ → 0 tends to the same.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from paribus.errors import TheoryError
from paribus.theory.derivations.derivation import Derivation
from paribus.theory.derivations.record import Table
from paribus.theory.networks.numbers import as_array, generator, nice, shown
from paribus.theory.networks.program import Line, Program, Values, gradient, run
from paribus.theory.networks.proof import derivation

TEMPERATURES = (1.0, 0.3, 0.1, 0.03, 0.01)


def attention(
    values: dict[str, Any] | None = None, *, hard: bool = False, causal: bool = False, seed: int = 0
) -> Derivation:
    """All gradients of one attention head.

    Args:
        values: Q (t, d), K (s, d), V (s, e) and optionally G = ∂L/∂O (t, e); nice numbers if not given.
        hard: choose the best key by arg-max, instead of a mixture by softmax.
        causal: let query i see the keys up to i only, of as many keys as queries.
        seed: of the example's numbers where none are given.

    Raises:
        TheoryError: sizes that do not fit.
    """
    example = _given(values) if values is not None else _nice(generator(seed), causal)
    if causal and len(example["Q"]) != len(example["K"]):
        got = f"{len(example['Q'])} queries, {len(example['K'])} keys"
        raise TheoryError("under a causal mask there is a key for each query", got=got)
    program = _hard() if hard else _soft(causal)
    keys = "t" if causal else "s"
    if hard and any(len(set(row)) < len(row) for row in (example["Q"] @ example["K"].T).tolist()):
        raise TheoryError("at a tie arg-max jumps and has no derivative", got="equal scores in a row of Q @ K.T")
    return derivation(
        f"Attention with {'arg-max' if hard else 'softmax'}{', under a causal mask' if causal else ''}",
        (program,),
        {"Q": "dQ", "K": "dK", "V": "dV"},
        shapes={"Q": ("t", "d"), "K": (keys, "d"), "V": (keys, "e"), "G": ("t", "e")},
        assumptions=_assumptions(hard, causal),
        example=example,
        tables=(_cooling(example),) if hard else (),
    )


def _soft(causal: bool = False) -> Program:
    own = "-1, keepdims=True"
    dots = r"A \odot \left(\frac{\partial L}{\partial A} - \sum_j \frac{\partial L}{\partial A} \odot A\right)"
    row_by_row = "Jacobian of the softmax, row by row"
    note = "0 above the diagonal, where A is 0" if causal else ""
    steps = (
        Line("dA", "dO @ V.T", "product rule", gradient("A")),
        Line("dS", f"A * (dA - sum(dA * A, {own}))", row_by_row, gradient("S"), note, latex=dots),
        Line("dQ", "dS @ K / sqrt(d)", "product rule", gradient("Q")),
        Line("dK", "dS.T @ Q / sqrt(d)", "product rule, transposed", gradient("K")),
    )
    return _program(Line("A", "softmax(masked(S))" if causal else "softmax(S)"), steps, causal=causal)


def _hard() -> Program:
    still = "a small change of S moves no arg-max, so A is constant around S; at a tie it jumps and has no derivative"
    steps = (
        Line("dA", "dO @ V.T", "product rule", gradient("A")),
        Line("dS", "zeros_like(S)", "A is piecewise constant", gradient("S"), still, latex="0"),
        Line("dQ", "dS @ K / sqrt(d)", "product rule", gradient("Q"), "0: the queries do not learn"),
        Line("dK", "dS.T @ Q / sqrt(d)", "product rule, transposed", gradient("K"), "0: the keys do not learn"),
    )
    return _program(Line("A", "one_hot(argmax(S, -1), shape(K)[0])", latex=r"e_{\arg\max_j S_{ij}}"), steps, hard=True)


def _program(choice: Line, steps: tuple[Line, ...], hard: bool = False, causal: bool = False) -> Program:
    return Program(
        forward=(Line("S", "Q @ K.T / sqrt(d)"), choice, Line("O", "A @ V"), Line("L", "sum(O * G)")),
        backward=(
            Line("dO", "G", "what arrives from above", gradient("O")),
            Line("dV", "A.T @ dO", "product rule", gradient("V")),
            *steps,
        ),
        draw=partial(_draw, causal=causal),
        reference=lambda values: {} if hard else _reference(values, causal),
    )


def _draw(rng: np.random.Generator, causal: bool = False) -> Values:
    t, s, d, e = (int(size) for size in rng.integers(2, 6, size=4))
    s = t if causal else s
    shapes = {"Q": (t, d), "K": (s, d), "V": (s, e), "G": (t, e)}
    return {**{name: rng.normal(size=shape) for name, shape in shapes.items()}, "d": d}


def _nice(rng: np.random.Generator, causal: bool = False) -> Values:
    t = 3 if causal else 2
    shapes = {"Q": (t, 2), "K": (3, 2), "V": (3, 2), "G": (t, 2)}
    return {**{name: nice(rng, shape) for name, shape in shapes.items()}, "d": 2}


def _given(values: dict[str, Any]) -> Values:
    if missing := [name for name in "QKV" if name not in values]:
        raise TheoryError("attention needs Q (t, d), K (s, d) and V (s, e)", got=f"without {', '.join(missing)}")
    found = {name: np.atleast_2d(as_array(values[name], name)) for name in "QKV"}
    q, k, v = (found[name].shape for name in "QKV")
    if len(q) != 2 or len(k) != 2 or len(v) != 2 or q[1] != k[1] or k[0] != v[0]:
        rule = "attention needs Q (t, d), K (s, d) and V (s, e): queries and keys of one width, a value for each key"
        raise TheoryError(rule, got=f"Q {q}, K {k}, V {v}")
    above = as_array(values.get("G", np.ones((q[0], v[1]))), "G")
    if above.shape != (q[0], v[1]):
        raise TheoryError(f"G has the shape of the outputs, {(q[0], v[1])}", got=f"shape {above.shape}")
    return {**found, "G": above, "d": q[1]}


def _reference(values: Values, causal: bool) -> Values:
    from paribus.scratch import Tensor, nn

    q, k, v = (Tensor(values[name]) for name in "QKV")
    return {"O": nn.attention(q, k, v, nn.causal(len(values["Q"])) if causal else None).data}


def _cooling(example: Values) -> Table:
    """The score gradient of softmax(S/τ) as τ falls: it goes to the arg-max's."""
    program, rows = _soft(), []
    for temperature in TEMPERATURES:
        cooled = {**example, "Q": example["Q"] / temperature}
        found = run((*program.forward, *program.backward), cooled)
        rows.append((temperature, shown(found["A"][0]), float(np.abs(found["dS"] / temperature).max())))
    return Table("Softmax at temperature τ", ("τ", "first row of A", "largest |∂L/∂S|"), tuple(rows))


def _assumptions(hard: bool, causal: bool) -> tuple[str, ...]:
    said: tuple[str, ...] = ("G is the gradient that arrives from above, ∂L/∂O", "d is the width of queries and keys")
    said += ("masked(S) is S with -inf above the diagonal: query i sees the keys 0 … i",) if causal else ()
    return (*said, "no two scores of a row are equal") if hard else said
