"""Two processes that torchrun has started train as one does, but for rounding: whatever is learned."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tests import ranked

from paribus.errors import Paused
from paribus.records.run import RunFolder
from paribus.training.execution import Settings
from paribus.training.loop import train
from paribus.training.run import Run

SECONDS = 240  # on a machine that is busy with all other tests
EXACT = {"epoch", "step", "lr"}


def folder_of(place: Path, name: str) -> RunFolder:
    return RunFolder(next((place / name).glob("*/*/seed-1")))


@pytest.fixture(scope="module")
def places(tmp_path_factory) -> tuple[Path, Path]:
    """Folders of the same trainings: by one process, and by two."""
    one, two = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    for place in (one, two):
        ranked.squares(place)
    begun = Run(ranked.recipe_of("resumed", two), seed=1, runs=two / "resumed")
    with pytest.raises(Paused):  # one process has begun what two go on with
        train(begun.folder, begun.recipe, 1, Settings("cpu", 1, until=1))
    words = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", "0"]
    words += ["--rdzv-backend", "c10d", "--rdzv-endpoint", "127.0.0.1:0", ranked.__file__, str(two)]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=dict(os.environ)
    ) as process:
        ranked.train(one, list(ranked.CASES))  # meanwhile
        said, _ = process.communicate(timeout=SECONDS)
    assert not process.returncode, said
    return one, two


@pytest.mark.slow
@pytest.mark.parametrize("name", ranked.CASES)
def test_rows_and_weights_are_those_of_one_process(places, name):
    one, two = (folder_of(place, name) for place in places)
    assert len(two.history) == len(one.history)
    for found, expected in zip(two.history, one.history, strict=True):
        assert found.keys() == expected.keys()
        for figure, value in expected.items():
            if figure in EXACT:
                assert found[figure] == value
            elif figure.endswith("loss"):
                assert found[figure] == pytest.approx(value, rel=2e-5, abs=1e-6), figure
            elif figure != "seconds":  # a mark may fall on the other side of a threshold
                assert found[figure] == pytest.approx(value, abs=0.03), figure
    weights = load_file(one.weights)
    for path, tensor in load_file(two.weights).items():
        torch.testing.assert_close(tensor, weights[path], rtol=1e-3, atol=1e-4, msg=f"{name} {path}")


@pytest.mark.slow
def test_the_record_says_how_many_processes_there_were(places):
    one, two = (folder_of(place, "norm").result.execution for place in places)
    assert "processes" not in one
    assert two == {**one, "processes": 2, "backend": "gloo"}
    assert folder_of(places[1], "norm").signals  # the first process looked into it as always
    assert folder_of(places[1], "resumed").status.resumed == 1
