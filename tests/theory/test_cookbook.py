"""H1: the Matrix Cookbook as a test. What is derived, what was published and torch's autograd are the same numbers."""

from __future__ import annotations

import re

import numpy as np
import pytest
from tests.theory.cookbook import GRADIENTS, HESSIANS, JACOBIANS
from tests.theory.namespaces import jacobian_by_columns, numpy_value, torch_gradient

from paribus.theory.derive import derive
from paribus.theory.expressions.evaluate import shape_of

SIZES = [{}, {"n": 3, "m": 4, "p": 2, "q": 2, "d": 3}, {"n": 2, "m": 3, "p": 1, "q": 3, "d": 5}]
CLOSE = {"rtol": 1e-7, "atol": 1e-9}  # float64 through inverses of condition 1e2: nine digits and more are left


def drawn(derivation, symmetric, positive, seed):
    """Sizes and values at which all functions of the table are defined: square matrices near the identity."""
    rng = np.random.default_rng(seed)
    letters = sorted({str(size) for shape in derivation.shapes.values() for size in shape})
    sizes = {letter: SIZES[seed].get(letter, 2 + place) for place, letter in enumerate(letters)}
    env = {}
    for name, shape in derivation.shapes.items():
        numbers = shape_of(shape, sizes)
        value = rng.uniform(0.3, 1.5, size=numbers) if positive or not numbers else rng.normal(size=numbers)
        if len(numbers) == 2 and shape[0] == shape[1]:
            value = 0.3 * value + 1.5 * np.eye(numbers[0])
        env[name] = value + value.T if name in symmetric else value
    return sizes, env


def derived(row, **options):
    text, wrt, _, told = row
    symmetric = told.get("symmetric", "").split(",") if "symmetric" in told else []
    shapes = {name: shape for name, shape in told.items() if name != "symmetric"}
    return derive(text, wrt, shapes, symmetric=symmetric, **options), symmetric


def names(rows):
    return [f"{text} by {wrt}" for text, wrt, _, _ in rows]


def test_H1_the_table_is_long_enough():
    assert len({(text, wrt) for text, wrt, _, _ in [*GRADIENTS, *JACOBIANS, *HESSIANS]}) >= 120


@pytest.mark.parametrize("row", GRADIENTS, ids=names(GRADIENTS))
def test_H1_gradients(row):
    text, wrt, published, _ = row
    derivation, symmetric = derived(row)
    assert derivation.verified
    positive = bool(re.search(r"log\(|sqrt\(|1 / x|diag\(x\)", text))
    for seed in (1, 2):
        sizes, env = drawn(derivation, symmetric, positive, seed)
        ours = numpy_value(derivation.answers[wrt].text, env, sizes)
        assert np.shape(ours) == np.shape(env[wrt])
        np.testing.assert_allclose(ours, numpy_value(published, env, sizes), **CLOSE)
        if "kron" not in text:
            np.testing.assert_allclose(ours, torch_gradient(text, env, wrt, sizes), **CLOSE)


@pytest.mark.parametrize("row", JACOBIANS, ids=names(JACOBIANS))
def test_H1_jacobians(row):
    text, wrt, published, _ = row
    derivation, symmetric = derived(row)
    for seed in (1, 2):
        sizes, env = drawn(derivation, symmetric, "log(" in text, seed)
        ours = numpy_value(derivation.answers[wrt].text, env, sizes)
        np.testing.assert_allclose(ours, numpy_value(published, env, sizes), **CLOSE)
        found = torch_gradient(text, env, wrt, sizes)
        by = np.ndim(env[wrt])
        np.testing.assert_allclose(ours, jacobian_by_columns(found, by) if by else found, **CLOSE)


@pytest.mark.parametrize("row", HESSIANS, ids=names(HESSIANS))
def test_H1_hessians(row):
    _, wrt, published, _ = row
    derivation, symmetric = derived(row, hessian=True)
    for seed in (1, 2):
        sizes, env = drawn(derivation, symmetric, False, seed)
        ours = numpy_value(derivation.answers[f"{wrt}, {wrt}"].text, env, sizes)
        np.testing.assert_allclose(ours, numpy_value(published, env, sizes), **CLOSE)
        np.testing.assert_allclose(ours, ours.T, **CLOSE)  # second derivatives commute
