"""N10: why is R² negative? Every cause is planted, and none is found where there is none."""

from __future__ import annotations

import pytest

from paribus import files
from paribus.diagnosis.doctor import diagnose
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.training import loop
from paribus.training.execution import Settings

CLEAN = {
    "data.steps": 1500,
    "data.stride": 2,
    "model.width": 16,
    "budget.epochs": 6,
    "data.length": 24,
    "data.horizon": 4,
}

PLANTED = {  # name of the fault → (what plants it, what it is called)
    "axis": ({"model.axis": "features", "data.calendar": True}, "the network runs over the feature columns"),
    "scale": ({"data.scale": "none"}, "the inputs are not scaled"),
    "drift": ({"data.trend": 0.2, "data.noise": 0.3}, "the series has left the range of training"),
    "skill": ({"budget.epochs": 1, "optimizer.lr": 1e-5, "schedule.use": "constant"}, "the learning rate is too low"),
}


@pytest.fixture
def train(tmp_path):
    def run(changes: dict, name: str = "run") -> RunFolder:
        folder = RunFolder(tmp_path / name)
        loop.train(folder, Recipe.load("seasons/lstm", {**CLEAN, **changes}), 0, Settings("cpu", 1))
        return folder

    return run


@pytest.mark.parametrize("fault", PLANTED)
def test_N10_a_planted_cause_is_found_and_its_treatment_helps(train, fault):
    changes, name = PLANTED[fault]
    folder = train(changes)
    findings = diagnose(folder).findings
    assert [finding.name for finding in findings] == [name]
    (finding,) = findings
    assert len(finding.treatment) == 1
    before = folder.result.metrics
    of_forecast = next(one for one in diagnose(folder).all() if "R²" in one.evidence)
    assert of_forecast.evidence["R²"] == before["val/r2"]
    after = train({**changes, **finding.treatment}, "treated").result.metrics
    assert after["val/r2"] > before["val/r2"]
    assert after["val/skill"] > before["val/skill"]


@pytest.mark.parametrize("model", ["lstm", "gru", "tcn"])
def test_N10_nothing_is_found_in_a_good_run(train, model):
    folder = train({"model.use": model, "budget.epochs": 12})
    assert folder.result.metrics["val/skill"] > 0
    assert diagnose(folder).names == []


def test_N10_two_causes_are_two_findings(train):
    findings = diagnose(train({"model.axis": "features", "data.scale": "none"})).findings
    assert [finding.name for finding in findings] == [
        "the inputs are not scaled",
        "the network runs over the feature columns",
    ]


def test_N10_the_wrong_axis_is_named_even_where_the_forecast_is_good(train):
    folder = train({"model.axis": "features", "budget.epochs": 12})
    row = {**folder.result.metrics, "val/r2": 0.9, "val/skill": 0.5, "val/skill_naive": 0.5}
    rewrite(folder, "result.json", metrics=row)
    (finding,) = diagnose(folder).findings
    assert finding.treatment == {"model.axis": "time"}
    assert "The lstm takes" in finding.says


def rewrite(folder: RunFolder, name: str, **changes) -> None:
    files.write_json(folder.path / name, {**files.read_json(folder.path / name), **changes})


def test_N10_a_hard_baseline_is_no_fault_of_the_forecast(train):
    folder = train({})
    rewrite(folder, "result.json", metrics={"val/r2": -0.2, "val/skill": 0.2, "val/skill_naive": 0.3})
    (finding,) = diagnose(folder).findings
    assert finding.name == "R² asks for more than can be known"
    assert finding.treatment == {}


def test_N10_an_anchored_network_without_skill_is_sent_to_the_linear_model(train):
    folder = train({"task.anchor": "season"})
    rewrite(folder, "result.json", metrics={"val/r2": 0.2, "val/skill": -0.2, "val/skill_naive": 0.3})
    (finding,) = diagnose(folder).findings
    assert (finding.name, finding.treatment) == ("no skill", {"model.use": "linear"})


def test_N10_a_run_without_figures_has_no_findings(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.create(Recipe.load("seasons/lstm", CLEAN), 0)
    assert diagnose(folder).names == []


@pytest.mark.realdata
@pytest.mark.slow
def test_N10_the_broken_notebook_and_its_repair(tmp_path):
    import os

    if "PARIBUS_DATA" not in os.environ:
        pytest.skip("PARIBUS_DATA is not set")
    broken, repaired = (RunFolder(tmp_path / name) for name in ("broken", "repaired"))
    for folder in (broken, repaired):
        loop.train(folder, Recipe.load(f"energy/{folder.path.name}"), 0, Settings("cpu", 1))
    assert -5 < broken.result.metrics["val/r2"] < -3
    assert repaired.result.metrics["val/r2"] > 0.9
    names = diagnose(broken).names
    assert names == ["the inputs are not scaled", "the network runs over the feature columns"]
    assert diagnose(repaired).names == []
