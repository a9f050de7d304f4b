"""The held-out test: opened once, and what it says."""

import json

import pytest
import torch
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    brier_score_loss,
    f1_score,
    log_loss,
    recall_score,
    roc_auc_score,
)

from paribus.chance import Seeds
from paribus.data.prepare.prepared import prepare
from paribus.errors import DataError, RunError
from paribus.inference import held_out
from paribus.inference.trained import load, loader_of, prepared_with
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.tasks.evaluation import evaluate
from paribus.training import loop
from paribus.training.execution import Settings


def test_figures_are_those_of_scikit_learn_on_the_test_rows(run):
    found = held_out.test(run)
    trained = load(run)
    prepared = prepare(trained.recipe, Seeds(3))
    rows = prepared.rows["test"]
    targets, shares = prepared.examples.targets[rows], trained.predict(prepared.examples.inputs[rows]).double().numpy()
    shares /= shares.sum(1, keepdims=True)
    guesses = shares.argmax(1)
    expected = {
        "test/loss": log_loss(targets, shares),
        "test/accuracy": accuracy_score(targets, guesses),
        "test/macro_f1": f1_score(targets, guesses, average="macro"),
        "test/balanced_accuracy": balanced_accuracy_score(targets, guesses),
        "test/auroc": roc_auc_score(targets, shares, multi_class="ovr"),
        "test/brier": brier_score_loss(targets, shares, scale_by_half=False),
    }
    recalls = recall_score(targets, guesses, average=None)
    expected |= {f"test/recall/{digit}": share for digit, share in enumerate(recalls)}
    assert {name: value for name, value in found.metrics.items() if "/ece" not in name} == pytest.approx(
        expected, rel=1e-5
    )
    assert found.examples == len(rows) == 359


def test_validation_and_test_have_one_precision(tmp_path):
    """A network that was trained in bfloat16 is judged in float32 throughout, however large its activations are."""
    folder = RunFolder(tmp_path / "run")
    changes = {"training.precision": "bf16", "optimizer.lr": 2.0, "split.limit": 200, "budget.epochs": 3}
    result = loop.train(folder, Recipe.load("digits/mlp", changes), 0, Settings("cpu", 1))
    trained = load(folder)
    again = evaluate(trained.task, trained.network, loader_of(prepared_with(trained, "val"), "val"), "val")
    assert result.execution["precision"] == "bf16"
    assert again == result.metrics


def test_opened_once(run, monkeypatch):
    first = held_out.test(run)
    monkeypatch.setattr(held_out, "load", lambda folder: 1 / 0)
    assert held_out.test(run) == first
    assert json.loads((run.path / "test.json").read_text())["opened"] == first.opened


def test_without_a_test_part_it_is_an_error(tmp_path):
    folder = RunFolder(tmp_path / "run")
    recipe = Recipe.load("digits/mlp", {"split.test": 0, "budget.epochs": 1})
    loop.train(folder, recipe, 0, Settings("cpu", 1))
    with pytest.raises(DataError, match="no test split"):
        held_out.test(folder)
    assert not (folder.path / "test.json").exists()


def test_an_unfinished_run_is_not_tested(run):
    (run.path / "result.json").unlink()
    with pytest.raises(RunError, match="only a finished run"):
        held_out.test(run)
    assert not (run.path / "test.json").exists()


def test_nobodys_gradients_are_kept(run, monkeypatch):
    modes = []
    original = torch.nn.Linear.forward
    monkeypatch.setattr(
        torch.nn.Linear, "forward", lambda s, x: (modes.append(torch.is_grad_enabled()), original(s, x))[1]
    )
    held_out.test(run)
    assert set(modes) == {False}
