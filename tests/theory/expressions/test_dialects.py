"""Other people's spellings give the gradient of the same formula in NumPy's, and a sentence is refused."""

from __future__ import annotations

import pytest

from paribus.errors import TheoryError
from paribus.theory.derive import derive
from paribus.theory.expressions.dialects import plain
from paribus.theory.expressions.reading import read
from paribus.theory.expressions.text import text

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
    ("x.A.x", "x.T @ A @ x", "x"),
    (r"\norm{Ax - b}_2^2", "norm(A @ x - b)**2", "x"),
    ("‖x‖_3", "sum(abs(x)**3)**(1/3)", "x"),
    ("wᵀ1", "sum(w)", "w"),
    (r"\begin{cases} x^2 & x > 0 \\ 0 & \text{otherwise} \end{cases} + x^2", "where(x > 0, x**2, 0) + x**2", "x"),
    ("F.mse_loss(A @ x, b, reduction='sum')", "sum((A @ x - b)**2)", "x"),
    ("np.sum(np.clip(x, 0, None))", "sum(maximum(x, 0))", "x"),
    ("sum(abs(A(:)))", "sum(abs(A))", "A"),
    (r"\sum_{i,j} A_{ij}x_ix_j", "x.T @ A @ x", "x"),
    (r"\mathbf{1}_n^\top \tanh((I_n + A)x)", "sum(tanh((eye(n) + A) @ x))", "A"),
    ("sum(tanh((diag(n) + A) %*% x))", "sum(tanh((eye(n) + A) @ x))", "A"),
    ("y^T L^{-T} L^{-1} y", "y.T @ inv(L).T @ inv(L) @ y", "L"),
    ("x.A.x/x.x", "x.T @ A @ x / (x.T @ x)", "x"),
    ("np.vdot(A, B @ A)", "sum(A * (B @ A))", "A"),
    ("F.kl_div(A @ x, y, reduction='sum')", "sum(y * (log(y) - A @ x))", "x"),
    (r"\sqrt[3]{y} + \tan^{-1} x", "y**(1/3) + arctan(x)", "x"),
    ("sum(sum(X*W, 1).^2)", "sum(sum(X @ W, axis=0)**2)", "W"),
    (r"J = \sum_i (h(x_i) - y_i)^2, h(x) = w^T x", "Σᵢ (wᵀxᵢ − yᵢ)²", "w"),
    (
        r"\sum_{i,j} (R_{ij} - u_i^T v_j)^2 + \|U\|_F^2 + \|V\|_F^2",
        "norm(R - U @ V.T)**2 + norm(U)**2 + norm(V)**2",
        "U",
    ),
]

STATEMENTS = [  # names for parts, as they are put in
    "z = X @ w; r = z - y; r @ r",
    "r = X @ w - y\nloss = r @ r",
    "def f(w):\n    r = X @ w - y\n    return r @ r",
    r"\hat{y} = Xw, \quad L = \|\hat{y} - y\|^2",
    "L = ‖ŷ − y‖² where ŷ = Xw",
    r"\hat{w} = \operatorname*{arg\,min}_{w \in \mathbb{R}^n} \|Xw - y\|^2",
    "lambda w: np.sum((X @ w - y)**2)",
    "f = @(w) norm(X*w - y)^2",
    "D[(X.w - y).(X.w - y), w]",
]

UNREAD = [  # and what to write instead
    (r"\mathbb{E}[x^2 \mid y]", "mean over data"),
    (r"\int x^2 dx", "write its value"),
    (r"\max_i (a_i^T x)", "max(A @ x + b)"),
    (r"\sum_{i<j} x_i x_j", "Σᵢ Σⱼ"),
    (r"\min_x x^T x \text{ s.t. } Ax = b", "Lagrangian"),
    ("f(x) + x.T @ x", "write the formula of f"),
    ("x_i A_{ij} x_j", "entries stand within a sum: Σ_{i,j}"),
    (r"-\log \frac{\exp(x^\top k/\tau)}{\sum_{i=1}^m \exp(x^\top k_i/\tau)}", "another letter"),
    ("log(softmax(x)[3])", "unit vector"),
    ("x^T A x 2", "numbers stand in front"),
    (r"\max_{\|u\| \le 1} u^T x", "Danskin"),
    ("f'(x) + x", "formula of the function"),
    ("sum(sum(X*W).^2) + x", "axis=0"),
    ("sofmax(A @ x) @ y", "write softmax(A @ x) @ y"),
    ("norm(A @ x - b", "write norm(A @ x - b)"),
    ("x[i] * A[i,j] * x[j]", "write Σ_{i,j} x_{i} * A_{ij} * x_{j}"),
    ("exp(-‖x − y‖²/2s²)", "write exp(-‖x − y‖²/(2*s²))"),
    ("x^t A x", "write xᵀ A x"),
    ("A x = b", "‖A x - (b)‖²"),
    ("x if x > 0 else 0", "write where(x > 0, x, 0)"),
    ("x[0]**2 + x[1]", "write x_0**2 + x_1"),
    ("(x, Ax)", "write ⟨x, Ax⟩"),
    (r"\sum_{i=2}^n x_i^2", "mask of ones"),
    (r"\sum_{i=1}^n \sum_{j=1}^{i} x_i x_j", "mask of ones"),
    (r"A_{i\cdot} x", "unit vector"),
    (r"\frac{e^{x_i}}{\sum_j e^{x_j}}", "for all of them"),
    ("log(exp(x_1) + ... + exp(x_n))", "with its sign"),
    ("e^2x", "e^(2x)"),
    (r"A^\dagger x", "full column rank"),
]

