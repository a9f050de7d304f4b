"""The proof itself: wrong formulas are refused, and print follows the text."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from paribus.errors import TheoryError
from paribus.reports.derivation import as_html
from paribus.theory.derivations.data import as_dict
from paribus.theory.derivations.latex import as_latex
from paribus.theory.derivations.text import as_text
from paribus.theory.networks import LAYERS, dense, layer
from paribus.theory.networks.code import as_code
from paribus.theory.networks.numbers import parse_array, read_values, shown
from paribus.theory.networks.pieces import ACTIVATIONS, Activation
from paribus.theory.networks.program import Line, Program, gradient, updated
from paribus.theory.networks.proof import prove
from paribus.theory.networks.writing import Writer, inlined, substituted


def program(text: str, of: str = "W") -> Program:
    return Program(
        forward=(Line("y", "tanh(W @ x)"), Line("L", "sum(y**2)")),
        backward=(Line("d", text, "a rule", gradient(of)),),
        draw=lambda rng: {"W": rng.normal(size=(3, 2)), "x": rng.normal(size=2)},
    )


def test_a_right_formula_is_proved():
    assert prove(program("outer(2 * y * (1 - y**2), x)")).error < 1e-14


@pytest.mark.parametrize(
    "text",
    [
        "outer(2 * y * (1 - y), x)",
        "outer(2 * y * (1 - y**2), x).T",
        "outer(2 * y * (1 - y**2), x) * (1 + 3e-6)",
        "sum(outer(2 * y * (1 - y**2), x), 0)",
        "outer(y, x) / 0",
        "0 * W",
    ],
)
def test_a_wrong_formula_is_refused(text):
    with pytest.raises(TheoryError, match="nothing is shown"):
        prove(program(text))


def test_a_net_with_a_wrong_derivative_is_refused(monkeypatch):
    monkeypatch.setitem(ACTIVATIONS, "tanh", Activation("tanh({z})", "(1 - {h})"))
    with pytest.raises(TheoryError, match="nothing is shown"):
        dense("2-2-1")
    assert dense("2-2-1", hidden="sigmoid").verified


def test_a_layer_with_a_wrong_gradient_is_refused(monkeypatch):
    module = sys.modules["paribus.theory.networks.convolution"]  # the package has a function of the same name
    monkeypatch.setattr(module, "_filter_gradient", lambda *_: "correlate(X, flip(dY)) + 1e-5")
    with pytest.raises(TheoryError, match="dF = correlate"):
        layer("conv2d")


def test_a_forward_pass_that_differs_from_its_reference_is_refused():
    wrong = Program(
        forward=(Line("L", "sum(x)"),), backward=(), draw=lambda rng: {"x": np.ones(2)}, reference=lambda v: {"L": 3.0}
    )
    with pytest.raises(TheoryError, match="nothing is shown"):
        prove(wrong)


def test_one_use_of_a_variable_is_told_from_all():
    both = Program(
        forward=(Line("a", "w * x"), Line("L", "a * w")),
        backward=(
            Line("first", "x * w", "", gradient("w", at="a")),
            Line("second", "a", "", gradient("w", at="L")),
            Line("dw", "first + second", "", gradient("w")),
            Line("w'new", "w - eta * dw", "", updated("w")),
        ),
        draw=lambda rng: {"w": rng.normal(), "x": rng.normal(), "eta": 0.1},
    )
    assert prove(both).error < 1e-14


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("W.T @ d * (1 - h**2)", r"\left(W^{\top} \, d\right) \odot \left(1 - h^{2}\right)"),
        ("a * x", r"a \, x"),
        ("(a + 1) / (a * a)", r"\frac{a + 1}{a \, a}"),
        ("h1_2**2", r"\left(h^{(1)}_{2}\right)^{2}"),
        ("outer(d, h)", r"d\, h^{\top}"),
        ("correlate(W, W, stride=2, padding=1)", r"W \star_{s=2, p=1} W"),
        ("(x > 0) * x", r"[x > 0] \odot x"),
        ("-(a - a)", r"-\left(a - a\right)"),
        ("a - (a - a)", r"a - \left(a - a\right)"),
        ("x[..., None]", "x"),
        ("dW", r"\frac{\partial L}{\partial W}"),
        ("yhat1 - lambda1", r"\hat{y}_{1} - \lambda_{1}"),
        ("1e-05 + a", "10^{-5} + a"),
    ],
)
def test_print(text, latex):
    values = {"W": np.eye(2), "d": np.ones(2), "h": np.ones(2), "x": np.ones(2), "a": 2.0, "h1_2": 1.0}
    assert Writer({}, lambda words: eval(words, {}, values)).latex(text.replace("lambda1", "mu1")) == latex.replace(
        r"\lambda", r"\mu"
    )


def test_definitions_are_put_in_and_numbers_too():
    assert inlined({"z": "w * x", "h": "tanh(z)", "L": "(h - y)**2"}, "L") == "(tanh(w * x) - y) ** 2"
    assert substituted("w * x + b", {"w": 0.5, "x": -2.0, "b": 1e-9}) == "0.5·(-2) + 1e-09"


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_renders_in_every_way(name):
    found = layer(name)
    assert found.verified
    assert "verified" in as_text(found)
    assert as_latex(found).count(r"\begin{align*}") == 2
    assert r"\texttt" not in as_latex(found)
    assert "<math" in as_html(found)
    assert as_dict(found)["verified"]


def test_latex_of_nets_has_no_double_exponents():
    latex = as_latex(dense("3-4-2", "tanh", "softmax", "cross-entropy"))
    assert ")}^" not in latex.replace(r")}}^{\text{new}}", "").replace(r"^{(1)}}^", "")
    assert "}}^{2}" not in latex


def test_layers_by_name():
    with pytest.raises(TheoryError, match="did you mean 'conv2d'"):
        layer("conv2")
    with pytest.raises(TheoryError, match="it takes input, rate, seed, upstream"):
        layer("dropout", stride=2)
    assert layer("conv2d", input=[[1, 2], [3, 4]], filter=[[1]]).shapes["F"] == (1, 1)


def test_matrices_typed_and_in_files(tmp_path):
    assert parse_array("3 4 5; 2 1 -3").tolist() == [[3, 4, 5], [2, 1, -3]]
    assert parse_array("1, 2, 3").tolist() == [1, 2, 3]
    expected = [[1.5, 2.0], [3.0, -4.0]]
    np.save(tmp_path / "x.npy", expected)
    (tmp_path / "x.json").write_text(str(expected))
    (tmp_path / "x.csv").write_text("1.5,2\n3,-4\n")
    for kind in ("npy", "json", "csv"):
        assert parse_array(str(tmp_path / f"x.{kind}")).tolist() == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 2; 3", "equal length"),
        ("a b", "made of numbers"),
        ("", "at least one"),
        ("no.csv", "no such file"),
        ("nan", "finite"),
    ],
)
def test_matrices_that_are_none(text, message):
    with pytest.raises(TheoryError, match=message):
        parse_array(text)


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "x.csv").write_text("1,2\n3\n")
    (tmp_path / "x.json").write_text("{")
    np.save(tmp_path / "object.npy", np.array([{}], dtype=object), allow_pickle=True)
    for name in ("x.csv", "x.json", "object.npy"):
        with pytest.raises(TheoryError, match="cannot be read"):
            parse_array(str(tmp_path / name))
    with pytest.raises(TheoryError, match="not JSON"):
        read_values(tmp_path / "x.json")
    (tmp_path / "list.json").write_text("[1]")
    with pytest.raises(TheoryError, match="names with their numbers"):
        read_values(tmp_path / "list.json")
    with pytest.raises(TheoryError, match="no such file"):
        read_values(tmp_path / "none.json")


def test_numbers_are_shown_short():
    assert shown(np.array([[1.0, -0.0], [1e-17, 1 / 3]])) == "[[1, 0], [0, 0.333333]]"
    assert shown(np.ones((10, 10))) == "shape (10, 10), mean 1"


def test_no_torch_is_needed():
    code = "import sys; sys.modules['torch'] = None\nfrom paribus.theory.networks import LAYERS, dense, layer\n"
    code += "assert dense('2-2-1').verified and all(layer(name).verified for name in LAYERS)"
    subprocess.run([sys.executable, "-c", code], check=True)


SMALL = {"batchnorm2d": {"input": [[[[1.0, 2.0]]], [[[3.0, 5.0]]]]}}  # as drawn it is too large to be written out


@pytest.mark.parametrize("name", [name for name in LAYERS if name not in ("cnn-rnn", "conv2d-conv3d")])
def test_code_of_a_layer_tests_itself(name):
    names = {"__name__": "module"}
    exec(as_code(layer(name, **SMALL.get(name, {}))), names)
    names["test"]()


@pytest.mark.parametrize("network", ["2-2-1", "3-4-2", "5-5-5-3"])
def test_code_of_a_net_tests_itself(network, tmp_path):
    file = tmp_path / "net.py"
    file.write_text(as_code(dense(network, loss="bce")))
    run = subprocess.run([sys.executable, file], capture_output=True, text=True, check=True)
    assert run.stdout.count("equal to central differences") == len(dense(network).answers)


def test_code_that_cannot_be_written():
    with pytest.raises(TheoryError, match="there are none"):
        as_code(layer("cnn-rnn"))
    with pytest.raises(TheoryError, match="too large"):
        as_code(layer("conv2d", size=(3, 4)))
