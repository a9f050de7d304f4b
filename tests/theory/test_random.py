"""H1: random expressions. What is printed equals torch's autograd, and is read again as what it was."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from tests.theory.namespaces import jacobian_by_columns, numpy_value, torch_gradient
from tests.theory.trees import SHAPES, questions

from paribus.errors import TheoryError
from paribus.theory.derive import derive
from paribus.theory.expressions.reading import read
from paribus.theory.expressions.simplify import simplify
from paribus.theory.expressions.text import text as written

many = settings(max_examples=300, suppress_health_check=list(HealthCheck))
LETTERS = frozenset({"m", "n"})


def at_a_point(text, names, seed):
    """Values, sizes, and what torch says; None where torch says it is undefined there."""
    rng = np.random.default_rng(seed)
    sizes = dict(zip("mn", rng.permutation([2, 3, 4])[:2].tolist(), strict=True))
    draw = rng.normal if seed % 2 else lambda size: rng.uniform(0.4, 1.4, size=size)
    env = {name: np.asarray(draw(size=[sizes[letter] for letter in SHAPES[name]])) for name in names}
    return env, sizes


def torch_answer(text, env, wrt, sizes):
    try:
        value = numpy_value(text, env, sizes)
        found = torch_gradient(text, env, wrt, sizes)
    except (torch.linalg.LinAlgError, np.linalg.LinAlgError):
        return None
    if not np.all(np.isfinite(found)) or not np.all(np.isfinite(value)) or np.max(np.abs(found)) > 1e6:
        return None
    return jacobian_by_columns(found, np.ndim(env[wrt])) if np.ndim(value) and np.ndim(env[wrt]) else found


@pytest.mark.slow
@many
@given(questions())
def test_H1_random_expressions_have_the_derivative_of_torch(question):
    text, wrt, shapes = question
    assume(wrt in shapes)
    try:
        derivation = derive(text, wrt, shapes)
    except TheoryError as error:
        assert "no numbers were found" in str(error)  # noqa: PT017  (the only reason why a random expression may be refused)
        return
    for seed in range(4):
        env, sizes = at_a_point(text, shapes, seed)
        expected = torch_answer(text, env, wrt, sizes)
        if expected is not None and well_posed(text, env, sizes):
            ours = numpy_value(derivation.answers[wrt].text, env, sizes)
            # 1e-6 of the largest entry: inverses of condition 1e6 cost up to ten of float64's sixteen digits
            assert np.shape(ours) == np.shape(expected)
            assert np.max(np.abs(ours - expected)) <= 1e-6 * max(np.max(np.abs(expected)), 1e-3)


def well_posed(text, env, sizes):
    """Whether the value hardly moves when the last digits of the variables do."""
    moved = {name: value * (1 + 1e-9) for name, value in env.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one, other = numpy_value(text, env, sizes), numpy_value(text, moved, sizes)
    return bool(np.all(np.abs(one - other) <= 1e-5 * (np.abs(one) + 1e-3)))


@many
@given(questions())
def test_what_is_printed_is_read_as_what_it_was(question):
    text, _, shapes = question
    expr = read(text, shapes, sizes=LETTERS).expr
    used = {name: shape for name, shape in shapes.items() if name in expr.names}
    again = read(written(expr), used, sizes=LETTERS).expr
    assert again == expr or written(again) == written(expr)


@many
@given(questions())
def test_simplified_means_the_same(question):
    text, _, shapes = question
    expr = read(text, shapes, sizes=LETTERS).expr
    short = simplify(expr)
    env, sizes = at_a_point(text, shapes, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            one, other = numpy_value(text, env, sizes), numpy_value(written(short), env, sizes)
        except np.linalg.LinAlgError:
            return
    if np.all(np.isfinite(one)) and well_posed(text, env, sizes):
        np.testing.assert_allclose(other, one, rtol=1e-6, atol=1e-8)


@pytest.mark.slow
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(questions())
def test_H1_random_hessians_have_symmetric_second_derivatives(question):
    text, wrt, shapes = question
    assume(wrt in shapes and not read(text, shapes).expr.shape)
    try:
        derivation = derive(text, wrt, shapes, hessian=True)
    except TheoryError as error:
        assert "no numbers were found" in str(error) or "cannot be written" in str(error)  # noqa: PT017
        return
    env, sizes = at_a_point(text, shapes, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = numpy_value(derivation.answers[f"{wrt}, {wrt}"].text, env, sizes)
        except np.linalg.LinAlgError:
            return
    if np.all(np.isfinite(found)) and well_posed(text, env, sizes):
        scale = max(np.max(np.abs(found)), 1e-3)
        assert np.max(np.abs(found - np.transpose(found))) <= 1e-5 * scale
