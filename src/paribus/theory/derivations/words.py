"""Words and numbers that every rendering of a derivation writes in the same way."""

from __future__ import annotations

from typing import Any

from paribus.theory.derivations.record import Derivation
from paribus.theory.expressions.symbols import escape, symbol


def answer_label(derivation: Derivation, key: str) -> str:
    """LaTeX for what an answer answers: ``∂/∂x`` for a variable, its own words for anything else."""
    first, _, second = key.partition(", ")
    if first in derivation.wrt and second in derivation.wrt:
        names = [symbol(name, len(derivation.shapes.get(name, ()))) for name in (first, second)]
        return rf"\frac{{\partial^2}}{{\partial {names[0]} \, \partial {names[1]}}}"
    if key not in derivation.wrt:
        return rf"\text{{{escape(key)}}}"
    return rf"\frac{{\partial}}{{\partial {symbol(key, len(derivation.shapes.get(key, ())))}}}"


def shape_text(shape: tuple[int | str, ...]) -> str:
    """``(m, n)`` for a matrix, ``(n,)`` for a vector as in NumPy, ``scalar`` for one number."""
    return "scalar" if not shape else f"({shape[0]},)" if len(shape) == 1 else f"({', '.join(map(str, shape))})"


def error_text(error: float) -> str:
    """An error for the margin of a step."""
    return "exact" if error == 0 else f"± {error:.0e}"


def cell_text(value: Any) -> str:
    """A number with six digits, anything else as it is."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
