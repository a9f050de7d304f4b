"""Other people's spellings give the gradient of the same formula in NumPy's, and a sentence is refused."""

from __future__ import annotations

import pytest

from paribus.errors import TheoryError
from paribus.theory.derive import derive
from paribus.theory.expressions.dialects import plain

SAME = [  # as others type it, in NumPy's notation, the variable
    ("0.5*x'*A*x - b'*x", "0.5 * x.T @ A @ x - b.T @ x", "x"),
    ("sum((A*x-b).^2)", "sum((A @ x - b)**2)", "x"),
    ("sum(x ./ y)", "sum(x / y)", "x"),
    ("sum(exp.(A*x))", "sum(exp(A @ x))", "x"),
    (r"a'*(X\b)", "a.T @ inv(X) @ b", "X"),
    ("sum(diag(A %*% solve(X)))", "sum(diag(A @ inv(X)))", "X"),
    ("Log[Det[X]]", "logdet(X)", "X"),
    ("L(w) = ||y - Xw||^2", "norm(y - X @ w)**2", "w"),
    (r"\[ \|Xw - y\|_2^2 \]", "norm(X @ w - y)**2", "w"),
    ("sum_i a_i x_i", "a.T @ x", "x"),
    (r"\sum_{i,j} A_{ij} x_i x_j", "x.T @ A @ x", "x"),
    ("-Σₖ yₖ log(softmax(z)ₖ)", "-y.T @ log(softmax(z))", "z"),
    ("𝐱ᵀ𝐀𝐱", "x.T @ A @ x", "x"),
    ("vec(X)ᵀvec(Y)", "tr(X.T @ Y)", "X"),
    ("np.einsum('i,ij,j', x, A, x)", "einsum('i,ij,j->', x, A, x)", "x"),
    ("torch.mm(A, X).sum()", "sum(A @ X)", "X"),
]


@pytest.mark.parametrize(("typed", "numpy", "wrt"), SAME)
def test_the_same_formula_has_the_same_gradient_and_is_read_twice(typed, numpy, wrt):
    found = derive(typed, wrt)
    assert found.gradient == derive(numpy, wrt).gradient
    assert found.second.startswith("read twice")


def test_what_a_star_means_is_told_by_the_text():
    assert [plain(text).linear for text in ("A * x + B @ x", "sum(A * x)", "x' * A * x", "norm(X, 'fro')")] == [
        0,
        1,
        2,
        1,
    ]
    assert derive("sum(A * B)", "A").gradient == "B"
    assert derive("tr(A * B)", "A").gradient == "B.T"
    assert any("entry by entry" in doubt for doubt in derive("tr(A * B)", "A").doubts)
    assert any("product A @ x" in doubt for doubt in derive("sum(A * x)", "A").doubts)
    with pytest.raises(TheoryError, match="ambiguous"):
        derive("sum(A * x) + sum(B @ x)", "A")


@pytest.mark.parametrize("typed", ["∂/∂x xᵀAx", r"\nabla_x xᵀAx", "gradient of xᵀAx with respect to x", r"\min_x xᵀAx"])
def test_what_stands_around_a_formula_names_the_variable(typed):
    assert derive(typed).wrt == ("x",)


def test_a_sum_goes_on_as_long_as_its_index_does():
    found = derive("Σᵢ yᵢ + aᵢ xᵢ", "x")
    assert found.gradient == "a"
    assert any("brackets say otherwise" in doubt for doubt in found.doubts)


def test_a_mean_is_known_by_its_bar():
    assert derive("Σᵢ (xᵢ − x̄)²", "x").gradient == derive("sum((x - mean(x))**2)", "x").gradient


@pytest.mark.parametrize("typed", ["norm of A x squared", "x times the trace of A"])
def test_a_sentence_is_refused(typed):
    with pytest.raises(TheoryError, match="not a sentence"):
        derive(typed, "x")


def test_an_index_that_stands_twice_is_refused():
    with pytest.raises(TheoryError, match="stands within"):
        derive("Σᵢ (yᵢ − Xw)ᵢ", "w")


def test_names_are_the_same_with_and_without_a_line_below():
    assert derive("½‖W₂ tanh(W₁x) − y‖²", "W1").wrt == derive("½‖W₂ tanh(W₁x) − y‖²", "W_1").wrt == ("W_1",)
