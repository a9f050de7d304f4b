"""A process that torchrun has started is killed: one message names it, and the run goes on with another number."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tests import dying

SECONDS = 120  # on a machine that is busy with all other tests


@pytest.mark.slow
def test_r9_a_rank_that_is_killed_is_named_once_and_nothing_is_lost(tmp_path):
    words = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", "0"]
    words += ["--rdzv-backend", "c10d", "--rdzv-endpoint", "127.0.0.1:0", dying.__file__, str(tmp_path / "two")]
    paths = os.pathsep.join(filter(None, [str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH")]))
    env = {**os.environ, "PYTHONPATH": paths}  # its script reads other files of the tests
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env) as process:
        unbroken = dying.run_in(tmp_path / "one")
        unbroken.train(device="cpu", threads=1, listen=lambda progress: None, progress=lambda *_: None)  # meanwhile
        said, _ = process.communicate(timeout=SECONDS)
    assert process.returncode
    assert said.count("rank 1 of 2 has ended, so this training cannot go on") == 1, said
    run = dying.run_in(tmp_path / "two")
    assert run.status.state == "failed"
    assert "rank 1 of 2" in run.status.error

    run.train(device="cpu", threads=1, listen=lambda progress: None, progress=lambda *_: None)  # by one process
    assert run.status.resumed == 1
    assert (run.result.steps, len(run.history)) == (unbroken.result.steps, len(unbroken.history))
    expected = load_file(unbroken.folder.weights)
    for name, tensor in load_file(run.folder.weights).items():
        torch.testing.assert_close(tensor, expected[name], rtol=1e-3, atol=1e-4, msg=name)
