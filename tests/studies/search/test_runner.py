"""Searches of real, small trainings: interrupted, killed, with trials that fail, stopped early, confirmed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.small import QUICK, Heard

import paribus as pb
from paribus.errors import ParibusError, RecipeError, StudyError
from paribus.records.run import RunFolder
from paribus.records.search import read_trials
from paribus.studies.search.runner import Search
from paribus.training.execution import Settings
from paribus.training.loop import train

pytestmark = pytest.mark.usefixtures("here")

SEARCH = {"optimizer.lr": "1e-3..1", "optimizer.momentum": "0..0.9"}


class Trials(list[tuple[int, str]]):
    """A listener that keeps what happened to trials, and may act at one of these events."""

    def __init__(self, act: Any = None, at: int = -1) -> None:
        self.act, self.at = act, at

    def __call__(self, trial, event) -> None:
        if event is not None and event.kind != "progress":
            self.append((trial.number, event.kind))
            if len(self) == self.at:
                self.act()


def tune(search=SEARCH, changes=None, listen=None, executor="inprocess", jobs=1, **more: Any) -> pb.SearchResult:
    """A search that takes a moment."""
    more = {"trials": 4, "confirm": 0, **more}
    made = pb.Tune("digits/mlp", {**QUICK, **(changes or {})}, search=search, **more)
    heard = Trials() if listen is None else listen
    return made.run(executor=executor, jobs=jobs, device="cpu", listen=heard, confirming=Heard())


def told(result: pb.SearchResult) -> list[Any]:
    return [(trial.settings, trial.state, trial.value, trial.epochs) for trial in result.trials]


def stop() -> None:
    raise KeyboardInterrupt


EARLY = {"stop": "hyperband", "trials": None, "sampler": "random"}


@pytest.mark.parametrize(
    "more", [{"trials": 12}, {**EARLY, "changes": {"budget.epochs": 4}, "eta": 2}], ids=["tpe", "hyperband"]
)
def test_S14_a_search_that_was_interrupted_ends_as_if_it_had_not_been(more):
    """With one trial at a time, whenever it was interrupted."""
    whole = tune(name="whole", runs="a", **more)
    with pytest.raises(KeyboardInterrupt):
        tune(name="broken", runs="b", listen=Trials(stop, 9), **more)
    with pytest.raises(KeyboardInterrupt):
        tune(name="broken", runs="b", listen=Trials(stop, 12), **more)
    assert told(tune(name="broken", runs="b", **more)) == told(whole)


KILLED = """
import os, signal, sys
import paribus as pb
heard = []
def listen(trial, event):
    heard.append(event)
    if trial.number == 2 and event is not None and event.kind == "progress":
        os.kill(os.getpid(), signal.SIGKILL)
pb.Tune("digits/mlp", {changes!r}, search={search!r}, trials=5, confirm=0, name="killed", runs="b").run(
    executor="inprocess", device="cpu", listen=listen)
