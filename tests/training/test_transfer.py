"""Weights of others, frozen parts, thawing, rates by pattern: exact, also resumed, averaged and restored."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from paribus.chance import Seeds
from paribus.data.prepare.prepared import inputs_of, prepare
from paribus.errors import Interrupted, MissingData, RecipeError, RunError
from paribus.inference.held_out import test as open_test
from paribus.inference.trained import load
from paribus.records.recipe import Recipe
from paribus.training.execution import Settings
from paribus.training.session import Session

BODY = "stages"
LIKE = {"model.norm": "batch", "split.val": 0.2, "split.test": 0.2}


@pytest.fixture
def general(train, digits) -> Path:
    """A finished run whose weights others start from."""
    folder, _ = train(digits({**LIKE, "budget.epochs": 2}, "cnn"), "general", seed=7)
    return folder.path


@pytest.fixture
def transfer(digits, general):
    def make(changes=None) -> Recipe:
        return digits({**LIKE, "model.weights": str(general), **(changes or {})}, "cnn")

    return make


def body(folder) -> dict[str, Tensor]:
    return {name: it for name, it in load_file(folder.weights).items() if name.startswith(f"model.{BODY}")}


def equal(left: dict[str, Tensor], right: dict[str, Tensor]) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


FROZEN = {
    "plain": {},
    "averaged and clipped": {"training.ema": 0.7, "training.clip_norm": 0.5},
    "with decay": {"optimizer": {"use": "adamw", "lr": 0.01, "weight_decay": 0.5}},
    "half precision": {"training.precision": "bf16"},
    "the best restored": {"stopping": {"use": "patience", "patience": 2}},
    "in pieces": {"training.accumulate": 4},
}


@pytest.mark.parametrize("changes", FROZEN.values(), ids=FROZEN)
def test_T10_what_is_frozen_stays_to_the_last_bit_buffers_too(train, transfer, general, changes):
    folder, result = train(transfer({**changes, "model.freeze": [BODY], "model.new_head": "always"}))
    before = {name: it for name, it in load_file(general / "weights.safetensors").items() if BODY in name}
    assert equal(body(folder), before)
    assert any("running_var" in name for name in before)
    assert result.parameters == sum(it.numel() for it in load_file(folder.weights).values()) - sum(
        it.numel() for it in (*before.values(), *(load_file(folder.weights)[name] for name in ("mean", "scale")))
    )  # those of the head alone
    losses = [row["train/loss"] for row in folder.history]
    assert losses[-1] < losses[0]


def test_what_is_not_frozen_changes_its_statistics_too(train, transfer, general):
    folder, _ = train(transfer({"model.freeze": ["stages.0"]}))
    before = load_file(general / "weights.safetensors")
    for name, after in body(folder).items():
        assert torch.equal(after, before[name]) == name.startswith("model.stages.0."), name


def test_a_part_is_trained_once_its_epochs_have_passed(train, transfer, general):
    changes = {"model.unfreeze": {"stages.0": 2, "stages.1": 1}, "model.new_head": "always"}
    folder, _ = train(transfer(changes), keep="all")
    states = [load_file(general / "weights.safetensors"), *(load_file(folder.kept_weights(it)) for it in (1, 2, 3))]
    names = [name for name in states[0] if BODY in name]
    for number, (before, after) in enumerate(pairwise(states), start=1):
        changed = {name for name in names if not torch.equal(before[name], after[name])}
        expected = {name for name in names if number > (2 if "stages.0." in name else 1)}
        assert changed == expected, f"epoch {number}"


@pytest.mark.parametrize("step", [5, 11, 19])
def test_R5_a_resumed_transfer_is_the_same_to_the_last_bit(train, transfer, every_step, stop_at, step):
    recipe = transfer(
        {
            "optimizer": {"use": "adamw", "lr": 0.01},
            "schedule": "cosine",
            "training.ema": 0.9,
            "model.dropout": 0.2,
            "model.freeze": ["stages.0.*.norm"],
            "model.unfreeze": {"stages.1": 1, "stages.0.layers.0.conv": 2},
            "model.lr_factors": {"stages": 0.3},
        }
    )
    expected = train(recipe, "whole")[1].weights_sha256
    with pytest.raises(Interrupted):
        train(recipe, "halved", listen=stop_at(step))
    assert train(recipe, "halved")[1].weights_sha256 == expected


def test_the_rates_of_patterns_multiply_those_of_the_schedule(transfer):
    recipe = transfer({"model.lr_factors": {"stages.0": 0.1, "stages": 0.5}, "optimizer.lr": 0.2})
    session = Session(recipe, prepare(recipe, Seeds(0)), Seeds(0), Settings("cpu", 1))
    (optimizer,) = session.optimizers.values()
    names = {id(it): name for name, it in session.network.model.named_parameters()}
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            name = names[id(parameter)]
            factor = 0.1 if name.startswith("stages.0") else 0.5 if name.startswith("stages") else 1.0
            assert group["initial_lr"] == 0.2 * factor, name
    assert sum(len(group["params"]) for group in optimizer.param_groups) == len(names)


def test_a_budget_of_no_epochs_gives_the_figures_of_the_weights(train, transfer, general):
    folder, result = train(transfer({"budget.epochs": 0}))
    source = load(general)
    assert equal(load_file(folder.weights), load_file(general / "weights.safetensors"))
    assert (result.epochs, result.steps, len(folder.history)) == (0, 0, 1)
    folder.check_seal()
    assert train(transfer({"budget.epochs": 0}))[1] == result  # it is finished
    again = load(folder)
    assert open_test(folder).metrics == open_test(source.folder).metrics
    inputs = torch.randint(0, 17, (5, 1, 8, 8), dtype=torch.uint8)
    assert torch.equal(again.predict(inputs), source.predict(inputs))  # the scaling of the inputs came along


def test_weights_that_are_gone_are_missed_by_new_runs_only(train, transfer, general, digits):
    folder, _ = train(transfer({"budget.epochs": 1}))
    (general / "weights.safetensors").unlink()
    load(folder)
    open_test(folder)
    with pytest.raises(MissingData, match="gone"):
        train(transfer({"budget.epochs": 2}), "another")


def test_a_changed_file_is_another_run(transfer, general, digits, tmp_path):
    file = tmp_path / "w.safetensors"
    file.write_bytes((general / "weights.safetensors").read_bytes())
    recipe = digits({**LIKE, "model.weights": str(file)}, "cnn")
    before = inputs_of(recipe, 0)
    other = bytearray(file.read_bytes())
    other[-1] ^= 1
    file.unlink()
    file.write_bytes(bytes(other))
    assert set(before.files) == {"model.weights"}
    assert inputs_of(recipe, 0).identity(recipe.identity) != before.identity(recipe.identity)
    run = inputs_of(transfer(), 0)
    assert run.files["model.weights"] == before.files["model.weights"]  # content counts, not the place


def test_the_record_says_what_was_loaded_and_what_is_new(train, transfer):
    folder, _ = train(transfer({"model.new_head": "always", "budget.epochs": 1}))
    record = folder.environment()["weights"]
    assert record["new"] == ["output.weight", "output.bias"]
    assert set(record["left_out"]) == {"output.weight", "output.bias"}
    assert "stages.0.layers.0.norm.running_mean" in record["tensors"]
    assert len(record["sha256"]) == 64


def test_a_new_head_is_drawn_as_from_scratch(train, transfer, digits):
    """The arms of a study share what they do not load."""
    none = {"budget.epochs": 0}
    drawn, _ = train(transfer({**none, "model.new_head": "always"}), "new")
    scratch, _ = train(digits({**LIKE, **none}, "cnn"), "scratch")
    left, right = load_file(drawn.weights), load_file(scratch.weights)
    assert torch.equal(left["model.output.weight"], right["model.output.weight"])
    assert not torch.equal(left["model.stages.0.layers.0.conv.weight"], right["model.stages.0.layers.0.conv.weight"])


REFUSED = {
    "everything frozen": ({"model.freeze": ["*"]}, "not frozen"),
    "everything frozen at first": ({"model.unfreeze": {"*": 1}}, "not frozen"),
    "a pattern of nothing": ({"model.freeze": ["stags"]}, "did you mean 'stages'"),
    "a thaw of nothing": ({"model.unfreeze": {"layer9": 2}}, "model.unfreeze must name"),
    "a factor of nothing": ({"model.lr_factors": {"layer9": 0.1}}, "model.lr_factors must name"),
    "no rate": ({"model.lr_factors": {BODY: 0.0}}, "greater than 0"),
    "the past": ({"model.unfreeze": {BODY: -1}}, "greater than or equal to 0"),
    "another net": (
        {"model.widths": [4, 9]},
        r"stages.1.layers.0.conv.weight is \(8, 4, 3, 3\) there and \(9, 4, 3, 3\)",
    ),
    "a deeper net": ({"model.depth": 2}, "missing there: stages.0.layers.1.conv.weight"),
}


@pytest.mark.parametrize(("changes", "said"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_refused(train, transfer, changes, said):
    with pytest.raises(RecipeError, match=said):
        train(transfer(changes))


def test_a_run_that_is_not_finished_is_no_source(train, transfer, general, every_step, stop_at):
    with pytest.raises(Interrupted):
        train(transfer(), "halved", listen=stop_at(3))
    with pytest.raises(RunError, match="only a finished run has weights"):
        train(transfer({"model.weights": str(general.parent / "halved")}), "other")


def test_longer_runs_go_on_behind_frozen_epochs(train, transfer, tmp_path):
    """Thawing depends on the epoch alone, so that the first epochs of a longer run are those of a shorter one."""
    changes = {"model.unfreeze": {BODY: 1}, "schedule": "constant"}
    short, _ = train(transfer({**changes, "budget.epochs": 2}), "short")
    long, _ = train(transfer({**changes, "budget.epochs": 3}), "long", keep="all")
    assert equal(load_file(short.weights), load_file(long.kept_weights(2)))
