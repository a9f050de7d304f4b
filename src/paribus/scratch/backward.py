"""Reverse mode: walk back through the steps, newest first, and let every rule take the gradient one step further."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from paribus.scratch.errors import GradientError, ShapeError
from paribus.scratch.graph import Array, Node, array_of


def grad(y: Node, wrt: Sequence[Node], seed: Any = None, create_graph: bool = False) -> list[Any]:
    """∂⟨seed, y⟩/∂x for each x in ``wrt``; without ``seed`` y must be one number and the result is ∂y/∂x.

    The results are arrays. With ``create_graph`` they are nodes like y, with a history of their own, so that they
    can be differentiated again. What y does not depend on has gradient zero.
    """
    found = pull_back(y, wrt, seed, create_graph)
    return [found[x] if x in found else _like(y, np.zeros_like(x.data), create_graph) for x in wrt]


def pull_back(y: Node, wanted: Iterable[Node], seed: Any = None, create_graph: bool = False) -> dict[Node, Any]:
    """Gradients of ⟨seed, y⟩ with respect to those of the ``wanted`` nodes that y depends on."""
    wanted, order = set(wanted), history(y)
    on_the_way = _leading_to(wanted, order)
    found: dict[Node, Any] = {y: _like(y, _seed(y, seed), create_graph)}
    summed: set[Node] = set()  # nodes whose gradient is a sum of our own, which may grow in place
    for node in reversed(order):
        if node not in on_the_way or node not in found:
            continue
        g = found[node] if node in wanted else found.pop(node)
        for x, gx in _inputs_with_gradients(node, g, on_the_way, create_graph):
            if x not in found:
                found[x] = gx
            elif x in summed and not create_graph:
                found[x] += gx
            else:
                found[x] = found[x] + gx
                summed.add(x)
    kept = {x: found[x] for x in wanted if x in found}
    return kept if create_graph else _own(kept)


def _own(found: dict[Node, Array]) -> dict[Node, Array]:
    """The same gradients, each in memory of its own: rules may hand out one array twice, or a view of one."""
    taken = set[int]()
    for x, g in found.items():
        if id(g) in taken or g.base is not None or not g.flags.writeable:
            found[x] = g = np.array(g)
        taken.add(id(g))
    return found


def history(y: Node) -> list[Node]:
    """Every computed node that y depends on, y included, oldest first. No recursion: graphs may be deep."""
    seen, waiting = {y}, [y]
    while waiting:
        node = waiting.pop()
        parents = _parents(node)
        waiting += [x for x in parents if x not in seen]
        seen.update(parents)
    return sorted((node for node in seen if node.step), key=lambda node: node.step.number if node.step else -1)


def leaves(y: Node) -> list[Node]:
    """The nodes y depends on that were not computed, in the order in which they were first used."""
    found = {x: None for node in history(y) for x in _parents(node) if x.step is None}
    return list(found) if y.step else [y]


def unbroadcast(g: Any, shape: tuple[int, ...]) -> Any:
    """Sum ``g`` over the axes along which an input of ``shape`` was repeated: broadcasting, transposed.

    y = x + 0 with x repeated n times along an axis has ∂y/∂x = (1, …, 1)ᵀ, hence gᵀ∂y/∂x = Σ g.
    """
    if g.shape == shape:
        return g
    extra = g.ndim - len(shape)
    repeated = [extra + i for i, n in enumerate(shape) if n == 1 and g.shape[extra + i] > 1]
    return g.sum(axis=(*range(extra), *repeated), keepdims=True).reshape(shape)


def _like(y: Node, numbers: Array, create_graph: bool) -> Any:
    """The numbers, as a node of y's kind where gradients become part of a graph."""
    return y.of(numbers, None) if create_graph else numbers


def _inputs_with_gradients(node: Node, g: Any, on_the_way: set[Node], create_graph: bool) -> list[tuple[Node, Any]]:
    """The inputs of one step that need a gradient, each with what this step contributes to it."""
    assert node.step is not None
    operation, inputs, settings, _ = node.step
    needed = [i for i, x in enumerate(inputs) if isinstance(x, Node) and x.requires_grad and x in on_the_way]
    given = inputs if create_graph else tuple(map(array_of, inputs))
    products = operation.vjp(needed, g, node if create_graph else node.data, given, settings)
    return [(inputs[i], unbroadcast(gx, inputs[i].data.shape)) for i, gx in zip(needed, products, strict=True)]


def _leading_to(wanted: set[Node], order: list[Node]) -> set[Node]:
    """The nodes between ``wanted`` and the result; nothing else needs a gradient."""
    reached = set(wanted)
    for node in order:
        if not reached.isdisjoint(_parents(node)):
            reached.add(node)
    return reached


def _parents(node: Node) -> list[Node]:
    return [x for x in node.step.inputs if isinstance(x, Node) and x.requires_grad] if node.step else []


def _seed(y: Node, seed: Any) -> Array:
    """What the walk starts with: ∂L/∂y."""
    if not y.requires_grad:
        raise GradientError("y does not depend on anything that requires a gradient; was it computed under no_grad?")
    if seed is None:
        if y.data.size != 1:
            raise GradientError(f"without a seed y must be a single number, not of shape {y.data.shape}: sum it first")
        return np.ones_like(y.data)
    start = np.array(array_of(seed), y.data.dtype)
    if start.shape != y.data.shape:
        raise ShapeError("grad", [start.shape, y.data.shape], "the seed must have the shape of y")
    return start
