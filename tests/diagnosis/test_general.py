"""What any training can suffer from is found, and a doctor who finds nothing says what was looked at."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from paribus.diagnosis.doctor import NEVER, diagnose
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder, Status
from paribus.training.execution import Settings
from paribus.training.loop import train


@pytest.fixture(scope="module")
def longer(session_cache, tmp_path_factory) -> RunFolder:
    """A training of so many steps that nobody calls it too brief."""
    folder = RunFolder(tmp_path_factory.mktemp("trained") / "run")
    train(folder, Recipe.load("digits/cnn", {"model.widths": [8, 8], "budget.epochs": 12}), 3, Settings("cpu", 1))
    return folder


@pytest.fixture
def run(longer, tmp_path) -> RunFolder:
    """A copy that a test may harm."""
    return RunFolder(shutil.copytree(longer.path, tmp_path / "run"))


def with_weights(run: RunFolder, change) -> None:
    """Change the final weights of a run, layer by layer."""
    save_file({name: change(name, tensor) for name, tensor in load_file(run.weights).items()}, run.weights)


def figures(run: RunFolder, **metrics: float) -> None:
    """Let a run have ended with other figures."""
    named = {name.replace("__", "/"): value for name, value in metrics.items()}
    run.write_result(replace(run.result, metrics={**run.result.metrics, **named}))


def test_a_sound_run_has_no_findings_and_no_all_clear(run):
    found = diagnose(run)
    assert found.names == []
    assert {"chance level: guessing the most frequent class", "whether the training loss falls"} <= {*found.checked}
    assert {*NEVER} <= {*found.unchecked}
    assert any("the task classification" in said for said in found.unchecked)


def test_weights_of_zeros_at_chance_level(run):
    with_weights(run, lambda _, tensor: torch.zeros_like(tensor))
    figures(run, val__accuracy=0.1, val__balanced_accuracy=0.1, val__loss=math.log(10))
    found = diagnose(run)
    assert found.names == ["weights of zeros", "no better than guessing"]
    zero, guess = found.findings
    assert zero.evidence["layers"] == zero.evidence["of"]
    assert guess.evidence["loss of a guess"] == pytest.approx(math.log(10))


def test_one_dead_layer_is_named(run):
    (name, *_) = [name for name, tensor in load_file(run.weights).items() if tensor.ndim > 1]
    with_weights(run, lambda other, tensor: torch.zeros_like(tensor) if other == name else tensor)
    (finding,) = diagnose(run).findings
    assert finding.name == "weights of zeros"
    assert name in finding.says


def test_weights_that_are_not_numbers(run):
    with_weights(run, lambda _, tensor: tensor * math.nan if tensor.is_floating_point() else tensor)
    assert diagnose(run).names == ["weights that are not numbers"]


def test_damaged_weights_are_said_not_to_be_checked(run):
    run.weights.write_bytes(b"no tensors")
    found = diagnose(run)
    assert found.names == []
    assert any(said.startswith("weights: weights.safetensors cannot be read") for said in found.unchecked)


@pytest.mark.parametrize("accuracy", [0.1, 0.12])
def test_what_cannot_be_told_from_guessing_is_found(run, accuracy):
    figures(run, val__accuracy=accuracy, val__balanced_accuracy=0.1)
    assert diagnose(run).names == ["no better than guessing"]


def test_a_run_that_ended_in_nan(run):
    (run.path / "result.json").unlink()
    run.append_metrics({"epoch": 5, "step": 100, "train/loss": math.nan, "val/loss": math.nan})
    run.write_status(Status(state="diverged", epoch=5, epochs=9, error="the loss became nan"))
    (finding,) = diagnose(run).findings
    (symptom,) = finding.consequences
    assert (finding.cause, symptom.cause) == ("lr-too-high", "loss-not-finite")
    assert "epoch 5" in symptom.says
    run.recipe.override(finding.treatment).resolved()


def test_a_run_that_diverged_in_its_first_epoch(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.create(Recipe.load("digits/mlp"), 0)
    run.write_status(Status(state="diverged", epoch=0, epochs=9))
    (finding,) = diagnose(run).findings
    (symptom,) = finding.consequences
    assert (symptom.cause, symptom.evidence["epoch"]) == ("loss-not-finite", 1)


def test_a_loss_that_does_not_fall(run):
    first = run.history[0]["train/loss"]
    run.append_metrics({"epoch": 5, "step": 100, "train/loss": first})
    assert "loss-does-not-fall" in [one.cause for one in diagnose(run).all()]


def test_a_training_that_broke_off(run):
    run.write_status(replace(run.status, state="failed", error="the disk is full"))
    (finding,) = diagnose(run).findings
    assert (finding.name, "the disk is full" in finding.says) == ("the training broke off", True)


def test_nothing_is_said_to_be_looked_at_before_there_is_something(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.create(Recipe.load("digits/mlp"), 0)
    found = diagnose(run)
    assert (found.names, found.checked) == ([], ())
    assert any("it is new" in said for said in found.unchecked)
