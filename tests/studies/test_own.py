"""Runs without a recipe: the same folders and endings, and what they are refused for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import paribus as pb
from paribus.errors import Diverged, RunError
from paribus.records import store
from paribus.records.own import OwnTraining, numbers
from paribus.records.run import RunFolder
from paribus.reports.files import run_html
from paribus.studies.own import OwnJob
from paribus.training.execution import Settings
from paribus.training.monitor import no_listener

QUICK = Settings("cpu", 1)
TRAINING = OwnTraining("command", "mine", {"lr": 0.1}, {"command": "1234"})


@dataclass(frozen=True)
class Job(OwnJob):
    """Writes rows and returns what it is told to."""

    rows: tuple[dict[str, Any], ...] = ()
    final: Any = None

    def work(self, recording, listen) -> Mapping[Any, Any]:
        for row in self.rows:
            listen(self.told(recording, recording.row(numbers(row))))
        if isinstance(self.final, Exception):
            raise self.final
        return self.final


def job(tmp_path: Path, final: Any, training: OwnTraining = TRAINING, **more: Any) -> Job:
    return Job("arm", 3, training, tmp_path / "study" / "arm" / "seed-3", QUICK, metric="loss", final=final, **more)


def test_S24_a_run_without_a_recipe_is_a_run_folder_that_lists_and_reports_read(tmp_path):
    heard = []
    rows = ({"loss": 0.5, "lr": 0.1}, {"loss": 0.25, "lr": 0.05})
    result = job(tmp_path, {"loss": 0.25}, rows=rows, epochs=2).run(heard.append)
    folder = RunFolder(tmp_path / "study/arm/seed-3")
    assert result.metrics == {"loss": 0.25}
    assert (result.epochs, result.execution, folder.origin) == (2, {"threads": 1}, "command")
    assert folder.history["loss"] == [0.5, 0.25]
    assert [(now.epoch, now.step, now.steps, now.figures["loss"]) for now in heard] == [(1, 1, 2, 0.5), (2, 2, 2, 0.25)]
    folder.check_seal()
    [listed] = store.runs(tmp_path)
    assert (listed.recipe, listed.seed, listed.state, listed.figures) == ("mine", 3, "finished", {"loss": 0.25})
    page = run_html(folder)
    assert "lr" in page
    assert "weights" not in page.lower().replace("font-weight", "")


@pytest.mark.parametrize(
    "asked", [pb.load, lambda run: pb.Run.open(run), pb.open_test, lambda run: pb.predict(run, [])]
)
def test_what_needs_a_network_is_refused_with_the_reason(tmp_path, asked):
    job(tmp_path, {"loss": 0.25}).run(no_listener)
    with pytest.raises(RunError, match=r"has no recipe.*a command of your own"):
        asked(str(tmp_path / "study/arm/seed-3"))


def test_a_finished_run_is_never_run_again_and_changed_code_is_another_run(tmp_path):
    first = job(tmp_path, {"loss": 0.25}).run(no_listener)
    assert job(tmp_path, ArithmeticError("ran again")).run(no_listener) == first
    changed = OwnTraining("command", "mine", {"lr": 0.1}, {"command": "5678"})
    with pytest.raises(RunError, match="other code: the code of command"):
        job(tmp_path, {"loss": 0.25}, changed).run(no_listener)


def test_one_that_did_not_finish_begins_again_from_its_start(tmp_path):
    with pytest.raises(ArithmeticError):
        job(tmp_path, ArithmeticError("no"), rows=({"loss": 1.0}, {"loss": 2.0})).run(no_listener)
    folder = RunFolder(tmp_path / "study/arm/seed-3")
    assert (folder.status.state, len(folder.history)) == ("failed", 2)
    assert folder.status.error.startswith("ArithmeticError: no (test_own.py, line")
    job(tmp_path, {"loss": 0.5}, rows=({"loss": 0.5},)).run(no_listener)
    assert (folder.status.state, folder.history["loss"]) == ("finished", [0.5])


@pytest.mark.parametrize(
    ("final", "said"),
    [
        ({}, "there is no loss"),
        ({"accuracy": 1}, "there is no loss"),
        ({"loss": "low"}, "loss is no number"),
        ({"loss": None}, "loss is None"),
        ({"loss": [1, 2]}, "loss is no number"),
    ],
)
def test_what_is_no_figure_fails_the_run_and_says_so(tmp_path, final, said):
    with pytest.raises(RunError, match=said):
        job(tmp_path, final).run(no_listener)
    assert said in RunFolder(tmp_path / "study/arm/seed-3").status.error


def test_a_figure_that_is_not_finite_is_a_run_that_diverged(tmp_path):
    with pytest.raises(Diverged, match="loss is nan"):
        job(tmp_path, {"loss": math.nan}).run(no_listener)
    assert RunFolder(tmp_path / "study/arm/seed-3").status.state == "diverged"
