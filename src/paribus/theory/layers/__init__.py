"""Layer arithmetic: sizes, parameters, multiplications, receptive fields and memory, predicted and then measured."""

from __future__ import annotations

from paribus.theory.layers.compare import Comparison, compare
from paribus.theory.layers.dense import Equality, as_convolution
from paribus.theory.layers.measure import Check, Measurement, measure
from paribus.theory.layers.row import Row
from paribus.theory.layers.table import Table, table

__all__ = [
    "Check",
    "Comparison",
    "Equality",
    "Measurement",
    "Row",
    "Table",
    "as_convolution",
    "compare",
    "measure",
    "table",
]
