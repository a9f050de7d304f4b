from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time

import pytest

from paribus import processes


@pytest.mark.skipif(os.name == "nt", reason="nobody can say there")
def test_R12_a_process_is_known_by_its_number_and_when_it_began():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert processes.lives(child.pid, time.time())
    assert not processes.lives(child.pid, time.time() - 60)  # it was another one then
    child.communicate()
    assert not processes.lives(child.pid, time.time())


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_R12_one_that_has_ended_is_dead_though_nobody_asked():
    child = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    child.stdout.read()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not processes.lives(child.pid, time.time())
    child.communicate()


@pytest.mark.skipif(not shutil.which("ps"), reason="asks ps")
def test_R12_where_there_is_no_proc_ps_tells():
    assert processes._from_ps(os.getpid()) == pytest.approx(processes._from_proc(os.getpid()), abs=2.5)
    assert processes._from_ps(2**22 + 1) is None


@pytest.mark.parametrize("pid", [0, -1, 2**31, 2**70, True, "1", None, 1.0])
def test_R12_what_can_be_no_number_is_no_process(pid):
    assert processes.lives(pid, time.time()) is False
