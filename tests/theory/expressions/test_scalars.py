"""Which lower-case names are scalars: their company decides."""

from __future__ import annotations

import pytest

from paribus.theory.derive import derive
from paribus.theory.expressions.reading import read


@pytest.mark.parametrize(
    ("text", "ranks"),
    [
        ("norm(X @ w - y)**2 + lam * norm(w)**2", {"lam": 0, "w": 1, "y": 1}),
        ("-n / 2 * log(6.28) - 0.5 * logdet(S)", {"n": 0}),
        ("x.T @ x + exp(-2 * t)", {"t": 0, "x": 1}),
        ("u * (v.T @ w)", {"u": 1}),  # a vector times a scalar is as likely
        ("u * norm(v) + 1", {"u": 1}),
        ("sum(c) + c", {"c": 1}),  # stands where vectors stand
        ("sum(x) + softmax(x)", {"x": 1}),
    ],
)
def test_a_lower_case_name_in_a_sum_of_scalars_is_a_scalar(text, ranks):
    shapes = read(text).shapes
    assert {name: len(shapes[name]) for name in ranks} == ranks


def test_a_scalar_by_its_company_is_said_and_can_be_declared_otherwise():
    ridge = "norm(X @ w - y)**2 + lam * norm(w)**2"
    found = derive(ridge, "w")
    assert found.gradient == "2 * (X.T @ (X @ w - y) + lam * w)"
    assert "lam scalar" in found.read
    assert len(read(ridge, {"lam": "k"}).shapes["lam"]) == 1
