"""Convolution, whose gradients are convolutions again.

A layer slides a filter F over X without turning it, a correlation: Y[p] = Σ_k F[k] · X[s·p + d·k]. With ``dilate``
putting s − 1 zeros between neighbours, the span e = d(k − 1) + 1, and r numbers at the end that no window reached:

    ∂L/∂F = (X without the last r) ⋆_{stride d} dilate(∂L/∂Y)         stride and dilation change places
    ∂L/∂X = pad(dilate(∂L/∂Y), e − 1) ⋆_{dilation d} flip(F)          the full correlation with the flipped filter

with channels summed over outputs, and samples in the place of channels for the filter (Dumoulin and Visin 2016,
arXiv:1603.07285; LeCun et al. 1989).
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from paribus.errors import TheoryError
from paribus.theory.derivations.derivation import Derivation
from paribus.theory.derivations.record import Table
from paribus.theory.networks.grid import Array, Size, each, spatial
from paribus.theory.networks.numbers import as_array, generator, numbered, shown
from paribus.theory.networks.program import Line, Program, Values, gradient, run
from paribus.theory.networks.proof import derivation
from paribus.theory.networks.sliding import Sliding, check, example_arrays, sensible

TERMS = 24  # products in one entry of a gradient, up to which it is written out
ENTRIES = 36  # entries of a gradient, up to which each is written out


def convolution(
    X: Any = None,
    F: Any = None,
    *,
    axes: int | None = None,
    stride: Size = 1,
    padding: Size = 0,
    dilation: Size = 1,
    groups: int = 1,
    size: tuple[int, int] | None = None,
    loss: str = "sum",
    upstream: Any = None,
    seed: int = 0,
) -> Derivation:
    """The two gradients of a convolution over signals or pictures.

    Args:
        X: a signal (W) or picture (H, W), or a batch with channels (N, C, W) or (N, C, H, W); random if not given.
        F: filters (w) or (h, w), with channels (O, C/groups, w) or (O, C/groups, h, w); width 3 if not given.
        axes: 1 or 2 spatial axes; as many as X and F have, or 2.
        stride: steps between windows; one number or one for each axis.
        padding: zeros on both sides.
        dilation: steps between the numbers that a window sees.
        groups: groups of channels that do not see each other.
        size: channels in and out, where F is not given; without it and without groups, none.
        loss: sum or mean of the outputs, where ``upstream`` does not say what arrives from above.
        upstream: ∂L/∂Y.
        seed: of the example's numbers where none are given.

    Raises:
        TheoryError: sizes that do not fit.
    """
    sliding = sensible(Sliding(stride, padding, dilation, groups))
    x, f = example_arrays(X, F, axes, sliding, size, generator(seed))
    check(x, f, sliding)
    weights = None if upstream is None else _upstream(as_array(upstream, "upstream"), x, f, sliding)
    if loss not in ("sum", "mean"):
        raise TheoryError(
            "the loss is the sum or the mean of the outputs", got=loss, hint="or give the upstream gradient"
        )
    program = _program(x.shape if X is not None else None, f.shape, sliding, None if weights is not None else loss)
    example: Values = {"X": x, "F": f} if weights is None else {"X": x, "F": f, "G": weights}
    return derivation(
        f"Convolution {_kind(f)}{_settings(sliding)}",
        (program,),
        {"X": "dX", "F": "dF"},
        shapes=_letters(x, f, X is not None),
        assumptions=_assumptions(f, sliding, weights is not None, loss),
        example=example,
        tables=_entries(run((*program.forward, *program.backward), example), sliding),
    )


def _program(size: tuple[int, ...] | None, filters: tuple[int, ...], sliding: Sliding, loss: str | None) -> Program:
    """The programs; the input's size is drawn unless it is given."""
    plain = len(filters) <= 2
    words = sliding.words("stride", "padding", "dilation", "groups")
    total = {"sum": "sum(Y)", "mean": "mean(Y)", None: "sum(Y * G)"}[loss]
    above = {"sum": "ones_like(Y)", "mean": "ones_like(Y) / prod(shape(Y))", None: "G"}[loss]
    steps = [Line("dY", above, "what arrives from above", gradient("Y"))]
    spread = "dY"
    if sliding.strided:
        spread = "Z"
        steps.append(Line("Z", f"dilate(dY, {sliding.stride})", "stride", note="zeros between the neighbours of dY"))
        rest = f"unseen(X, F{sliding.words('stride', 'padding', 'dilation')})"
        steps.append(Line("r", rest, "numbers at the end that no window reached"))
    steps.append(
        Line("dF", _filter_gradient(spread, sliding, plain), "gradient of the filter", gradient("F"), _why(sliding))
    )
    note = "each input sends its gradient back through the filter turned round"
    steps.append(
        Line("dX", _input_gradient(spread, filters, sliding, plain), "gradient of the input", gradient("X"), note)
    )
    return Program(
        forward=(Line("Y", f"correlate(X, F{words})"), Line("L", total)),
        backward=tuple(steps),
        draw=lambda rng: _draw(size, filters, sliding, loss, rng),
        reference=lambda values: {"Y": _scratch(values, sliding)},
    )


