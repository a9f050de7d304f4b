"""Derivatives without rules, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from paribus.theory.derivations.differences import by_columns, central, complex_step, jacobian


@pytest.mark.parametrize(("along", "error"), [(complex_step, 1e-14), (central, 1e-10)])
def test_jacobians_have_the_shape_of_the_value_before_that_of_the_variable(along, error):
    rng = np.random.default_rng(0)
    A, X = rng.normal(size=(4, 3)), rng.normal(size=(3, 2))
    found = jacobian(lambda X: A @ X, X, along)
    np.testing.assert_allclose(found, np.einsum("ik,jl->ijkl", A, np.eye(2)), atol=error)
    np.testing.assert_allclose(by_columns(found, 2), np.kron(np.eye(2), A), atol=error)  # vec(A X) = (I ⊗ A) vec(X)
    np.testing.assert_allclose(jacobian(np.exp, 0.5, along), np.exp(0.5), rtol=error)
