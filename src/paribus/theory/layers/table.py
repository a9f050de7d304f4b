"""The table of a net: what every layer gives, holds and costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from paribus.errors import TheoryError
from paribus.theory.layers.depth import Waits, waits_after
from paribus.theory.layers.fields import Fields, beginning, field_after, united
from paribus.theory.layers.graph import INPUT, Graph, read
from paribus.theory.layers.kinds import CELLS
from paribus.theory.layers.layer import COLOURS, Shape, ends_in_colours
from paribus.theory.layers.refuse import by
from paribus.theory.layers.row import Row, make_row, plain
from paribus.theory.layers.text import Cells, aligned, amount

if TYPE_CHECKING:
    from torch import nn

Input = Sequence[int] | Sequence[Sequence[int]]


@dataclass(frozen=True)
class Table:
    """All layers of a net, and what they come to.

    Args:
        title: the text of the net, or the module's name.
        input: shape of one example.
        rows: the layers in the order in which they run.
        convention: whose recurrent cells were counted where the text did not say.
        graph: the net itself, from which it can be built.
    """

    title: str
    input: Shape
    rows: tuple[Row, ...]
    convention: str
    graph: Graph

    @property
    def output(self) -> Shape:
        """Shape of the result, or of the first of several."""
        return self.graph.outputs[0]

    @property
    def came(self) -> str:
        """What goes in, in words: input 3×32×32."""
        return f"input{'s' if self.graph.others else ''} {' and '.join(map(by, self.graph.inputs))}"

    @property
    def parameters(self) -> int:
        """All trained numbers."""
        return sum(row.parameters.value for row in self.rows)

    @property
    def multiplications(self) -> int:
        """All multiply-accumulates for one example, of the layers for which they are known."""
        return sum(row.multiplications.value for row in self.rows if row.multiplications is not None)

    @property
    def memory(self) -> int:
        """Bytes of all outputs for one example."""
        return sum(row.memory.value for row in self.rows)

    @property
    def depth(self) -> int:
        """Weighted layers and steps of time that must happen one after another."""
        return max((row.depth for row in self.rows), default=0)

    @property
    def field(self) -> tuple[int, ...] | None:
        """Receptive field of the last layer that is not yet flattened or averaged over all positions."""
        for row in reversed(self.rows):
            if row.fields and any(f.jump for f in row.fields):
                return tuple(f.size for f in row.fields)
        return None

    @property
    def unknown(self) -> tuple[str, ...]:
        """Operations of a module's own code whose multiplications are not known."""
        return tuple(f"{row.number} {row.name}" for row in self.rows if row.multiplications is None)

    def plain(self) -> dict[str, Any]:
        """As plain data, for JSON."""
        totals = {name: getattr(self, name) for name in ("parameters", "multiplications", "memory", "depth")}
        return {
            "net": self.title,
            "input": list(self.input),
            "output": list(self.output),
            "convention": self.convention,
            **totals,
            "receptive_field": list(self.field) if self.field else None,
            "unknown": list(self.unknown),
            "layers": [plain(row) for row in self.rows],
        }

    @property
    def cells(self) -> list[Cells]:
        """All layers and their sums as they are printed, in the columns of a row."""
        last = self.graph.results[0] if self.graph.results else -1  # the same field as in its row
        field = self.rows[last].cells[5] if self.rows and last >= -1 else ""
        out = " and ".join(by(shape) for shape in self.graph.outputs)
        numbers = (f"{self.parameters:,}", f"{self.multiplications:,}", field, "", amount(self.memory))
        return [*(row.cells for row in self.rows), ("", "all", out, *numbers)]

    @property
    def notes(self) -> list[str]:
        """What a reader must know to read the table right."""
        kinds = {row.layer.kind for row in self.rows}
        found = [
            f"input: {shape[0]} channels of {by(shape[1:])}; where they stand last: --channels-last, channels_last=True"
            for shape in self.graph.inputs
            if len(shape) == 3 and ends_in_colours(shape) and shape[1] > max(COLOURS)  # not 64×3×3
        ]
        found.append("multiplications: products with weights and of attention, each with the addition that follows it")
        if "bn" in kinds:
            found.append(
                "batch norm: only scale and shift are trained; Keras also counts the running mean and variance"
            )
        if kinds.intersection(CELLS):
            keras = self.convention == "keras"
            biases = "one bias vector (GRU two), as in Keras" if keras else "two bias vectors, as torch"
            found.append(f"recurrent cells have {biases}, unless a layer says bias1 or bias2")
        if self.unknown:
            found.append(f"not known, and left out of the sums: the multiplications of {', '.join(self.unknown)}")
        return [*found, *self.graph.remarks]

    def __str__(self) -> str:
        notes = [f"note: {note}" for note in self.notes]
        return "\n".join([self.title, self.came, "", *aligned(Row.HEADS, self.cells, Row.ALIGN), *notes])


