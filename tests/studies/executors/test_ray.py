"""Runs on a cluster of several nodes, all of this machine: what gets lost, what is sent, what is refused."""

from __future__ import annotations

import os
import signal
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from tests.small import QUICK
from tests.studies.executors import clusters
from tests.studies.executors.lost import alone, long_job, when_saved

import paribus as pb
from paribus import processes
from paribus.errors import Interrupted, StudyError
from paribus.records.plugins import load_plugin
from paribus.studies.executors import connection, dispatch, make
from paribus.studies.executors.cargo import Cargo
from paribus.studies.executors.cluster import RayCluster
from paribus.testing.executors import ExecutorContract, Record, plan, recipe

pytest.importorskip("ray")

ELSEWHERE = {"cpus_per_run": 3}  # the first node has two: such a run goes to another one


@pytest.fixture(scope="module", autouse=True)
def cluster(session_cache):
    with clusters.cluster(num_cpus=2, num_gpus=1) as made:
        yield made


class TestRay(ExecutorContract, make=partial(make, "ray", 2, "cpu")): ...


def test_a_killed_task_goes_on_in_another_from_its_last_checkpoint(tmp_path):
    job = long_job(tmp_path)
    record, listen = when_saved(job, lambda: os.kill(processes.parent(job.folder.status.pid), signal.SIGKILL))
    RayCluster(1, "cpu").run([job], listen)
    assert record.ends() == ["finished"]
    assert [event.kind for event in record.of(job)].count("started") == 1
    assert job.folder.status.resumed == 1
    assert job.folder.result.weights_sha256 == alone(tmp_path / "alone", job)


class TestFurtherNodes:
    """Two nodes more, with a cache of their own."""

    @pytest.fixture(scope="class")
    @classmethod
    def cache(cls, tmp_path_factory):
        return tmp_path_factory.mktemp("cache of nodes")

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def nodes(cls, cluster, cache):
        found = [clusters.add(cluster, num_cpus=3, env_vars={"PARIBUS_CACHE": str(cache)}) for _ in range(2)]
        yield found
        for node in found:
            clusters.kill(cluster, node)

    def test_data_larger_than_the_object_store_reach_a_node_that_has_none(self, cache, tmp_path):
        rows = clusters.SMALLEST_STORE * 5 // 4 // 50_000
        data = pb.Data(np.zeros((rows, 200, 250), np.uint8), np.arange(rows) % 2)
        small = {"split.limit": 50, "training.batch_size": 16, "budget.epochs": 1}
        [job] = plan(tmp_path, recipe({"data": data, **small}))
        record = Record()
        RayCluster(1, "cpu", **ELSEWHERE).run([job], record)
        assert record.ends() == ["finished"], record.events
        sent = [file for file in (cache / "datasets").rglob("*") if file.is_file()]
        assert sum(file.stat().st_size for file in sent) > clusters.SMALLEST_STORE

    def test_runs_of_a_lost_node_go_on_elsewhere_from_their_last_checkpoint(
        self, cluster, nodes, tmp_path, caplog, capfd
    ):
        job = long_job(tmp_path)

        def lose():
            raylet = processes.parent(processes.parent(job.folder.status.pid))
            [node] = [node for node in nodes if node.all_processes["raylet"][0].process.pid == raylet]
            clusters.kill(cluster, node)
            nodes.remove(node)

        record, listen = when_saved(job, lose)
        RayCluster(1, "cpu", **ELSEWHERE).run([job], listen)
        assert record.ends() == ["finished"]
        assert "was lost with" in caplog.text
        assert "raylet" not in capfd.readouterr().out  # what ray says of it would stand in tables and JSON
        assert job.folder.status.resumed == 1
        assert job.folder.result.weights_sha256 == alone(tmp_path / "alone", job)


def test_a_run_that_loses_its_place_again_and_again_is_given_up(tmp_path):
    job = long_job(tmp_path)
    record = Record()

    def listen(event):
        record(event)
        pid = job.folder.last_status().pid
        if event.kind == "progress" and pid and (task := processes.parent(pid)) > 1:
            os.kill(task, signal.SIGKILL)

    RayCluster(1, "cpu").run([job], listen)
    assert record.ends() == ["failed"]
    assert "its place on the cluster was lost" in record.of(job)[-1].error
    assert job.folder.status.state == "killed"


@pytest.fixture
def unseen(tmp_path, monkeypatch) -> Path:
    """A folder that has its name in this process only: elsewhere it is another one."""
    monkeypatch.chdir(tmp_path)
    return Path("/proc/self/cwd/runs")


def test_a_run_folder_that_a_node_cannot_see_is_named(unseen):
    [job] = plan(unseen, recipe())
    with pytest.raises(StudyError, match="does not see the folder of the runs") as refused:
        RayCluster(1, "cpu").run([job], Record())
    assert str(job.path.parent) in refused.value.got
    assert "--collect" in refused.value.hint
    assert not list(unseen.rglob(".tmp-*"))


