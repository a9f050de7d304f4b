"""Trainings that the page starts are processes of their own: they outlive it, stop politely, and go on."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from tests.served import Page, make_run, page, wait_for
from tests.small import small

import paribus as pb
from paribus import processes
from paribus.errors import ParibusError, RunError, StudyError
from paribus.web import go, jobs
from paribus.web.go import more
from paribus.web.jobs import OVER, Job, Queue

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and sessions")

ASKED = {
    "recipe": "digits/mlp",
    "overrides": {"budget.epochs": "1", "split.limit": "200", "model.widths": "[8]"},
    "vary": {"optimizer.lr": "0.1,0.2"},
    "seeds": "2",
    "name": "asked",
}
LONG = {**ASKED, "overrides": {**ASKED["overrides"], "budget.epochs": "3000"}, "vary": {}, "seeds": "1", "name": "long"}


def job(served: Page, wanted: str) -> dict:
    return next(one for one in served.get("/api/queue")["jobs"] if one["id"] == wanted)


def over(served: Page, wanted: str) -> dict:
    return wait_for(lambda: (one := job(served, wanted))["state"] in OVER and one, 120)


@pytest.mark.slow
def test_a_study_that_the_page_starts_is_that_of_the_command_line(tmp_path):
    with page(tmp_path) as served:
        started = served.post("/api/start", ASKED).json
        assert "paribus study digits/mlp" in started["command"]
        refused = served.post("/api/start", ASKED)
        assert (refused.status, refused.json["error"]["hint"]) == (422, "it stands in the queue")
    # the page has ended, and its study goes on; another page sees it
    with page(tmp_path) as served:
        found = over(served, started["queue_id"])
        assert (found["state"], found["problem"]) == ("finished", "")
        served.look_again()
        said = served.get(f"/api/studies/{started['id']}")
        assert (said["complete"], said["progress"]["done"]) == (True, 4)
        mine = pb.Study.open(tmp_path / "asked").result
        other = pb.Study(
            "digits/mlp",
            {"budget.epochs": 1, "split.limit": 200, "model.widths": [8]},
            vary={"optimizer.lr": [0.1, 0.2]},
            seeds=2,
            runs=tmp_path / "other",
            name="asked",
        )
        theirs = other.run(jobs=1, device="cpu", listen=lambda _: None)
        assert [arm.values for arm in mine.arms] == [arm.values for arm in theirs.arms]

        added = served.post(f"/api/studies/{started['id']}/seeds", {"count": 1})
        assert over(served, added.json["queue_id"])["state"] == "finished"
        design = pb.Study.open(tmp_path / "asked").design
        assert design.seeds == (0, 1, 2)
        assert design.extended == (2,)  # the look before is written down, as by the command line
        served.look_again()
        again = served.get(f"/api/studies/{started['id']}")
        assert again["looks"]["extended"] == [2]
        assert again["page"]["warnings"]


@pytest.mark.slow
def test_a_run_is_stopped_with_all_saved_and_goes_on(tmp_path):
    with page(tmp_path) as served:
        started = served.post("/api/start", LONG).json
        folder = tmp_path / "long" / "base" / "seed-0"

        def at_work() -> dict | None:
            served.look_again()
            found = [row for row in served.rows("kind=run").values() if row["state"] == "running"]
            return found[0] if found and found[0]["progress"]["done"] > 1 else None

        run = wait_for(at_work, 120)
        refused = served.post(f"/api/studies/{started['id']}/resume")
        assert (refused.status, refused.json["error"]["message"]) == (422, "this is running")
        assert served.post(f"/api/studies/{started['id']}/stop").json == {"asked": 1}
        ended = over(served, started["queue_id"])
        assert ended["state"] == "interrupted"
        assert "everything is saved" in ended["problem"]
        served.look_again()
        about = served.get(f"/api/runs/{run['id']}")
        assert (about["state"], about["actions"]) == ("interrupted", {"stop": False, "resume": True})
        (place,) = tmp_path.glob("long/*/seed-0")
        assert list((place / "checkpoints").iterdir())
        epochs = len(pb.RunFolder(place).history)

        again = served.post(f"/api/runs/{run['id']}/resume").json
        wait_for(lambda: len(pb.RunFolder(place).history) > epochs, 120)
        asked = wait_for(lambda: served.post(f"/api/runs/{run['id']}/stop").status == 200, 60)
        assert asked
        assert over(served, again["queue_id"])["state"] == "interrupted"
        assert pb.RunFolder(place).status.state == "interrupted"
    assert not folder.exists() or folder == place


@pytest.mark.slow
def test_a_study_in_a_terminal_is_stopped_through_its_workers(tmp_path):
    words = ["study", "digits/mlp", "budget.epochs=3000", "split.limit=200", "--seeds", "2", "--jobs", "2"]
    command = [sys.executable, "-m", "paribus", *words, "--name", "mine", "--runs", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        with page(tmp_path) as served:

            def running() -> bool:
                served.look_again()
                return any(row["state"] == "running" for row in served.rows("kind=run").values())

            wait_for(running, 120)
            answer = served.post(f"/api/studies/{served.id('mine')}/stop")
            assert answer.json == {"asked": 1}
        _, said = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "everything is saved" in said
    finally:
        process.kill()
        process.communicate(timeout=20)


def test_jobs_run_one_after_another_and_tell_how_they_ended(tmp_path):
    queue = Queue(tmp_path)
    first = queue.add(["paribus", "--version"], "first", "a")
    second = queue.add(["paribus", "show", "nothing-like-it"], "second", "b")
    ended = wait_for(lambda: all(one.state in OVER for one in queue.jobs()) and queue.jobs(), 60)
    assert [one.id for one in ended] == [first.id, second.id]
    assert [one.state for one in ended] == ["finished", "failed"]
    assert ended[1].problem.startswith("error: there is nothing of this name\n  received: nothing-like-it")
    assert ended[0].ended <= ended[1].began
    assert "paribus" in queue.log(first).read_text()


def test_a_study_is_not_queued_twice_and_what_waits_can_be_taken_out(tmp_path, monkeypatch):
    monkeypatch.setattr(Queue, "start", lambda self: None)
    queue = Queue(tmp_path)
    waiting = queue.add(["x"], "x", "study")
    with pytest.raises(StudyError, match="this is waiting already"):
        queue.add(["x"], "x", "study")
    with page(tmp_path) as served:
        assert served.get("/api/queue")["jobs"][0]["state"] == "waiting"
        assert served.ask(f"/api/queue/{waiting.id}", "DELETE").json == {"removed": waiting.id, "was": "waiting"}
        assert served.get("/api/queue")["jobs"] == []
        for wanted in (waiting.id, "..", "%2e%2e%2fx", "x"):
            assert served.ask(f"/api/queue/{wanted}", "DELETE").status in (404, 405)


def test_a_job_whose_process_is_gone_has_failed(tmp_path):
    queue = Queue(tmp_path)
    queue.write(Job("1", ("x",), "x", "a", "running", began=1.0, pid=2**22 + 1))
    assert queue.jobs()[0].state == "failed"
    assert "without a word" in queue.jobs()[0].problem


def test_damaged_files_of_the_queue_are_left_out(tmp_path):
    queue = Queue(tmp_path)
    queue.write(Job("1", ("x",), "x", "a"))
    (queue.folder / "2.json").write_text("{")
    (queue.folder / "3.json").write_text(json.dumps({"id": "../x", "argv": [], "command": "", "name": ""}))
    assert [one.id for one in queue.jobs()] == ["1"]


def test_the_queue_has_an_end_and_forgets(tmp_path, monkeypatch):
    monkeypatch.setattr(Queue, "start", lambda self: None)
    monkeypatch.setattr(jobs, "MOST", 3)
    monkeypatch.setattr(jobs, "KEPT", 2)
    queue = Queue(tmp_path)
    for number in range(5):
        queue.write(Job(f"000{number}", ("x",), "x", str(number), "finished", submitted=number))
    queue.add(["x"], "x", "a")
    assert [one.state for one in queue.jobs()] == ["finished", "finished", "waiting"]
    queue.add(["x"], "x", "b")
    queue.add(["x"], "x", "c")
    with pytest.raises(StudyError, match="at most 3 commands wait"):
        queue.add(["x"], "x", "d")


@pytest.mark.parametrize(("state", "host"), [("finished", "here"), ("running", "elsewhere")])
def test_what_does_not_run_here_cannot_be_stopped(tmp_path, state, host):
    make_run(tmp_path / "a" / "b" / "seed-0", state, host=host, heartbeat=time.time())
    with page(tmp_path) as served:
        answer = served.post(f"/api/runs/{served.id('a/b/seed-0')}/stop")
        assert answer.status == 400
        assert "running" in answer.json["error"]["message"]


def test_only_the_process_that_it_was_is_stopped():
    with pytest.raises(RunError, match="has ended already"):
        jobs.polite_stop(os.getpid(), time.time())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        with pytest.raises(RunError, match="has ended already"):
            jobs.polite_stop(other.pid, time.time() - 3600)  # that number was another process then
        jobs.polite_stop(other.pid, time.time() + 1)
        assert other.wait(timeout=20) == -signal.SIGTERM


def test_a_process_knows_its_parent_and_its_words():
    with subprocess.Popen([sys.executable, "-c", "input()", "mark"], stdin=subprocess.PIPE) as child:
        assert processes.parent(child.pid) == os.getpid()
        assert wait_for(lambda: b"mark" in processes.command_line(child.pid))
        assert jobs._leader(child.pid) == child.pid  # its parent is somebody else: no worker of a study
        child.kill()
    assert processes.parent(2**22 + 1) == 0


def test_more_seeds_are_the_smallest_that_are_free():
    assert more((0, 1, 2), 2) == (0, 1, 2, 3, 4)
    assert more((3, 7), 3) == (3, 7, 0, 1, 2)
    assert more((0, 2), 2) == (0, 2, 1, 3)


@pytest.mark.parametrize("count", [0, -1, 1.5, True, "3", None, 10**6])
def test_seeds_to_add_are_a_sensible_number(tmp_path, count):
    planned = small(seeds=2, runs=tmp_path, name="s")
    planned.folder.mkdir()
    planned.design.write(planned.folder)
    with page(tmp_path) as served:
        answer = served.post(f"/api/studies/{served.id('s')}/seeds", {"count": count})
        assert (answer.status, "seeds to add" in answer.json["error"]["message"]) == (422, True)


def test_going_on_with_nothing_is_one_message(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["go", "study", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        go.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("error: this is not a study folder")


def test_a_notebook_shows_the_page_and_ends_it(tmp_path):
    make_run(tmp_path / "a" / "b" / "seed-0")
    shown = pb.ui(tmp_path)
    try:
        port, token = re.fullmatch(r"http://localhost:(\d+)/\?token=(.+)", shown.address).groups()
        assert f'<iframe src="{shown.address}"' in shown._repr_html_()
        with closing(http.client.HTTPConnection("localhost", int(port), timeout=20)) as connection:
            connection.request("GET", "/", headers={"Cookie": f"paribus-{port}={token}"})
            answer = connection.getresponse()
            assert answer.status == 200
            assert "frame-ancestors 'self' http://localhost:*" in answer.headers["Content-Security-Policy"]
    finally:
        shown.close()
    assert shown._process.poll() is not None


def test_a_page_that_cannot_begin_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))  # where there is no paribus
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ParibusError, match="the page did not begin"):
        pb.ui(tmp_path)


def test_nothing_among_the_runs_is_a_command(tmp_path):
    queue = Queue(tmp_path)
    assert tmp_path not in queue.folder.parents
    assert queue.folder != Queue(tmp_path / "other").folder
