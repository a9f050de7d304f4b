"""Worker processes: spawned ones, those that leave, and those whose parent is gone."""

from __future__ import annotations

import errno
import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from paribus.errors import RunError, StudyError
from paribus.records.plugins import load_plugin
from paribus.records.run import RunFolder
from paribus.studies.executors.pool import LocalPool
from paribus.studies.executors.worker import settle_in, unsettled
from paribus.testing.executors import ExecutorContract, Record, plan, recipe
from paribus.training.interruption import interruptible


def spawning() -> LocalPool:
    pool = LocalPool(2, "cpu")
    pool.context = multiprocessing.get_context("spawn")
    return pool


@pytest.mark.slow
class TestSpawningPool(ExecutorContract, make=spawning):
    """What a worker does and how it ends; what the parent alone decides is the same for workers that are forked."""

    test_diverging_is_a_result_and_no_failure = None
    test_fail_fast_stops_at_the_first_failure = None
    test_a_job_may_be_decided_by_how_others_ended = None
    test_jobs_end_where_none_is_left_to_wait_for = None


PLUGIN = """
from torch import nn

def linear(inputs, outputs):
    return nn.Linear(inputs, outputs)

class FromFile(nn.Module):
    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.layer = linear(64, num_classes)

    def forward(self, inputs):
        return self.layer(inputs.flatten(1))
"""


@pytest.mark.slow
def test_classes_of_a_plug_in_file_reach_spawned_workers(tmp_path):
    file = tmp_path / "nets.py"
    file.write_text(PLUGIN)
    load_plugin(file)
    record = Record()
    spawning().run(plan(tmp_path, recipe({"model.use": "FromFile"})), record)
    assert record.ends() == ["finished"], record.events


class Threaded:
    """What may be ended only where it was begun, as a process group that has threads; nobody holds it but itself."""

    def __init__(self, ended: Path) -> None:
        self.ended, self.itself = ended, self

    def __del__(self) -> None:
        with self.ended.open("a") as file:
            file.write(f"{os.getpid()}\n")


@pytest.mark.skipif(sys.platform != "linux", reason="forked workers know what is patched here")
def test_a_forked_worker_does_not_end_what_its_parent_left(tmp_path, monkeypatch):
    monkeypatch.setattr("paribus.studies.executors.job.Job.run", lambda self, listen: gc.collect())
    gc.disable()  # nobody else collects it before the worker begins
    try:
        Threaded(tmp_path / "ended")
        record = Record()
        LocalPool(1, "cpu").run(plan(tmp_path, recipe()), record)
        assert record.ends() == ["finished"]
        assert not (tmp_path / "ended").exists()
    finally:
        gc.enable()
    gc.collect()
    assert (tmp_path / "ended").read_text().split() == [str(os.getpid())]


def hear_early() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    settle_in(b"")
    os._exit(0)


@pytest.mark.skipif(sys.platform != "linux", reason="there are no forks")
def test_a_signal_before_a_worker_has_settled_in_is_not_lost():
    process = multiprocessing.get_context("fork").Process(target=hear_early)
    with interruptible() as request:
        with unsettled():
            process.start()
        process.join(timeout=20)
        assert not request.number
    assert process.exitcode == -signal.SIGTERM


@pytest.mark.skipif(sys.platform != "linux", reason="forked workers know what is patched here")
@pytest.mark.parametrize("job_fails", [True, False])
def test_R2_a_log_that_cannot_be_written_to_its_end_is_no_unknown_death(tmp_path, monkeypatch, job_fails):
    @contextmanager
    def on_a_full_disk(path):
        yield
        raise OSError(errno.ENOSPC, "No space left on device")

    def run(self, listen):
        if job_fails:
            raise RunError("cannot write status.json: the disk is full", got=str(self.path))

    monkeypatch.setattr("paribus.studies.executors.worker.output_to", on_a_full_disk)
    monkeypatch.setattr("paribus.studies.executors.job.Job.run", run)
    record = Record()
    LocalPool(1, "cpu").run(plan(tmp_path, recipe()), record)
    assert record.ends() == ["failed" if job_fails else "finished"]
    [events] = record.events.values()
    assert ("the disk is full" in events[-1].error) == job_fails


def test_a_pool_lets_its_workers_go_at_once(tmp_path):
    started = time.monotonic()
    LocalPool(4, "cpu").run(plan(tmp_path, recipe(), seeds=range(4)), Record())
    assert time.monotonic() - started < 5  # that long it would wait for each worker that does not leave
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("workers", [0, -1])
def test_a_pool_without_workers_is_refused(workers):
    with pytest.raises(StudyError, match="at least one worker"):
        LocalPool(workers, "cpu")


ORPHANS = """
from pathlib import Path
from paribus.studies.executors.pool import LocalPool
from paribus.testing.executors import plan, recipe
LocalPool(2, "cpu").run(plan(Path("runs"), recipe({"budget.epochs": 100_000}), seeds=(0, 1)), lambda event: None)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux only")
def test_R12_workers_whose_parent_is_killed_save_and_leave(tmp_path):
    parent = subprocess.Popen([sys.executable, "-c", ORPHANS], cwd=tmp_path, start_new_session=True)
    runs = [RunFolder(tmp_path / "runs" / "arm-0" / f"seed-{seed}") for seed in (0, 1)]
    try:
        wait_for(lambda: all(run.status.epoch > 0 or run.status.state == "running" for run in runs))
        workers = [run.status.pid for run in runs]
        parent.kill()
        parent.wait()
        wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
    finally:
        end_group(parent)
    assert [run.status.state for run in runs] == ["interrupted"] * 2
    assert all(any(run.checkpoints.iterdir()) for run in runs)


def wait_for(condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def end_group(process):
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
