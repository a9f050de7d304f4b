"""A log from any loop: what it writes, that it compares, and that it never stops the loop."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

import paribus as pb
from paribus import files
from paribus.errors import ParibusError, RunError, StudyError
from paribus.records import store
from paribus.records.run import RunFolder

pytestmark = pytest.mark.usefixtures("here")


def logged(arm, seed: int, value: float, study: str = "mine", **more) -> RunFolder:
    with pb.log(arm=arm, seed=seed, study=study, **more) as run:
        run.log(epoch=1, accuracy=value - 0.1)
        run.log(epoch=2, accuracy=value)
    return RunFolder(run.path)


def result(study: str = "mine"):
    return pb.Study.open(Path("runs") / study).result


def test_S25_runs_that_are_logged_are_arms_over_seeds():
    for seed in range(4):
        for arm, gain in (("sgd", 0.0), ("adam", 0.05)):
            logged(arm, seed, 0.8 + gain + 0.01 * seed**1.5 + 0.001 * (gain > 0) * seed)
    found = result()
    [effect] = found.effects
    assert [arm.name for arm in found.arms] == ["sgd", "adam"]  # who began first is the reference
    assert (effect.verdict.word, found.metric_name, found.metric.percent) == ("better", "accuracy", True)
    assert "up to the loop" in pb.Study.open("runs/mine").report().read_text()
    assert [run.state for run in store.runs(Path("runs"))] == ["finished"] * 8


def test_seeds_that_draw_their_split_speak_of_data_like_these():
    for seed in range(3):
        for arm, gain in (("a", 0.0), ("b", 0.01 * seed)):
            logged(arm, seed, 0.8 + gain + seed / 100, **({"overlap": 0.25} if not seed else {}))
    assert (result().design.overlap, result().claim) == (0.25, "like-these")
    with pytest.raises(StudyError, match="overlap is a positive number"):
        logged("a", 3, 0.8, overlap=0)


@pytest.mark.parametrize(("metric", "higher", "expected"), [("best:acc", None, 0.9), ("best:wobble", False, 0.1)])
def test_the_best_value_of_a_figure_may_be_compared(metric, higher, expected):
    with pb.log(study="mine", metric=metric, higher_is_better=higher) as run:
        for epoch, value in enumerate((float("nan"), 0.4, 0.9, 0.1, 0.3)):
            run.log({metric.removeprefix("best:"): value}, epoch=epoch)
    assert result().arms[0].values == {0: expected}
    with pb.log(study="mine", metric=metric, higher_is_better=higher, resume=True) as run:
        run.log({metric.removeprefix("best:"): 0.5}, epoch=5)
    assert result().arms[0].values == {0: expected}


def test_a_function_is_told_to_return_its_best_value():
    with pytest.raises(StudyError, match="return it under a name: 'best_acc'"):
        pb.Study(lambda config, seed: {}, vary={"lr": [1, 2]}, metric="best:acc")


def test_settings_make_factors_and_arms_that_are_not_crossed_are_listed():
    for seed in (0, 1, 2):
        logged({"opt.lr": 0.1, "norm": "none"}, seed, 0.8 + seed / 100)
        logged({"opt.lr": 0.2, "norm": "none"}, seed, 0.9 + seed / 90)
    assert (result().design.layout, result().design.factors) == ("factorial", {"norm": ("none",), "opt_lr": (0.1, 0.2)})
    logged({"norm": "batch", "opt.lr": 0.2}, 0, 0.95)
    found = result()
    assert found.design.layout == "listed"
    assert [arm.name for arm in found.arms] == [f"norm={norm}, opt_lr={lr}" for norm, lr in _ARMS]
    assert [arm.count("new") for arm in found.arms] == [0, 0, 2]


_ARMS = [("none", 0.1), ("none", 0.2), ("batch", 0.2)]


def test_what_is_logged_in_one_epoch_is_one_row_and_else_each_call_is():
    with pb.log(study="rows") as run:
        for step in range(6):
            run.log({"loss": 1 / (step + 1)}, step=step, epoch=step // 3)
        run.log(epoch=1, val={"loss": 0.5})
        for step in range(6, 9):
            run.log(step=step, loss=0.1)
    rows = RunFolder(run.path).history
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4, 5]
    assert [row["step"] for row in rows] == [2, 5, 6, 7, 8]
    assert rows[1]["val/loss"] == 0.5
    assert rows["loss"] == [1 / 3, 1 / 6, 0.1, 0.1, 0.1]


def test_a_row_that_is_added_to_later_is_written_anew(monkeypatch):
    monkeypatch.setattr("paribus.studies.log.WRITE_SECONDS", 0.0)
    with pb.log(study="rows") as run:
        run.log(epoch=1, loss=1.0)
        run.log(epoch=2, loss=0.5)
        run.log(epoch=2, accuracy=0.9)
        assert RunFolder(run.path).history[-1]["accuracy"] == 0.9
    assert [sorted(row) for row in RunFolder(run.path).history][1] == ["accuracy", "epoch", "loss", "seconds", "step"]


def test_a_summary_counts_before_the_last_row():
    with pb.log(study="mine") as run:
        run.log(epoch=1, accuracy=0.9)
        run.summary(accuracy=0.95, parameters=1000)
    assert RunFolder(run.path).metrics == {"accuracy": 0.95, "parameters": 1000.0}


@pytest.mark.parametrize(
    ("error", "state", "said"),
    [
        (ArithmeticError("no"), "failed", "ArithmeticError: no (test_log.py, line"),
        (KeyboardInterrupt(), "interrupted", "KeyboardInterrupt"),
        (SystemExit(3), "failed", "SystemExit: 3"),
    ],
)
def test_an_error_in_the_block_is_written_down_and_goes_on(error, state, said):
    with pytest.raises(type(error)):
        _one_epoch(error)
    status = RunFolder("runs/mine/run/seed-0").status
    assert (status.state, status.epoch) == (state, 1)
    assert said in status.error


def test_a_loop_that_leaves_as_wished_is_finished():
    with pytest.raises(SystemExit):
        _one_epoch(SystemExit())
    assert RunFolder("runs/mine/run/seed-0").status.state == "finished"


def _one_epoch(error: BaseException) -> None:
    with pb.log(study="mine") as run:
        run.log(epoch=1, loss=0.5)
        raise error


def test_a_loss_that_is_no_number_any_more_diverged_and_one_that_logged_nothing_failed():
    with pb.log(study="mine") as run:
        run.log(epoch=1, loss=float("nan"))
    assert RunFolder(run.path).status.state == "diverged"
    with pb.log(study="mine", seed=1) as run:
        pass
    assert "there is no number" in RunFolder(run.path).status.error


def test_what_is_no_number_is_left_out_and_said_once(caplog):
    with pb.log(study="mine") as run:
        for epoch in range(3):
            run.log(epoch=epoch, loss=0.5, note="text", many=[1, 2])
    assert RunFolder(run.path).metrics == {"loss": 0.5}
    assert caplog.text.count("note is no number, and is not logged") == 1
    assert caplog.text.count("many is no number") == 1


def test_a_full_disk_is_told_once_and_the_loop_goes_on(monkeypatch, caplog):
    run = pb.log(study="mine")

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "touch", full)
    monkeypatch.setattr(files, "append_line", lambda path, row: _full(path, full))
    with run:
        for epoch in range(50):
            run.log(epoch=epoch, loss=0.5)
    assert caplog.text.count("metrics.jsonl: the disk is full") == 1
    assert "the training goes on" in caplog.text


def _full(path, full):
    with files.disk_errors(path):
        full()


def test_an_arm_that_is_logged_again_keeps_what_was_there_or_goes_on_with_it(caplog):
    folder = logged("a", 0, 0.8)
    logged("a", 0, 0.9)
    assert "what was there is kept in" in caplog.text
    assert RunFolder(folder.path.with_name("seed-0--before-1")).metrics == {"accuracy": 0.8}
    assert result().arms[0].values == {0: 0.9}
    with pb.log(arm="a", seed=0, study="mine", resume=True) as run:
        run.log(epoch=3, accuracy=0.95)
    assert folder.history["accuracy"] == [pytest.approx(0.8), 0.9, 0.95]
    assert folder.metrics == {"accuracy": 0.95}


def test_two_processes_do_not_log_the_same_run():
    with pb.log(arm="a", seed=0, study="mine"), pytest.raises(RunError, match="another process logs this"):
        pb.log(arm="a", seed=0, study="mine")


@pytest.mark.parametrize("rank", ["RANK", "LOCAL_RANK", "NODE_RANK"])
def test_of_several_processes_the_first_one_logs(monkeypatch, rank):
    monkeypatch.setenv(rank, "1")
    with pb.log(study="mine") as run:
        run.log(loss=0.5)
    assert not Path("runs").exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:This process")
def test_a_forked_process_writes_nothing():
    with pb.log(study="mine") as run:
        run.log(epoch=1, loss=0.5)
        if (child := os.fork()) == 0:
            try:
                run.log(epoch=2, loss=0.1)
                run.finish()
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        assert RunFolder(run.path).status.state == "running"
        run.log(epoch=2, loss=0.25)
    assert RunFolder(run.path).history["loss"] == [0.5, 0.25]


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"seed": 0.5}, {"arm": ""}, {"arm": 3}, {"metric": "wobble"}])
def test_names_and_seeds_that_are_none_are_refused_before_the_training(wrong):
    with pytest.raises(StudyError):
        pb.log(study="mine", **wrong)
    with pytest.raises(ParibusError, match="does not say what it is"):
        pb.log(arm={"model": object()})


def test_the_folder_of_another_kind_of_study_is_refused():
    pb.Study(lambda config, seed: 0.9, seeds=1, metric="loss", name="mine").run(jobs=1, listen=lambda event: None)
    with pytest.raises(StudyError, match="none of logs"):
        pb.log(study="mine")


def test_figures_of_unknown_direction_are_logged_and_said_where_they_are_read(caplog):
    with pb.log(study="mine") as run:
        run.log(epoch=1, wobble=1.0)
    assert RunFolder(run.path).status.state == "finished"
    assert "which figure is compared is not known" in caplog.text
    assert "nobody said which that is" in " ".join(result().warnings)
    logged("b", 0, 0.5)
    with pb.log(study="mine", seed=1, metric="wobble", higher_is_better=False) as run:
        run.log(epoch=1, wobble=2.0)
    assert result().metric_name == "wobble"


def test_a_program_that_ends_without_finishing_its_log_is_no_finished_run():
    script = (
        "import paribus as pb, sys; run = pb.log(study='mine'); run.log(loss=0.5); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
    status = RunFolder("runs/mine/run/seed-0").status
    assert (status.state, status.error) == ("failed", "RuntimeError: the program ended before this log was finished")
