"""Test functions: closed gradients against autograd and differences, values against SciPy and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der

from paribus.scratch import Tensor, grad, numerical_gradient
from paribus.scratch.surfaces import SURFACES, bowl

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("name", SURFACES)
@pytest.mark.parametrize("n", [1, 2, 5])
def test_three_ways_to_the_gradient_agree(name: str, n: int) -> None:
    surface = bowl(30.0, 25.0, n) if name == "quadratic" else SURFACES[name]
    if surface.dimensions not in (None, n) or (name == "rosenbrock" and n == 1):
        pytest.skip(f"{name} has other dimensions")
    points = RNG.uniform(-3, 3, (6, n))
    leaf = Tensor(points, requires_grad=True)
    (auto,) = grad(surface(leaf).sum(), [leaf])
    closed = surface.gradient(points)
    numeric = np.stack([numerical_gradient(lambda x: float(surface(x)), point) for point in points])
    np.testing.assert_allclose(closed, auto, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(closed, numeric, rtol=1e-6, atol=1e-5)  # second-order differences


@pytest.mark.parametrize("name", SURFACES)
def test_values_come_in_any_batch(name: str) -> None:
    surface = SURFACES[name]
    points = RNG.uniform(-2, 2, (3, 4, surface.dimensions or 2))
    values = surface(points)
    assert values.shape == (3, 4)
    np.testing.assert_allclose(values[1, 2], surface(points[1, 2]), rtol=1e-14)
    np.testing.assert_allclose(surface(Tensor(points)).data, values, rtol=1e-14)


def test_rosenbrock_is_scipys() -> None:
    points = RNG.normal(size=(5, 4))
    np.testing.assert_allclose(SURFACES["rosenbrock"](points), [rosen(x) for x in points])
    np.testing.assert_allclose(SURFACES["rosenbrock"].gradient(points), [rosen_der(x) for x in points])


def test_the_bowl_has_the_condition_that_was_asked_for() -> None:
    surface = bowl(50.0, 30.0)
    hessian = surface.gradient(np.eye(2))
    np.testing.assert_allclose(np.linalg.eigvalsh(hessian), [1, 50], rtol=1e-12)
    steep = np.array([-np.sin(np.pi / 6), np.cos(np.pi / 6)])  # the second axis, turned by 30 degrees
    np.testing.assert_allclose(hessian @ steep, 50 * steep, rtol=1e-12)


@pytest.mark.parametrize("name", ["schwefel", "ackley", "eggholder"])
def test_roots_have_a_slope_at_zero(name: str) -> None:
    """Without care √|x| makes the gradient at 0 not a number."""
    leaf = Tensor(np.array([[0.0, 0.0], [47.0, 0.0], [94.0, -94.0]]), requires_grad=True)
    (auto,) = grad(SURFACES[name](leaf).sum(), [leaf])
    assert np.isfinite(auto).all()
    assert np.isfinite(SURFACES[name].gradient(leaf.data)).all()
