"""A derivation as users meet it: the record, which prints itself, shows itself in a notebook, and runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paribus.theory.derivations.latex import as_latex
from paribus.theory.derivations.record import Record
from paribus.theory.derivations.text import as_text


class Derivation(Record):
    """A record that can be printed and called; its page in a notebook is made by :mod:`paribus.notebook`."""

    def function(self) -> Callable[..., Any]:
        """The answer as a function of arrays by name: ``f(A=..., x=...)``; several answers come as a dictionary."""
        from paribus.theory.derivations.code import function_of

        return function_of(self)

    def __str__(self) -> str:
        return as_text(self)

    def _repr_latex_(self) -> str:
        return as_latex(self)
