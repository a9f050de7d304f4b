"""Weights, gradients and the optimizer's state cut along two processes: the training is that of one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from paribus.data.deliver.loader import Batch
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

SMALL = {"split.limit": 200, "budget.epochs": 3, "training.batch_size": 25, "training.precision": "fp32"}
CNN = {"model.widths": [4, 8], "model.norm": "batch", "model.dropout": 0.2, "training.clip_norm": 0.5}
ONE, TWO = Settings("cpu", 1, signals=False), Settings("cpu", 1, processes=2, shard=True)


def recipe(**more: Any) -> Recipe:
    return Recipe.load("digits/cnn", {**SMALL, **CNN, "optimizer": "adam", **more})


@pytest.mark.slow
def test_two_processes_with_parts_go_on_where_one_was_and_one_where_they_were(tmp_path):
    alone, run = RunFolder(tmp_path / "alone"), RunFolder(tmp_path / "run")
    train(alone, recipe(), 1, ONE)
    with pytest.raises(Paused):
        train(run, recipe(), 1, replace(ONE, until=1))
    with pytest.raises(Paused):
        train(run, recipe(), 1, replace(TWO, until=2))
    assert json.loads((run.path / "environment.json").read_text())["execution"]["sharded"]
    state = checkpoints.read(max(run.checkpoints.glob("step-*.safetensors")))
    moments = {tuple(one["exp_avg"].shape) for one in state["optimizers"]["model"]["state"].values()}
    assert moments <= {tuple(one.shape) for one in state["network"].values()}  # of whole tensors, not of parts
    result = train(run, recipe(), 1, ONE)
    assert "sharded" not in result.execution
    assert run.status.resumed == 2
    expected = load_file(alone.weights)
    for name, tensor in load_file(run.weights).items():
        torch.testing.assert_close(tensor, expected[name], rtol=1e-3, atol=1e-4, msg=name)
    for found, row in zip(run.history, alone.history, strict=True):
        assert found["train/loss"] == pytest.approx(row["train/loss"], rel=1e-4)
        assert found["val/loss"] == pytest.approx(row["val/loss"], rel=1e-4)


@pytest.mark.parametrize("optimizer", ["sgd", "adagrad"])
def test_optimizers_that_torch_has_fused_step_parts(tmp_path, optimizer):
    one, two = RunFolder(tmp_path / "one"), RunFolder(tmp_path / "two")
    small = recipe(**{"optimizer": optimizer, "budget.epochs": 1})
    train(one, small, 1, ONE)
    train(two, small, 1, TWO)
    expected = load_file(one.weights)
    for name, tensor in load_file(two.weights).items():
        torch.testing.assert_close(tensor, expected[name], rtol=1e-3, atol=1e-4, msg=name)


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


def test_what_a_module_gives_is_no_view_of_what_it_holds():
    linear = nn.Linear(2, 2)
    plain, view = torch.ones(2, 3), torch.ones(2, 3).T
    assert sharded._apart(linear, (), plain) is plain
    apart = sharded._apart(linear, (), view)
    assert not apart._is_view()
    assert torch.equal(apart, view)


def test_a_recipe_that_can_be_cut_is_not_refused():
    sharded.check(recipe(), TWO)
    sharded.check(recipe(**{"training.ema": 0.9}), ONE)


@pytest.mark.parametrize(
    "said",
    [
        RuntimeError("aten.mm.default got mixed torch.Tensor and DTensor, need to convert all torch.Tensor to DTensor"),
        UserWarning("FSDP2-wrapped module (FSDPLinear) returned a view tensor. An in-place op on this view"),
    ],
)
def test_a_task_that_calls_parts_of_its_network_is_refused_in_words(said):
    group = Sharded(Share(0, 2, 1, 2), False, RuntimeError)
    batch = Batch(torch.zeros(4, 2), torch.zeros(4), torch.arange(4), group.share.spans(8))
    [piece] = group.pieces(batch)
    with pytest.raises(RecipeError, match="only if its task calls it as a whole"), group.at(piece, draws=False):
        raise said
