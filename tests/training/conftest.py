"""Small trainings, and ways to disturb them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from paribus.records.parts import register_own
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder, RunResult
from paribus.training import loop
from paribus.training.execution import Settings

SMALL = {
    "split.limit": 256,
    "budget.epochs": 3,
    "training.batch_size": 32,  # 8 steps an epoch
    "training.precision": "fp32",
}


@pytest.fixture(autouse=True)
def same_threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def digits() -> Callable[..., Recipe]:
    """A recipe on 256 digits."""

    def make(changes: dict[str, Any] | None = None, model: str = "mlp") -> Recipe:
        widths = {"model.widths": [16] if model == "mlp" else [4, 8]}
        return Recipe.load(f"digits/{model}", {**SMALL, **widths, **(changes or {})})

    return make


@pytest.fixture
def train(tmp_path) -> Callable[..., tuple[RunFolder, RunResult]]:
    """Train a recipe in a folder of this test."""

    def run(recipe: Recipe, name: str = "run", seed: int = 0, listen: Any = loop.ignore, **settings: Any):
        folder = RunFolder(tmp_path / name)
        settings = {"device": "cpu", "threads": 1, **settings}
        register_own(recipe.parts())
        return folder, loop.train(folder, recipe, seed, Settings(**settings), listen)

    return run


@pytest.fixture
def every_step(monkeypatch) -> None:
    """The loop looks up after each step, so that its listener hears of all of them."""
    monkeypatch.setattr(loop, "TICK_SECONDS", 0.0)


@pytest.fixture
def killing() -> Callable[..., dict[str, Any]]:
    """Run the script that kills what it starts; returns its report."""
    if not hasattr(os, "fork"):
        pytest.skip("needs fork")

    def run(mode: str, *arguments: Path) -> dict[str, Any]:
        script = Path(__file__).with_name("killed.py")
        done = subprocess.run([sys.executable, script, mode, *arguments], capture_output=True, text=True, timeout=200)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.fixture
def stop_at() -> Callable[[int], Callable[[loop.Progress], None]]:
    """Makes a listener that presses Ctrl-C once, at a step."""

    def make(step: int):
        pressed = []

        def listen(progress: loop.Progress) -> None:
            if progress.step == step and progress.row is None and not pressed:
                pressed.append(step)
                os.kill(os.getpid(), signal.SIGINT)

        return listen

    return make
