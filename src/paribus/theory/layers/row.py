"""One layer of a table: what it gives, holds and costs, and how each number was worked out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from paribus.theory.layers.counts import MULTIPLICATIONS, none, trained
from paribus.theory.layers.fields import Fields
from paribus.theory.layers.graph import Graph, Node
from paribus.theory.layers.kinds import CELLS, COPIES
from paribus.theory.layers.layer import Layer, Shape
from paribus.theory.layers.refuse import by
from paribus.theory.layers.text import Cells, amount
from paribus.theory.layers.worked import Worked, product, worked

BYTES = 4  # of a value, float32
VIEWS = {"flatten", "reshape", "transpose", "last"}  # another look at the same values: no memory of their own
SCATTERED = {*CELLS, "transpose"}  # their values do not lie in a row, so that flattening copies them


@dataclass(frozen=True)
class Row:
    """One layer of a table.

    Args:
        number: from 1, in the order in which the layers run.
        layer: the layer, which prints itself in the notation.
        sources: numbers of the layers whose outputs go in; 0 is the input, −1 the second input.
        input: shape that comes in (of the first source), without the batch.
        sizes: sizes that go out, with their workings.
        parameters: trained numbers, with the working; those shared with an earlier layer count there.
        multiplications: multiply-accumulates for one example; None where they are not known.
        fields: receptive field along each axis of the input; None where it is not known.
        memory: bytes of the output for one example in float32; 0 for a view or a change in place.
        depth: weighted layers and steps of time one after another up to here.
        path: where the module keeps the layer; empty for a text.
    """

    number: int
    layer: Layer
    sources: tuple[int, ...]
    input: Shape
    sizes: tuple[Worked, ...]
    parameters: Worked
    multiplications: Worked | None
    fields: Fields
    memory: Worked
    depth: int
    path: str = ""

    HEADS: ClassVar = ("", "layer", "output", "parameters", "multiplications", "field", "jump", "memory")
    ALIGN: ClassVar = "rlrrrrrr"

    @property
    def name(self) -> str:
        """The layer in the notation."""
        return str(self.layer)

    @property
    def output(self) -> Shape:
        """Shape that goes out."""
        return tuple(size.value for size in self.sizes)

    @property
    def explained(self) -> dict[str, str]:
        """What was worked out, by quantity, as formulas with numbers."""
        lines = {"output": by_axis(self.sizes)} if any(size.text != str(size.value) for size in self.sizes) else {}
        if self.parameters.value:
            lines["parameters"] = str(self.parameters)
        if self.multiplications is not None and self.multiplications.value:
            lines["multiplications"] = str(self.multiplications)
        if self.fields and any(f.working for f in self.fields):
            lines["receptive field"] = "; ".join(dict.fromkeys(f.working for f in self.fields if f.working))
        if self.memory.value:
            lines["memory"] = f"{self.memory} bytes"
        if self.layer.kind == "attention":
            scores = Worked(self.layer.options["heads"]) * self.input[0] * self.input[0]
            lines["scores"] = f"{scores} values grow with the square of the steps, where they are held"
        return lines

    @property
    def cells(self) -> Cells:
        """As it is printed, below ``HEADS``."""
        jumps, products = [f.jump for f in self.fields or ()], self.multiplications
        sources = ", ".join(map(_source, self.sources))
        return (
            str(self.number),
            self.name if self.sources in ((self.number - 1,), ()) else f"{self.name}  ← {sources}",
            by(self.output),
            f"{self.parameters.value:,}" if self.parameters.value else "–",
            "?" if products is None else f"{products.value:,}" if products.value else "–",
            "?" if self.fields is None else by([f.size for f in self.fields]),
            "?" if self.fields is None else "×".join(map(str, jumps)) if any(jumps) else "",
            amount(self.memory.value),
        )


def _source(number: int) -> str:
    return str(number) if number > 0 else "input" if not number else f"input {1 - number}"


def by_axis(sizes: Sequence[Worked]) -> str:
    """Workings of sizes, equal ones once."""
    return "; ".join(dict.fromkeys(str(size) for size in sizes if size.text != str(size.value)))


def plain(row: Row) -> dict[str, Any]:
    """A row as plain data, for JSON."""
    fields = row.fields
    return {
        "number": row.number,
        "layer": row.name,
        "path": row.path,
        "sources": list(row.sources),
        "input": list(row.input),
        "output": list(row.output),
        "parameters": row.parameters.value,
        "multiplications": None if row.multiplications is None else row.multiplications.value,
        "receptive_field": None if fields is None else [f.size for f in fields],
        "jump": None if fields is None else [float(f.jump) for f in fields],
        "memory": row.memory.value,
        "depth": row.depth,
        "explained": row.explained,
    }


def make_row(number: int, node: Node, graph: Graph, fields: Fields, depth: int) -> Row:
    """The row of a node, given its receptive fields and its depth."""
    kind, o, y = node.layer.kind, node.layer.options, node.shape
    x = graph.shape(node.sources[0]) if node.sources else ()
    source = graph.nodes[node.sources[0]].layer.kind if node.sources and node.sources[0] >= 0 else ""
    parameters = trained(node.layer, x, y)
    if node.known:
        parameters = (parameters - node.known).noted("those of an earlier layer count there")
    unknown = kind == "op" and "shape" in o and o["name"] not in COPIES
    return Row(
        number=number + 1,
        layer=node.layer,
        sources=tuple(source + 1 for source in node.sources),
        input=x,
        sizes=tuple(map(worked, node.sizes)),
        parameters=parameters,
        multiplications=None if unknown else MULTIPLICATIONS.get(kind, none)(o, x, y),
        fields=fields,
        memory=_memory(node, source),
        depth=depth,
        path=node.path,
    )


def _memory(node: Node, source: str) -> Worked:
    options, kind = node.layer.options, node.layer.kind
    if "bytes" in options:
        return Worked(options["bytes"])
    nothing = options.get("inplace") or kind == "own" or (kind == "dropout" and not options["rate"])
    if nothing or (kind in VIEWS and not (kind == "flatten" and source in SCATTERED)):
        return Worked(0)
    return product(node.shape) * BYTES
