import subprocess
import sys
import time

import pytest

from paribus.cache.lock import is_held, locked
from paribus.errors import RunError

HOLD = """
import sys, time
from pathlib import Path
from paribus.cache.lock import locked
with locked(Path(sys.argv[1]), lambda: None):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_second_waits_for_the_first(tmp_path):
    path, seen = tmp_path / "lock", []
    with locked(path, lambda: None) as held:
        assert held
        assert is_held(path)
    assert not is_held(path)
    with locked(path, lambda: seen.append(1)):
        assert not seen


def test_R12_a_killed_holder_blocks_nobody(tmp_path):
    path, waits = tmp_path / "lock", []
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert is_held(path)

    def waiting() -> None:
        waits.append(time.monotonic())
        if len(waits) == 3:
            holder.kill()
            holder.wait()

    with locked(path, waiting):
        assert len(waits) >= 3
    holder.stdout.close()


def test_without_locks_the_block_runs_all_the_same(tmp_path, monkeypatch):
    def refuse(lock, timeout):
        raise NotImplementedError("FileSystem does not appear to support flock")

    monkeypatch.setattr("filelock.FileLock.acquire", refuse)
    with locked(tmp_path / "lock", lambda: None) as held:
        assert held is False


def test_a_folder_where_the_lock_is_to_be_says_how_to_go_on(tmp_path):
    (tmp_path / "some.lock").mkdir()
    with (
        pytest.raises(RunError, match="a folder stands where a file is needed") as caught,
        locked(tmp_path / "some.lock", int),
    ):
        pass
    assert f"delete {tmp_path / 'some.lock'} or rename it" in caught.value.hint
