"""What the backward pass needs of the forward pass, predicted: the outputs that are kept until it comes.

Each kind of layer computes its gradients from its input, from its output, or from neither: the gradient of a
convolution's weights is a correlation with its input; that of tanh is 1 − y²; that of a sum needs nothing. A value that
several layers need is kept once, and a view, or a change in place, is the same value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from paribus.theory.layers.counts import normalised
from paribus.theory.layers.graph import Graph, Node
from paribus.theory.layers.kinds import CELLS, COPIES
from paribus.theory.layers.layer import Layer, Options, Shape
from paribus.theory.layers.row import BYTES, VIEWS
from paribus.theory.layers.table import Table

INPUTS = {"conv", "dw", "deconv", "linear", "bn", "instance", "gn", "ln", "pool", "avgpool", "gmp", "mul", "adaptive"}
INPUTS |= {"leaky_relu", "elu", "gelu", "silu", "mish", "prelu", "softplus", "hardswish", "relu6", "selu"}
INPUTS |= {"hardsigmoid", "hardtanh"}
OUTPUTS = {"relu", "tanh", "sigmoid", "softmax", "log_softmax"}
NOTHING = {"flatten", "reshape", "transpose", "last", "add", "cat", "gap", "up", "zeropad", "embedding", "own",
           "dropout"}  # fmt: skip
INDEX = 8  # bytes of the place of a maximum


@dataclass(frozen=True)
class Saved:
    """Bytes that are kept for the backward pass, weights aside.

    Args:
        example: for each example of a batch, its input aside.
        input: of an example's input in float32, if a layer needs that; else 0.
        batch: once for each batch: means and deviations of batch norm.
        unknown: layers about which nothing is known; their outputs are counted.
    """

    example: int
    input: int
    batch: int
    unknown: tuple[str, ...]


def saved(net: Table) -> Saved:
    """What a training step in float32 keeps of the layers of a net."""
    graph = net.graph
    norms = [graph.shape(node.sources[0]) for node in graph.nodes if node.layer.kind == "bn"]
    unknown = tuple(row.name for row in net.rows if not _is_known(row.layer))
    needed = {place for number, node in enumerate(graph.nodes) for place in _needed(graph, number, node) if place < 0}
    of_input = sum(prod(graph.shape(place)) for place in needed) * BYTES
    return Saved(sum(by_layer(net)) - of_input, of_input, sum(2 * BYTES * shape[0] for shape in norms), unknown)


def by_layer(net: Table) -> tuple[int, ...]:
    """Bytes of each example, its input included, that each layer is the first to keep for the backward pass."""
    graph, known, found = net.graph, set[int](), []
    for number, node in enumerate(graph.nodes):
        fresh = {*_needed(graph, number, node)} - known
        known |= fresh
        found.append(sum(prod(graph.shape(place)) for place in fresh) * BYTES + _beside(graph, node))
    return tuple(found)


def _is_known(layer: Layer) -> bool:
    return layer.kind in INPUTS | OUTPUTS | NOTHING or layer.options.get("name") in COPIES


def _needed(graph: Graph, number: int, node: Node) -> Iterator[int]:
    """The nodes whose outputs a layer needs again."""
    kind = node.layer.kind
    if kind in OUTPUTS or not _is_known(node.layer):
        yield _holder(graph, number)
    if kind in INPUTS:
        for source in node.sources:
            yield _holder(graph, source)


def _holder(graph: Graph, number: int) -> int:
    """The node that made the values which are seen here: views and changes in place are those of another."""
    while number >= 0:
        node = graph.nodes[number]
        before = graph.nodes[node.sources[0]].layer.kind if node.sources and node.sources[0] >= 0 else ""
        copied = node.layer.kind == "flatten" and before in (*CELLS, "transpose")
        idle = node.layer.kind == "dropout" and not node.layer.options["rate"]
        if not idle and not node.layer.options.get("inplace") and (node.layer.kind not in VIEWS or copied):
            break
        number = node.sources[0]
    return number


def _beside(graph: Graph, node: Node) -> int:
    """Bytes that a layer keeps beside its input and its output: places of maxima, masks, means and deviations."""
    kind, options, x = node.layer.kind, node.layer.options, graph.shape(node.sources[0]) if node.sources else ()
    if kind in ("pool", "gmp"):
        return prod(node.shape) * INDEX
    if kind == "dropout" and options["rate"]:
        return prod(x) * BYTES
    return 2 * BYTES * _normalised(kind, options, x)


def _normalised(kind: str, options: Options, x: Shape) -> int:
    """The sets of values of one example that a norm brings to mean 0, each with its mean and its deviation."""
    if kind == "ln":
        return prod(x) // prod(normalised(options, x))
    return int(options["groups"]) if kind == "gn" else x[0] if kind == "instance" else 0
