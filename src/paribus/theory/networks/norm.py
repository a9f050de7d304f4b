"""Batch norm, one group of m numbers for each channel: the samples, or the samples and their pixels.

    μ = mean X,  v = mean (X − μ)²,  X̂ = (X − μ)/√(v + ε),  Y = γ X̂ + β       (Ioffe and Szegedy 2015, algorithm 1)

    ∂L/∂β = Σ ∂L/∂Y,   ∂L/∂γ = Σ ∂L/∂Y ⊙ X̂,   ∂L/∂X̂ = γ ∂L/∂Y
    ∂L/∂X = (∂L/∂X̂ − mean(∂L/∂X̂) − X̂ mean(∂L/∂X̂ ⊙ X̂)) / √(v + ε)

In inference μ and v are running averages, constants; then ∂L/∂X = γ ∂L/∂Y / √(v + ε).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from paribus.errors import TheoryError
from paribus.theory.derivations.derivation import Derivation
from paribus.theory.derivations.record import Table
from paribus.theory.networks.grid import Array
from paribus.theory.networks.numbers import as_array, fitting, generator, nice
from paribus.theory.networks.program import Line, Program, Values, gradient
from paribus.theory.networks.proof import derivation

LARGEST = 10**7


def batch_norm(
    X: Any = None,
    *,
    axes: int | None = None,
    inference: bool = False,
    eps: float = 1e-5,
    gamma: Any = None,
    beta: Any = None,
    size: tuple[int, int] | None = None,
    upstream: Any = None,
    seed: int = 0,
) -> Derivation:
    """Forward and backward pass of batch norm.

    Args:
        X: samples and channels (N, C), or (N, C, W), (N, C, H, W); random if not given.
        axes: 0 after a fully connected layer, 1 or 2 after a convolution; as many as X has, or 0.
        inference: with running averages instead of the batch's own.
        eps: what is added to the variance, above 0.
        gamma: scales, one for each channel; ones if not given.
        beta: shifts; zeros if not given.
        size: inputs and outputs of a fully connected layer before it, to count parameters: ``(10, 20)``.
        upstream: ∂L/∂Y; numbers with one decimal if not given.
        seed: of the example's numbers where none are given.

    Raises:
        TheoryError: too few numbers for a variance, or sizes that do not fit.
    """
    rng = generator(seed)
    x = as_array(X, "X") if X is not None else nice(rng, (4, 2, *(2,) * (axes or 0)))
    if x.ndim not in (2, 3, 4) or (axes is not None and x.ndim != axes + 2):
        extra = "up to two spatial axes" if axes is None else f"{axes} spatial axes"
        raise TheoryError(f"X has samples, channels and {extra}", got=f"shape {x.shape}")
    if not inference and x.size <= x.shape[1]:
        raise TheoryError("a variance needs more than one number per channel in training", got=f"X {x.shape}")
    if not eps > 0:
        raise TheoryError("eps is above 0, or a constant channel would divide by 0", got=eps)
    program = _program(x.ndim, eps, inference)
    above = as_array(upstream, "upstream") if upstream is not None else nice(rng, x.shape)
    if above.shape != x.shape:
        raise TheoryError("the upstream gradient has the shape of X", got=f"{above.shape} and {x.shape}")
    example = _parameters(x.shape, lambda shape: np.ones(shape), lambda shape: np.zeros(shape), inference)
    own = {name: given for name, given in (("gamma", gamma), ("beta", beta)) if given is not None}
    chosen = fitting(own, dict.fromkeys(own, (x.shape[1],)))
    example |= {name: numbers.reshape(example[name].shape) for name, numbers in chosen.items()}
    where = "fully connected" if x.ndim == 2 else f"convolutional, {x.ndim - 2}-D"
    return derivation(
        f"Batch norm, {where}, {'inference' if inference else 'training'}, eps {eps:g}",
        (program,),
        {"X": "dX'short" if not inference else "dX", "gamma": "dgamma", "beta": "dbeta"},
        shapes={
            "X": ("N", "C", "H", "W")[: x.ndim],
            "gamma": (1, "C", 1, 1)[: x.ndim],
            "beta": (1, "C", 1, 1)[: x.ndim],
        },
        assumptions=_assumptions(inference, x.ndim),
        example={"X": x, "G": above, **example},
        tables=_count(size),
    )


def _program(ndim: int, eps: float, inference: bool) -> Program:
    own = f"{(0, *range(2, ndim)) if ndim > 2 else 0}, keepdims=True"
    scale = f"sqrt(v + {eps})"
    statistics = (Line("mu", f"mean(X, {own})"), Line("v", f"mean((X - mu)**2, {own})"))
    constant = (Line("dX", f"dY * gamma / {scale}", "the statistics are constants", gradient("X")),)
    return Program(
        forward=(
            *(() if inference else statistics),
            Line("Xhat", f"(X - mu) / {scale}"),
            Line("Y", "gamma * Xhat + beta"),
            Line("L", "sum(Y * G)"),
        ),
        backward=(
            Line("dY", "G", "what arrives from above", gradient("Y")),
            Line("dbeta", f"sum(dY, {own})", "the shift reaches every sample", gradient("beta")),
            Line("dgamma", f"sum(dY * Xhat, {own})", "product rule", gradient("gamma")),
            *(constant if inference else _through_statistics(ndim, eps, own, scale)),
        ),
        draw=lambda rng: _draw(ndim, inference, rng),
        reference=lambda values: {"Y": _scratch(values, eps, inference)},
        symbols=SYMBOLS,
    )


def _through_statistics(ndim: int, eps: float, own: str, scale: str) -> tuple[Line, ...]:
    """The gradient of X in training, where mean and variance depend on it too."""
    paths = f"dXhat / {scale} + dv * 2 * (X - mu) / m + dmu / m"
    short = f"(dXhat - mean(dXhat, {own}) - Xhat * mean(dXhat * Xhat, {own})) / {scale}"
    return (
        Line("dXhat", "dY * gamma", "product rule", gradient("Xhat")),
        Line("dv", f"-sum(dXhat * (X - mu), {own}) / 2 / (v + {eps})**1.5", "through the variance", gradient("v")),
        Line("dmu", f"-sum(dXhat, {own}) / {scale}", "through the mean", gradient("mu"), "the path by v adds 0"),
        Line("m", "X.size / mu.size", "numbers per channel", latex="NHW"[: 1 if ndim == 2 else ndim - 1]),
        Line("dX", paths, "sum over three paths", gradient("X"), "directly, by the variance and by the mean"),
        Line("dX'short", short, "the same, simplified", gradient("X"), "no part along a shift or a stretch of X"),
    )


SYMBOLS = {"Xhat": r"\hat{X}", "mu": r"\mu", "gamma": r"\gamma", "beta": r"\beta", "v": "v", "X": "X"}


def _draw(ndim: int, inference: bool, rng: np.random.Generator) -> Values:
    shape = (int(rng.integers(3, 7)), int(rng.integers(1, 4)), *(int(s) for s in rng.integers(1, 4, size=ndim - 2)))
    parameters = _parameters(shape, lambda s: rng.normal(size=s), lambda s: rng.normal(size=s), inference)
    if inference:
        parameters["v"] = rng.uniform(0.5, 2.0, size=parameters["v"].shape)
    return {"X": rng.normal(size=shape), "G": rng.normal(size=shape), **parameters}


def _parameters(shape: tuple[int, ...], ones: Any, zeros: Any, inference: bool) -> Values:
    channel = (1, shape[1], *(1,) * (len(shape) - 2))
    learned = {"gamma": ones(channel), "beta": zeros(channel)}
    return {**learned, "mu": zeros(channel), "v": ones(channel)} if inference else learned


def _scratch(values: Values, eps: float, inference: bool) -> Array:
    """The same layer by the NumPy network library."""
    from paribus.scratch import nn

    layer = nn.BatchNorm(values["X"].shape[1], eps=eps, dtype=float)
    layer.gain.data, layer.bias.data = values["gamma"].ravel(), values["beta"].ravel()
    if inference:
        layer.running_mean, layer.running_var = values["mu"].ravel(), values["v"].ravel()
        layer = layer.eval()
    y: Array = layer(values["X"]).data
    return y


def _assumptions(inference: bool, ndim: int) -> tuple[str, ...]:
    said = ["G is the gradient that arrives from above, ∂L/∂Y"]
    said += ["the statistics are those of each channel, over samples" + (" and pixels" if ndim > 2 else "")]
    return (*said, "mu and v are running averages: constants") if inference else tuple(said)


def _count(size: tuple[int, int] | None) -> tuple[Table, ...]:
    """Parameters of a fully connected layer and its batch norm, by formula and counted in the library's layers."""
    if size is None:
        return ()
    if len(size) != 2 or min(size) < 1:
        raise TheoryError("the layer before it has inputs and outputs, at least one each", got=size, hint="10,20")
    if size[0] * size[1] > LARGEST:
        raise TheoryError(f"layers are built to be counted, with at most {LARGEST} weights", got=size)
    from paribus.scratch import nn

    a, b = size
    affine, norm = nn.Affine(a, b), nn.BatchNorm(b)
    counted = [sum(p.size for p in layer.parameters()) for layer in (affine, norm)]
    running = sum(buffer.size for buffer in norm.buffers().values())
    rows = (
        (f"fully connected {a} → {b}", f"{a}·{b} + {b}", a * b + b, counted[0]),
        ("batch norm, trained (γ, β)", f"2·{b}", 2 * b, counted[1]),
        ("batch norm, running (μ, v)", f"2·{b}", 2 * b, running),
    )
    if any(row[2] != row[3] for row in rows):
        raise TheoryError(
            "the count of parameters does not agree with the layers", got=str(rows), hint="please report it"
        )
    return (Table("Parameters", ("layer", "formula", "number", "counted"), rows),)
