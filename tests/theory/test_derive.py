"""H1: what ``derive`` answers, as people would write it, what it says beside it, and that no wrong step gets by."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import paribus
from paribus.errors import TheoryError
from paribus.theory.calculus import steps
from paribus.theory.calculus.rules import RULES, Rule
from paribus.theory.derivations.code import as_code
from paribus.theory.derivations.data import as_dict
from paribus.theory.derivations.latex import as_latex
from paribus.theory.derive import derive
from paribus.theory.expressions.reading import read
from paribus.theory.expressions.tree import BUILD

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


def test_what_was_inferred_is_said():
    derivation = derive("sum(log(A @ x)) + norm(y) + sum(abs(y))", "x")
    said = " ".join(derivation.assumptions)
    for sentence in ("A is a matrix (m, n)", "x is a vector (n,)", "A @ x > 0", "y is not zero", "y is nowhere 0"):
        assert sentence in said
    assert derivation.shapes == {"A": ("m", "n"), "x": ("n",), "y": ("p",)}
    assert "positive" in derive("sum(log(A @ x))", "x", {"A": "30,n"}).assumptions[-1]


@pytest.mark.parametrize("oracle", ["complex", "fd", "torch"])
def test_H1_the_oracles_agree(oracle):
    derivation = derive(
        "logdet(eye(n) + A.T @ diag(exp(y)) @ A) + norm(x - A @ softmax(z))", ["A", "y", "z"], oracle=oracle
    )
    limit = 1e-8 if oracle == "fd" else 1e-12  # differences lose digits to cancellation, the others do not
    assert derivation.max_relative_error < limit


WRONG = {
    "inv": lambda e, d: e @ d(e.args[0]) @ e,  # the sign
    "det": lambda e, d: e * BUILD["tr"](BUILD["inv"](e.args[0]).T @ d(e.args[0])),  # a transpose
    "tanh": lambda e, d: (1 - e) * d(e.args[0]),  # the square
    "norm": lambda e, d: RULES["norm"].apply(e, d) * 2,  # a factor
}


@pytest.mark.parametrize(
    ("op", "text"), [("inv", "tr(inv(X))"), ("det", "det(X)"), ("tanh", "sum(tanh(X))"), ("norm", "norm(X)")]
)
def test_H1_a_wrong_rule_is_refused_never_shown(monkeypatch, op, text):
    monkeypatch.setattr(steps, "RULES", {**RULES, op: replace(RULES[op], apply=WRONG[op])})
    with pytest.raises(TheoryError, match="internal error: the check of") as error:
        derive(text, "X")
    assert "nothing is shown" in error.value.rule
    assert isinstance(RULES[op], Rule)


def test_H1_a_wrong_answer_of_the_simplifier_is_refused(monkeypatch):
    monkeypatch.setattr(steps, "simplify", lambda expr, symmetric: 2 * expr)
    with pytest.raises(TheoryError, match="internal error: the check of 'simplify' failed"):
        derive("tr(A @ X)", "X")


def test_H1_a_wrong_normal_form_is_refused(monkeypatch):
    monkeypatch.setattr("paribus.theory.expressions.products.TRANSPOSES", {**{}, "add": lambda e: e.args[0]})
    with pytest.raises(TheoryError, match="internal error"):
        derive("tr((A + B).T @ X @ (A + B))", "X", {"A": "n,n", "B": "n,n"})


def test_torch_is_not_needed():
    code = "import sys, paribus; print(paribus.derive('x.T @ A @ x', wrt='x').gradient, 'torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "(A + A.T) @ x False"


def test_the_answer_is_a_function():
    rng = np.random.default_rng(0)
    a, x = rng.normal(size=(3, 3)), rng.normal(size=3)
    function = paribus.derive("x.T @ A @ x", wrt="x", shapes={"A": "n,n", "x": "n"}).function()
    np.testing.assert_allclose(function(A=a, x=x), (a + a.T) @ x)
    np.testing.assert_allclose(derive("mean(x**2)", "x").function()(x=x), 2 * x / 3)
    with pytest.raises(TheoryError, match="by name"):
        function(A=a)
    with pytest.raises(TheoryError, match="does not have the shape"):
        function(A=a[:2], x=x)


@pytest.mark.parametrize(
    ("text", "wrt"),
    [
        ("sum(log(1 + exp(-y * (X @ w))))", ["w", "X"]),
        ("-0.5 * logdet(S) - 0.5 * (x - m).T @ inv(S) @ (x - m)", ["S", "m"]),
        ("mean(relu(W @ x)) + alpha * norm(W)**2", ["W", "alpha"]),
        ("X.T @ X", ["X"]),
    ],
)
def test_H1_printed_code_runs_and_tests_itself(tmp_path, text, wrt):
    code = as_code(derive(text, wrt))
    file = tmp_path / "derived.py"
    file.write_text(code)
    run = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "equal to central differences" in run.stdout
    spoilt = (
        code.replace(f"def d_{wrt[0]}(", f"def unused_{wrt[0]}(") + f"\n\ndef d_{wrt[0]}(**given):\n    return 7.0\n"
    )
    file.write_text(spoilt.replace('if __name__ == "__main__":\n    test()\n', "") + "\n\ntest()\n")
    assert subprocess.run([sys.executable, str(file)], capture_output=True, check=False).returncode != 0


def test_renderings_hold_every_step_and_answer():
    derivation = derive("sum((W @ x - y)**2)", "W")
    data = as_dict(derivation)
    assert data["gradient"] == "2 * outer(W @ x - y, x)"
    assert data["verified"] is True
    assert {"rule", "before", "after", "max_relative_error"} <= set(data["steps"][0])
    assert as_latex(derivation).count("\\begin{align*}") == 2
    assert all(step.rule in str(derivation) for step in derivation.steps)
    assert "verified" in str(derivation)


MISTAKES = [
    ("x.T @", "x", {}, "cannot be read"),
    ("x^2", "x", {}, "** for a power"),
    ("A @ B", "A", {"A": "m,n", "B": "p,q"}, "@ needs equal inner sizes: A is (m, n) and B is (p, q)"),
    ("A * B", "A", {"A": "m,n", "B": "n,m"}, "* needs equal shapes: A is (m, n) and B is (n, m)"),
    ("A + b", "A", {}, "+ of a vector and a matrix is ambiguous"),
    ("det(A)", "A", {"A": "m,n"}, "det needs a square matrix: A is (m, n)"),
    ("softmax(A)", "A", {}, "softmax takes a vector: A is (m, n)"),
    ("tanhh(x)", "x", {}, "did you mean 'tanh'"),
    ("x.sum()", "x", {}, "no part of the notation"),
    ("__import__('os').system('x')", "x", {}, "no part of the notation"),
    ("A[0]", "A", {}, "no indices"),
    ("(lambda: 1)()", "x", {}, "lambda"),
    ("x @ A'", "x", {}, "A.T for the transpose"),
    ("sum(x, axis=0)", "x", {}, "no named arguments"),
    ("x.T @ A @ x", "y", {}, "no variable of this name"),
    ("x.T @ A @ x", "x", {"B": "n,n"}, "does not occur"),
    ("x.T @ A @ x", "x", {"A": "n,n,n"}, "at most two sizes"),
    ("x.T @ A @ x", "", {}, "with respect to a variable"),
    ("dx.T @ x", "x", {}, "dx is needed for the differential"),
    ("sum(log(-exp(x)))", "x", {}, "no numbers were found"),
    ("logdet(outer(x, x))", "x", {"x": "3"}, "no numbers were found"),
    ("+".join(["x"] * 700), "x", {}, "at most"),
    ("(" * 250 + "x" + ")" * 250, "x", {}, "nested too deeply"),
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


@pytest.mark.parametrize(
    ("text", "pointed"),
    [
        ("x.T @ foo(x)", "foo"),
        ("x + A", "+"),
        ("tr(A @ x)", "A @ x"),
        ("a.T @ x ^ 2", "a.T"),
        ("exp(x) * x.shape", "x.shape"),
    ],
)
def test_errors_point_at_the_column(text, pointed):
    with pytest.raises(TheoryError) as error:
        derive(text, "x")
    _, received, caret, *_ = str(error.value).splitlines()
    assert received[caret.index("^") :].startswith(pointed)


def test_a_hessian_needs_a_scalar():
    with pytest.raises(TheoryError, match=r"a Hessian needs a scalar function; this one has the shape \(m,\)"):
        derive("W @ x", "x", hessian=True)
    with pytest.raises(TheoryError, match="no oracle of this name"):
        derive("x.T @ x", "x", oracle="sympy")


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
    assert any("lam is a scalar (in a sum of scalars" in sentence for sentence in found.assumptions)
    assert len(read(ridge, {"lam": "k"}).shapes["lam"]) == 1