def table(net: str | nn.Module, input: Input = (), *, convention: str = "torch", channels_last: bool = False) -> Table:
    """What every layer of a net gives, holds and costs.

    >>> print(table("conv 16 k3, relu, pool 2", input=(3, 32, 32)).rows[0].explained["output"])
    ⌊(32 + 2·0 − 1·(3 − 1) − 1)/1⌋ + 1 = 30

    Args:
        net: a text in the notation of :mod:`paribus.theory.layers.notation`, or a module of torch.
        input: shape of one example, channels first: (C, H, W), (C, L), or steps and features (T, F), or (F,); a list
            of shapes for a net that takes several tensors. A text may name it itself: Input(shape=(28, 28, 1)).
        convention: recurrent cells of a text with two bias vectors (torch) or as Keras has them (one; GRU two).
        channels_last: whether ``input`` names the channels last, as Keras does; the table has them first.

    Raises:
        TheoryError: for a text that cannot be read, or a layer that cannot be, with its number and the reason.
    """
    shapes = several(input, channels_last) if input or not isinstance(net, str) else ()
    if convention not in ("torch", "keras"):
        raise TheoryError("the convention is torch or keras", got=convention)
    if isinstance(net, str):
        return tabulate(read(net, shapes, convention), lines(net))
    from paribus.theory.layers.module import trace

    try:
        graph = trace(net, shapes).graph
    except TheoryError:  # perhaps only because shapes without values do not suffice this net
        graph = trace(net, shapes, device="cpu").graph
    return tabulate(graph, type(net).__name__)


def several(input: Input, channels_last: bool = False) -> tuple[Shape, ...]:
    """The shapes of all inputs, channels first."""
    shapes: Any = input if input and isinstance(input[0], Sequence) else [input]
    return tuple(checked(shape, channels_last) for shape in shapes)


def typed_input(text: str) -> Input:
    """``3,224,224`` or ``3x224x224`` → (3, 224, 224); ``3,32,32+10`` → [(3, 32, 32), (10,)].

    Raises:
        TheoryError: for anything else.
    """
    try:
        shapes = [tuple(int(size) for size in part.lower().replace("x", ",").split(",")) for part in text.split("+")]
    except ValueError:
        rule = "the shape of an input is whole numbers with commas"
        raise TheoryError(rule, got=text, hint="for example 3,224,224, or 3,32,32+10 for two inputs") from None
    return shapes if len(shapes) > 1 else shapes[0]


def lines(text: str) -> str:
    """A net's text without the space around its lines."""
    return "\n".join(" ".join(line.split()) for line in text.strip().splitlines())


def checked(input: Sequence[int], channels_last: bool = False) -> Shape:
    """A shape of whole positive numbers, channels first."""
    shape = tuple(input)
    if not 1 <= len(shape) <= 4 or any(not isinstance(n, int) or n < 1 for n in shape):
        rule = "an input has one to four axes of at least 1 each"
        raise TheoryError(rule, got=by(shape) or "nothing", hint="for example 3,224,224 for channels, height, width")
    return (shape[-1], *shape[:-1]) if channels_last else shape


def tabulate(graph: Graph, title: str) -> Table:
    """The table of a graph."""
    axes = graph.axes
    inputs = range(INPUT, INPUT - len(graph.inputs), -1)
    fields: dict[int, Fields] = {**dict.fromkeys(inputs), INPUT: beginning(axes)}  # followed back to the first input
    waits: dict[int, Waits] = dict.fromkeys(inputs, (0,))
    rows = []
    for number, node in enumerate(graph.nodes):
        sources = [fields[source] for source in node.sources]
        before = sources[0] if len(sources) == 1 else united(sources)
        fields[number] = field_after(node.layer.kind, node.layer.options, before, node.shape)
        waits[number] = waits_after(node.layer, [waits[source] for source in node.sources], node.shape)
        rows.append(make_row(number, node, graph, fields[number], max(waits[number])))
    return Table(title, graph.input, tuple(rows), graph.convention, graph)
