"""A fully connected layer is a convolution whose kernel is as large as its input (Long, Shelhamer & Darrell 2015)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from paribus.errors import TheoryError
from paribus.theory.layers.graph import INPUT, Graph, read
from paribus.theory.layers.layer import Layer, Shape
from paribus.theory.layers.measure import built
from paribus.theory.layers.table import Table, checked, tabulate

TOLERANCE = 1e-10  # relative, in float64: both nets add the same products, in another order


@dataclass(frozen=True)
class Equality:
    """A net with fully connected layers, and the same net without.

    Args:
        connected: the net as it was written.
        convolved: the same with convolutions in place of the fully connected layers.
        error: largest difference of their outputs over the largest output, with the same weights, in float64.
        draws: inputs that stand behind that.
    """

    connected: Table
    convolved: Table
    error: float
    draws: int

    @property
    def equal(self) -> bool:
        """Whether both nets are the same function."""
        return self.error <= TOLERANCE

    def plain(self) -> dict[str, Any]:
        """As plain data, for JSON."""
        nets = {"connected": self.connected.plain(), "convolved": self.convolved.plain()}
        return {**nets, "max_relative_error": self.error, "draws": self.draws, "equal": self.equal}

    @property
    def proof(self) -> str:
        """The result of the check, in words."""
        same, error = "the same" if self.equal else "NOT the same", f"largest relative difference {self.error:.1e}"
        return f"with the same weights both give {same}: {error}, {self.draws} inputs"

    def __str__(self) -> str:
        return f"{self.convolved}\n{self.proof}"


def as_convolution(text: str, input: Sequence[int], draws: int = 8) -> Equality:
    """Rewrite the fully connected layers of a net as convolutions, and check that both nets are the same function.

    ``flatten, linear N`` on C×H×W becomes ``conv N kHxW``; every ``linear`` after that ``conv N k1``. The rewritten net
    also runs on larger inputs, where it gives an output for every place.

    Args:
        text: a net that flattens once and goes on with fully connected and element-wise layers.
        input: shape of one example, channels first.
        draws: random inputs for the check.

    Raises:
        TheoryError: where there is nothing to rewrite.
    """
    shape = checked(input)
    before = read(text, [shape])
    after = _rewritten(before)
    connected, convolved = tabulate(before, text), tabulate(after, ", ".join(str(n.layer) for n in after.nodes))
    return Equality(connected, convolved, _difference(connected, convolved, draws), draws)


def _rewritten(graph: Graph) -> Graph:
    """The graph with convolutions in place of what follows ``flatten``."""
    flats = [number for number, node in enumerate(graph.nodes) if node.layer == Layer("flatten")]
    if len(flats) != 1 or not any(node.layer.kind == "linear" for node in graph.nodes[flats[0] :]):
        hint = "for example: conv 8 k3, relu, flatten, linear 10"
        raise TheoryError("only a net that flattens once, before fully connected layers, can be rewritten", hint=hint)
    (flat,), after, moved = flats, Graph(graph.input), {INPUT: INPUT}
    kernel = graph.shape(graph.nodes[flat].sources[0])[1:]  # of the first one; those behind it see one place
    for number, node in enumerate(graph.nodes):
        sources = [moved[source] for source in node.sources]
        moved[number] = sources[0] if number == flat else after.add(_convolved(node.layer, kernel), sources)
        if node.layer.kind == "linear":
            kernel = (1,)
    return after


def _convolved(layer: Layer, kernel: Shape) -> Layer:
    if layer.kind != "linear":
        return layer
    return Layer("conv", {"out": layer.options["out"], "kernel": kernel, "bias": layer.options["bias"]})


def _difference(connected: Table, convolved: Table, draws: int) -> float:
    """Largest relative difference of both nets, run by torch with the same weights."""
    import torch

    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        one, other = built(connected).double().eval(), built(convolved).double().eval()
        for source, target in zip(one.parameters(), other.parameters(), strict=True):
            target.copy_(source.reshape(target.shape))
        x = torch.randn(draws, *connected.input, dtype=torch.float64)
        a, b = one(x), other(x).flatten(1)
        return float((a - b).abs().max() / a.abs().max())
