"""Runs as jobs of SLURM's: on submitit's executor of this machine, and on commands that stand in for SLURM's."""

from __future__ import annotations

import os
import signal
from functools import partial

import pytest
from tests.studies.executors import slurm_commands
from tests.studies.executors.lost import alone, long_job, when_saved

from paribus import processes
from paribus.errors import Interrupted, StudyError
from paribus.studies.executors import batch, dispatch, make, slurm
from paribus.studies.executors.lines import Line, Pulse
from paribus.studies.executors.slurm import SlurmCluster
from paribus.testing.executors import ENDLESS, ExecutorContract, Record, plan, recipe

pytest.importorskip("submitit")

here = partial(SlurmCluster, 1, "cpu", address="local")


@pytest.fixture(scope="module", autouse=True)
def released(session_cache):
    """No place outlives these tests."""
    yield
    slurm.release()


class TestSlurm(ExecutorContract, make=partial(make, "slurm", 2, "cpu", address="local")): ...


def place_of(job):
    """The process that serves a run."""
    return processes.parent(job.folder.status.pid)


def test_a_run_whose_place_is_killed_goes_on_elsewhere_from_its_last_checkpoint(tmp_path, caplog, monkeypatch):
    monkeypatch.setitem(batch.SILENT_SECONDS, True, 0.2)
    job = long_job(tmp_path)
    record, listen = when_saved(job, lambda: os.kill(place_of(job), signal.SIGKILL))
    here().run([job], listen)
    assert record.ends() == ["finished"]
    assert [event.kind for event in record.of(job)].count("started") == 1
    assert "was lost with" in caplog.text
    assert job.folder.status.resumed == 1
    assert job.folder.result.weights_sha256 == alone(tmp_path / "alone", job)


def test_R6_a_run_saves_when_its_place_is_taken_away_and_goes_on_in_another(tmp_path, caplog):
    job, places = long_job(tmp_path), []

    def take_away():
        places.append(place_of(job))
        os.kill(places[0], signal.SIGUSR2)  # as SLURM does before the time is over

    record, listen = when_saved(job, take_away)
    here().run([job], listen)
    assert record.ends() == ["finished"]
    assert {event.kind for event in record.of(job)} == {"started", "progress", "finished"}
    assert "its place was taken away (SIGUSR2)" in caplog.text
    assert job.folder.status.resumed == 1
    assert job.folder.result.weights_sha256 == alone(tmp_path / "alone", job)


def press_ctrl_c(job):
    """Let all processes of this machine that a terminal knows of hear it, but the one that decides."""
    for pid in (job.folder.status.pid, place_of(job), processes.parent(place_of(job))):
        os.kill(pid, signal.SIGINT)


def test_places_hear_no_ctrl_c_and_are_kept_for_the_next_look_of_a_study(tmp_path):
    found = []
    for seed in (0, 1):
        [job] = plan(tmp_path, recipe({"budget.epochs": 160}), seeds=[seed])
        record = Record(at_progress=lambda job=job: press_ctrl_c(job))
        here().run([job], record)
        assert record.ends() == ["finished"]
        [batch] = slurm._kept.values()
        found.append([place.name for place in batch.places])
    assert found[0] == found[1] != []


def test_a_node_with_other_versions_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(dispatch, "versions", lambda: {"torch": "0.0.1"})
    with pytest.raises(StudyError, match="a node of the cluster has other versions"):
        here().run(plan(tmp_path, recipe()), Record())


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """Commands like SLURM's; the folder holds what was submitted."""
    path = slurm_commands.lay_out(tmp_path / "slurm")
    monkeypatch.setenv("PATH", f"{path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(batch, "FAR_SECONDS", 0.05)
    slurm.release()
    yield path.parent
    slurm.release()


def test_R6_many_runs_are_one_array_with_what_they_ask_for_and_cancelled_behind_what_they_save(commands, tmp_path):
    jobs = plan(tmp_path / "runs", recipe(), seeds=range(3))
    record = Record()
    where = make("slurm:partition=small,time=30,exclusive", 2, "cpu", cpus_per_run=2)
    where.run(jobs, record)
    assert record.ends() == ["finished"] * 3
    [script] = commands.glob("*.sh")
    asked = {line.removeprefix("#SBATCH --") for line in script.read_text().splitlines() if line.startswith("#SBATCH")}
    wanted = {"array=0-1%2", "partition=small", "time=30", "cpus-per-task=2", "exclusive", "job-name=paribus"}
    assert wanted <= asked

    [job] = plan(tmp_path / "further", recipe(ENDLESS))
    record = Record(at_progress=lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(Interrupted):
        where.run([job], record)
    assert record.ends() == ["interrupted"]
    assert list(job.folder.checkpoints.glob("*.safetensors"))
    assert [*commands.glob("*.sh")] == [script]  # it had one of the places that were there
    slurm.release()
    assert set((commands / "cancelled.txt").read_text().split()) == {"1000_0", "1000_1"}
    assert not list(tmp_path.rglob(".tmp-*"))


def test_what_sbatch_refuses_is_said_in_its_words(commands, tmp_path):
    with pytest.raises(StudyError, match="SLURM takes no job of this kind") as refused:
        make("slurm:partition=nowhere", 1, "cpu").run(plan(tmp_path, recipe()), Record())
    assert "invalid partition specified" in refused.value.got


@pytest.mark.parametrize(
    ("where", "options", "said"),
    [
        ("slurm:nodes=2", {}, "no option of sbatch here: nodes"),
        ("slurm:cpus-per-task=2", {}, "no option of sbatch here: cpus_per_task"),
        ("slurm:time=4:00:00", {}, "time is a number of minutes"),
        ("slurm", {"cpus_per_run": 0.5}, "--cpus-per-run is a whole number on SLURM, 1 or more"),
        ("slurm", {"gpus_per_run": 0.25}, "--gpus-per-run is a whole number on SLURM, 0 or more"),
        ("slurm", {"collect": True}, "slurm takes no --collect"),
    ],
)
def test_what_slurm_does_not_give_is_refused(where, options, said):
    with pytest.raises(StudyError, match=said):
        make(where, 1, "cpu", **options)


def test_an_unknown_option_is_refused_with_the_nearest(commands):
    with pytest.raises(StudyError, match="did you mean 'partition'"):
        make("slurm:partion=gpu", 1, "cpu").prepare(1)


def test_a_machine_without_slurm_is_told_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StudyError, match=r"(?s)this machine submits no jobs to SLURM.*--on slurm:local"):
        make("slurm", 1, "cpu").prepare(1)


def test_half_of_what_is_said_waits_for_its_other_half(tmp_path):
    line = Line(tmp_path / "line").open()
    line.say("whole")
    line.say(["and", "a", "half"])
    content = line.path.read_bytes()
    line.path.write_bytes(content[:-3])
    assert line.heard() == ["whole"]
    line.path.write_bytes(content)
    assert line.heard() == [["and", "a", "half"]]
    assert line.heard() == []


def test_silence_is_counted_by_the_clock_of_whoever_listens(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("paribus.studies.executors.lines.time.monotonic", lambda: now[0])
    told, heard = Pulse(tmp_path / "pulse"), Pulse(tmp_path / "pulse")
    told.beat()
    assert heard.silence() == 0
    now[0] = 130.0
    assert heard.silence() == 30
    told.beat()
    assert heard.silence() == 0
