"""Two nets side by side: a CNN beside an RNN, convolutions in two dimensions beside three."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from paribus.theory.layers.refuse import by
from paribus.theory.layers.table import Table
from paribus.theory.layers.text import aligned


@dataclass(frozen=True)
class Comparison:
    """Two tables with their sums."""

    first: Table
    second: Table

    HEADS: ClassVar = ("", "A", "B", "B/A")
    ALIGN: ClassVar = "lrrr"

    @property
    def quantities(self) -> dict[str, tuple[int, int]]:
        """Each sum of both nets."""
        names = ("parameters", "multiplications", "memory", "depth")
        return {name: (getattr(self.first, name), getattr(self.second, name)) for name in names}

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Quantity, both values, and how many times the first the second is."""
        shapes = [("input", by(self.first.input), by(self.second.input), "")]
        shapes.append(("output", by(self.first.output), by(self.second.output), ""))
        shapes.append(("receptive field", _field(self.first), _field(self.second), ""))
        sums = [(WORDS[name], f"{a:,}", f"{b:,}", _ratio(a, b)) for name, (a, b) in self.quantities.items()]
        return [*shapes, *sums]

    def plain(self) -> dict[str, Any]:
        """As plain data, for JSON."""
        return {"first": self.first.plain(), "second": self.second.plain()}

    def __str__(self) -> str:
        lines = aligned(self.HEADS, self.rows(), self.ALIGN)
        return "\n".join([f"A: {self.first.title}", f"B: {self.second.title}", "", *lines])


WORDS = {
    "parameters": "parameters",
    "multiplications": "multiplications",
    "memory": "memory (bytes)",
    "depth": "sequential depth",
}


def compare(first: Table, second: Table) -> Comparison:
    """Set two tables side by side.

    >>> from paribus.theory.layers import compare, table
    >>> pair = compare(table("conv 32 k5 p2, relu", (16, 100)), table("rnn 32", (100, 16)))
    >>> pair.quantities["depth"]
    (1, 100)
    """
    return Comparison(first, second)


def _field(table: Table) -> str:
    """The widest that any layer sees."""
    widest = max((tuple(f.size for f in row.fields) for row in table.rows if row.fields), default=())
    return by(widest)


def _ratio(a: int, b: int) -> str:
    return f"{b / a:.3g}" if a else ""