def _filter_gradient(spread: str, sliding: Sliding, plain: bool) -> str:
    padded = "X" if not any(each(sliding.padding, 1)) else f"pad(X, {sliding.padding})"
    seen = f"crop({padded}, 0, r)" if sliding.strided else padded
    words = f", stride={sliding.dilation}" if sliding.dilation != 1 else ""
    if plain:
        return f"correlate({seen}, {spread}{words})"
    groups = f", {sliding.groups}" if sliding.groups > 1 else ""
    return f"swap(correlate(swap({seen}{groups}), swap({spread}){words}{sliding.words('groups')}))"


def _input_gradient(spread: str, filters: tuple[int, ...], sliding: Sliding, plain: bool) -> str:
    axes = len(filters) if plain else len(filters) - 2
    margin = tuple(d * (k - 1) for k, d in zip(filters[-axes:], each(sliding.dilation, axes), strict=True))
    before = margin[0] if len(set(margin)) == 1 else margin
    after = f", plus({before}, r)" if sliding.strided else ""
    groups = sliding.words("groups") if not plain else ""
    wide = f"correlate(pad({spread}, {before}{after}), flip(F{groups}){sliding.words('dilation')}{groups})"
    return f"crop({wide}, {sliding.padding})" if any(each(sliding.padding, 1)) else wide


def _why(sliding: Sliding) -> str:
    changed = "stride and dilation have changed places; " if sliding.strided or sliding.dilation != 1 else ""
    return changed + "the input, slid over by the gradient that arrives"


def _upstream(g: Array, x: Array, f: Array, sliding: Sliding) -> Array:
    y = _scratch({"X": x, "F": f}, sliding)
    g = g.reshape(y.shape) if g.size == y.size else g
    if g.shape != y.shape:
        raise TheoryError(f"the upstream gradient has the shape of Y, {y.shape}", got=f"shape {g.shape}")
    return g


def _draw(
    size: tuple[int, ...] | None, filters: tuple[int, ...], sliding: Sliding, loss: str | None, rng: np.random.Generator
) -> Values:
    shape, kernels = size, filters
    n = len(filters) if len(filters) <= 2 else len(filters) - 2
    if shape is None:
        spans = [d * (k - 1) + 1 for k, d in zip(filters[-n:], each(sliding.dilation, n), strict=True)]
        extra = [int(rng.integers(0, 5)) for _ in spans]
        sizes = [max(e - 2 * p, 1) + more for e, p, more in zip(spans, each(sliding.padding, n), extra, strict=True)]
        shape = (*((int(rng.integers(1, 4)), filters[1] * sliding.groups) if len(filters) > 2 else ()), *sizes)
    values: Values = {"X": rng.normal(size=shape), "F": rng.normal(size=kernels)}
    if loss is None:
        values["G"] = rng.normal(size=_scratch(values, sliding).shape)
    return values


