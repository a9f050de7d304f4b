"""The walk backward: accumulation, higher orders, types, errors."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
import torch

from paribus.scratch import GradientError, ShapeError, Tensor, grad, no_grad, numerical_gradient


def test_a_node_used_twice_gets_the_sum() -> None:
    x = Tensor(3.0, requires_grad=True)
    y = x * x + x
    (y * y).backward()
    assert x.grad == pytest.approx(2 * 12 * 7)


def test_backward_adds_to_what_is_there() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    for _ in range(3):
        (x * x).sum().backward()
    np.testing.assert_array_equal(x.grad, [6.0, 12.0])


def test_shared_gradients_are_never_changed_in_place() -> None:
    a, b = Tensor([1.0], requires_grad=True), Tensor([1.0], requires_grad=True)
    (a + b).sum().backward()
    (a * 5.0).sum().backward()
    assert (a.grad, b.grad) == (6.0, 1.0)


def test_what_is_not_used_has_gradient_zero() -> None:
    x, unused = Tensor([1.0], requires_grad=True), Tensor([1.0, 2.0], requires_grad=True)
    np.testing.assert_array_equal(grad(x.sum(), [unused])[0], [0.0, 0.0])


def test_gradients_of_nodes_within() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    h = x * 3.0
    np.testing.assert_array_equal(grad((h * h).sum(), [h, x])[0], [6.0, 12.0])


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_higher_orders_equal_torch(order: int) -> None:
    point = np.array([0.3, -0.7, 1.1])
    x, t = Tensor(point, requires_grad=True), torch.tensor(point, requires_grad=True)
    y, u = ((x.tanh() * x.exp()).sum() ** 2), ((t.tanh() * t.exp()).sum() ** 2)
    for _ in range(order):
        y = (grad(y, [x], create_graph=True)[0] * np.array([1.0, 2.0, 3.0])).sum()
        u = (torch.autograd.grad(u, t, create_graph=True)[0] * torch.tensor([1.0, 2.0, 3.0])).sum()
    assert y.item() == pytest.approx(u.item(), rel=1e-12)


def test_hessian_vector_product_equals_torch() -> None:
    rng = np.random.default_rng(0)
    w, v, a = rng.normal(size=(3, 4)), rng.normal(size=(3, 4)), rng.normal(size=(5, 3))
    x, t = Tensor(w, requires_grad=True), torch.tensor(w, requires_grad=True)
    (g,) = grad(((a @ x).sigmoid() ** 3).sum(), [x], create_graph=True)
    (ours,) = grad((g * v).sum(), [x])
    (tg,) = torch.autograd.grad(((torch.tensor(a) @ t).sigmoid() ** 3).sum(), t, create_graph=True)
    (theirs,) = torch.autograd.grad((tg * torch.tensor(v)).sum(), t)
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-12)


def test_deep_graphs_need_no_recursion() -> None:
    x = Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(20_000):
        y = y + x
    y.backward()
    assert x.grad == 20_001


def test_a_graph_is_freed_without_the_garbage_collector() -> None:
    gc.disable()
    try:
        x = Tensor(np.ones(10), requires_grad=True)
        y = (x * 2.0).sum()
        y.backward()
        data = weakref.ref(y.step.inputs[0].data)  # type: ignore[union-attr]
        del y
        assert data() is None
    finally:
        gc.enable()


def test_no_grad_remembers_nothing() -> None:
    x = Tensor([1.0], requires_grad=True)
    with no_grad():
        y = x * 2.0
    assert y.step is None
    with pytest.raises(GradientError, match="no_grad"):
        y.backward()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_types_are_kept(dtype: type) -> None:
    x = Tensor(np.ones((2, 3), dtype), requires_grad=True)
    y = ((x * 2.5 + 1) / 3 - 0.1) ** 2
    z = y.tanh().sigmoid().relu().mean(axis=0).sum() + (x.max(axis=0).sum() + abs(x).log().exp().sqrt().var()) * 0.5
    z.backward()
    assert z.dtype == dtype
    assert x.grad is not None
    assert x.grad.dtype == dtype


def test_integers_become_float64() -> None:
    assert Tensor([1, 2]).dtype == np.float64


def test_arrays_on_the_left() -> None:
    x = Tensor(np.ones(3), requires_grad=True)
    for y in (np.arange(3.0) * x, np.arange(3.0) + x, np.arange(3.0) / x, np.eye(3) @ x, np.arange(3.0) - x):
        assert isinstance(y, Tensor)


def test_ties_share_the_gradient() -> None:
    x = Tensor([1.0, 2.0, 2.0], requires_grad=True)
    x.max().backward()
    np.testing.assert_array_equal(x.grad, [0.0, 0.5, 0.5])


def test_power_zero_at_zero() -> None:
    x = Tensor([0.0, 2.0], requires_grad=True)
    (x**0).sum().backward()
    np.testing.assert_array_equal(x.grad, [0.0, 0.0])


def test_errors_name_operation_and_shapes() -> None:
    a, b = Tensor(np.ones((2, 3))), Tensor(np.ones((4, 5)))
    with pytest.raises(ShapeError, match=r"(?s)matmul.*\(2, 3\) and \(4, 5\)"):
        a @ b
    with pytest.raises(ShapeError, match=r"(?s)add.*\(2, 3\) and \(4, 5\)"):
        a + b
    with pytest.raises(GradientError, match=r"\(2, 3\)"):
        grad(Tensor(np.ones((2, 3)), requires_grad=True) * 2.0, [])


def test_numerical_gradient() -> None:
    np.testing.assert_allclose(numerical_gradient(lambda x: float((x**3).sum()), np.array([1.0, 2.0])), [3, 12], 1e-8)


def test_repr_tells_the_operation() -> None:
    x = Tensor([1.0], requires_grad=True)
    assert repr(x * 2.0) == "Tensor([2.], made by multiply)"
    assert repr(x) == "Tensor([1.], requires_grad)"


def test_gradients_have_the_type_of_their_leaf() -> None:
    x = Tensor(np.ones(2, np.float32), requires_grad=True)
    (x * np.ones(2)).sum().backward()
    assert x.grad is not None
    assert x.grad.dtype == np.float32
