"""Activation functions: formulas, derivatives, ranges, where they saturate, and what that does to a deep net."""

from paribus.theory.activations.depth import Depth, through_depth
from paribus.theory.activations.sheet import Sheet, overview, sheet, sheets
from paribus.theory.activations.table import ACTIVATIONS, Activation, activation

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "Depth",
    "Sheet",
    "activation",
    "overview",
    "sheet",
    "sheets",
    "through_depth",
]
