"""Small layers on their own: softmax, layer norm, and a residual block.

Softmax by rows:   ∂L/∂z = p ⊙ (∂L/∂p − Σ ∂L/∂p ⊙ p)
Layer norm:        ∂L/∂x = (∂L/∂x̂ − mean(∂L/∂x̂) − x̂ mean(∂L/∂x̂ ⊙ x̂))/√(v + ε)      (Ba, Kiros and Hinton 2016)
Residual block:    y = x + W₂ φ(W₁ x),   ∂L/∂x = G + W₁ᵀ(φ′ ⊙ W₂ᵀ G): the 1 carries G past the block (He et al. 2016)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from paribus.errors import TheoryError
from paribus.theory.derivations.derivation import Derivation
from paribus.theory.networks.numbers import as_array, fitting, generator, like, nice
from paribus.theory.networks.pieces import activation
from paribus.theory.networks.program import Line, Program, Values, gradient
from paribus.theory.networks.proof import derivation

OWN = "-1, keepdims=True"


def softmax(X: Any = None, *, upstream: Any = None, seed: int = 0) -> Derivation:
    """The softmax alone, of one row of scores or of several.

    Args:
        X: scores (C) or (N, C); random if not given.
        upstream: ∂L/∂p; numbers with one decimal if not given.
        seed: of the example's numbers where none are given.

    Raises:
        TheoryError: sizes that do not fit.
    """
    z = _rows(X, seed, "the scores")
    jacobian = Line("J", "diag(p) - outer(p, p)", "Jacobian of the softmax", gradient("z", "p"), "J[i, j] = ∂p_i/∂z_j")
    short = Line("dz'short", f"p * (dp - sum(dp * p, {OWN}))", "the same, without the matrix", gradient("z"))
    chain = Line("dz", "J @ dp", "chain rule", gradient("z"), "J is symmetric")
    program = Program(
        forward=(Line("p", "softmax(z)"), Line("L", "sum(p * G)")),
        backward=(
            Line("dp", "G", "what arrives from above", gradient("p")),
            *((jacobian, chain) if z.ndim == 1 else ()),
            short,
        ),
        draw=lambda rng: _two(rng, z.ndim, "z"),
        reference=_softmax_again,
    )
    return derivation(
        "Softmax",
        (program,),
        {"z": "dz'short"},
        shapes={"z": ("N", "C")[2 - z.ndim :]},
        assumptions=("G is the gradient that arrives from above, ∂L/∂p",),
        example={"z": z, "G": like(upstream, z, seed)},
    )


def layer_norm(
    X: Any = None,
    *,
    gamma: Any = None,
    beta: Any = None,
    eps: float = 1e-5,
    upstream: Any = None,
    seed: int = 0,
) -> Derivation:
    """Layer norm over the features of each sample.

    Args:
        X: features (C) of one sample or (N, C); random if not given.
        gamma: scales (C); ones if not given.
        beta: shifts (C); zeros if not given.
        eps: what is added to the variance, above 0.
        upstream: ∂L/∂Y; numbers with one decimal if not given.
        seed: of the example's numbers where none are given.

    Raises:
        TheoryError: one feature alone, or sizes that do not fit.
    """
    x = _rows(X, seed, "X")
    if not eps > 0:
        raise TheoryError("eps is above 0, or constant features would divide by 0", got=eps)
    scale, width = f"sqrt(v + {eps})", x.shape[-1]
    over = "sum({}, 0)" if x.ndim == 2 else "{}"
    program = Program(
        forward=(
            Line("mu", f"mean(X, {OWN})"),
            Line("v", f"mean((X - mu)**2, {OWN})"),
            Line("Xhat", f"(X - mu) / {scale}"),
            Line("Y", "gamma * Xhat + beta"),
            Line("L", "sum(Y * G)"),
        ),
        backward=(
            Line("dY", "G", "what arrives from above", gradient("Y")),
            Line("dbeta", over.format("dY"), "the shift reaches every sample", gradient("beta")),
            Line("dgamma", over.format("dY * Xhat"), "product rule", gradient("gamma")),
            Line("dXhat", "dY * gamma", "product rule", gradient("Xhat")),
            Line(
                "dX",
                f"(dXhat - mean(dXhat, {OWN}) - Xhat * mean(dXhat * Xhat, {OWN})) / {scale}",
                "directly, by the mean and by the variance",
                gradient("X"),
                "(I - 11ᵀ/n - x̂x̂ᵀ/n)/σ: no part along a shift or a stretch of a sample",
            ),
        ),
        draw=lambda rng: {**_two(rng, x.ndim, "X"), "gamma": rng.normal(size=4), "beta": rng.normal(size=4)},
        reference=lambda values: {"Y": _scratch_norm(values, eps)},
        symbols={"Xhat": r"\hat{X}", "mu": r"\mu", "gamma": r"\gamma", "beta": r"\beta", "v": "v", "X": "X"},
    )
    given = {"gamma": np.ones(width) if gamma is None else gamma, "beta": np.zeros(width) if beta is None else beta}
    return derivation(
        f"Layer norm, eps {eps:g}",
        (program,),
        {"X": "dX", "gamma": "dgamma", "beta": "dbeta"},
        shapes={"X": ("N", "C")[2 - x.ndim :], "gamma": ("C",), "beta": ("C",)},
        assumptions=("G is the gradient that arrives from above, ∂L/∂Y", "the statistics are those of each sample"),
        example={"X": x, "G": like(upstream, x, seed), **fitting(given, {"gamma": (width,), "beta": (width,)})},
    )


def residual(values: dict[str, Any] | None = None, *, hidden: str = "relu", seed: int = 0) -> Derivation:
    """A residual block of two layers: y = x + W2 φ(W1 x + b1) + b2.

    Args:
        values: W1 (h, n), b1 (h), W2 (n, h), b2 (n), x (n), and optionally G = ∂L/∂y (ones), for the example.
        hidden: the activation φ.
        seed: of the example's numbers where none are given.

    Raises:
        TheoryError: numbers that are missing or do not fit.
    """
    phi, rng = activation(hidden), generator(seed)
    slope = f" * {phi.slope.format(z='z', h='h')}" if phi.slope else ""
    program = Program(
        forward=(
            Line("z", "W1 @ x + b1"),
            Line("h", phi.value.format(z="z")),
            Line("y", "x + W2 @ h + b2"),
            Line("L", "sum(y * G)"),
        ),
        backward=(
            Line("dy", "G", "what arrives from above", gradient("y")),
            Line("dW2", "outer(dy, h)", "delta times what went in", gradient("W2")),
            Line("db2", "dy", "delta times 1", gradient("b2")),
            Line("dz", f"(W2.T @ dy){slope}", "chain rule, back through the block", gradient("z")),
            Line("dW1", "outer(dz, x)", "delta times what went in", gradient("W1")),
            Line("db1", "dz", "delta times 1", gradient("b1")),
            Line("dx", "dy + W1.T @ dz", "sum over two paths", gradient("x"), "past the block the gradient is whole"),
        ),
        draw=lambda rng: _block(int(rng.integers(1, 4)), int(rng.integers(1, 4)), lambda s: rng.normal(size=s)),
    )
    example = _block(2, 2, lambda s: nice(rng, s)) if values is None else _given_block(values)
    return derivation(
        f"A residual block, {hidden}",
        (program,),
        {name: f"d{name}" for name in ("W1", "b1", "W2", "b2", "x")},
        shapes={"W1": ("h", "n"), "b1": ("h",), "W2": ("n", "h"), "b2": ("n",), "x": ("n",)},
        assumptions=("G is the gradient that arrives from above, ∂L/∂y",),
        example=example,
    )


def _rows(X: Any, seed: int, name: str) -> Any:
    x = as_array(X, name) if X is not None else nice(generator(seed), (3,), -2, 2)
    if x.ndim not in (1, 2) or x.shape[-1] < 2:
        raise TheoryError(f"{name} are one row or several, with at least two numbers each", got=f"shape {x.shape}")
    return x


def _two(rng: np.random.Generator, ndim: int, name: str) -> Values:
    shape = (*((int(rng.integers(1, 4)),) if ndim == 2 else ()), 4)
    return {name: rng.normal(size=shape), "G": rng.normal(size=shape)}


def _softmax_again(values: Values) -> Values:
    from paribus.scratch import Tensor, nn

    rows: Any = nn.softmax(Tensor(np.atleast_2d(values["z"]))).data
    return {"p": rows.reshape(values["z"].shape)}


def _scratch_norm(values: Values, eps: float) -> Any:
    """The same layer by the NumPy network library."""
    from paribus.scratch import nn

    layer = nn.LayerNorm(values["X"].shape[-1], eps=eps, dtype=float)
    layer.gain.data, layer.bias.data = values["gamma"], values["beta"]
    return layer(values["X"]).data


def _sizes(width: int, hidden: int) -> dict[str, tuple[int, ...]]:
    return {"W1": (hidden, width), "b1": (hidden,), "W2": (width, hidden), "b2": (width,), "x": (width,), "G": (width,)}


def _block(width: int, hidden: int, draw: Any) -> Values:
    return {name: draw(shape) for name, shape in _sizes(width, hidden).items()}


def _given_block(values: dict[str, Any]) -> Values:
    width, hidden = np.size(values.get("x", 0)), np.size(values.get("b1", 0))
    return fitting({"G": np.ones(width), **values}, _sizes(width, hidden))
