"""Backpropagation through time, term by term.

    z_t = W x_t + U h_{t−1} + b,   h_t = tanh(z_t),   L = Σ_t L_t,   L_t = ½‖V h_t − y_t‖²

The same U is used at every step, so the gradient is a sum over all uses k and all losses t that they reach:

    ∂L/∂U = Σ_t Σ_{k ≤ t} ∂L_t/∂h_t · J_t J_{t−1} ⋯ J_{k+1} · ∂h_k/∂U,   J_t = ∂h_t/∂h_{t−1} = diag(1 − h_t²) U

(Werbos 1990; Pascanu, Mikolov and Bengio 2013, equations 3–5). Each term is checked by itself: the derivative of L_t
when U changes in step k only. Summed from the end, the same is δ_t = (1 − h_t²) ⊙ (∂L_t/∂h_t + Uᵀ δ_{t+1}).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from paribus.errors import TheoryError
from paribus.theory.derivations.derivation import Derivation
from paribus.theory.derivations.record import Table
from paribus.theory.networks.numbers import as_array, generator, nice
from paribus.theory.networks.program import Line, Program, Values, gradient, run
from paribus.theory.networks.proof import derivation

LONGEST = 8


def rnn(values: dict[str, Any] | None = None, *, steps: int = 3, seed: int = 0) -> Derivation:
    """Backpropagation through a tanh RNN over ``steps`` steps, every term of every step.

    Args:
        values: W (h, i), U (h, h), b (h), V (o, h), x (steps, i), y (steps, o), and optionally h0 (h), for the example.
        steps: length of the sequence, 1 to 8; that of x if values are given.
        seed: of the example's numbers where none are given.

    Raises:
        TheoryError: a sequence that is too long, or sizes that do not fit.
    """
    if values is not None:
        example, steps = _given(values)
    else:
        rng = generator(seed)
        example = _sequence(2, 2, 1, _length(steps), lambda shape: nice(rng, shape))
    program = _program(steps)
    return derivation(
        f"Backpropagation through time, {steps} step{'s' if steps > 1 else ''}",
        (program,),
        {name: f"d{name}" for name in "WUbV"},
        shapes={
            "W": ("h", "i"),
            "U": ("h", "h"),
            "b": ("h",),
            "V": ("o", "h"),
            "x1": ("i",),
            "y1": ("o",),
            "h0": ("h",),
        },
        assumptions=("U_t_k is the part of ∂L/∂U that goes from loss t back to the use of U in step k",),
        example=example,
        tables=(_lengths(program, example, steps),),
    )


def _program(steps: int) -> Program:
    times = range(1, steps + 1)
    jacobians = [
        Line(f"J{t}", f"diag(1 - h{t}**2) @ U", "Jacobian from step to step", gradient(f"h{t - 1}", f"h{t}"))
        for t in times[1:]
    ]
    losses = [
        Line(f"g{t}", f"V.T @ (V @ h{t} - y{t})", f"loss {t} at its own state", gradient(f"h{t}", f"L{t}"))
        for t in times
    ]
    return Program(
        forward=tuple(_forward(steps)),
        backward=(*losses, *jacobians, *_terms("U", steps), *_terms("W", steps), *_through_time(steps)),
        draw=lambda rng: _draw(steps, rng),
        reference=lambda values: _reference(steps, values),
        symbols=_symbols(steps),
    )


def _forward(steps: int) -> list[Line]:
    lines = []
    for t in range(1, steps + 1):
        lines += [Line(f"z{t}", f"W @ x{t} + U @ h{t - 1} + b"), Line(f"h{t}", f"tanh(z{t})")]
    lines += [Line(f"L{t}", f"sum((V @ h{t} - y{t})**2) / 2") for t in range(1, steps + 1)]
    return [*lines, Line("L", " + ".join(f"L{t}" for t in range(1, steps + 1)))]


def _terms(name: str, steps: int) -> list[Line]:
    """One line for each loss t and each use k ≤ t, and their sum."""
    lines = []
    for t in range(1, steps + 1):
        for k in range(t, 0, -1):
            lines.append(Line(f"{name}_{t}_{k}", _term(name, t, k), _path(t, k), gradient(name, f"L{t}", f"z{k}")))
    total = " + ".join(line.name for line in lines)
    return [*lines, Line(f"d{name}", total, "sum over all terms", gradient(name))]


def _term(name: str, t: int, k: int) -> str:
    arriving = " @ ".join([f"g{t}", *(f"J{j}" for j in range(t, k, -1))])
    arriving = f"({arriving})" if t > k else arriving
    return f"outer({arriving} * (1 - h{k}**2), {f'h{k - 1}' if name == 'U' else f'x{k}'})"


def _path(t: int, k: int) -> str:
    return f"loss {t}, step {k}: {f'{t - k} Jacobian' + ('s' if t - k > 1 else '') if t > k else 'directly'}"


def _through_time(steps: int) -> list[Line]:
    """The same sums, gathered from the last step back."""
    lines = []
    for t in range(steps, 0, -1):
        arriving = f"(g{t} + U.T @ delta{t + 1})" if t < steps else f"g{t}"
        lines.append(Line(f"delta{t}", f"{arriving} * (1 - h{t}**2)", "gathered from the end", gradient(f"z{t}")))
    times = range(1, steps + 1)
    sums = {
        "dU'gathered": (
            " + ".join(f"outer(delta{t}, h{t - 1})" for t in times),
            "U",
            "the same, with one product a step",
        ),
        "dW'gathered": (" + ".join(f"outer(delta{t}, x{t})" for t in times), "W", "the same, with one product a step"),
        "db": (" + ".join(f"delta{t}" for t in times), "b", "sum over the steps"),
        "dV": (" + ".join(f"outer(V @ h{t} - y{t}, h{t})" for t in times), "V", "sum over the steps"),
    }
    return lines + [Line(name, text, rule, gradient(of)) for name, (text, of, rule) in sums.items()]


def _symbols(steps: int) -> dict[str, str]:
    times = range(1, steps + 1)
    arrows = {f"{n}_{t}_{k}": rf"{n}_{{{t} \to {k}}}" for n in "UW" for t in times for k in times}
    gradients = {f"g{t}": rf"\left(\frac{{\partial L_{{{t}}}}}{{\partial h_{{{t}}}}}\right)" for t in times}
    return arrows | gradients


def _sequence(inputs: int, hidden: int, outputs: int, steps: int, draw: Any) -> Values:
    shapes = {"W": (hidden, inputs), "U": (hidden, hidden), "b": (hidden,), "V": (outputs, hidden)}
    values: Values = {name: draw(shape) for name, shape in shapes.items()}
    x, y = draw((steps, inputs)), draw((steps, outputs))
    return {**values, "h0": draw((hidden,)), **_unrolled(x, y)}


def _unrolled(x: Any, y: Any) -> Values:
    return {f"x{t}": row for t, row in enumerate(x, 1)} | {f"y{t}": row for t, row in enumerate(y, 1)}


def _draw(steps: int, rng: np.random.Generator) -> Values:
    inputs, hidden, outputs = (int(size) for size in rng.integers(1, 4, size=3))
    return _sequence(inputs, hidden, outputs, steps, lambda shape: rng.normal(size=shape))


def _given(values: dict[str, Any]) -> tuple[Values, int]:
    names = ("W", "U", "b", "V", "x", "y")
    if missing := [name for name in names if name not in values]:
        raise TheoryError(f"the values must have {', '.join(names)}", got=f"without {', '.join(missing)}")
    found = {name: as_array(values[name], name) for name in names}
    x, y = (a[:, None] if a.ndim == 1 else a for a in (found["x"], found["y"]))
    steps, h = _length(len(x)), found["b"].size
    start = as_array(values.get("h0", np.zeros(h)), "h0")
    wanted = {"W": (h, x.shape[1]), "U": (h, h), "b": (h,), "V": (y.shape[1], h)}
    for name, shape in wanted.items():
        if found[name].shape != shape:
            raise TheoryError(f"{name} has the shape {shape} with these b, x and y", got=f"shape {found[name].shape}")
    if len(y) != steps or start.shape != (h,):
        raise TheoryError("y has a row for each step, h0 a number for each unit", got=f"y {y.shape}, h0 {start.shape}")
    return {**{name: found[name] for name in wanted}, "h0": start, **_unrolled(x, y)}, steps


def _length(steps: int) -> int:
    if not 1 <= steps <= LONGEST:
        raise TheoryError(f"by hand a sequence has 1 to {LONGEST} steps", got=steps)
    return steps


def _reference(steps: int, values: Values) -> Values:
    """The states by the NumPy network library."""
    from paribus.scratch import Tensor, nn

    hidden, inputs = values["W"].shape
    layer = nn.RNN(inputs, hidden, dtype=float)
    layer.weight.data, layer.recurrent.data, layer.bias.data = values["W"].T, values["U"].T, values["b"]
    x = Tensor(np.stack([values[f"x{t}"] for t in range(1, steps + 1)])[None])
    states = layer.run(x, (Tensor(values["h0"][None]),))[0].data[0]
    return {f"h{t}": states[t - 1] for t in range(1, steps + 1)}


def _lengths(program: Program, example: Values, steps: int) -> Table:
    """How long the terms are, by the number of Jacobians in them: where gradients vanish or explode."""
    values = run((*program.forward, *program.backward), example)
    rows = [
        (f"loss {t}, step {k}", t - k, float(np.linalg.norm(values[f"U_{t}_{k}"])))
        for t in range(1, steps + 1)
        for k in range(t, 0, -1)
    ]
    return Table("Length of the terms of ∂L/∂U", ("term", "Jacobians", "norm"), tuple(rows))
