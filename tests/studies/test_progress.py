"""How far a study is, from what executors tell and from what run folders hold."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from tests import made
from tests.events import Event, Job, Step, tell

from paribus.records.metric import Metric
from paribus.records.recipe import Recipe
from paribus.records.run import Status, this_process
from paribus.records.study import StudyDesign, run_folder
from paribus.studies.progress import StudyProgress

ACCURACY = Metric("accuracy", True, percent=True)


@pytest.fixture
def study() -> StudyProgress:
    return StudyProgress("Does it matter?", ["none", "batch"], (0, 1), "val/accuracy", ACCURACY)


def test_cells_follow_the_events(study):
    assert (study.text("none", 0), study.mean("none"), study.share, study.remaining) == ("·", "", 0.0, None)
    tell(study, ("none", 0, "started"))
    assert study.text("none", 0) == "0%"
    tell(study, ("none", 0, "progress", Step(5, figures={"val/accuracy": 0.5})), ("none", 0, "progress", Step(6)))
    assert (study.text("none", 0), study.run("none", 0).value) == ("60%", 0.5)
    tell(study, ("none", 0, "finished"), ("none", 1, "known"))
    assert (study.text("none", 1), study.mean("none"), study.finished) == ("90.00 %", "90.00 %", 2)
    tell(study, ("batch", 0, "failed", None, "rule\n  received: 1", "rule"))
    tell(study, ("batch", 1, "progress", Step(3)), ("batch", 1, "interrupted"))
    assert [study.text("batch", seed) for seed in (0, 1)] == ["✗", "‖"]
    assert (study.total, study.finished, study.mean("batch")) == (4, 3, "")
    assert study.share == pytest.approx((1 + 1 + 1 + 0.3) / 4)


class Told(Job):
    """A run that says what its data are."""

    @property
    def folder(self):
        return SimpleNamespace(info=lambda: {"sizes": {"train": 700, "val": 300}, "overlap": 0.4}, status=None)


def test_S21_findings_hold_at_every_look_and_wait_for_the_third_seed():
    plan = made.study({"model.norm": ("none", "batch")}, 4, [0.0, 0.0]).design
    study = StudyProgress.of(plan)
    seen = []
    for seed in plan.seeds:
        for place, arm in enumerate(study.arms):
            study.update(Event(Told(arm, seed, value=0.9 + 0.01 * seed + 0.05 * place), "finished"))
        seen.append(study.findings)
    assert seen[:2] == [(), ()]
    effect, rule = seen[2]
    assert effect.startswith("norm: batch − none: +5.00 points [")
    assert rule.startswith(
        "Still running, 6 of 8 runs are over: intervals hold at every look; at 3 seeds they are 2.3 "
    )
    assert [line[:28] for line in seen[3]] == [effect[:28]]  # at the end they are those of the end
    assert study.findings is seen[3]  # and nothing is judged twice


def test_S21_findings_do_not_depend_on_the_order_in_which_runs_end():
    plan = made.study({"model.norm": ("none", "batch")}, 5, [0.0, 0.0]).design
    study = StudyProgress.of(plan)
    for seed in (4, 3, 2, 1):
        for arm in study.arms:
            study.update(Event(Told(arm, seed, value=0.9 + 0.01 * seed), "finished"))
    assert study.findings == ()  # the first seed is not over, so no other counts


def test_the_final_figure_is_that_of_the_weights_that_stay(study):
    tell(study, ("none", 0, "progress", Step(10, figures={"val/accuracy": 0.5})))
    study.update(Event(Job("none", 0, value=0.8), "finished"))  # early stopping went back to better weights
    assert study.text("none", 0) == "80.00 %"


def test_a_run_that_diverged_before_is_shown_as_such(study):
    study.update(Event(Job("none", 0, value=None, state="diverged"), "known"))
    tell(study, ("none", 1, "diverged", None, "the loss is nan\n  next: less", "the loss is nan (less)"))
    assert [study.text("none", seed) for seed in (0, 1)] == ["∞", "∞"]
    assert (study.mean("none"), study.finished, study.share) == ("", 2, 0.5)
    assert study.errors == ["none, seed 1: the loss is nan (less)"]


def test_errors_are_noted_in_a_line(study):
    tell(study, ("batch", 1, "failed", None, "rule\n  received: 1\n  next: do this", "rule (do this)"))
    tell(study, ("batch", 0, "interrupted", None, "asked to stop", "asked to stop"))
    assert study.errors == ["batch, seed 1: rule (do this)"]


def test_the_pace_counts_only_what_was_done_since_the_start(study, monkeypatch):
    monkeypatch.setattr("time.monotonic", lambda: study.started + 60)
    tell(study, ("none", 0, "known"), ("none", 1, "known"))
    assert (study.remaining, study.finished) == (None, 2)
    tell(study, ("batch", 0, "finished"))
    assert study.remaining == pytest.approx(60)  # a quarter took a minute, a quarter is left
    assert study.finished == 3
    tell(study, ("batch", 1, "finished"))
    assert (study.finished, study.remaining) == (4, pytest.approx(0))


def test_what_is_known_of_thousands_is_added_up_once(study, monkeypatch):
    sums = []
    share = StudyProgress.share
    monkeypatch.setattr(StudyProgress, "share", property(lambda self: sums.append(self) or share.fget(self)))
    tell(study, *[("none", seed, "known") for seed in range(100)])
    assert not sums
    tell(study, ("batch", 0, "started"))
    assert len(sums) == 1
    assert study.done_before == study.share


def test_a_run_that_nobody_told_of_waits_and_counts_for_nothing(study):
    tell(study, ("none", 0, "finished"))
    assert (study.text("none", 1), study.text("batch", 7)) == ("·", "·")
    assert (study.finished, study.share, list(study.runs)) == (1, 0.25, [("none", 0)])


def design(seeds: int) -> StudyDesign:
    recipe = Recipe.load("digits/mlp").plain()
    return StudyDesign(name="x", recipe=recipe, factors={"model.norm": ["none", "batch"]}, seeds=range(seeds))


def test_progress_can_be_read_from_the_run_folders(tmp_path):
    plan = design(seeds=4)
    reference, other = plan.arms()
    for seed in range(3):
        made.run_folder(run_folder(tmp_path, reference, seed).path)
    made.run_folder(run_folder(tmp_path, reference, 3).path, epochs=0)
    for seed, state in enumerate(("running", "killed", "diverged", "interrupted")):
        run = made.run_folder(run_folder(tmp_path, other, seed).path)
        (run.path / "result.json").unlink()
        made.set_state(run, state)
    study = StudyProgress.from_folders(plan, tmp_path)
    assert (study.question, study.figure) == (plan.question, "val/accuracy")
    assert [study.text(reference.name, seed) for seed in range(4)] == ["95.80 %"] * 3 + ["·"]
    assert [study.run(other.name, seed).stage for seed in range(4)] == ["running", "failed", "diverged", "interrupted"]
    assert (study.finished, study.total, study.mean(reference.name)) == (5, 8, "95.80 %")
    assert study.remaining is None


def test_a_running_run_tells_its_share_and_its_last_figure(tmp_path):
    plan = design(seeds=1)
    reference, _ = plan.arms()
    run = made.run_folder(run_folder(tmp_path, reference, 0).path)
    run.write_status(Status("running", **this_process(), epoch=3, epochs=6))
    known = StudyProgress.from_folders(plan, tmp_path).run(reference.name, 0)
    assert (known.stage, known.share) == ("running", 0.5)
    assert known.value == pytest.approx(run.history[-1]["val/accuracy"])
