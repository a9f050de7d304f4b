"""Expressions in NumPy notation: read from text, kept in normal form, evaluated, written as text and as LaTeX."""

import paribus.theory.expressions.functions  # noqa: F401  (fills the table by which operators build nodes)
