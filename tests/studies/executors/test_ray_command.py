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


TWICE = """
import paribus as pb

def fit(config, seed):
    return {"accuracy": config["lr"]}

for name in ("first", "second"):
    study = pb.Study(fit, vary={"lr": [0.1, 0.2]}, seeds=1, runs=name)
    assert study.run(executor="ray", jobs=1, listen=lambda event: None).complete
    print(name, flush=True)
"""


@pytest.mark.slow
def test_a_process_may_have_one_cluster_after_another(tmp_path):
    """Ray ends a process that shows a cluster an actor of another one; a notebook has many studies."""
    words = [sys.executable, "-c", TWICE]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=240)
    assert done.stdout.split() == ["first", "second"], done.stderr
    assert done.returncode == 0
