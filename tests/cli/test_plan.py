"""``paribus plan``: what it prints, draws and refuses."""

import json
from pathlib import Path

import pytest
from tests.small import QUICK, TWO, Heard, Scripted, by_arm, small

CHANGES = [f"{name}={json.dumps(value)}" for name, value in QUICK.items()]
PLAN = ["plan", "digits/mlp", *CHANGES, "--vary", "optimizer.lr=0.05,0.1", "--device", "cpu", "--jobs", "1"]


@pytest.fixture
def known(here):
    """A study whose runs are there."""
    small(seeds=5, name="s").run(executor=Scripted(by_arm(TWO)), listen=Heard())


def test_a_study_is_planned_from_its_runs(paribus, known):
    said = paribus("plan", "s")
    assert said.code == 0
    assert "for these data: " in said.out
    assert "the planned arms" in said.out
    assert "should not count in the study" in said.out


def test_a_recipe_is_planned_and_the_next_command_stands_there(paribus, known):
    said = paribus(*PLAN, "--delta", "2pt", "--power", ".9")
    assert "find a difference of 2.00 points with a probability of 90 %" in said.out
    assert "next: paribus study digits/mlp" in said.out
    assert "--seeds 5,6" in said.out
    assert "--delta 2pt" in said.out


def test_a_pilot_is_trained_and_named(paribus):
    said = paribus(*PLAN, "--pilot", "3")
    assert said.code == 0
    assert len([*Path("runs").glob("*--pilot/*/seed-100?")]) == 6
    assert "for data like these" in said.out
    assert json.loads(paribus(*PLAN, "--json").out)["overlap"] > 0


def test_data_and_picture(paribus, known):
    said = json.loads(paribus("plan", "s", "--json").out)
    assert (said["kind"], said["metric"], said["claim"]) == ("Plan", "val/accuracy", "these")
    assert said["tables"]["what this rests on"][0]["seeds"] == 5
    assert paribus("plan", "s", "--csv", "x.csv", "--plot", "x.svg").code == 0
    assert len([*Path().glob("x-*.csv")]) == 3
    assert "difference" in Path("x.svg").read_text()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (PLAN, "train a pilot, here 6 runs: --pilot 3"),
        (["plan", "digits/mlq"], "neither a recipe nor a study of this name"),
        (["plan", "digits/mlq"], "did you mean 'digits/mlp'?"),
        (["plan", "last"], "there is none in runs yet"),
        (["plan", "s", "lr=0.1"], "planned as it is"),
        ([*PLAN, "--power", "80"], "write --power 0.8"),
        ([*PLAN, "--pilot", "1"], "two seeds or more"),
        ([*PLAN, "--delta", "1"], "write 1pt"),
        ([*PLAN, "--claim", "others"], "like-these"),
        ([*PLAN, "chance.split=0", "--claim", "like-these"], "share one validation split"),
    ],
)
def test_what_cannot_be_planned_is_said_in_one_message(paribus, words, expected):
    said = paribus(*words)
    assert said.code != 0
    assert expected in " ".join(said.err.split())


def test_S22_a_price_makes_costs_of_hours(paribus, known):
    priced = paribus(*PLAN, "--price", "3.6", "--json")
    for row in json.loads(priced.out)["tables"]["what seeds cost and show"]:
        assert row["cost"] == pytest.approx(0.001 * row["processor time (seconds)"])
    assert "one by one  cost" in paribus(*PLAN, "--price", "3.6").out
    assert "a number of 0 or more" in paribus(*PLAN, "--price", "-1").err
