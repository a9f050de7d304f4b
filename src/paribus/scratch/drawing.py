"""Draw a graph as SVG: from the leaves on the left to the result on the right, with values and gradients if small."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from paribus.scratch import svg
from paribus.scratch.backward import history, pull_back
from paribus.scratch.errors import ScratchError
from paribus.scratch.graph import Array, Node
from paribus.scratch.tensor import Tensor

WIDTH, HEIGHT, GAP_X, GAP_Y = 150, 62, 56, 18
LEAF, COMPUTED = "#fff3d6", "#e3effa"
MOST, LONGEST = 200, 20  # boxes drawn of one graph, characters in a line of a box


def draw(y: Tensor, seed: Any = None) -> str:
    """An SVG picture of how y was computed; each box shows name or operation, value, and ∂⟨seed, y⟩/∂value."""
    nodes = _nodes(y)
    if len(nodes) > MOST:
        raise ScratchError(f"the graph has {len(nodes)} nodes, too many to be read; at most {MOST} are drawn")
    gradients = pull_back(y, nodes, seed if y.size == 1 or seed is not None else np.ones_like(y.data))
    places = _places(nodes)
    edges = [_edge(places[x], places[node]) for node in nodes for x in _sources(node)]
    boxes = [part for node in nodes for part in _box(node, places[node], gradients.get(node))]
    right, bottom = (max(place[i] for place in places.values()) for i in (0, 1))
    return svg.document(right + WIDTH / 2 + 12, bottom + HEIGHT / 2 + 12, edges + boxes, "computation graph")


def _nodes(y: Node) -> list[Node]:
    """Leaves first, then all steps in their order; constants that are no tensors are left out."""
    steps = history(y)
    found = dict.fromkeys(x for node in steps for x in _sources(node) if x.step is None)
    return [*found, *steps] or [y]


def _sources(node: Node) -> list[Node]:
    return [x for x in node.step.inputs if isinstance(x, Node)] if node.step else []


def _places(nodes: list[Node]) -> dict[Node, svg.Point]:
    """Column: the longest way from a leaf (a leaf stands just before its first use). Row: first come, first served."""
    column: dict[Node, int] = {}
    for node in nodes:
        column[node] = 1 + max((column[x] for x in _sources(node)), default=-1)
    for leaf in (node for node in nodes if not node.step):
        column[leaf] = min((column[node] for node in nodes if leaf in _sources(node)), default=1) - 1
    rows: dict[int, int] = defaultdict(int)
    places = {}
    for node in nodes:
        x, row = column[node], rows[column[node]]
        rows[x] += 1
        places[node] = (12 + WIDTH / 2 + x * (WIDTH + GAP_X), 12 + HEIGHT / 2 + row * (HEIGHT + GAP_Y))
    return places


def _edge(start: svg.Point, end: svg.Point) -> str:
    (x0, y0), (x1, y1) = (start[0] + WIDTH / 2, start[1]), (end[0] - WIDTH / 2, end[1])
    path = f"M{x0:.0f} {y0:.0f}"
    if x1 - x0 > GAP_X:  # between the rows, so as not to run behind boxes
        lane = min(y0, y1) + (HEIGHT + GAP_Y) / 2
        path += _bend(x0, y0, x0 + GAP_X, lane) + f" L{x1 - GAP_X:.0f} {lane:.0f}"
        x0, y0 = x1 - GAP_X, lane
    return f'<path d="{path}{_bend(x0, y0, x1, y1)}" fill="none" stroke="#999"/>'


def _bend(x0: float, y0: float, x1: float, y1: float) -> str:
    """A curve that starts and ends level."""
    middle = (x0 + x1) / 2
    return f" C{middle:.0f} {y0:.0f} {middle:.0f} {y1:.0f} {x1:.0f} {y1:.0f}"


def _box(node: Node, place: svg.Point, gradient: Array | None) -> list[str]:
    x, y = place
    title = " · ".join(filter(None, [node.name, node.step.primitive.name if node.step else ""])) or "leaf"
    grad = "" if gradient is None else f"grad {_numbers(gradient)}"
    return [
        svg.box(x, y, WIDTH, HEIGHT, COMPUTED if node.step else LEAF),
        svg.text(x, y - 14, title, more='font-weight="bold"'),
        svg.text(x, y + 4, _numbers(node.data)),
        svg.text(x, y + 20, grad, more='fill="#d55e00"'),
    ]


def _numbers(array: Array) -> str:
    """The numbers of a small array, the shape of one whose numbers would not fit into a box."""
    text = np.array2string(array, precision=3, separator=" ", suppress_small=True, threshold=9).replace("\n", "")
    return text if len(text) <= LONGEST else "×".join(map(str, array.shape))
