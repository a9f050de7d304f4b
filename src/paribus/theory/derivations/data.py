"""A derivation as data that JSON can hold."""

from __future__ import annotations

from typing import Any

from paribus.theory.derivations.latex import as_latex
from paribus.theory.derivations.record import Record


def as_dict(derivation: Record) -> dict[str, Any]:
    """The derivation as data that JSON can hold."""
    return {
        "title": derivation.title,
        "given": derivation.given.text,
        "wrt": list(derivation.wrt),
        "gradient": derivation.gradient,
        "steps": [vars(step) | {"before": step.before.text, "after": step.after.text} for step in derivation.steps],
        "verified": derivation.verified,
        "max_relative_error": derivation.max_relative_error,
        "draws": derivation.draws,
        "oracle": derivation.oracle,
        "layout": derivation.layout,
        "shapes": {name: list(shape) for name, shape in derivation.shapes.items()},
        "read": list(derivation.read),
        "doubts": list(derivation.doubts),
        "value": derivation.value,
        "second_reading": derivation.second,
        "assumptions": list(derivation.assumptions),
        "tables": [vars(table) for table in derivation.tables],
        "latex": as_latex(derivation),
    }
