"""One walk over the layers of a net, whatever library it is written with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paribus.errors import TheoryError
from paribus.theory.bounds.layers import Bound
from paribus.theory.bounds.linear import Array, Vjp, linear_layer

Rule = Callable[[Any, Array], Bound]


@dataclass(frozen=True)
class Library:
    """What the walk knows of a library of layers.

    Args:
        ready: a net → a copy of it in inference.
        vjp: a layer and an input → the output y, and the map g → gᵀ ∂y/∂x.
        parts: a layer → those it runs one after the other; None if it is no sequence.
        rules: kind of layer → the bound of one, given an input of the right shape.
    """

    ready: Callable[[Any], Any]
    vjp: Vjp
    parts: Callable[[Any], Sequence[Any] | None]
    rules: Mapping[type, Rule]


def walk(library: Library, layer: Any, x: Array) -> tuple[list[Bound], Array]:
    """The bounds of a layer and its parts, given an x of the right shape; and its output.

    Raises:
        TheoryError: a layer without a known constant.
    """
    parts = library.parts(layer)
    if parts is not None:
        found = []
        for part in parts:
            bounds, x = walk(library, part, x)
            found += bounds
        return found, x
    for kind, rule in library.rules.items():
        if isinstance(layer, kind):
            return [rule(layer, x)], library.vjp(layer, x)[0]
    names = ", ".join(kind.__name__.lstrip("_") for kind in library.rules)
    raise TheoryError(
        "a bound needs a sequence of layers whose Lipschitz constant is known",
        got=type(layer).__name__,
        hint=f"known: {names}",
    )


def linear(vjp: Vjp, name: Callable[[Any], str]) -> Rule:
    """The rule of layers that are linear up to their bias."""
    return lambda layer, x: Bound(name(layer), linear_layer(vjp, layer, x.shape).upper, "‖A‖₂ of a linear map")


def dropout(layer: Any, x: Array) -> Bound:
    """The rule of dropout, which passes everything in inference; in training it multiplies by up to 1/(1 − p)."""
    return Bound(type(layer).__name__, 1.0, "passes everything in inference", inference="no dropout")


def isometric(layer: Any, x: Array) -> Bound:
    """The rule of layers that only move numbers."""
    return Bound(type(layer).__name__, 1.0, "leaves norms as they are")
