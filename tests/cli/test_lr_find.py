"""``paribus lr-find``: the learning rates that suit a recipe."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from paribus.cli.app import app

QUICK = ["digits/mlp", "training.precision=fp32", "--seeds", "1", "--device", "cpu"]


def said(*words: str, code: int = 0) -> str:
    found = CliRunner().invoke(app, ["lr-find", *words])
    assert found.exit_code == code, found.output
    return found.stdout


def test_it_says_whether_the_rate_is_right_and_draws(here):
    shown = said(*QUICK, "--plot", "rates.svg", "--html", "rates.html")
    assert "right (1 test)" in shown
    assert "largest curvature" in shown
    assert "limit by λmax" in (here / "rates.svg").read_text()
    assert "<html" in (here / "rates.html").read_text()


def test_as_data_for_a_changed_recipe(here):
    found = json.loads(said(*QUICK, "optimizer.lr=20", "--no-curvature", "--json"))
    assert (found["verdict"], found["rate"]) == ("too high", 20)
    assert found["low"] < found["suggestion"] < found["high"]
    assert list(here.iterdir()) == []
