"""What happens in run folders reaches everybody who listens, at once; and the server ends when it is asked to."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.served import Page, make_run, page, row, wait_for

from paribus import processes
from paribus.web import live


class Tab:
    """A tab that listens."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self.connection, self.response = connection, connection.getresponse()

    def next(self, *kinds: str) -> dict[str, Any]:
        """The next event of one of these kinds; rows that say only how many there are do not count."""
        for _ in range(1000):
            event = self.any()
            if event["kind"] in kinds and event.get("rows") != []:
                return event
        raise AssertionError(f"no event of {kinds}")

    def any(self) -> dict[str, Any]:
        """The next event."""
        while not (line := self.response.readline()).startswith(b"data: "):
            assert line, "the stream has ended"
        return dict(json.loads(line[6:]))

    def ends(self) -> bool:
        """Whether the stream comes to an end."""
        while self.response.readline():
            pass
        return True


@contextmanager
def listening(port: int, cookie: str, follow: str = "") -> Iterator[Tab]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", f"/api/events?follow={follow}", headers={"Cookie": cookie})
        tab = Tab(connection)
        with closing(tab.response):
            yield tab


@pytest.fixture
def running(tmp_path) -> Path:
    """A run that is going on in this very process."""
    import platform

    place = {"pid": os.getpid(), "host": platform.node(), "heartbeat": time.time(), "started": time.time()}
    return make_run(tmp_path / "runs" / "study" / "arm" / "seed-0", state="running", rows=2, epochs=50, **place)


@pytest.fixture(params=["watched", "looked at"])
def served(running, request, monkeypatch) -> Iterator[Page]:
    """Where files can be watched, and where they cannot."""
    if request.param == "looked at":
        monkeypatch.setitem(sys.modules, "watchfiles", None)
        monkeypatch.setattr(live, "LOOK_SECONDS", 0.2)
    with page(running.parents[2]) as found:
        yield found


def append(folder: Path, text: str) -> None:
    with (folder / "metrics.jsonl").open("a") as file:
        file.write(text)


def test_a_line_that_is_appended_is_told_within_a_second(served, running):
    wanted = served.id("study/arm/seed-0")
    assert served.get(f"/api/runs/{wanted}/curves")["rows"] == 2
    with listening(served.port, served.cookie, wanted) as tab:
        assert tab.next("hello")["follow"] == [wanted]
        started = time.monotonic()
        append(running, row(3))
        event = tab.next("rows")
        assert time.monotonic() - started < 3  # one second on an idle machine
        assert (event["id"], event["first"], event["count"]) == (wanted, 2, 3)
        assert event["rows"] == [json.loads(row(3))]
        append(running, row(4) + row(5))
        event = tab.next("rows")
        assert [one["epoch"] for one in event["rows"]] == [4, 5][: len(event["rows"])]


def test_who_begins_to_listen_hears_how_many_rows_there_are(served, running):
    """Rows that came after the curves were drawn, and before the stream was open, are missed by nobody."""
    wanted = served.id("study/arm/seed-0")
    assert served.get(f"/api/runs/{wanted}/curves")["rows"] == 2
    append(running, row(3))
    with listening(served.port, served.cookie, f"{wanted},0000000000000000") as tab:
        assert tab.any()["kind"] == "hello"
        assert tab.any() == {"kind": "rows", "id": wanted, "first": 3, "count": 3, "rows": []}


def test_a_torn_line_waits_until_it_is_whole(served, running):
    wanted = served.id("study/arm/seed-0")
    with listening(served.port, served.cookie, wanted) as tab:
        tab.next("hello")
        append(running, row(3)[:20])
        append(running, row(3)[20:] + row(4)[:7])
        assert tab.next("rows")["rows"] == [json.loads(row(3))]
        assert served.get(f"/api/runs/{wanted}/curves")["rows"] == 3
        append(running, row(4)[7:])
        assert tab.next("rows")["rows"] == [json.loads(row(4))]


def test_a_training_that_went_back_tells_its_rows_anew(served, running):
    wanted = served.id("study/arm/seed-0")
    with listening(served.port, served.cookie, wanted) as tab:
        tab.next("hello")
        (running / "new").write_text(row(1))
        (running / "new").replace(running / "metrics.jsonl")
        event = tab.next("rows")
        assert (event["first"], event["count"]) == (0, 1)


def test_new_runs_and_states_are_told_to_all(served, running):
    with listening(served.port, served.cookie) as tab, listening(served.port, served.cookie) as other:
        tab.next("hello")
        other.next("hello")
        make_run(running.parents[2] / "study" / "arm" / "seed-1")
        new = served.id("study/arm/seed-1")
        for one in (tab, other):
            while new not in one.next("changed")["ids"]:
                pass
        status = json.loads((running / "status.json").read_text())
        (running / "status.json").write_text(json.dumps({**status, "state": "interrupted"}))
        event = tab.next("state")
        while event["id"] != served.id("study/arm/seed-0"):
            event = tab.next("state")
        assert event["state"] == "interrupted"


