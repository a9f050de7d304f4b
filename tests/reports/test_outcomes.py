"""Predictions, tests and findings: nothing is lost."""

from __future__ import annotations

from paribus.inference.held_out import HeldOut
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.reports.outcomes import held_out_page, predictions_page
from paribus.reports.terminal import print_page
from paribus.tasks.prediction import Prediction


def test_predictions_name_the_three_most_probable(capsys):
    shares = {"a": 0.1, "b": 0.6, "c": 0.1, "d": 0.2}
    print_page(predictions_page([Prediction("x.png", "b", shares), Prediction("y.png", problem="not a picture")]))
    good, bad = capsys.readouterr().out.splitlines()[1:]
    assert good.split() == ["x.png", "b", "b", "60.0%", "d", "20.0%", "a", "10.0%"]
    assert bad.split() == ["y.png", "not", "a", "picture"]
    print_page(predictions_page([Prediction("x.png", "b", shares)]))
    assert "problem" not in capsys.readouterr().out


def test_R8_figures_that_are_no_numbers_are_dashes(here, capsys):
    RunFolder("runs/a/b/seed-0").create(Recipe.load("digits/mlp"), 0)
    held = HeldOut({"test/loss": None, "test/accuracy": 0.5}, 1234, 0.0)
    print_page(held_out_page([(RunFolder("runs/a/b/seed-0"), held)]))
    assert capsys.readouterr().out.splitlines()[1].split() == ["a/b/seed-0", "–", "50.00", "%", "1,234"]


def test_the_test_of_a_study_shows_means_and_a_caution(here, capsys):
    RunFolder("runs/study/none/seed-0").create(Recipe.load("digits/mlp"), 0)
    arms = {"none": (0.9, 0.92), "batch": (0.95, None)}
    print_page(
        held_out_page(
            [
                (RunFolder(f"runs/study/{arm}/seed-{seed}"), HeldOut({"test/accuracy": value}, 360, 0.0))
                for arm, values in arms.items()
                for seed, value in enumerate(values)
            ]
        )
    )
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["none", "91.00", "%", "2"] in lines
    assert ["batch", "–", "2"] in lines  # a mean of the others would hide that one is missing
    assert "choose on validation figures" in " ".join(lines[-1])
