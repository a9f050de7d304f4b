"""Commands as processes: what they print is kept, and nothing of them is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from paribus import processes
from paribus.commands import process
from paribus.commands.process import execute
from paribus.errors import RunError

MOST_SECONDS = 20.0


def run(tmp_path, code, *, timeout=MOST_SECONDS, hear=lambda line: None, tick=lambda: None):
    return execute(
        [sys.executable, "-I", "-S", "-u", "-c", code],
        directory=tmp_path,
        environment={**os.environ, "PYTHONUNBUFFERED": "1"},
        log=tmp_path / "log.txt",
        timeout=timeout,
        hear=hear,
        tick=tick,
    )


def gone(pid: int) -> bool:
    """Whether a process ends within a few seconds."""
    deadline = time.monotonic() + MOST_SECONDS
    while processes.lives(pid, time.time()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not processes.lives(pid, time.time())


def test_both_streams_are_in_the_log_in_their_order(tmp_path):
    heard = []
    ended = run(
        tmp_path,
        "import sys; print('one'); print('two', file=sys.stderr); sys.stdout.write('a\\rb\\nthree')",
        hear=heard.append,
    )
    assert (ended.code, ended.last_line) == (0, "three")
    assert heard == ["one", "two", "a", "b", "three"]
    log = (tmp_path / "log.txt").read_text()
    assert log.startswith(process.BEGINS)
    assert "one\ntwo\n" in log
    assert "exit code 0, after" in log


def test_codes_and_signals_are_told(tmp_path):
    assert run(tmp_path, "raise SystemExit(3)").code == 3
    assert run(tmp_path, "import os; os.kill(os.getpid(), 9)").code == -9
    assert "exit code 3" in (tmp_path / "log.txt").read_text()


def test_of_very_much_the_beginning_and_the_end_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "HEAD_BYTES", 1000)
    monkeypatch.setattr(process, "TAIL_BYTES", 1000)
    ended = run(tmp_path, "print('first'); print('x' * 3_000_000); print('acc=1'); print('last')")
    log = (tmp_path / "log.txt").read_text()
    assert len(log) < 200_000  # a piece of what a pipe gives at once, and a little
    assert "first" in log
    assert "bytes are left out here]" in log
    assert "acc=1\nlast\n" in log
    assert ended.last_line == "last"


def test_its_time_is_its_childrens_too(tmp_path):
    code = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)"])
print(child.pid)
time.sleep(60)
"""
    heard = []
    ended = run(tmp_path, code, timeout=1.0, hear=heard.append)
    assert ended.timed_out
    assert ended.seconds < 15
    assert gone(int(heard[0]))
    assert "its time is over" in (tmp_path / "log.txt").read_text()


def test_who_does_not_listen_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "GRACE_SECONDS", 0.3)
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); time.sleep(60)"
    ended = run(tmp_path, code, timeout=1.0)
    assert (ended.timed_out, ended.code) == (True, -signal.SIGKILL)


def test_what_a_command_leaves_running_ends_with_it(tmp_path):
    code = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)"])
print(child.pid)
"""
    heard = []
    began = time.monotonic()
    assert run(tmp_path, code, hear=heard.append).code == 0
    assert time.monotonic() - began < 10
    assert gone(int(heard[0]))


def test_whoever_interrupts_leaves_nothing_running(tmp_path):
    code = """
import signal, sys, time
def end(*_):
    print("saving")
    sys.exit()
signal.signal(signal.SIGTERM, end)
import os
print(os.getpid())
time.sleep(60)
"""
    heard = []

    def tick():
        if heard:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, code, hear=heard.append, tick=tick)
    assert gone(int(heard[0]))
    assert "saving" in (tmp_path / "log.txt").read_text()  # it was asked, and had time


@pytest.mark.skipif(os.name != "posix", reason="groups of processes are POSIX's")
def test_R12_nothing_survives_a_caller_that_is_killed(tmp_path):
    caller = f"""
import os, pathlib
from paribus.commands.process import execute
execute([{sys.executable!r}, "-I", "-S", "-u", "-c", "import os, time; print(os.getpid()); time.sleep(60)"],
        directory=pathlib.Path({str(tmp_path)!r}), environment=dict(os.environ, PYTHONUNBUFFERED="1"),
        log=pathlib.Path({str(tmp_path / "log.txt")!r}), timeout=None,
        hear=lambda line: print(line, flush=True), tick=lambda: None)
"""
    with subprocess.Popen([sys.executable, "-c", caller], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        parent.kill()
    assert gone(pid)


def test_what_cannot_be_started_says_why(tmp_path):
    (tmp_path / "plain.sh").write_text("echo hi")
    (tmp_path / "no-shebang").write_text("echo hi")
    (tmp_path / "no-shebang").chmod(0o755)
    for program, rule in [
        ("no-such-program-here", "no such command"),
        (str(tmp_path / "plain.sh"), "may not be executed"),
        (str(tmp_path / "no-shebang"), "cannot be started"),
    ]:
        with pytest.raises(RunError, match=rule):
            execute([program], directory=tmp_path, environment={**os.environ}, log=tmp_path / "log.txt", timeout=5.0,
                    hear=print, tick=lambda: None)  # fmt: skip


def test_memory_is_the_commands_own(tmp_path):
    small = run(tmp_path, "import time; time.sleep(0.3)")
    large = run(tmp_path, "x = bytearray(80_000_000); import time; time.sleep(0.5)")
    assert 1 < small.peak_memory_mb < 60
    assert large.peak_memory_mb > small.peak_memory_mb + 70
