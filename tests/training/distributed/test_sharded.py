"""Weights, gradients and the optimizer's state cut along two processes: the training is that of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from paribus.errors import Paused, RecipeError
from paribus.ranks import Share
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.training import checkpoints
from paribus.training.distributed import sharded
from paribus.training.distributed.sharded import Sharded
from paribus.training.execution import Settings
from paribus.training.loop import train
from paribus.training.run import Run

SMALL = {"split.limit": 200, "budget.epochs": 2, "training.batch_size": 25, "training.precision": "fp32"}
CNN = {"model.widths": [4, 8], "model.norm": "batch", "model.dropout": 0.2, "training.clip_norm": 0.5}
ONE, TWO = Settings("cpu", 1, signals=False), Settings("cpu", 1, processes=2, shard=True)


def recipe(**more: Any) -> Recipe:
    return Recipe.load("digits/cnn", {**SMALL, **CNN, "optimizer": "adam", **more})


def same(found: Path, expected: Path) -> None:
    weights = load_file(expected)
    for name, tensor in load_file(found).items():
        torch.testing.assert_close(tensor, weights[name], rtol=1e-3, atol=1e-4, msg=name)


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> RunFolder:
    folder = RunFolder(tmp_path_factory.mktemp("alone"))
    train(folder, recipe(), 1, ONE)
    return folder


@pytest.mark.slow
def test_parts_of_two_processes_are_saved_whole_and_one_goes_on_from_them(alone, tmp_path):
    two = RunFolder(tmp_path / "two")
    with pytest.raises(Paused):
        train(two, recipe(), 1, Settings("cpu", 1, processes=2, shard=True, until=1))
    [saved] = two.checkpoints.glob("step-*.safetensors")
    moments = checkpoints.read(saved)["optimizers"]["model"]["state"]
    weights = checkpoints.read(saved)["network"]
    assert {tuple(one["exp_avg"].shape) for one in moments.values()} <= {tuple(one.shape) for one in weights.values()}
    train(two, recipe(), 1, ONE)  # one process goes on
    assert two.status.resumed == 1
    same(two.weights, alone.weights)


@pytest.mark.slow
def test_one_process_begins_and_two_with_parts_go_on_as_one_would(alone, tmp_path):
    two = RunFolder(tmp_path / "two")
    with pytest.raises(Paused):
        train(two, recipe(), 1, Settings("cpu", 1, signals=False, until=1))
    result = train(two, recipe(), 1, TWO)
    assert (result.execution["processes"], result.execution["sharded"]) == (2, True)
    same(two.weights, alone.weights)
    for found, expected in zip(two.history, alone.history, strict=True):
        assert found["train/loss"] == pytest.approx(expected["train/loss"], rel=1e-4)
        assert found["val/loss"] == pytest.approx(expected["val/loss"], rel=1e-4)


@pytest.mark.parametrize(
    ("changes", "processes", "said"),
    [
        ({}, 1, "one process"),
        ({"training.ema": 0.9}, 2, "training.ema"),
        ({"training.l2": 0.1}, 2, "training.l2"),
        ({"optimizer": "muon"}, 2, "optimizer muon"),
    ],
)
def test_what_looks_at_whole_weights_is_refused_before_anything_is_written(tmp_path, changes, processes, said):
    run = Run("digits/cnn", {**SMALL, **changes}, runs=tmp_path)
    with pytest.raises(RecipeError, match="cut along several processes") as refused:
        run.train(device="cpu", processes=processes, shard=True, progress=lambda *_: None)
    assert said in refused.value.got
    assert not run.folder.exists


@pytest.mark.parametrize("shape", [(), (2, 2)])
def test_what_has_no_axis_or_is_frozen_is_named(shape):
    network = nn.ParameterDict({"odd": nn.Parameter(torch.ones(shape), requires_grad=not shape)})
    with pytest.raises(RecipeError, match="have a first axis") as refused:
        Sharded(Share(0, 2), False, RuntimeError).shard(network, {})
    assert refused.value.got == "odd"


def test_a_recipe_that_can_be_cut_is_not_refused():
    sharded.check(recipe(), TWO)
    sharded.check(recipe(**{"training.ema": 0.9}), ONE)


@pytest.mark.slow
def test_a_task_that_calls_parts_of_its_network_is_refused_in_words(tmp_path):
    changes = {"split.limit": 100, "budget.epochs": 1, "model.width": 8, "model.select": "reinforce"}
    with pytest.raises(RecipeError, match="only if its task calls it as a whole"):
        train(RunFolder(tmp_path), Recipe.load("copy/attention", changes), 1, TWO)
