"""The first of several processes: what it refuses, and what becomes of the others."""

from __future__ import annotations

import gc
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paribus.errors import Interrupted, RecipeError, RunError
from paribus.training.distributed import lead, meeting
from paribus.training.monitor import Progress
from paribus.training.run import Run

CHANGES = {"split.limit": 256, "model.widths": [16], "training.batch_size": 32, "training.precision": "fp32"}
WAYS = {"device": "cpu", "threads": 1, "processes": 2, "progress": lambda *_: None}
TASKS = Path("/proc/self/task")  # the threads of this process, on Linux


def of_gloo() -> int:
    """How many threads of connections there are."""
    return sum("gloo" in (task / "comm").read_text() for task in TASKS.glob("*"))


@pytest.fixture
def started(monkeypatch) -> list[subprocess.Popen[bytes]]:
    """The processes that were started."""
    found: list[subprocess.Popen[bytes]] = []

    class Noted(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            found.append(self)

    monkeypatch.setattr(lead.subprocess, "Popen", Noted)
    return found


def long(tmp_path, **changes: Any) -> Run:
    return Run("digits/mlp", {**CHANGES, "budget.epochs": 500, **changes}, runs=tmp_path)


def once(number: int, epoch: int) -> Callable[[Progress], None]:
    """A listener that sends itself a signal, the first time that it hears of an epoch."""
    sent = []

    def listen(now: Progress) -> None:
        if now.epoch >= epoch and not sent:
            sent.append(number)
            signal.raise_signal(number)

    return listen


@pytest.mark.slow
def test_r9_a_process_that_is_killed_is_named_at_once_and_the_run_goes_on_from_its_checkpoint(tmp_path, started):
    run, killed = long(tmp_path), []

    def kill(now: Progress) -> None:
        if now.epoch == 2 and not killed:
            started[0].kill()
            killed.append(time.monotonic())

    with pytest.raises(RunError, match="rank 1 of 2 was ended by SIGKILL") as error:
        run.train(**WAYS, listen=kill, checkpoint_seconds=0.0)
    assert time.monotonic() - killed[0] < 5
    assert str(started[0].pid) in error.value.got
    assert run.status.state == "failed"
    assert "rank 1" in run.status.error
    assert list(run.folder.checkpoints.glob("step-*.json"))

    with pytest.raises(Interrupted):  # by one process
        run.train(device="cpu", threads=1, listen=once(signal.SIGINT, epoch=4))
    assert run.status.resumed == 1
    assert max(run.folder.checkpoints.glob("step-*.json")).stem > "step-00000032"  # 4 epochs of 8 steps


@pytest.mark.slow
def test_r9_a_process_that_hangs_is_named_and_ended(tmp_path, started):
    run, stopped = long(tmp_path), []

    def stop(now: Progress) -> None:
        if now.epoch == 2 and not stopped:
            started[0].send_signal(signal.SIGSTOP)
            stopped.append(time.monotonic())

    with pytest.raises(RunError, match="rank 1 of 2 has not come to a step for 3 seconds") as error:
        run.train(**WAYS, listen=stop, patience=3.0)
    assert 3 <= time.monotonic() - stopped[0] < 13
    assert str(started[0].pid) in error.value.got
    assert "--patience" in error.value.hint
    assert started[0].returncode == -signal.SIGKILL
    assert run.status.state == "failed"


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), 1e9])
def test_patience_that_makes_no_sense_is_refused(tmp_path, seconds):
    with pytest.raises(RunError, match="1 second to 1 day"):
        long(tmp_path).train(processes=2, patience=seconds)


@pytest.mark.slow
def test_r6_a_request_to_stop_saves_once_and_lets_the_others_and_the_threads_of_their_connection_go(tmp_path, started):
    run, stop, during = long(tmp_path), once(signal.SIGTERM, epoch=2), []

    def listen(now: Progress) -> None:
        during.append(of_gloo())
        stop(now)

    gc.collect()
    before = of_gloo()
    gc.disable()  # what ends only when it is collected stays for as long as a script pleases
    try:
        with pytest.raises(Interrupted):
            run.train(**WAYS, listen=listen)
        after = of_gloo()
    finally:
        gc.enable()
    assert after == before
    assert max(during) > before or not TASKS.exists()
    assert run.status.state == "interrupted"
    assert len(list(run.folder.checkpoints.glob("step-*.json"))) == 1
    assert [process.returncode for process in started] == [0]


@pytest.mark.slow
def test_a_process_with_other_code_is_refused_before_the_first_step(tmp_path, started, monkeypatch):
    monkeypatch.setattr(meeting, "software", lambda: {"paribus": "of yesterday", "torch": "2"})
    run = long(tmp_path)
    with pytest.raises(RunError, match=r"rank 1 of 2 cannot train: all processes .* the same code of paribus") as error:
        run.train(**WAYS, listen=lambda now: None)
    assert "of yesterday in rank 0" in error.value.got
    assert not run.folder.history
    assert started[0].poll() is not None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"training.batch_size": 1}, "every process needs an example of every batch"),
        ({"training.batch_size": 8, "training.accumulate": 5}, "every process needs an example of every batch"),
        ({"training.norm_parts": 3}, "lie within one process each"),
        ({"training.norm_parts": 64}, "every part of norm_parts needs an example"),
    ],
)
def test_batches_that_cannot_be_shared_out_are_refused_before_anything_is_written(tmp_path, changes, said):
    run = long(tmp_path, **changes)
    with pytest.raises(RecipeError, match=said):
        run.train(**WAYS)
    assert not run.folder.exists
    with pytest.raises(RecipeError, match=said):
        run.check(processes=2)


@pytest.mark.parametrize("wish", [0, -1, 1.5, "2", True])
def test_what_is_no_number_of_processes_is_refused(tmp_path, wish):
    with pytest.raises(RunError, match="one process or more"):
        long(tmp_path).train(processes=wish)


def test_a_model_that_is_fitted_at_once_is_fitted_by_one_process(tmp_path, started):
    run = Run("digits/mlp", {"model": "knn", "split.limit": 100}, runs=tmp_path)
    with pytest.raises(RecipeError, match="fitted by one process"):
        run.train(**WAYS)
    assert not started
