"""R2, R4, R7, R9: what goes wrong is said, recorded, and destroys nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import torch
from torch import nn

from paribus.errors import DataError, Diverged, Interrupted, OutOfMemory, RunError
from paribus.files import TEMPORARY
from paribus.models.weights import hash_of
from paribus.records.parts import Part, register
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.training import checkpoints
from paribus.training.session import Session


def test_R7_a_diverged_training_keeps_its_last_finite_checkpoint(train, digits, every_step, tmp_path):
    recipe = digits(
        {"optimizer.lr": 30.0, "schedule": {"use": "warmup", "epochs": 20, "start": 1e-6}, "budget.epochs": 99}
    )
    recipe = recipe.override({"model.activation": "none", "model.widths": [16] * 8, "training.batch_size": 64})
    with pytest.raises(Diverged, match=r"loss is (nan|inf) in epoch \d+.*\n.*learning rate.*\n.*lower optimizer.lr"):
        train(recipe, checkpoint_seconds=0)
    folder = RunFolder(tmp_path / "run")
    state, problems = checkpoints.newest(folder.checkpoints)
    assert problems == []
    assert all(bool(tensor.isfinite().all()) for tensor in state["network"].values())
    assert folder.status.state == "diverged"
    assert "loss is" in folder.status.error
    assert folder.result is None
    assert len(folder.history) == state["epoch"] > 0
    with pytest.raises(Diverged):  # going on from there ends in the same way
        train(recipe)


def test_R7_weights_that_are_not_finite_are_not_saved(train, digits, every_step, stop_at, monkeypatch, tmp_path):
    original = Session.finite

    def finite(session):
        if session.step == 9:
            next(session.network.parameters()).data[0] = torch.inf
        return original(session)

    monkeypatch.setattr(Session, "finite", finite)
    with pytest.raises(Interrupted):
        train(digits(), listen=stop_at(9), checkpoint_seconds=0)
    assert checkpoints.newest(RunFolder(tmp_path / "run").checkpoints)[0]["step"] == 8


def test_R7_a_last_step_that_diverges_is_no_success(train, digits, tmp_path):
    with pytest.raises(Diverged, match="val/loss is nan"):
        train(digits({"optimizer.lr": 3e38, "training.batch_size": 256, "budget.epochs": 1}))
    folder = RunFolder(tmp_path / "run")
    assert folder.status.state == "diverged"
    assert folder.result is None


class Hungry(nn.Module):
    """Runs out of memory in its second batch, in one of several ways."""

    def __init__(self, num_outputs: int, way: str = "torch") -> None:
        super().__init__()
        self.output, self.way, self.calls = nn.Linear(64, num_outputs), way, 0

    def forward(self, x):
        self.calls += 1
        if self.calls == 3:
            if self.way == "real":
                torch.empty(1 << 60, dtype=torch.uint8)
            raise {"python": MemoryError(), "cuda": torch.OutOfMemoryError("CUDA out of memory. Tried")}[self.way]
        return self.output(x.flatten(1))


@pytest.mark.parametrize("way", ["real", "python", "cuda"])
def test_R9_out_of_memory_is_one_error_with_advice(train, digits, tmp_path, way):
    recipe = Recipe.read({**digits().plain(), "model": Part(Hungry, way=way)})
    with pytest.raises(OutOfMemory, match=r"not enough memory(.|\n)*batch_size(.|\n)*accumulate"):
        train(recipe)
    status = RunFolder(tmp_path / "run").status
    assert status.state == "failed"
    assert "batch_size" in status.error


def test_R9_other_errors_stay_what_they_are(train, digits, tmp_path):
    def listen(progress):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        train(digits(), listen=listen)
    status = RunFolder(tmp_path / "run").status
    assert (status.state, status.error) == ("failed", status.error)
    assert status.error.startswith("ZeroDivisionError: mine (test_failures.py, line ")


class Missing:
    def key(self):
        return {}

    def write(self, cache):
        raise DataError("there are no data", hint="get some")


def test_an_error_of_the_data_is_in_the_status(train, digits, tmp_path):
    register("data", Missing)
    with pytest.raises(DataError):
        train(digits({"data": "Missing"}))
    status = RunFolder(tmp_path / "run").status
    assert status.state == "failed"
    assert "there are no data" in status.error
    assert status.pid == os.getpid()


@pytest.mark.parametrize("kind", ["file", "file above"])
def test_R4_an_unusable_folder_is_an_error_before_the_first_step(train, digits, tmp_path, kind):
    (tmp_path / "run").write_text("")
    steps = []
    with pytest.raises(RunError, match="cannot write") as error:
        train(digits(), "run" if kind == "file" else "run/below", listen=steps.append)
    assert str(tmp_path) in str(error.value)
    assert steps == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_R4_a_folder_without_permission_is_an_error_before_the_first_step(train, digits, tmp_path):
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(RunError, match="no permission"):
            train(digits())
    finally:
        tmp_path.chmod(0o755)


FULL_DISK = """
import json, resource, signal, sys
from paribus.records.run import RunFolder
from paribus.training import loop, monitor
from paribus.training.execution import Settings
from paribus.records.recipe import Recipe

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, resource.RLIM_INFINITY))
monitor.TICK_SECONDS = 0
loop.train(RunFolder(sys.argv[2]), Recipe.read(json.load(open(sys.argv[1]))), 0, Settings("cpu", 1, 0))
"""


def test_R2_a_full_disk_loses_nothing(train, digits, every_step, stop_at, tmp_path):
    expected = train(digits(), "whole")[1].weights_sha256
    with pytest.raises(Interrupted):
        train(digits(), listen=stop_at(9))
    (tmp_path / "recipe.json").write_text(json.dumps(digits().plain()))
    arguments = [sys.executable, "-c", FULL_DISK, tmp_path / "recipe.json", tmp_path / "run"]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=120)
    assert done.returncode != 0
    assert "cannot write step-00000010.safetensors: the file would exceed the size limit" in done.stderr
    assert str(tmp_path / "run" / "checkpoints") in done.stderr
    folder = RunFolder(tmp_path / "run")
    assert folder.status.state == "failed"
    assert "cannot write step-00000010" in folder.status.error
    assert not list(folder.path.rglob(TEMPORARY + "*"))
    assert checkpoints.newest(folder.checkpoints)[0]["step"] == 9
    assert train(digits())[1].weights_sha256 == expected


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    made = sys.platform == "linux" and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], capture_output=True, check=False
    )
    if not made or made.returncode:
        pytest.skip("needs the right to mount a small disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_R2_a_disk_that_is_really_full(digits, every_step, small_disk):
    from paribus.training.execution import Settings
    from paribus.training.loop import train

    recipe = digits({"training.ema": 0.9})
    folder = RunFolder(small_disk / "run")

    def fill(progress):
        if progress.step == 10:
            with (small_disk / "rubbish").open("wb", buffering=0) as file:
                while True:
                    try:
                        file.write(bytes(4096))
                    except OSError:
                        return

    with pytest.raises(RunError, match=r"cannot write .*: the disk is full") as error:
        train(folder, recipe, 0, Settings("cpu", 1, 0), fill)
    assert str(folder.path) in str(error.value)
    assert checkpoints.newest(folder.checkpoints)[0]["step"] == 9
    (small_disk / "rubbish").unlink()
    result = train(folder, recipe, 0, Settings("cpu", 1))
    assert folder.status.state == "finished"
    assert result.steps == 24


def test_tied_weights_are_saved(train, digits):
    class Tied(nn.Module):
        def __init__(self, num_outputs: int) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(64, 64), nn.Linear(64, 64)
            self.second.weight = self.first.weight
            self.output = nn.Linear(64, num_outputs)

        def forward(self, x):
            return self.output(self.second(self.first(x.flatten(1)).relu()).relu())

    from paribus.inference.trained import load

    folder, result = train(Recipe.read({**digits().plain(), "model": Part(Tied)}))
    assert hash_of(load(folder).network.state_dict()) == result.weights_sha256
