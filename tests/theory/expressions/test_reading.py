"""What was read is said, doubts with their switches; and a second reading that shares nothing with the first."""

from __future__ import annotations

import ast
import inspect

import numpy as np
import pytest

from paribus.errors import TheoryError
from paribus.theory.derive import derive
from paribus.theory.expressions import second
from paribus.theory.expressions.reading import read


@pytest.mark.parametrize(
    ("text", "wrt", "said"),
    [
        ("x.T @ A @ x", "x", ["x vector n", "A square matrix n × n"]),
        ("1/(2*m) * sum((X @ theta - y)**2)", "theta", ["m scalar", "X matrix n × p", "theta vector p", "y vector n"]),
        ("‖y − Xβ‖² + λ‖β‖²", "β", ["y vector m", "X matrix m × n", "beta vector n", "lambda_ scalar"]),
        ("C * sum(max(0, 1 - y * (X @ w))) + w.T @ w", "w", ["C scalar", "y vector m", "X matrix m × n", "w vector n"]),
    ],
)
def test_what_was_read_is_printed_first(text, wrt, said):
    found = derive(text, wrt)
    assert list(found.read) == said
    lines = str(found).splitlines()
    assert lines[4] == f"read    {', '.join(said)}"


@pytest.mark.parametrize(
    ("text", "wrt", "doubt"),
    [
        ("x @ x.T", "x", "outer(x, x)"),
        ("sum((X + b)**2)", "b", "b[:, None]"),
        ("tr(X^2)", "X", "X**2"),
        ("det(AXB)", "X", "--shape A=m,n"),
        ("c * norm(v) + 1", "c", "--shape c="),
        ("‖Ax − b‖", "x", "--shape Ax=…"),
        ("std(x)", "x", "ddof=1"),
        ("log|X|", "X", "determinant"),
    ],
)
def test_a_doubt_names_what_changes_it(text, wrt, doubt):
    assert any(doubt in sentence for sentence in read(text, wrt=[wrt]).doubts)


@pytest.mark.parametrize(
    ("text", "offered"), [("norm(A - x @ x.T)**2", "outer(x, x)"), ("logdet(A + x @ x.T)", "--shape x=n,1")]
)
def test_an_outer_product_that_numpy_makes_a_number_is_not_added_to_a_matrix(text, offered):
    with pytest.raises(TheoryError, match="one number for a vector") as error:
        derive(text, "x")
    assert offered in str(error.value)
    assert derive(text, "x", {"x": "n,1"}).verified


def test_I_is_the_identity_of_the_size_that_fits():
    assert derive("norm(I - X)**2", "X").gradient == "2 * (X - eye(n))"
    assert derive("tr(I) * sum(x)", "x").gradient == "n * ones(m)"
    assert derive("I @ x", "x").gradient == "eye(n)"
    assert derive("x.T @ (A + lam * I) @ x", "x").verified
    with pytest.raises(TheoryError, match="no variable of this name"):
        derive("I @ x", "I")


def test_both_readings_agree_before_anything_is_derived(monkeypatch):
    monkeypatch.setitem(second.PROGRAM, "norm", lambda x, ord=None: np.sum(abs(x)))  # another meaning of the same text
    with pytest.raises(TheoryError, match="two ways that give different numbers"):
        derive("norm(x)**2", "x")


def test_the_second_reading_shares_no_code_with_the_first():
    imported = {
        name.split(".")[0]
        if not (name := getattr(node, "module", None) or node.names[0].name).startswith("paribus")
        else name
        for node in ast.walk(ast.parse(inspect.getsource(second)))
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }
    assert not any(name.startswith("paribus") for name in imported)


@pytest.mark.parametrize("order", [None, 1, 2, np.inf, "nuc", "fro"])
def test_its_norms_are_those_of_numpy(order):
    rng = np.random.default_rng(0)
    for shape in [(3, 5), (4, 4), (6, 2)]:
        x = rng.normal(size=shape)
        np.testing.assert_allclose(second.PROGRAM["norm"](x, order), np.linalg.norm(x, order), rtol=1e-9)
