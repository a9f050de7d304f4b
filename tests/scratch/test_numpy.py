"""Tensors behave as people who know NumPy and torch expect, and errors say what to do."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from paribus.scratch import (
    GradientError,
    ScratchError,
    ShapeError,
    Tensor,
    concatenate,
    grad,
    nn,
    no_grad,
    optim,
    stack,
)
from paribus.scratch.protocol import UFUNCS

RANDOM = np.random.default_rng(0)
ONE = sorted((f for f in UFUNCS if f.nin == 1), key=lambda f: f.__name__)
TWO = sorted((f for f in UFUNCS if f.nin == 2 and f is not np.matmul), key=lambda f: f.__name__)
TORCH = {"absolute": "abs", "power": "pow", "float_power": "pow", "divide": "div"}


def twin(function, *arrays):
    """Value and gradients of the sum, by torch."""
    leaves = [torch.tensor(array, requires_grad=True) for array in arrays]
    y = getattr(torch, TORCH.get(function.__name__, function.__name__))(*leaves)
    y.sum().backward()
    return y.detach().numpy(), [leaf.grad.numpy() for leaf in leaves]


@pytest.mark.parametrize("function", [*ONE, *TWO], ids=lambda f: f.__name__)
def test_functions_of_numpy_have_torchs_values_and_gradients(function):
    arrays = [RANDOM.uniform(0.2, 2, (3, 4)) for _ in range(function.nin)]
    leaves = [Tensor(array, requires_grad=True) for array in arrays]
    y = function(*leaves)
    y.sum().backward()
    value, gradients = twin(function, *arrays)
    np.testing.assert_allclose(y.data, value, rtol=1e-12)
    for leaf, gradient in zip(leaves, gradients, strict=True):
        np.testing.assert_allclose(leaf.grad, gradient, rtol=1e-10, atol=1e-14)


def test_arrays_on_the_left_ask_the_tensor():
    a, t = np.ones((2, 3)), Tensor(np.ones((2, 3)), requires_grad=True)
    assert all(isinstance(y, Tensor) for y in (a + t, a - t, a * t, a / t, a**t, a @ t.T, np.float64(2) * t))


@pytest.mark.parametrize("function", [np.sort, np.linalg.inv, np.cumsum, np.arctan, np.add.reduce, np.floor])
def test_what_has_no_gradient_is_refused_and_says_what_to_do(function):
    with pytest.raises(GradientError, match=r"take t\.data"):
        function(Tensor(np.eye(2), requires_grad=True))


def test_numpys_reductions_and_joints():
    t = Tensor(RANDOM.normal(size=(2, 3)), requires_grad=True)
    for function in (np.sum, np.mean, np.var, np.std, np.max, np.min):
        for axis in (None, 0, 1):
            y = function(t, axis=axis)
            assert isinstance(y, Tensor)
            np.testing.assert_allclose(y.data, function(t.data, axis=axis), rtol=1e-12)
    assert np.concatenate([t, t], 1).shape == concatenate([t, t], 1).shape == concatenate(t, t, axis=1).shape == (2, 6)
    assert np.stack([t, t]).shape == stack([t, t]).shape == (2, 2, 3)
    assert concatenate([t, t]).shape == (4, 3)
    (g,) = grad(concatenate([t, 3 * t]).sum(), [t])
    assert (g == 4).all()
    assert np.ravel(t).shape == t.flatten().shape == (6,)


def test_one_number():
    loss = Tensor(2.5, requires_grad=True) * 2
    assert float(loss) == 5.0
    assert int(loss) == 5
    assert f"{loss:.3f}" == "5.000"
    assert f"{Tensor([1.0, 2.5]):.2f}" == "[1.00 2.50]"
    assert f"{loss}" == str(loss)
    assert bool(loss > 4)
    with pytest.raises(ShapeError, match=r"take \.sum\(\)"):
        float(Tensor([1.0, 2.0]))


def test_numbers():
    t = Tensor([[1.0, -3.0], [2.0, 0.5]], requires_grad=True)
    assert t.argmax() == 2
    assert t.argmax(1).tolist() == [0, 0]
    assert t.argmin(0).tolist() == [0, 0]
    assert t.tolist() == [[1.0, -3.0], [2.0, 0.5]]
    assert t.abs().data.tolist() == abs(t).data.tolist() == np.abs(t.data).tolist()
    assert np.asarray(t).dtype == float
    assert t.numpy() is not t.data


def test_a_tensor_owns_its_numbers():
    numbers = np.ones(3)
    t = Tensor(numbers, requires_grad=True)
    numbers[0] = 7
    assert t.data[0] == 1
    assert np.shares_memory(t.detach().data, t.data)


@pytest.mark.parametrize(
    "loss",
    [
        lambda a, b, c: ((a + b) * c).sum(),
        lambda a, b, c: (a + b + c).sum(),
        lambda a, b, c: (a - b).sum() + c.mean(),
        lambda a, b, c: stack([a, b, c]).sum(),
        lambda a, b, c: (a.T + b.T + c.reshape(3, 2)).sum(),
        lambda a, b, c: concatenate([a, b]).sum() + c[0].sum(),
    ],
)
def test_gradients_lie_in_memory_of_their_own(loss):
    def made():
        tensors = [Tensor(np.full((2, 3), float(i)), requires_grad=True) for i in (1, 2, 3)]
        return tensors, loss(*tensors)

    leaves, y = made()
    y.backward()
    before = [x.grad.copy() for x in leaves]
    for i, x in enumerate(leaves):
        x.grad *= 0.5  # writable, and of nobody else
        for j, other in enumerate(leaves):
            assert np.array_equal(other.grad, before[j] * (0.5 if j <= i else 1.0))
    gradients = grad(*reversed(made()))
    assert all(g.flags.writeable for g in gradients)
    assert not any(np.shares_memory(a, b) for i, a in enumerate(gradients) for b in gradients[:i])


def test_a_seed_stays_its_owners():
    a, seed = Tensor([1.0, 2.0], requires_grad=True), np.ones(2)
    (a + 1).backward(seed)
    a.grad *= 0
    assert seed.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0, 2.0, -1.0])
@pytest.mark.parametrize("base", [0.0, 0.5, 2.0])
def test_powers_by_their_exponent_as_torch_has_them(base, exponent):
    with np.errstate(divide="ignore", invalid="ignore"):
        p = Tensor(exponent, requires_grad=True)
        (Tensor(base) ** p).backward()
    q = torch.tensor(exponent, requires_grad=True, dtype=torch.float64)
    (torch.tensor(base, dtype=torch.float64) ** q).backward()
    np.testing.assert_equal(p.grad, q.grad.numpy())


def test_optimizers_as_torch_writes_them():
    net = nn.Affine(2, 1, rng=0, dtype=float)
    optimizer = optim.Adam(net.parameters(), 0.1)
    assert isinstance(optimizer, optim.Optimizer)
    assert optimizer.rule == optim.Adam(0.1)
    assert optim.SGD([Tensor(1.0, requires_grad=True)], lr=0.5).rule == optim.SGD(0.5)
    with pytest.raises(ScratchError, match="SGD has no setting momentum; it has lr, decay"):
        optim.SGD(net.parameters(), lr=0.1, momentum=0.9)


def test_a_step_by_hand():
    w = Tensor([1.0, 2.0], requires_grad=True)
    (w * w).sum().backward()
    same = w
    with pytest.raises(GradientError, match="no_grad"):
        w -= 0.1 * w.grad
    with no_grad():
        w -= 0.1 * w.grad
    assert w is same
    np.testing.assert_allclose(w.data, [0.8, 1.6])
    y = w * 2
    y += 1  # what was computed is another node from here on
    assert isinstance(y, Tensor)
    with pytest.raises(GradientError, match="where"):
        w[0] = 1.0
