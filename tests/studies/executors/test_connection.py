"""Clusters that are not there, that are something else, or of another version: one message, in seconds."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from paribus.errors import StudyError
from paribus.studies.executors import connection, make, tasks
from paribus.studies.executors.connection import Node, room


@pytest.fixture
def listener():
    """A socket that accepts connections; what it answers is up to the test."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server, f"127.0.0.1:{server.getsockname()[1]}"


def answering(server, said):
    def serve():
        wire, _ = server.accept()
        wire.recv(100)
        wire.sendall(said)
        wire.close()

    threading.Thread(target=serve, daemon=True).start()


def test_an_address_at_which_nobody_listens_is_refused_at_once(listener):
    server, address = listener
    server.close()
    began = time.monotonic()
    with pytest.raises(StudyError, match="no cluster answers at this address: Connection refused") as refused:
        make(f"ray:{address}").prepare(1)
    assert refused.value.got == address
    assert time.monotonic() - began < 10


def test_an_address_that_says_nothing_is_refused_within_ten_seconds(listener, monkeypatch):
    assert 2 * connection.ANSWER_SECONDS < 10
    monkeypatch.setattr(connection, "ANSWER_SECONDS", 0.2)
    with pytest.raises(StudyError, match="no cluster answers at this address: no answer in time"):
        connection.connect(listener[1])


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH_9.9\r\n", b""])
def test_what_is_no_cluster_is_told_from_one(listener, said):
    answering(listener[0], said)
    with pytest.raises(StudyError, match=r"that is no ray cluster|Connection reset"):
        connection.connect(listener[1])


@pytest.mark.parametrize("address", ["somewhere", ":6379", "host:port", "host:99999999"])
def test_an_address_is_a_host_and_a_port(address):
    with pytest.raises(StudyError, match="HOST:PORT"):
        connection.connect(address)


def test_the_client_of_ray_is_refused_with_another_way():
    with pytest.raises(StudyError, match="from within its cluster") as refused:
        make("ray:ray://10.0.0.1:10001").prepare(1)
    assert "ray job submit" in refused.value.hint


def test_a_machine_without_ray_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(StudyError, match="--on ray needs ray") as refused:
        make("ray").prepare(1)
    assert "paribus[ray]" in refused.value.hint


def test_a_cluster_of_another_version_is_named_with_both(monkeypatch):
    ray = pytest.importorskip("ray")
    theirs = {"ray_version": "2.3.0", "python_version": "3.8.1"}
    monkeypatch.setattr(ray, "init", lambda *_, **__: ray._private.utils.check_version_info(theirs, "here"))
    with pytest.raises(StudyError, match="another version of ray or Python") as refused:
        connection.connect("local")
    assert {"2.3.0", "3.8.1", ray.__version__} <= set(refused.value.got.split())


@pytest.mark.parametrize(
    ("cpus", "gpus", "runs"), [(1, 0, 8 + 4), (0.5, 0, 16 + 8), (3, 0, 2 + 1), (1, 1, 2), (1, 0.25, 8), (0.1, 0.3, 6)]
)
def test_nodes_have_room_for_whole_runs(cpus, gpus, runs):
    assert room([Node("a", 8, 2), Node("b", 4, 0)], cpus, gpus) == runs


def test_a_run_that_fits_on_no_single_node_is_refused():
    with pytest.raises(StudyError, match="no node of the cluster has 9 CPUs") as refused:
        room([Node("a", 8, 2), Node("b", 4, 0)], 9, 0)
    assert refused.value.got == "a: 8 CPUs, 2 GPUs; b: 4 CPUs, 0 GPUs"


@pytest.mark.parametrize(
    ("name", "options"), [("pool:here", {}), ("pool", {"collect": True}), ("inprocess", {"gpus_per_run": 1})]
)
def test_options_of_clusters_are_for_clusters(name, options):
    with pytest.raises(StudyError, match=r"takes no (address|--)"):
        make(name, **options)


@pytest.mark.parametrize(
    ("kept", "given", "shown"),
    [
        (True, {}, "token"),
        (False, {}, None),
        (False, {"RAY_AUTH_TOKEN": "a" * 64}, "token"),
        (True, {"RAY_AUTH_MODE": "disabled"}, "disabled"),
    ],
)
def test_the_token_of_a_running_cluster_is_shown_where_one_is_known(monkeypatch, tmp_path, kept, given, shown):
    for name in (connection.MODE, *connection.TOKENS):
        monkeypatch.setenv(name, "")  # so that it is gone again when the test is over
        monkeypatch.delenv(name)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(connection, "KEPT", tmp_path / "auth_token")
    monkeypatch.delitem(sys.modules, "ray", raising=False)
    if kept:
        connection.KEPT.write_text("b" * 64)

    class Asked(Exception):
        """For ray."""

    def loaded():
        raise Asked

    monkeypatch.setattr(connection, "loaded", loaded)
    with pytest.raises(Asked):
        connection.connect("127.0.0.1:6379")
    assert os.environ.get(connection.MODE) == shown


def cluster(job: str, node: str) -> SimpleNamespace:
    """What is asked of ray where runs are given out, in a job and on a node of these names."""
    context = SimpleNamespace(get_job_id=lambda: job, get_node_id=lambda: node)
    strategies = SimpleNamespace(NodeAffinitySchedulingStrategy=lambda *_, **__: None)
    return SimpleNamespace(
        get_runtime_context=lambda: context,
        remote=lambda **_: lambda kind: SimpleNamespace(remote=object),
        util=SimpleNamespace(scheduling_strategies=strategies),
    )


def test_runs_are_given_out_by_an_actor_of_their_own_cluster(monkeypatch):
    """Each cluster counts its jobs anew, and ray ends the process that shows it an actor of another one."""
    monkeypatch.setattr(tasks, "_desks", {})
    first = tasks._desk(cluster("01000000", "a"))
    assert tasks._desk(cluster("01000000", "a")) is first
    assert tasks._desk(cluster("02000000", "a")) is not first
    first = tasks._desk(cluster("01000000", "a"))
    assert tasks._desk(cluster("01000000", "b")) is not first
