"""What was typed, as a tree that knows no shapes yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class Raw:
    """A node as it was typed, before shapes are known.

    Args:
        op: "+", "@", "juxt" (side by side), "T", "neg", "name", "number", or a function's name.
        args: operands.
        value: the name, the number, the options of a function, the index of a sum.
        column: where it stands in the text.
        text: what was typed.
    """

    op: str
    args: tuple[Raw, ...]
    value: Any
    column: int
    text: str

    def nodes(self) -> Iterator[Raw]:
        """The node and all below it."""
        yield self
        for arg in self.args:
            yield from arg.nodes()


def names_of(raw: Raw) -> list[str]:
    """Names in the order of appearance."""
    own = [raw.value] if raw.op == "name" else []
    return list(dict.fromkeys([*own, *(name for arg in raw.args for name in names_of(arg))]))
