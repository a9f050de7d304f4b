"""The doctor in Python: a treatment is tried over fresh seeds, and judged by the study."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

import paribus as pb
from paribus.cli.app import app
from paribus.diagnosis.finding import Diagnosis, Finding
from paribus.doctor import _by_survival, _value, choose, study_of
from paribus.errors import RunError
from paribus.records.recipe import Recipe
from paribus.records.result import ArmResult
from paribus.records.run import RunFolder
from paribus.training.execution import Settings
from paribus.training.loop import train

FINDING = Finding("lr-too-high", "high", {}, {"optimizer.lr": 0.01})
FAR_TOO_HIGH = {"optimizer": {"use": "adam", "lr": 1.0}, "budget.epochs": 2}


@pytest.fixture(scope="module")
def sick(session_cache, tmp_path_factory) -> RunFolder:
    recipe = Recipe.load("digits/mlp", FAR_TOO_HIGH)
    folder = RunFolder(tmp_path_factory.mktemp("runs") / "digits-mlp" / recipe.identity / "seed-1")
    train(folder, recipe, 1, Settings("cpu", 1))
    return folder


def test_a_treatment_that_helps_is_confirmed_over_seeds_that_are_not_the_patients(sick, tmp_path):
    found = pb.diagnose(sick, treat=True, seeds=3, runs=tmp_path, jobs=1)
    treated = found.treated
    assert treated is not None
    assert (treated.word, treated.field, treated.cause) == ("confirmed", "optimizer.lr", "lr-too-high")
    assert (treated.before, treated.n) == (1.0, 3)
    assert treated.low > 0
    assert list(pb.Study.open(treated.study).design.seeds) == [0, 2, 3]
    again = CliRunner().invoke(
        app, ["diagnose", str(sick.path), "--treat", "--seeds", "3", "--runs", str(tmp_path), "--json"]
    )
    assert json.loads(again.stdout)["treated"]["word"] == "confirmed"


@pytest.mark.parametrize(
    ("field", "before"),
    [
        ("model.redraw", "own"),
        ("model.ending", "own"),
        ("model.norm_momentum", None),
        ("model.input_scaling", "auto"),
        ("training.agreeing", 0),
        ("training.shuffle", "full"),
        ("optimizer.lr", 1.0),
        ("stopping", {"use": "never"}),
    ],
)
def test_a_field_that_a_recipe_leaves_out_has_a_value_before_it_is_treated(field, before):
    assert _value(Recipe.load("digits/mlp", FAR_TOO_HIGH), field) == before


def test_the_first_finding_with_a_treatment_of_one_field_is_chosen():
    none, two = Finding("chance-level", "", {}), Finding("overfitting", "", {}, {"model.dropout": 0.5, "lr": 1})
    assert choose(Diagnosis((none, two, FINDING))) == FINDING
    assert choose(Diagnosis((Finding("labels-wrong", "", {}, consequences=(FINDING,)),))) == FINDING
    assert choose(Diagnosis((FINDING,)), "lr-too-high") == FINDING


@pytest.mark.parametrize(
    ("found", "finding", "said"),
    [
        (Diagnosis((FINDING,)), "dead-units", "there is no such finding"),
        (Diagnosis(), None, "nothing was found that could be treated"),
        (Diagnosis((Finding("labels-wrong", "", {}),)), None, "no finding has a treatment of one changed field"),
    ],
)
def test_what_cannot_be_treated_is_refused(found, finding, said):
    with pytest.raises(RunError, match=said):
        choose(found, finding)


def test_a_finding_is_named_only_to_be_treated(sick):
    with pytest.raises(RunError, match="chosen to be treated"):
        pb.diagnose(sick, finding="lr-too-high")
    with pytest.raises(RunError, match="two seeds or more"):
        study_of(sick, FINDING, 1, sick.path)


def arm(diverged: int, of: int) -> ArmResult:
    states = {seed: "diverged" if seed < diverged else "finished" for seed in range(of)}
    return ArmResult("arm", {}, states, {}, level=None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after", "of", "word"),
    [(5, 0, 5, "confirmed"), (2, 0, 5, "undecided"), (5, 5, 5, "not confirmed"), (0, 3, 5, "not confirmed")],
)
def test_runs_that_diverge_are_counted(before, after, of, word):
    found, says = _by_survival(arm(before, of), arm(after, of))
    assert found == word
    assert f"{before} of {of} untreated runs diverged" in says


def test_a_page_is_written(sick, tmp_path):
    page = tmp_path / "page.html"
    assert CliRunner().invoke(app, ["diagnose", str(sick.path), "--html", str(page)]).exit_code == 0
    assert "the learning rate is too high" in page.read_text(encoding="utf-8")