"""


def test_R1_a_search_that_was_killed_goes_on():
    code = KILLED.format(changes=QUICK, search=SEARCH)
    ended = subprocess.run([sys.executable, "-c", code], env=dict(os.environ), capture_output=True, timeout=120)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert [trial.number for trial in read_trials(Path("b/killed"))] == [0, 1, 2]
    heard = Trials()
    found = tune(name="killed", runs="b", trials=5, listen=heard)
    assert {number for number, _ in heard} == {2, 3, 4}
    assert told(found) == told(tune(name="whole", runs="a", trials=5))


def test_a_search_that_is_over_trains_nothing_and_more_trials_are_added():
    first, heard = tune(trials=3), Trials()
    assert told(tune(trials=3, listen=heard)) == told(first)
    assert heard == []
    assert told(tune(trials=5, listen=heard))[:3] == told(first)
    assert {number for number, _ in heard} == {3, 4}


def test_runs_that_finished_elsewhere_are_not_trained_again():
    first, heard = tune(name="one"), Trials()
    assert told(tune(name="two", listen=heard)) == told(first)
    assert heard == []


def test_a_trial_that_fails_or_diverges_is_recorded_and_the_search_goes_on():
    search = {"training.batch_size": [16, 100_000], "optimizer.lr": [0.05, 1e30]}
    found = tune(search, sampler="grid", trials=4, changes={"budget.epochs": 2})
    states = {tuple(trial.settings.values()): trial.state for trial in found.trials}
    assert states[16, 0.05] == "finished"
    assert states[16, 1e30] == "diverged"
    assert states[100_000, 0.05] == states[100_000, 1e30] == "failed"
    assert found.best is not None
    assert found.settings == {"training.batch_size": 16, "optimizer.lr": 0.05}
    assert any("2 trials of 4 failed" in text and "batch" in text for text in found.warnings)
    assert any("1 trial of 4 diverged" in text for text in found.warnings)
    assert told(tune(search, sampler="grid", trials=4, changes={"budget.epochs": 2})) == told(found)


def test_values_that_do_not_go_together_are_refused_for_their_trial_only(monkeypatch):
    made = Search.job

    def refusing(self, trial, until):
        if trial.number == 1:
            raise RecipeError("these two do not go together")
        return made(self, trial, until)

    monkeypatch.setattr(Search, "job", refusing)
    found = tune(trials=3)
    assert [trial.state for trial in found.trials] == ["finished", "failed", "finished"]
    assert found.trials[1].error == "these two do not go together"
    heard = Trials()
    assert told(tune(trials=3, listen=heard)) == told(found)
    assert heard == []


def test_a_search_without_any_figure_says_the_first_reason():
    with pytest.raises(StudyError, match=r"none of 2 trials came to a figure.*batch"):
        tune({"training.batch_size": [100_000, 200_000]}, sampler="grid", trials=2)


def test_S14_hyperband_stops_runs_and_goes_on_with_the_same_ones():
    """By the table for R = 4, η = 2; a run that was stopped twice is, bit for bit, one that never was."""
    found = tune(changes={"budget.epochs": 4, "schedule": "cosine"}, eta=2, **EARLY)
    assert [trial.bracket for trial in found.trials] == [0] * 4 + [1] * 2 + [2] * 3
    epochs = sorted(trial.epochs for trial in found.trials if trial.bracket == 0)
    assert epochs == [1, 1, 2, 4]
    best = next(trial for trial in found.trials if trial.bracket == 0 and trial.state == "finished")
    run = best.run(found.folder, 0)
    alone = train(RunFolder("alone"), run.recipe, 0, Settings("cpu", 1))
    assert run.result is not None
    assert run.result.weights_sha256 == alone.weights_sha256
    assert run.recipe.budget.epochs == 4
    stopped = [trial for trial in found.trials if trial.state == "paused"]
    assert all(len(trial.run(found.folder, 0).history) == trial.epochs for trial in stopped)
    assert found.best is not None
    assert found.best.state == "finished"


def test_asha_and_two_workers_train_as_far_as_they_say():
    found = tune(changes={"budget.epochs": 4}, executor="pool", jobs=2, trials=6, stop="asha", eta=2, sampler="random")
    assert {trial.epochs for trial in found.trials} <= {1, 2, 4}
    assert sum(trial.epochs >= 2 for trial in found.trials) >= 3
    one = tune(changes={"budget.epochs": 4}, trials=6, sampler="random", name="whole")
    for early, whole in zip(found.trials, one.trials, strict=True):  # the same trials, whoever trains them
        assert early.settings == whole.settings
        assert early.figures == whole.figures[: early.epochs]


def test_S14_the_winner_is_confirmed_on_fresh_seeds():
    found = tune(confirm=3, seed=7)
    assert found.confirmed is not None
    assert set(found.confirmed.design.seeds).isdisjoint({7})
    assert len(found.confirmed.effects) == 1
    base, winner = found.confirmed.arms
    assert (base.settings, winner.settings) == ({}, found.settings)
    assert found.confirmed.claim == "like-these"  # each seed draws its own validation split
    splits = {RunFolder(path).read()["seed"] for path in Path("runs").glob("*--confirmed/*/seed-*")}
    assert splits == {8, 9, 10}
    again = pb.Tune.open(found.folder)
    assert again.result.plain() == found.plain()
    json.dumps(found.plain(), allow_nan=False)
    assert "in the search" in again.report().read_text()


def test_a_winner_that_is_the_recipe_needs_no_confirmation():
    found = tune({"optimizer.lr": [1e-9, 0.1]}, sampler="grid", trials=2, confirm=2, changes={"optimizer.lr": 0.1})
    assert found.confirmed is None
    assert any("the recipe as it was" in text for text in found.warnings)


def test_a_winner_at_an_end_of_its_range_is_said():
    found = tune({"optimizer.lr": "1e-9..1e-1"}, sampler="grid", trials=2)
    assert any("optimizer.lr=0.1" in text and "beyond" in text for text in found.warnings)


def test_a_shared_validation_split_is_said():
    found = tune(confirm=2, changes={"chance.split": 0})
    assert any("share the validation examples" in text for text in found.warnings)


def test_importance_is_that_of_the_field_that_matters():
    search = {"optimizer.lr": "1e-4..1", "optimizer.weight_decay": [0.0, 1e-9]}
    found = tune(search, trials=16, sampler="random")
    assert found.importance["optimizer.lr"] > 0.8
    assert sum(found.importance.values()) == pytest.approx(1)
    assert tune(trials=4).importance == {}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"sampler": "tpee"}, ["sampler", "'tpe'"]),
        ({"stop": "halving"}, ["stop", "hyperband"]),
        ({"trials": 0}, ["trials", "greater than or equal to 1"]),
        ({"metric": "val/acc"}, ["val/accuracy"]),
        ({"metric": "train/loss"}, ["validation", "val/loss"]),
        ({"metric": "test/accuracy"}, ["validation"]),
        ({"stop": "hyperband", "trials": None}, ["3 epochs or more"]),
        ({"stop": "hyperband", "changes": {"budget.epochs": 9}}, ["--trials"]),
        ({"stop": "asha", "changes": {"budget.epochs": 9, "budget.steps": 5}}, ["budget.steps"]),
        ({"stop": "asha", "changes": {"budget.epochs": 9}, "search": {"epochs": "3..9"}}, ["budget.epochs"]),
        ({"stop": "asha", "changes": {"budget.epochs": 9}, "sampler": "gp"}, ["whole trainings"]),
        ({"sampler": "grid", "trials": 3}, ["4 points"]),
    ],
)
def test_what_cannot_be_searched_is_refused_before_anything_is_trained(more, words):
    with pytest.raises(ParibusError) as caught:
        tune(**more)
    for word in words:
        assert word in str(caught.value)
    assert not Path("runs").exists()


def test_another_search_of_the_same_name_is_refused():
    tune(name="mine", trials=2)
    with pytest.raises(StudyError, match="another recipe or another space"):
        tune(name="mine", trials=2, search={"optimizer.lr": "1e-3..1"})


def test_data_that_changed_are_noticed():
    tune(name="mine", trials=2)
    place = next(Path("runs/mine").glob("trial-0000/*/recipe.json"))
    content = json.loads(place.read_text())
    content["inputs"]["data"]["digest"] = "0" * 16
    content["identity"] = "0" * 16
    place.write_text(json.dumps(content))
    with pytest.raises(ParibusError):
        tune(name="mine", trials=3)


def test_a_damaged_choice_says_which(tmp_path):
    found = tune(trials=3)
    (found.folder / "trial-0001" / "trial.json").write_text("{}")
    with pytest.raises(ParibusError, match=r"trial\.json is damaged"):
        tune(trials=3)


def test_pb_tune_is_the_search_at_once():
    listen = Trials()
    found = pb.tune("digits/mlp", QUICK, search=SEARCH, trials=2, confirm=0, jobs=1, device="cpu", listen=listen)
    assert [number for number, kind in listen if kind == "finished"] == [0, 1]
    assert repr(found).startswith("SearchResult('digits/mlp--tune-lr+momentum', val/accuracy, 2 trials, best=")
    assert pb.Recipe.load("digits/mlp", found.settings).optimizer.options["lr"] == found.settings["optimizer.lr"]
    assert replace(found).plain() == found.plain()
