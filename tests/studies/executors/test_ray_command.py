"""The command on a cluster of its own: Ctrl-C in a terminal reaches all its processes, and everything is saved."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from paribus.records.run import RunFolder

pytest.importorskip("ray")

STUDY = ["study", "digits/mlp", "--vary", "optimizer.lr=0.1,0.01", "--seeds", "1", "budget.epochs=100000"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="process groups")
def test_R6_ctrl_c_saves_runs_on_a_cluster_and_ray_says_nothing(tmp_path):
    command = [sys.executable, "-m", "paribus", *STUDY, "--on", "ray:local", "--runs", str(tmp_path)]
    child = subprocess.Popen(command, cwd=tmp_path, start_new_session=True, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 120
        while len(runs := [RunFolder(path.parent) for path in tmp_path.rglob("metrics.jsonl")]) < 2:
            assert time.monotonic() < deadline, "waited in vain"
            assert child.poll() is None, child.stderr.read()
            time.sleep(0.1)
        os.killpg(child.pid, signal.SIGINT)
        said = child.communicate(timeout=60)[1]
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
    assert child.returncode == 130
    assert [run.status.state for run in runs] == ["interrupted"] * 2
    assert all(any(run.checkpoints.iterdir()) for run in runs)
    assert "everything is saved" in said
    assert not [word for word in ("ray", "Traceback", "gcs", "Token") if word in said.replace("array", "")]
