"""The report of a single run."""

from __future__ import annotations

import math
import re
import shutil
from pathlib import Path

import pytest
from tests import made

from paribus.plots import run_curves
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.reports import files as reports


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return made.run_folder(tmp_path / "run")


def test_shows_figures_and_recipe(run: RunFolder) -> None:
    html = reports.run_html(run)
    for text in ("digits/cnn", "validation accuracy", "95.80 %", "widths: [16, 32]", "38,000"):
        assert text in html
    assert "<script" not in html


def test_a_figure_that_is_not_a_number_is_a_gap(run: RunFolder) -> None:
    run.append_metrics({"epoch": 7, "step": 140, "val/accuracy": math.nan})
    assert "<svg" in reports.run_html(run)
    assert "nan" not in run_curves(run).json().lower()


def test_a_run_that_has_not_begun_says_so(tmp_path: Path) -> None:
    run = made.run_folder(tmp_path / "run", epochs=0)
    assert "No epoch has been recorded yet." in reports.run_html(run)


def test_a_failed_run_says_why(run: RunFolder) -> None:
    made.set_state(run, "failed", "<b>the disk is full</b>")
    html = reports.run_html(run)
    assert "This run is failed: &lt;b&gt;the disk is full&lt;/b&gt;." in html


def test_writes_into_the_run_folder(run: RunFolder) -> None:
    assert reports.write_run(run) == run.path / "report.html"
    assert (run.path / "figures" / "curves.svg").exists()


def test_examples_that_cannot_be_had_are_said_and_the_report_is_written(tmp_path: Path, original: Path) -> None:
    folder = RunFolder(shutil.copytree(original, tmp_path / "run"))
    folder.weights.write_bytes(b"damaged")
    assert reports.look(folder).startswith("Single examples are not shown: this finished run is damaged: weights")
    assert reports.write_run(folder).exists()


def test_a_reason_is_shown_and_decides_nothing(tmp_path: Path) -> None:
    recipe = Recipe.load("digits/mlp", {"why": "To see <b>whether</b> it learns."})
    assert recipe.identity == Recipe.load("digits/mlp").identity
    folder = RunFolder(tmp_path / "run")
    folder.create(recipe, 0)
    assert folder.recipe.why == recipe.why
    assert '<p class="why">To see &lt;b&gt;whether&lt;/b&gt; it learns.</p>' in reports.run_html(folder)


def test_R28_the_report_of_a_trained_run_is_small_and_asks_for_nothing(tmp_path: Path, original: Path) -> None:
    folder = RunFolder(shutil.copytree(original, tmp_path / "run"))
    assert reports.look(folder) == ""
    html = reports.write_run(folder).read_text(encoding="utf-8")
    assert len(html) < 2_000_000
    assert "<script" not in html
    assert not [found for found in re.findall(r'(?:src|href)="([^"]*)"', html) if not found.startswith(("#", "data:"))]
    for text in ("true ↓ said →", "Worst examples", "Recipe in words", "precision", 'href="#cell-'):
        assert text in html
