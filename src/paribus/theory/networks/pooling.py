"""Pooling: the largest or the mean number of each window.

    max        Y[p] = max_k X[s·p + k]         ∂L/∂X gives each ∂L/∂Y[p] to the winner of window p
    average    Y[p] = 1/|k| Σ_k X[s·p + k]     ∂L/∂X shares each ∂L/∂Y[p] equally in window p

``windows`` copies out what each window sees; its transpose ``fold`` adds up what the windows send back.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from paribus.errors import TheoryError, nearest
from paribus.theory.derivations.derivation import Derivation
from paribus.theory.networks.grid import Array, Size, each
from paribus.theory.networks.numbers import as_array, generator, nice
from paribus.theory.networks.program import Line, Program, Values, gradient
from paribus.theory.networks.proof import derivation

KINDS = ("max", "average")


def pooling(
    X: Any = None,
    *,
    kind: str = "max",
    axes: int | None = None,
    window: Size = 2,
    stride: Size | None = None,
    padding: Size = 0,
    upstream: Any = None,
    seed: int = 0,
) -> Derivation:
    """The gradient of max or average pooling. Channels do not mix, so one signal or picture is enough.

    Args:
        X: a signal (W) or a picture (H, W); random if not given.
        kind: max or average.
        axes: 1 or 2 spatial axes; as many as X has, or 2.
        window: numbers that a window sees, for all axes or each.
        stride: steps between windows; the window's size if not given.
        padding: numbers around the picture: zeros for the average, −∞ for the maximum.
        upstream: ∂L/∂Y; ones if not given.
        seed: of the example's numbers where none are given.

    Raises:
        TheoryError: sizes that do not fit.
    """
    if kind not in KINDS:
        raise TheoryError("there is no such pooling", got=kind, hint=nearest(kind, KINDS))
    steps = window if stride is None else stride
    x = np.atleast_1d(as_array(X, "X")) if X is not None else nice(generator(seed), _small(axes or 2, window, steps))
    if axes is not None and x.ndim != axes:
        raise TheoryError(f"this pooling has {axes} spatial axes", got=f"X {x.shape}", hint="type one row, or several")
    _check(x, window, steps, padding)
    program = _program(kind, x.ndim, x.shape if X is not None else None, window, steps, padding)
    shape = _scratch(kind, x, window, steps, padding).shape
    above = np.ones(shape) if upstream is None else _above(as_array(upstream, "upstream"), shape)
    letters: tuple[int | str, ...] = x.shape if X is not None else ("H", "W")[-x.ndim :]
    return derivation(
        f"{kind.capitalize()} pooling, {x.ndim}-D, window {window}, stride {steps}"
        + (f", padding {padding}" if padding else ""),
        (program,),
        {"X": "dX"},
        shapes={"X": letters},
        assumptions=_assumptions(kind),
        example={"X": x, "G": above},
    )


def _program(kind: str, n: int, size: tuple[int, ...] | None, window: Size, stride: Size, padding: Size) -> Program:
    broadcast = ", ".join(["..."] + ["None"] * n)
    moved = f", stride={stride}" if stride != 1 else ""
    padded = any(each(padding, 1))
    start = [Line("P", f"pad(X, {padding}, value={'-inf' if kind == 'max' else '0'})")] if padded else []
    source = "P" if padded else "X"
    sent = (
        f"winners(S, {n}) * dY[{broadcast}]"
        if kind == "max"
        else f"ones(shape(S)) / {np.prod(each(window, n))} * dY[{broadcast}]"
    )
    back = f"fold({sent}, shape({source}){moved})"
    rule = "the winner takes it" if kind == "max" else "equal shares"
    note = "fold adds up what all windows send back to a number"
    return Program(
        forward=(
            *start,
            Line("S", f"windows({source}, {each(window, n)}{moved})"),
            Line("Y", f"largest(S, {n})" if kind == "max" else f"mean(S, {tuple(range(-n, 0))})"),
            Line("L", "sum(Y * G)"),
        ),
        backward=(
            Line("dY", "G", "what arrives from above", gradient("Y")),
            Line("dX", f"crop({back}, {padding})" if padded else back, rule, gradient("X"), note),
        ),
        draw=lambda rng: _draw(kind, n, size, window, stride, padding, rng),
        reference=lambda values: {"Y": _scratch(kind, values["X"], window, stride, padding)},
    )


def _draw(
    kind: str, n: int, size: tuple[int, ...] | None, window: Size, stride: Size, padding: Size, rng: np.random.Generator
) -> Values:
    x = rng.normal(size=size or tuple(k + int(rng.integers(0, 6)) for k in each(window, n)))
    return {"X": x, "G": rng.normal(size=_scratch(kind, x, window, stride, padding).shape)}


def _scratch(kind: str, x: Array, window: Size, stride: Size, padding: Size) -> Array:
    """The same layer by the NumPy network library."""
    from paribus.scratch import Tensor, nn

    function = nn.max_pool if kind == "max" else nn.average_pool
    y: Array = function(Tensor(x[None, None]), window, stride, padding).data[0, 0]
    return y


def _check(x: Array, window: Size, stride: Size, padding: Size) -> None:
    if x.ndim > 2:
        raise TheoryError(
            "pooling is shown for one signal (W) or picture (H, W)", got=f"X {x.shape}", hint="give one channel"
        )
    for name, size, low in (("window", window, 1), ("stride", stride, 1), ("padding", padding, 0)):
        if len(each(size, x.ndim)) != x.ndim or not all(isinstance(s, int) and s >= low for s in each(size, x.ndim)):
            raise TheoryError(f"the {name} is a whole number from {low}, or one for each of {x.ndim} axes", got=size)
    for have, k, p in zip(x.shape, each(window, x.ndim), each(padding, x.ndim), strict=True):
        if k > have + 2 * p:
            raise TheoryError(
                f"the window, {k}, is wider than the padded input", got=f"{have} + 2·{p} = {have + 2 * p}"
            )
        if 2 * p > k:
            raise TheoryError("padding is at most half the window, or a window would see nothing", got=f"{p} of {k}")


def _above(g: Array, shape: tuple[int, ...]) -> Array:
    if g.size != np.prod(shape):
        raise TheoryError(f"the upstream gradient has the shape of Y, {shape}", got=f"shape {g.shape}")
    return g.reshape(shape)


def _small(axes: int, window: Size, stride: Size) -> tuple[int, ...]:
    return tuple(k + s for k, s in zip(each(window, axes), each(stride, axes), strict=True))


def _assumptions(kind: str) -> tuple[str, ...]:
    said = ("G is the gradient that arrives from above, ∂L/∂Y",)
    return (*said, "of equal numbers in a window the first one wins") if kind == "max" else said
