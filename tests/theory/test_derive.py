"""H1: what ``derive`` answers, as people would write it, what it says beside it, and its mistakes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from paribus.errors import TheoryError
from paribus.theory.derive import derive

NEAT = [  # the answers that a textbook gives, letter by letter
    ("x.T @ A @ x", "x", "(A + A.T) @ x"),
    ("a.T @ x", "x", "a"),
    ("sum((W @ x - y)**2)", "W", "2 * outer(W @ x - y, x)"),
    ("sum((W @ x - y)**2)", "x", "2 * W.T @ (W @ x - y)"),
    ("norm(A @ x - b)**2", "x", "2 * A.T @ (A @ x - b)"),
    ("tr(X.T @ C @ X)", "X", "(C + C.T) @ X"),
    ("logdet(X)", "X", "inv(X).T"),
    ("det(X)", "X", "det(X) * inv(X).T"),
    ("logdet(X @ X.T)", "X", "2 * inv(X @ X.T) @ X"),
    ("tr(A @ X @ B)", "X", "A.T @ B.T"),
    ("norm(x)", "x", "x / norm(x)"),
    ("logsumexp(z) - y.T @ z", "z", "softmax(z) - y"),
    ("-y.T @ log(softmax(W @ x))", "W", "outer(sum(y) * softmax(W @ x) - y, x)"),
    ("sum(log(1 + exp(-y * (X @ w))))", "w", "-X.T @ (y * sigmoid(-y * (X @ w)))"),
    ("sum(A * X * X)", "X", "2 * A * X"),
    ("tanh(W @ x)", "x", "diag(1 - tanh(W @ x)**2) @ W"),
    ("softmax(W @ x)", "x", "(diag(softmax(W @ x)) - outer(softmax(W @ x), softmax(W @ x))) @ W"),
    ("sum(x)", "x", "ones(n)"),
    ("tr(X)", "X", "eye(n)"),
    ("mean(x)", "x", "ones(n) / n"),
    ("sum(relu(x))", "x", "heaviside(x, 0)"),
    ("alpha * norm(x)**2", "alpha", "norm(x)**2"),
]


@pytest.mark.parametrize(("text", "wrt", "answer"), NEAT)
def test_H1_answers_are_as_in_the_textbook(text, wrt, answer):
    assert derive(text, wrt).gradient == answer


def test_H1_matrix_functions_have_a_differential_and_a_jacobian():
    answers = derive("inv(X)", "X").gradient
    assert answers == {"df": "-inv(X) @ dX @ inv(X)", "X": "-kron(inv(X).T, inv(X))"}


def test_symmetric_matrices_lose_their_transposes():
    assert derive("x.T @ A @ x", "x", symmetric=["A"]).gradient == "2 * A @ x"
    assert derive("0.5 * (x - m).T @ inv(S) @ (x - m)", "x", symmetric=["S"]).gradient == "inv(S) @ (x - m)"
    with pytest.raises(TheoryError, match="square"):
        derive("x.T @ A @ y", "x", {"A": "m,n"}, symmetric=["A"])


def test_columns_are_matrices_of_one_column():
    assert derive("x.T @ A @ x", "x", {"x": "n,1"}).gradient == "(A + A.T) @ x"
    outer = derive("tr(A @ x @ x.T)", "x", {"x": "n,1"})
    assert outer.shapes["x"] == ("n", 1)
    assert outer.gradient == "(A + A.T) @ x"


def test_several_variables_have_an_answer_each():
    derivation = derive("a.T @ sigmoid(W @ tanh(C @ x))", ["W", "C", "x"])
    assert list(derivation.gradient) == ["W", "C", "x"]
    assert {step.note for step in derivation.steps} == {"W varies", "C varies", "x varies"}
    assert list(derive("x.T @ A @ y", "x,y", hessian=True).gradient) == ["x, x", "x, y", "y, y"]


def test_every_step_carries_its_error_and_the_rules_their_names():
    derivation = derive("logdet(X @ X.T)", "X")
    assert derivation.verified
    assert all(step.max_relative_error <= derivation.max_relative_error < 1e-10 for step in derivation.steps)
    rules = [step.rule for step in derivation.steps]
    assert rules[0] == "differential of a log-determinant"
    assert {"product rule", "cyclic trace", "transpose in a trace"} <= set(rules)
    assert derive("det(X)", "X").steps[0].rule == "Jacobi's formula"


def test_steps_are_what_a_lecturer_writes():
    lines = [(step.rule, str(step.before), str(step.after)) for step in derive("x.T @ A @ x", "x").steps]
    assert lines == [
        ("product rule", "d(x.T @ A @ x)", "dx.T @ A @ x + x.T @ A @ dx"),
        ("a scalar is its own transpose", "dx.T @ A @ x", "(A @ x).T @ dx"),
        ("a scalar is its own transpose", "x.T @ A @ dx", "(A.T @ x).T @ dx"),
        ("simplify", "A @ x + A.T @ x", "(A + A.T) @ x"),
        ("read off the gradient", "d(x.T @ A @ x)", "((A + A.T) @ x).T @ dx"),
    ]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("sum(log(1 - sigmoid(X @ w)))", ()),
        ("sum(log(2 - sigmoid(w) - tanh(w)))", ()),
        ("sum(1 / (1 - tanh(w)**2))", ()),
        ("sum(log(1 - 2*sigmoid(w)))", ("1 - 2 * sigmoid(w) > 0",)),
        ("sum(log(1 - w**2))", ("1 - w**2 > 0",)),
    ],
)
def test_what_holds_by_itself_is_not_assumed(expression, said):
    assert tuple(derive(expression, "w").assumptions) == said


def test_what_was_inferred_is_said():
    derivation = derive("sum(log(A @ x)) + norm(y) + sum(abs(y))", "x,y")
    assert derivation.read == ("A matrix m × n", "x vector n", "y vector p")
    said = " ".join(derivation.assumptions)
    for sentence in ("A @ x > 0", "y is not zero", "y is nowhere 0"):
        assert sentence in said
    assert derivation.shapes == {"A": ("m", "n"), "x": ("n",), "y": ("p",)}
    assert "positive" in derive("sum(log(A @ x))", "x", {"A": "30,n"}).assumptions[-1]


def test_torch_is_not_needed():
    code = "import sys, paribus; print(paribus.derive('x.T @ A @ x', wrt='x').gradient, 'torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "(A + A.T) @ x False"


MISTAKES = [
    ("x.T @", "x", {}, "cannot be read"),
    ("x^2 + A @ y", "x", {}, "norm(x)**2"),
    ("A @ B", "A", {"A": "m,n", "B": "p,q"}, "@ needs equal inner sizes: A is (m, n) and B is (p, q)"),
    ("A * B", "A", {"A": "m,n", "B": "n,m"}, "* needs equal shapes: A is (m, n) and B is (n, m)"),
    ("A.T * x", "A", {}, "* of a vector and a matrix is ambiguous"),
    ("det(A)", "A", {"A": "m,n"}, "det needs a square matrix: A is (m, n)"),
    ("softmax(A)", "A", {}, "softmax takes a vector: A is (m, n)"),
    ("tanhh(x)", "x", {}, "did you mean 'tanh'"),
    ("x.sort()", "x", {}, "no part of the notation"),
    ("__import__('os').system('x')", "x", {}, "no part of the notation"),
    ("A[0]", "A", {}, "no indices"),
    ("(lambda: 1)()", "x", {}, "lambda"),
    ("sum(x, out=0)", "x", {}, "no named arguments"),
    ("x.T @ A @ x", "y", {}, "no variable of this name"),
    ("x.T @ A @ x", "x", {"B": "n,n"}, "does not occur"),
    ("x.T @ A @ x", "x", {"A": "n,n,n,n,n"}, "at most four sizes"),
    ("x.T @ A @ x", "", {}, "with respect to a variable"),
    ("dx.T @ x", "x", {}, "dx is needed for the differential"),
    ("sum(log(-exp(x)))", "x", {}, "no numbers were found"),
    ("logdet(outer(x, x))", "x", {"x": "3"}, "no numbers were found"),
    ("+".join(["x"] * 700), "x", {}, "at most"),
    ("(" * 250 + "x" + ")" * 250, "x", {}, "nested at most 60"),
    ("-" * 90 + "x", "x", {}, "nested at most"),
    ("1e300 * x", "x", {}, "1e-12 and 1e12"),
    ("x if x else x", "x", {}, "no part of the notation"),
    ("tr(kron(A, B))", "A", {}, "a gradient through kron cannot be written"),
    ("kron(A, B) @ x", "A", {}, "the Jacobian of kron cannot be written"),
    ("", "x", {}, "an expression is needed"),
]


@pytest.mark.parametrize(("text", "wrt", "shapes", "said"), MISTAKES, ids=[mistake[3] for mistake in MISTAKES])
def test_a_mistake_is_one_clear_message(text, wrt, shapes, said):
    with pytest.raises(TheoryError) as error:
        derive(text, wrt, shapes)
    assert said in str(error.value)


def test_a_hessian_needs_a_scalar():
    with pytest.raises(TheoryError, match=r"a Hessian needs a scalar function; this one has the shape \(m,\)"):
        derive("W @ x", "x", hessian=True)
    with pytest.raises(TheoryError, match="no oracle of this name"):
        derive("x.T @ x", "x", oracle="sympy")
