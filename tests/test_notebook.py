"""How records look in a notebook."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests import made

import paribus
from paribus import notebook
from paribus.errors import ParibusError


def test_ipython_shows_a_study_after_installation() -> None:
    formatters = pytest.importorskip("IPython.core.formatters")

    class Shell:
        display_formatter = formatters.DisplayFormatter()

    notebook.install(Shell)
    shown, _ = Shell.display_formatter.format(made.two_arms())
    assert "<svg" in shown["text/html"]
    assert "better" in shown["text/html"]


def test_ipython_shows_a_derivation() -> None:
    formatters = pytest.importorskip("IPython.core.formatters")

    class Shell:
        display_formatter = formatters.DisplayFormatter()

    notebook.install(Shell)
    shown, _ = Shell.display_formatter.format(paribus.derive("x.T @ A @ x", "x"))
    assert shown["text/html"].count("<math") > 5
    assert "<html" not in shown["text/html"]
    assert shown["text/latex"].startswith("\\begin{align*}")
    assert "verified" in str(paribus.derive("x.T @ A @ x", "x"))


def test_html_of_a_study_is_a_harmless_piece() -> None:
    html = notebook.html(made.hostile())
    assert "<script" not in html
    assert "<html" not in html
    assert "&lt;script&gt;" in html


def test_html_of_a_run(tmp_path: Path) -> None:
    assert "validation accuracy" in notebook.html(made.run_folder(tmp_path / "run"))


def test_html_of_a_table_of_layers() -> None:
    table = pytest.importorskip("paribus.theory.layers").table("conv 8 k3, relu, pool 2", (3, 32, 32))
    html = notebook.html(table)
    assert "8×15×15" in html
    assert "⌊(32 + 2·0 − 1·(3 − 1) − 1)/1⌋ + 1 = 30" in html


def test_other_things_are_refused() -> None:
    with pytest.raises(ParibusError, match="StudyResult"):
        notebook.html(3)


def test_nothing_heavy_is_imported_before_a_display() -> None:
    heavy = {"torch", "numpy", "vl_convert", "jinja2", "IPython"}
    code = f"import sys, paribus.notebook; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_histories_and_predictions_are_tables(tmp_path: Path) -> None:
    from paribus.inference.predict import Predictions
    from paribus.tasks.prediction import Prediction

    assert "val/accuracy" in notebook.html(made.run_folder(tmp_path / "run").history)
    assert "a cat" in notebook.html(Predictions([Prediction("a.png", "a cat", {"a cat": 0.9})]))