def _scratch(values: Values, sliding: Sliding) -> Array:
    """The same layer by the NumPy network library."""
    from paribus.scratch import Tensor, nn

    x, f = (values[name] if values[name].ndim > 2 else values[name][None, None] for name in "XF")
    settings = (sliding.stride, sliding.padding, sliding.dilation, sliding.groups)
    y: Array = nn.convolution(Tensor(x), Tensor(f), None, *settings).data
    return y if values["X"].ndim > 2 else y[0, 0]


def _entries(values: Values, sliding: Sliding) -> tuple[Table, ...]:
    """Each entry of dF as a sum of products, where that is readable."""
    x, f, dy = values["X"], values["F"], values["dY"]
    if x.ndim > 2 or f.size > ENTRIES or dy.size > TERMS:
        return ()
    n = x.ndim
    padded = np.pad(x, [(p, p) for p in each(sliding.padding, n)])
    strides, holes = each(sliding.stride, n), each(sliding.dilation, n)
    rows = []
    for k in np.ndindex(f.shape):
        places = product(*map(range, dy.shape))
        seen = [
            (dy[p], padded[tuple(s * i + d * j for i, j, s, d in zip(p, k, strides, holes, strict=True))])
            for p in places
        ]
        terms = " + ".join(f"{shown(a)}·{shown(b) if b >= 0 else f'({shown(b)})'}" for a, b in seen)
        rows.append((f"dF{list(k)}", terms, shown(values["dF"][k])))
    tables = [Table("Each entry of dF, Σ dY[p]·X[s·p + d·k]", ("entry", "sum", "value"), tuple(rows))]
    return (*tables, *_input_entries(values, sliding))


def _input_entries(values: Values, sliding: Sliding) -> tuple[Table, ...]:
    """Each entry of dX as a sum over the windows that see it, where that is readable."""
    x, f, dy = values["X"], values["F"], values["dY"]
    if x.size > ENTRIES or f.size > TERMS:
        return ()
    strides, holes, pads = (each(size, x.ndim) for size in (sliding.stride, sliding.dilation, sliding.padding))
    found: dict[tuple[int, ...], list[str]] = {q: [] for q in np.ndindex(x.shape)}
    for p, k in product(np.ndindex(dy.shape), np.ndindex(f.shape)):
        q = tuple(s * i + d * j - pad for i, j, s, d, pad in zip(p, k, strides, holes, pads, strict=True))
        if q in found:
            found[q].append(f"{shown(dy[p])}·{shown(f[k]) if f[k] >= 0 else f'({shown(f[k])})'}")
    rows = [
        (f"dX{list(q)}", " + ".join(terms) or "no window sees it", shown(values["dX"][q])) for q, terms in found.items()
    ]
    return (Table("Each entry of dX, Σ dY[p]·F[k] over s·p + d·k = q", ("entry", "sum", "value"), tuple(rows)),)


def _kind(f: Array) -> str:
    return f"{spatial(f)}-D, filter {numbered(f.shape)}"


def _settings(sliding: Sliding) -> str:
    return sliding.words("stride", "padding", "dilation", "groups").replace("=", " ")


def _letters(x: Array, f: Array, fixed: bool) -> dict[str, tuple[int | str, ...]]:
    if fixed:
        return {"X": x.shape, "F": f.shape}
    letters: tuple[int | str, ...] = ("W",) if spatial(x) == 1 else ("H", "W")
    return {"X": ("N", x.shape[1], *letters) if x.ndim > 2 else letters, "F": f.shape}


def _assumptions(f: Array, sliding: Sliding, weighted: bool, loss: str) -> tuple[str, ...]:
    total = "G is the gradient that arrives from above, ∂L/∂Y" if weighted else f"the loss is the {loss} of all outputs"
    said = ["correlate slides the filter without turning it, as deep-learning libraries do", total]
    said += ["swap exchanges samples and channels"] if f.ndim > 2 else []
    return tuple(said)
