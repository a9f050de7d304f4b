"""The words in which the formulas of this room are written. After

    from paribus.theory.networks.notation import *

every formula can be pasted and run. All of them take complex numbers too, so that derivatives can be had by complex
steps: f'(x) = Im f(x + ih)/h, without the cancellation of a difference (Squire and Trapp 1998).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import (
    arange,
    argmax,
    cos,
    diag,
    exp,
    inf,
    log,
    mean,
    ones,
    ones_like,
    outer,
    prod,
    shape,
    sin,
    sqrt,
    sum,
    tanh,
    zeros_like,
)

from paribus.theory.networks.grid import (
    Array,
    correlate,
    crop,
    dilate,
    flip,
    fold,
    pad,
    plus,
    swap,
    unseen,
    windows,
)

__all__ = [
    "Phi",
    "arange",
    "argmax",
    "correlate",
    "cos",
    "crop",
    "diag",
    "dilate",
    "elu",
    "exp",
    "flip",
    "fold",
    "hat",
    "hat_slope",
    "inf",
    "largest",
    "leaky",
    "log",
    "masked",
    "mean",
    "normal",
    "one_hot",
    "ones",
    "ones_like",
    "outer",
    "pad",
    "plus",
    "prod",
    "relu",
    "shape",
    "sigmoid",
    "sin",
    "softmax",
    "softplus",
    "sqrt",
    "sum",
    "swap",
    "tanh",
    "unseen",
    "windows",
    "winners",
    "zeros_like",
]


def sigmoid(z: Any) -> Any:
    """1/(1 + e⁻ᶻ), as (1 + tanh(z/2))/2, which does not overflow."""
    return (1 + np.tanh(z / 2)) / 2


def relu(z: Any) -> Any:
    """max(z, 0)."""
    return np.where(np.real(z) > 0, z, 0 * z)[()]


def leaky(z: Any) -> Any:
    """z above 0, 0.01 z below."""
    return np.where(np.real(z) > 0, z, 0.01 * z)[()]


def elu(z: Any) -> Any:
    """z above 0, eᶻ − 1 below."""
    return np.where(np.real(z) > 0, z, np.exp(np.where(np.real(z) > 0, 0, z)) - 1)[()]


def softplus(z: Any) -> Any:
    """log(1 + eᶻ)."""
    top = np.maximum(np.real(z), 0)
    return top + np.log(np.exp(z - top) + np.exp(-top))


def Phi(z: Any) -> Any:  # noqa: N802  (as it is written)
    """The normal distribution function, (1 + erf(z/√2))/2."""
    from scipy.special import erf

    return (1 + erf(z / np.sqrt(2))) / 2


def normal(z: Any) -> Any:
    """Its derivative, the normal density e^(−z²/2)/√(2π)."""
    return np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


def masked(S: Any) -> Any:
    """Scores with −∞ above the diagonal: query i sees the keys 0 … i."""
    return np.where(np.tril(np.ones(S.shape)) > 0, S, -np.inf)


def softmax(z: Any, axis: int = -1) -> Any:
    """eᶻ / Σ eᶻ."""
    powers = np.exp(z - np.max(np.real(z), axis=axis, keepdims=True))
    return powers / np.sum(powers, axis=axis, keepdims=True)


def largest(w: Array, axes: int) -> Array:
    """The largest number over the last ``axes`` axes, where complex numbers are ordered by their real part."""
    flat = w.reshape(*w.shape[: w.ndim - axes], -1)
    first = np.argmax(np.real(flat), axis=-1)[..., None]
    return np.take_along_axis(flat, first, axis=-1)[..., 0]


def winners(w: Array, axes: int) -> Array:
    """1 where the first largest number over the last ``axes`` axes stands, else 0."""
    flat = w.reshape(*w.shape[: w.ndim - axes], -1)
    return one_hot(np.argmax(np.real(flat), axis=-1), flat.shape[-1]).reshape(w.shape)


def hat(t: Any) -> Any:
    """max(0, 1 − |t|): how much a pixel at distance t counts in linear interpolation."""
    return np.where(np.abs(np.real(t)) < 1, 1 - t * np.sign(np.real(t)), 0 * t)


def hat_slope(t: Any) -> Any:
    """The derivative of :func:`hat`: −sign(t) within distance 1."""
    return np.where(np.abs(t) < 1, -np.sign(t), 0.0)


def one_hot(index: Any, classes: int) -> Array:
    """1 at ``index``, 0 elsewhere, along a new last axis."""
    picked: Array = np.eye(classes)[index]
    return picked


WORDS = {name: globals()[name] for name in __all__}