def test_runs_are_sent_back_where_nothing_is_shared_and_go_on_from_what_was_sent(unseen, tmp_path):
    job = long_job(unseen)
    record = Record(at_progress=lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(Interrupted):
        RayCluster(1, "cpu", collect=True).run([job], record)
    assert record.ends() == ["interrupted"]
    assert list(job.folder.checkpoints.glob("*.safetensors"))
    record = Record()
    RayCluster(1, "cpu", collect=True).run([job], record)
    assert record.ends() == ["finished"]
    assert job.folder.status.resumed == 1
    assert not list(job.folder.checkpoints.glob("*"))  # what goes there goes here
    assert job.folder.result.weights_sha256 == alone(tmp_path / "alone", job)
    job.folder.check_seal()


def test_a_folder_that_somebody_else_works_in_fails_by_itself(tmp_path):
    jobs = plan(tmp_path, recipe(), seeds=(0, 1))
    record = Record()
    with jobs[0].folder.lock():
        RayCluster(1, "cpu", collect=True).run(jobs, record)
    assert record.ends() == ["failed", "finished"]
    assert "another process is working" in record.of(jobs[0])[-1].error


def test_runs_wait_where_the_cluster_is_full(tmp_path):
    running, most = set(), []

    def listen(event):
        (running.add if event.kind in ("started", "progress") else running.discard)(event.job.seed)
        most.append(len(running))

    jobs = plan(tmp_path, recipe({"budget.epochs": 15}), seeds=range(4))
    RayCluster(4, "cpu", cpus_per_run=0.1, gpus_per_run=0.5).run(jobs, listen)
    assert max(most) <= 2  # the cluster has one GPU
    assert all(job.folder.status.state == "finished" for job in jobs)


def test_what_no_node_has_is_refused_with_what_they_have():
    with pytest.raises(StudyError, match="no node of the cluster has 1 CPUs and 8 GPUs") as refused:
        RayCluster(1, gpus_per_run=8).prepare(1)
    assert "2 CPUs, 1 GPUs" in refused.value.got
    with pytest.raises(StudyError, match="no node of the cluster has 64 CPUs"):
        RayCluster(1, "cpu").prepare(64)


def test_as_many_runs_at_once_as_there_is_room_for():
    assert RayCluster(device="cpu").workers == 2
    assert RayCluster(device="cpu", cpus_per_run=0.5).workers == 4
    assert RayCluster().workers == 1  # a GPU for each, unless something else is said
    assert RayCluster(gpus_per_run=0.25, cpus_per_run=0.1).workers == 4


def test_a_node_with_other_versions_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(dispatch, "versions", lambda: {"torch": "0.0.1"})
    with pytest.raises(StudyError, match="a node of the cluster has other versions") as refused:
        RayCluster(1, "cpu").run(plan(tmp_path, recipe()), Record())
    assert "instead of 0.0.1" in refused.value.got


FILE = """
import beside
from torch import nn

class OnTheCluster(nn.Module):
    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.layer = nn.Linear(beside.WIDTH, num_classes)

    def forward(self, inputs):
        return self.layer(inputs.flatten(1))
"""


def test_classes_of_a_plug_in_file_and_what_it_imports_reach_the_nodes(tmp_path):
    (tmp_path / "beside.py").write_text("WIDTH = 64")
    (tmp_path / "cluster_nets.py").write_text(FILE)
    load_plugin(tmp_path / "cluster_nets.py")
    record = Record()
    RayCluster(1, "cpu").run(plan(tmp_path, recipe({"model.use": "OnTheCluster"})), record)
    assert record.ends() == ["finished"], record.events


def test_a_study_of_a_function_runs_on_a_cluster(tmp_path):
    offset = 0.5

    def fit(config, seed):
        return {"accuracy": offset + config["lr"] + 0.001 * seed}

    study = pb.Study(fit, vary={"lr": [0.1, 0.2]}, seeds=2, runs=tmp_path)
    result = study.run(executor="ray", jobs=2, listen=Record())
    assert result.complete
    assert result.effects[0].estimate.value == pytest.approx(0.1)


def test_a_search_on_a_cluster_finds_what_it_finds_here(tmp_path):
    fields = {"search": {"optimizer.lr": "1e-3..1"}, "trials": 3, "sampler": "random", "confirm": 2}
    found = []
    for name, how in (("there", {"executor": "ray", "jobs": 2}), ("here", {"executor": "inprocess"})):
        search = pb.Tune("digits/mlp", changes=QUICK, runs=tmp_path / name, **fields)
        result = search.run(**how, device="cpu", listen=lambda *_: None, confirming=lambda *_: None)
        trials = [(trial.settings, trial.value) for trial in result.trials]
        found.append((trials, result.confirmed.effects[0].estimate.value))
    assert found[0] == found[1]


@pytest.mark.parametrize("error", ["OutOfDiskError", "ObjectStoreFullError"])
def test_a_full_object_store_is_said_with_a_way_out(tmp_path, monkeypatch, error):
    ray = connection.loaded()
    (tmp_path / "file").write_bytes(b"content")

    def full(_):
        raise getattr(ray.exceptions, error)("no room")

    monkeypatch.setattr(ray, "put", full)
    with pytest.raises(StudyError, match="the cluster's object store has no room") as refused:
        Cargo(ray).put(tmp_path)
    assert "--object-store-memory" in refused.value.hint


@pytest.mark.parametrize("given", [{"workers": 0}, {"cpus_per_run": 0}, {"gpus_per_run": -1}, {"gpus_per_run": 1.5}])
def test_shares_that_cannot_be_are_refused(given):
    with pytest.raises(StudyError, match=r"at least one worker|a share of one"):
        RayCluster(**given)


def test_this_process_forks_no_more():
    assert connection.is_open()
    assert make("pool", 1, "cpu").context.get_start_method() == "spawn"
