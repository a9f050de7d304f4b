"""Work that the server leaves to a process of its own: it answers, fails, is given up, dies, and leaves nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.served import wait_for

from paribus import processes
from paribus.errors import DataError, ParibusError
from paribus.web.answers import TooLong
from paribus.web.worker import Worker

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and sessions")

PYTHON = sys.executable
TASKS = '''
import os, subprocess, sys, time
from paribus.errors import DataError

def double(number): return 2 * number
def chatter(): print("this goes nowhere"); return None
def fail(): raise DataError("this cannot be read", got="x", hint="try another")
def break_(): return 1 / 0
def fill(): raise MemoryError
def wait(mark):
    """A child that outlives whoever is killed alone, and holds all that it inherited."""
    child = subprocess.Popen(["sleep", "60"], close_fds=False)
    open(mark, "w").write(f"{os.getpid()} {child.pid}")
    time.sleep(60)
'''


@pytest.fixture
def made(tmp_path, monkeypatch) -> Iterator[Worker]:
    """A worker whose tasks are those above: they import nothing that takes long."""
    (tmp_path / "trials").mkdir()
    (tmp_path / "trials" / "made.py").write_text(TASKS)
    start = tmp_path / "start.py"
    start.write_text(
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from paribus.web import worker; worker.TASKS = 'trials'; worker.main()\n"
    )
    script = tmp_path / "python"
    script.write_text(f"#!/bin/sh\nexec {PYTHON} {start}\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    found = Worker("trials")
    yield found
    found.close()


def test_answers_come_from_another_process_that_stays(made):
    assert made.ask("made:double", number=21) == 42
    first = made._process.pid
    assert made.ask("made:chatter") is None
    assert made.ask("made:double", number="x") == "xx"
    assert made._process.pid == first != os.getpid()


def test_what_a_task_raises_is_raised_here_and_the_next_is_answered(made):
    with pytest.raises(DataError, match="this cannot be read") as raised:
        made.ask("made:fail")
    assert (raised.value.got, raised.value.hint) == ("x", "try another")
    for task, message in (("break_", "division by zero"), ("fill", "not enough memory"), ("nothing", "nothing")):
        with pytest.raises(ParibusError, match=message):
            made.ask(f"made:{task}")
    assert made.ask("made:double", number=1) == 2


def alive(*pids: int) -> bool:
    return any(processes.lives(pid, time.time()) for pid in pids)


def asleep(made: Worker, mark: Path, seconds: float = 60.0) -> tuple[threading.Thread, list[ParibusError], list[int]]:
    """A task that does not end by itself, what is raised where one waits for it, and its processes."""
    raised: list[ParibusError] = []

    def ask() -> None:
        try:
            made.ask("made:wait", seconds, mark=str(mark))
        except ParibusError as error:
            raised.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    wait_for(lambda: mark.exists() and mark.read_text().count(" "))
    return asking, raised, [int(pid) for pid in mark.read_text().split()]


def test_what_takes_too_long_is_given_up_with_all_that_it_started(made, tmp_path):
    asking, raised, pids = asleep(made, tmp_path / "mark", seconds=2.0)
    asking.join(timeout=20)
    (error,) = raised
    assert isinstance(error, TooLong)
    assert str(error).startswith("this took longer than 2 s, and was given up")
    wait_for(lambda: not alive(*pids))
    assert made.ask("made:double", number=1) == 2  # by another process


def test_a_process_that_is_killed_is_one_clear_error(made, tmp_path):
    asking, raised, pids = asleep(made, tmp_path / "mark")
    os.kill(pids[0], signal.SIGKILL)
    os.kill(pids[1], signal.SIGKILL)
    asking.join(timeout=20)
    (error,) = raised
    assert (error.rule, error.got) == ("the process that worked on this has ended", "trials")
    assert made.ask("made:double", number=1) == 2


def test_r30_the_end_of_the_page_ends_a_task_and_all_that_it_started_at_once(made, tmp_path):
    asking, raised, pids = asleep(made, tmp_path / "mark")
    started = time.monotonic()
    made.close()
    asking.join(timeout=20)
    assert time.monotonic() - started < 3
    assert len(raised) == 1
    wait_for(lambda: not alive(*pids))
    with pytest.raises(TooLong, match="the page is being closed"):
        made.ask("made:double", number=1)


def test_a_task_ends_when_the_server_dies_without_a_word(made, tmp_path):
    """The worker's input ends with the server, however that ended."""
    code = (
        "import sys; from paribus.web.worker import Worker; sys.executable = sys.argv[1];"
        "Worker('trials').ask('made:wait', mark=sys.argv[2])"
    )
    mark = tmp_path / "mark"
    with subprocess.Popen([PYTHON, "-c", code, sys.executable, str(mark)]) as server:
        wait_for(lambda: mark.exists() and mark.read_text().count(" "))
        (worker, _) = map(int, mark.read_text().split())
        server.kill()
    wait_for(lambda: not alive(worker))
