"""``paribus derive``: the same derivation in every form."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from paribus.cli.app import app
from paribus.errors import TheoryError


def run(*words):
    result = CliRunner().invoke(app, ["derive", *words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_H1_steps_and_answer_are_printed():
    printed = run("x.T @ A @ x", "--wrt", "x")
    assert "product rule" in printed
    assert "∂f/∂x = (A + A.T) @ x" in printed
    assert "verified" in printed


def test_H1_json_has_the_promised_keys():
    data = json.loads(run("x.T @ A @ x", "--wrt", "x", "--json"))
    assert {"gradient", "steps", "verified", "max_relative_error", "layout", "shapes", "assumptions"} <= set(data)
    assert data["gradient"] == "(A + A.T) @ x"
    assert data["shapes"] == {"x": ["n"], "A": ["n", "n"]}
    assert all({"rule", "before", "after", "max_relative_error"} <= set(step) for step in data["steps"])


def test_shapes_symmetry_and_several_variables():
    data = json.loads(run("a * x.T @ A @ x", "--wrt", "x,a", "--shape", "a=", "--symmetric", "A", "--json"))
    assert data["gradient"] == {"x": "2 * a * A @ x", "a": "x.T @ A @ x"}


def test_an_expression_may_begin_with_a_minus():
    printed = run("-y.T @ log(softmax(z))", "--wrt", "z", "--latex")
    assert run("--wrt", "z", "--latex", "-y.T @ log(softmax(z))") == printed
    assert CliRunner().invoke(app, ["derive", "--hesian", "x"]).exit_code == 2


def test_hessian_latex_code_and_page(tmp_path):
    assert "∂²f/∂x∂x = A + A.T" in run("x.T @ A @ x", "--wrt", "x", "--hessian")
    assert r"\begin{align*}" in run("x.T @ A @ x", "--wrt", "x", "--latex")
    assert "def d_x(" in run("x.T @ A @ x", "--wrt", "x", "--code")
    page = tmp_path / "page.html"
    assert str(page) in run("x.T @ A @ x", "--wrt", "x", "--html", str(page)).replace("\n", "")
    assert "<math" in page.read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("x.T @ y",), "name one of x, y: --wrt"),
        (("x.T @ x", "--wrt", "x", "--shape", "x"), "NAME=SIZES"),
    ],
)
def test_mistakes(words, said):
    with pytest.raises(TheoryError) as error:
        run(*words)
    assert said in str(error.value)


@pytest.mark.parametrize("words", [(), ("x.T @ x", "--wrt", "x", "--stride", "2")])
def test_an_expression_is_needed_and_options_of_layers_are_not_known(words):
    assert CliRunner().invoke(app, ["derive", *words]).exit_code == 2