READ = [  # and what was read
    ("sin x cos x + sin y (1 + x)", "sin(x) * cos(x) + sin(y) * (1 + x)"),
    (r"\tan x \sec^2 x", "tan(x) / cos(x)**2"),
    ("√x y", "sqrt(x) * y"),
    (r"\frac n2 \log x + \frac{1}{2} y", "n / 2 * log(x) + y / 2"),
    (r"{a \over b + 1} x", "a / (b + 1) * x"),
    ("Spur(X^T A X)", "tr(X.T @ A @ X)"),
    (r"tc^Tx - \sum_i \log x_i", "t * (c.T @ x) - sum(log(x))"),
    (r"(\boldsymbol\mu - \mathbf{x})^T \boldsymbol\Sigma^{-1} y", "(mu - x).T @ inv(Sigma) @ y"),
    ("sum((y - (w*x + b))**2)", "sum((y - w * x - b)**2)"),
    ("t(x) %*% A %*% x + x %*% y", "x.T @ A @ x + x @ y"),
    ("Σᵢ₌₁ⁿ xᵢ²", "sum(x**2)"),
    ("log_3(x) + sgn(y)", "log(x) / log(3) + sign(y)"),
    ("rowSums(X) + np.average(x, weights=y)", "sum(X, axis=1) + sum(x * y) / sum(y)"),
]

OTHERWISE = [  # what NumPy and others, or the letters, mean differently, and what is said of it
    ("norm(A)", "A", "largest singular value"),
    ("tr(exp(A))", "A", "of each entry"),
    ("dot(A, B)", "A", "as in NumPy"),
    ("sum(sum((X - mu).^2))", "mu", "every entry"),
    ("|x| + A y", "x", "each entry"),
]


@pytest.mark.parametrize(("typed", "numpy", "wrt"), SAME)
def test_the_same_formula_has_the_same_gradient_and_is_read_twice(typed, numpy, wrt):
    found = derive(typed, wrt)
    assert found.gradient == derive(numpy, wrt).gradient
    assert found.second.startswith("read twice")


@pytest.mark.parametrize("typed", STATEMENTS)
def test_names_for_parts_and_what_stands_around_leave_one_formula(typed):
    assert derive(typed, "w").gradient == derive("norm(X @ w - y)**2", "w").gradient


def test_a_name_that_is_the_variable_stays_though_it_is_said_what_it_is():
    assert derive("z = X @ w; L = z @ z", "z").gradient == "2 * z"


@pytest.mark.parametrize(("typed", "numpy"), READ)
def test_what_is_typed_is_read_as_what_it_is_in_numpy(typed, numpy):
    first, second = read(typed), read(numpy)
    assert {key: len(shape) for key, shape in first.shapes.items()} == {
        key: len(shape) for key, shape in second.shapes.items()
    }
    assert text(first.expr) == text(second.expr)


@pytest.mark.parametrize(("typed", "wrt", "said"), OTHERWISE)
def test_what_numpy_and_others_mean_differently_is_said(typed, wrt, said):
    assert any(said in doubt for doubt in read(typed, wrt=[wrt]).doubts)


def test_formulas_of_statements_have_no_needless_brackets():
    typed = "mu = mean(x); r = x - mu; s = r @ r; loss = s / 2 + log(s)"
    assert plain(typed).text == "((x - mean(x)) @ (x - mean(x))) / 2 + log((x - mean(x)) @ (x - mean(x)))"
    assert plain("z = W @ x + b; a = tanh(z); L = 0.5 * sum((a - y)**2)").text == "0.5 * sum((tanh(W @ x + b) - y)**2)"


def test_letters_that_are_printed_bold_are_vectors():
    assert read(r"\boldsymbol{\mu} + \mathbf{w}").shapes == {"mu": ("n",), "w": ("n",)}
    assert read("μ + w").shapes == {"mu": (), "w": ()}


@pytest.mark.parametrize(("typed", "said"), UNREAD)
def test_what_is_no_formula_says_what_to_write(typed, said):
    with pytest.raises(TheoryError) as error:
        derive(typed, "x")
    assert said in str(error.value)


def test_cases_without_an_end_are_refused():
    with pytest.raises(TheoryError, match="everywhere else"):
        plain(r"\begin{cases} x & x > 0 \\ 0 & y < 0 \end{cases}")


def test_a_bias_beside_rows_of_data_is_one_number():
    found = derive("np.sum(np.maximum(0, 1 - y * (X @ w + b)))", "w")
    assert found.shapes["b"] == ()
    assert any("b is read as a scalar" in doubt for doubt in found.doubts)


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