def test_rows_are_told_only_to_those_who_follow(served, running):
    wanted = served.id("study/arm/seed-0")
    with listening(served.port, served.cookie) as stranger, listening(served.port, served.cookie, wanted) as tab:
        for one in (stranger, tab):
            one.next("hello")
        append(running, row(3))
        tab.next("rows")
        make_run(running.parents[2] / "other" / "arm" / "seed-0")
        assert stranger.next("rows", "changed")["kind"] == "changed"


def test_r30_eight_tabs_stay_live_and_pages_load_beside_them(served, running):
    wanted = served.id("study/arm/seed-0")
    tabs = [listening(served.port, served.cookie, wanted) for _ in range(8)]
    opened = [tab.__enter__() for tab in tabs]
    try:
        for tab in opened:
            tab.next("hello")
        append(running, row(3))
        assert [tab.next("rows")["count"] for tab in opened] == [3] * 8
        assert served.ask("/api/home").status == 200
    finally:
        for tab in reversed(tabs):
            tab.__exit__(None, None, None)


def test_streams_have_a_limit(running, monkeypatch):
    monkeypatch.setattr(live, "MOST_STREAMS", 1)
    with page(running.parents[2]) as served, listening(served.port, served.cookie) as tab:
        tab.next("hello")
        found = served.ask("/api/events")
        assert (found.status, found.json["error"]["message"]) == (503, "too many tabs listen")


def test_a_tab_that_left_is_forgotten(running):
    with page(running.parents[2]) as served:
        with listening(served.port, served.cookie) as tab:
            tab.next("hello")
            assert len(served.app.state.desk.live._streams) == 1
        make_run(running.parents[2] / "other" / "arm" / "seed-0")  # what is told to nobody
        end = time.monotonic() + 20
        while served.app.state.desk.live._streams and time.monotonic() < end:
            served.ask("/api/me")
        assert not served.app.state.desk.live._streams


@pytest.fixture
def command(running) -> Iterator[subprocess.Popen[str]]:
    """``paribus ui`` in a process of its own."""
    words = [sys.executable, "-m", "paribus", "ui", str(running.parents[2]), "--no-open"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=20)


def opened(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Port and cookie of a page that a command printed."""
    address = process.stdout.readline().strip()
    port = int(address.split(":")[2].partition("/")[0])
    return port, f"paribus-{port}={address.partition('?token=')[2]}"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc on this system")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_r30_the_server_ends_in_three_seconds_with_streams_open_and_work_under_way(command, number):
    port, cookie = opened(command)
    with ExitStack() as stack:
        tabs = [stack.enter_context(listening(port, cookie)) for _ in range(8)]
        for tab in tabs:
            tab.next("hello")
        for path in BUSY:
            stack.enter_context(asked(port, cookie, path))
        workers = wait_for(lambda: len(found := children(command.pid)) == len(BUSY) and found)
        started = time.monotonic()
        command.send_signal(number)
        assert all(tab.ends() for tab in tabs)
        code = command.wait(timeout=10)
        assert time.monotonic() - started < 3
    assert code == (0 if number == signal.SIGINT else -signal.SIGTERM)
    wait_for(lambda: not any(processes.lives(pid, time.time()) for pid in workers))
    said = command.stderr.read()
    assert "Traceback" not in said


BUSY = ("/api/recipes", "/api/theory/derive?text=x**2&wrt=x", "/api/data/digits")  # one for each process of the page


@contextmanager
def asked(port: int, cookie: str, path: str) -> Iterator[None]:
    """A question that nobody waits for an answer of."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", path, headers={"Cookie": cookie})
        yield


def children(pid: int) -> list[int]:
    """The processes that a process started, and that still run."""
    every = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [one for one in every if processes.parent(one) == pid and processes.lives(one, time.time())]


def test_the_address_is_one_line_and_stands_in_no_other(command):
    port, cookie = opened(command)
    token = cookie.partition("=")[2]
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request("GET", f"/?token={token}")
        assert connection.getresponse().status == 303
    command.send_signal(signal.SIGTERM)
    assert command.communicate(timeout=20) == ("", "")


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="no /proc on this system")
def test_the_server_imports_no_torch_for_what_it_answers_itself(command, running):
    port, cookie = opened(command)
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        for path in ("/", "/static/app.js", "/api/home?kind=all", "/api/queue"):
            connection.request("GET", path, headers={"Cookie": cookie})
            answer = connection.getresponse()
            assert answer.status == 200
            answer.read()
        (run,) = json.loads(_asked(connection, cookie, "/api/home?kind=all"))["rows"]
        assert json.loads(_asked(connection, cookie, f"/api/runs/{run['id']}/curves"))["rows"] == 2
    assert "libtorch" not in Path(f"/proc/{command.pid}/maps").read_text()


def _asked(connection: http.client.HTTPConnection, cookie: str, path: str) -> bytes:
    connection.request("GET", path, headers={"Cookie": cookie})
    return connection.getresponse().read()
