"""Every row of the table of operations, and random graphs made of them, against finite differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paribus.scratch import Tensor, check_gradients, concatenate, einsum, grad, maximum, minimum, ops, stack, where
from paribus.scratch.nn import functional as F
from paribus.scratch.ops.convolution import Grid

TOLERANCE = 1e-6
MASK = np.arange(12).reshape(3, 4) % 3 == 0
GRID = Grid((2, 1), (1, 2), 2)
WINNERS = {"kernel": (2, 2), "grid": Grid((1, 2), (1, 1))}

# name: (function, shapes of its inputs); inputs are drawn from [0.3, 1.7] where marked positive
OPERATIONS: dict[str, tuple[Callable[..., Tensor], list[tuple[int, ...]]]] = {
    "add": (lambda a, b: a + b, [(3, 4), (4,)]),
    "add number": (lambda a: 2 + a, [(3, 4)]),
    "subtract": (lambda a, b: a - b, [(3, 1), (1, 4)]),
    "subtract from": (lambda a: 1 - a, [(3, 1)]),
    "multiply": (lambda a, b: a * b, [(2, 3, 4), (3, 1)]),
    "divide, positive": (lambda a, b: a / b, [(3, 4), (4,)]),
    "divide into, positive": (lambda a: 1 / a, [(3, 4)]),
    "power, positive": (lambda a, b: a**b, [(3, 4), (3, 1)]),
    "square": (lambda a: a**2, [(3, 4)]),
    "power of number": (lambda a: 2.0**a, [(3, 4)]),
    "maximum": (lambda a, b: maximum(a, b), [(3, 4), (4,)]),
    "minimum": (lambda a, b: minimum(a, b), [(3, 4), (3, 4)]),
    "where": (lambda a, b: where(MASK, a, b), [(3, 4), (4,)]),
    "negative": (lambda a: -a, [(3,)]),
    "exp": (lambda a: a.exp(), [(3, 4)]),
    "log, positive": (lambda a: a.log(), [(3, 4)]),
    "log1p, positive": (lambda a: ops.log1p(a), [(3, 4)]),
    "sqrt, positive": (lambda a: a.sqrt(), [(3, 4)]),
    "absolute": (lambda a: abs(a), [(3, 4)]),
    "sin": (lambda a: ops.sin(a), [(3, 4)]),
    "cos": (lambda a: ops.cos(a), [(3, 4)]),
    "tanh": (lambda a: a.tanh(), [(3, 4)]),
    "sigmoid": (lambda a: a.sigmoid(), [(3, 4)]),
    "softplus": (lambda a: ops.softplus(a), [(3, 4)]),
    "erf": (lambda a: ops.erf(a), [(3, 4)]),
    "relu": (lambda a: a.relu(), [(3, 4)]),
    "clip": (lambda a: ops.clip(a, low=-0.5, high=0.7), [(3, 4)]),
    "leaky relu": (lambda a: F.leaky_relu(a, 0.1), [(3, 4)]),
    "elu": (lambda a: F.elu(a, 0.7), [(3, 4)]),
    "silu": (F.silu, [(3, 4)]),
    "gelu": (F.gelu, [(3, 4)]),
    "gelu tanh": (F.gelu_tanh, [(3, 4)]),
    "reshape": (lambda a: a.reshape(2, -1), [(3, 4)]),
    "transpose": (lambda a: a.transpose(2, 0, 1), [(2, 3, 4)]),
    "swapaxes": (lambda a: a.swapaxes(-1, 0), [(2, 3, 4)]),
    "T": (lambda a: a.T, [(3, 4)]),
    "broadcast": (lambda a: ops.broadcast_to(a, shape=(2, 3, 4)), [(3, 1)]),
    "slice": (lambda a: a[1:, ::2], [(3, 4)]),
    "newaxis": (lambda a: a[:, None, -1], [(3, 4)]),
    "rows, repeated": (lambda a: a[np.array([0, 2, 2])], [(3, 4)]),
    "mask": (lambda a: a[MASK], [(3, 4)]),
    "scatter": (lambda a: ops.scatter(a, key=np.array([0, 2, 2]), shape=(4, 2)), [(3, 2)]),
    "pad": (lambda a: ops.pad(a, widths=((1, 0), (2, 3)), value=0.5), [(3, 4)]),
    "concatenate": (lambda a, b: concatenate(a, b, axis=-1), [(3, 4), (3, 2)]),
    "stack": (lambda a, b: stack(a, b, axis=1), [(3, 4), (3, 4)]),
    "sum": (lambda a: a.sum(), [(3, 4)]),
    "sum axis": (lambda a: a.sum(axis=(0, -1)), [(2, 3, 4)]),
    "sum kept": (lambda a: a.sum(axis=1, keepdims=True), [(2, 3, 4)]),
    "mean": (lambda a: a.mean(axis=0), [(3, 4)]),
    "var": (lambda a: a.var(axis=0, correction=1), [(5, 2)]),
    "max": (lambda a: a.max(axis=1), [(3, 4)]),
    "min": (lambda a: a.min(), [(3, 4)]),
    "logsumexp": (lambda a: ops.logsumexp(a, axis=1), [(3, 4)]),
    "softmax": (lambda a: F.softmax(a, 0), [(3, 4)]),
    "log softmax": (lambda a: F.log_softmax(a), [(3, 4)]),
    "standardize": (lambda a: ops.standardize(a, axis=(0, 2), eps=0.1), [(4, 3, 2)]),
    "matmul": (lambda a, b: a @ b, [(3, 4), (4, 2)]),
    "matmul, batch": (lambda a, b: a @ b, [(2, 1, 3, 4), (5, 4, 2)]),
    "vector matrix": (lambda a, b: a @ b, [(4,), (4, 2)]),
    "matrix vector": (lambda a, b: a @ b, [(2, 3, 4), (4,)]),
    "vector vector": (lambda a, b: a @ b, [(4,), (4,)]),
    "affine": (lambda a, w, b: ops.affine(a, w, b), [(2, 3, 4), (4, 2), (2,)]),
    "einsum": (lambda a, b: einsum("bij,bjk->bik", a, b), [(2, 3, 4), (2, 4, 5)]),
    "einsum, three": (lambda a, b, c: einsum("ij,jk,kl->il", a, b, c), [(2, 3), (3, 4), (4, 2)]),
    "einsum, implicit": (lambda a, b: einsum("ij,jk", a, b), [(2, 3), (3, 4)]),
    "einsum, ellipsis": (lambda a, b: einsum("...ij,...j->...i", a, b), [(2, 3, 4), (4,)]),
    "einsum, diagonal": (lambda a: einsum("iji->ij", a), [(3, 4, 3)]),
    "einsum, trace": (lambda a: einsum("ii", a), [(3, 3)]),
    "einsum, lone": (lambda a, b: einsum("ij,kl->i", a, b), [(2, 3), (4, 5)]),
    "convolution": (lambda x, w: ops.convolve(x, w, grid=GRID), [(2, 4, 6, 7), (6, 2, 3, 2)]),
    "transposed convolution": (
        lambda g, w: ops.conv_transpose(g, w, size=(7, 6), grid=GRID),
        [(2, 6, 3, 4), (6, 2, 3, 2)],
    ),
    "weight gradient": (lambda x, g: ops.match(x, g, kernel=(3, 2), grid=GRID), [(2, 4, 7, 6), (2, 6, 3, 4)]),
    "max pool": (lambda x: ops.max_pool(x, **WINNERS), [(2, 3, 4, 5)]),
    "place": (
        lambda g: ops.place(g, winners=np.arange(8).reshape(1, 2, 2, 2) % 4, size=(3, 4), **WINNERS),
        [(1, 2, 2, 2)],
    ),
    "cross-entropy": (lambda z: ops.cross_entropy(z, np.array([0, 3, 1])), [(3, 4)]),
    "attention": (F.attention, [(2, 3, 4), (2, 5, 4), (2, 5, 2)]),
}


def inputs_of(name: str, shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    rng = np.random.default_rng(7)
    return [rng.uniform(0.3, 1.7, s) if "positive" in name else rng.normal(size=s) for s in shapes]


@pytest.mark.parametrize("name", OPERATIONS)
def test_rule_equals_finite_differences(name: str) -> None:
    function, shapes = OPERATIONS[name]
    for checked in check_gradients(function, *inputs_of(name, shapes)):
        assert checked.error < TOLERANCE


@pytest.mark.parametrize("name", OPERATIONS)
def test_second_derivatives_equal_finite_differences_of_the_first(name: str) -> None:
    function, shapes = OPERATIONS[name]

    def slope(*tensors: Tensor) -> Tensor:
        weighted = function(*tensors).tanh()  # makes the first gradient depend on the inputs
        parts = grad((weighted * weighted).sum(), tensors, create_graph=True)
        return sum((part.sum() for part in parts), start=0.0 * tensors[0].sum())  # type: ignore[arg-type]

    for checked in check_gradients(slope, *inputs_of(name, shapes)):
        assert checked.error < TOLERANCE


UNARY: list[Callable[[Tensor], Tensor]] = [
    lambda a: a.tanh(),
    lambda a: a.sigmoid(),
    lambda a: ops.softplus(a),
    lambda a: ops.sin(a),
    lambda a: a.T,
    lambda a: a.mean(axis=0, keepdims=True),
    lambda a: F.softmax(a),
    lambda a: a.reshape(-1)[None, :3],
]
BINARY: list[Callable[[Tensor, Tensor], Tensor]] = [
    lambda a, b: a + b.sum(),
    lambda a, b: a * b.mean(axis=0)[:1],
    lambda a, b: a / (b[:1, :1] ** 2 + 1),
    lambda a, b: a @ a.T @ a * 0.1 - b[:1, :1],
    lambda a, b: einsum("ij,kl->il", a, b),
    lambda a, b: concatenate(a, b.sum(axis=1, keepdims=True).T[:, :1] + a[:1] * 0, axis=0),
]


def random_graph(choices: list[tuple[int, int, int]], *inputs: Tensor) -> Tensor:
    """Each choice applies one operation to nodes made before, some of them several times."""
    nodes = list(inputs)
    for operation, first, second in choices:
        a, b = nodes[first % len(nodes)], nodes[second % len(nodes)]
        function: Any = [*UNARY, *BINARY][operation % (len(UNARY) + len(BINARY))]
        nodes.append(function(a) if function in UNARY else function(a, b))
    return sum((node.tanh().sum() for node in nodes), start=nodes[0].sum())


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 13), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=8))
def test_random_graphs_equal_finite_differences(choices: list[tuple[int, int, int]]) -> None:
    rng = np.random.default_rng(len(choices))
    inputs = [rng.normal(size=(2, 3)), rng.normal(size=(3, 3))]
    for checked in check_gradients(lambda *tensors: random_graph(choices, *tensors), *inputs):
        assert checked.error < TOLERANCE


shapes = st.lists(st.integers(1, 3), min_size=0, max_size=3).map(tuple)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(shapes, st.data())
def test_broadcasting_is_undone(shape: tuple[int, ...], data: st.DataObject) -> None:
    thin = tuple(data.draw(st.sampled_from([1, n])) for n in shape)[data.draw(st.integers(0, len(shape))) :]
    rng = np.random.default_rng(0)
    for checked in check_gradients(lambda a, b: a * b, rng.normal(size=shape), rng.normal(size=thin)):
        assert checked.error < TOLERANCE
        assert checked.analytic.shape == checked.numerical.shape


def test_gradients_of_tensors_and_of_arrays_are_checked_alike():
    x = np.array([0.3, -1.2])
    both = [check_gradients(lambda x: (x * x).sum(), given)[0] for given in (x, Tensor(x))]
    assert both[0].error == both[1].error < 1e-9
    assert np.array_equal(both[0].analytic, both[1].analytic)
