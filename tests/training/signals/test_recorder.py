"""Looks while training: when they are taken, that they change nothing, and what trainings without steps say."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from paribus import files
from paribus.errors import DamagedRecord, Diverged
from paribus.records.parts import Part
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.training.monitor import Plan
from paribus.training.signals import recorder

CHANCE = {
    "model.dropout": 0.3,
    "model.norm": "batch",
    "augment": {"flip": {}, "mixup": {}},
    "training.ema": 0.9,
    "training.clip_norm": 0.5,
    "training.accumulate": 2,
}
RECIPES = {  # those that draw, remember, or have several stages
    "dropout, norm, mixup, ema, clipping": Recipe.load(
        "digits/mlp", {"split.limit": 256, "budget.epochs": 3, **CHANCE}
    ),
    "convolutions": Recipe.load("digits/cnn", {"split.limit": 128, "budget.epochs": 2, "model.norm": "batch"}),
    "two stages": Recipe.load("gaussians/gan", {"data.examples": 600, "budget.epochs": 1, "budget.steps": 6}),
    "spectral norm": Recipe.load(
        "gaussians/gan", {"data.examples": 600, "budget.epochs": 1, "budget.steps": 6, "model.spectral": True}
    ),
    "drawn codes": Recipe.load("digits/vae", {"split.limit": 128, "budget.epochs": 2}),
    "a state that is carried": Recipe.load(
        "markov/rnn", {"data.tokens": 4000, "model.dropout": 0.2, "budget.epochs": 2, "training.batch_size": 8}
    ),
    "a series": Recipe.load(
        "seasons/lstm", {"data.steps": 600, "model.width": 8, "budget.epochs": 1, "data.stride": 4}
    ),
    "one batch, line search": Recipe.load(
        "digits/mlp",
        {"split.limit": 64, "optimizer": {"use": "lbfgs"}, "training.batch_size": "full", "budget.epochs": 3},
    ),
}


@pytest.mark.parametrize("name", RECIPES)
def test_looks_change_nothing(train, name) -> None:
    """Weights, figures and the figures of single examples are the same, to the last bit, with looks and without."""
    folder, recorded = train(RECIPES[name], "with")
    plain, without = train(RECIPES[name], "without", signals=False)
    assert recorded.weights_sha256 == without.weights_sha256
    assert recorded.metrics == without.metrics
    assert [{**row, "seconds": 0} for row in folder.history] == [{**row, "seconds": 0} for row in plain.history]
    assert plain.signals == ()
    assert not (plain.path / "signals.jsonl").exists()
    looks = folder.signals
    assert [look.probed for look in (looks[0], looks[-1])] == [True, True]
    assert "probe" not in looks[0].unrecorded
    assert all(math.isfinite(norm) for look in looks for norm in look.gradient.values())
    assert looks[0].gradient.keys() >= looks[0].update_ratio.keys() > set()


def test_looks_are_taken_before_the_first_step_behind_epochs_1_2_4_8_and_the_last(train, digits) -> None:
    folder, result = train(digits({"budget.epochs": 11, "split.limit": 64}))
    assert [look.epoch for look in folder.signals] == [0, 1, 2, 4, 8, 11]
    assert [look.step for look in folder.signals] == [0, 2, 4, 8, 16, 22]
    assert folder.signals[-1].step == result.steps


def test_the_probe_is_shown_where_enough_steps_have_passed(train, digits, monkeypatch) -> None:
    monkeypatch.setattr(recorder, "PAID", 7)
    folder, _ = train(digits({"budget.epochs": 8, "split.limit": 64}))
    assert [(look.step, look.probed) for look in folder.signals] == [
        (0, True),
        (2, False),
        (4, False),
        (8, True),
        (16, True),  # the last one always
    ]
    light = folder.signals[1]
    monkeypatch.setattr(recorder, "USUAL", 128)  # of batches half that size the probe is twice as many steps
    folder, _ = train(digits({"budget.epochs": 8, "split.limit": 64}), "smaller")
    assert [look.step for look in folder.signals if look.probed] == [0, 16]
    assert all((light.lr, light.update_ratio, light.step_gradient, light.weight_norm))
    assert not any((light.gradient, light.loss, light.mean))


def test_updates_and_learning_rates_are_those_of_the_step(train, digits) -> None:
    """Gradient descent without momentum moves each layer by the learning rate times its gradient."""
    changes = {"optimizer": {"use": "sgd", "lr": 0.05, "momentum": 0.0}, "schedule": {"use": "cosine"}}
    folder, _ = train(digits({**changes, "budget.epochs": 4}))
    rates = [row["lr"] for row in folder.history]
    for look in folder.signals:
        assert look.lr["model"] == pytest.approx(rates[max(look.epoch, 1) - 1] if look.epoch else 0.05, rel=1e-6)
    first = folder.signals[0]
    for layer, ratio in first.update_ratio.items():
        assert ratio == pytest.approx(0.05 * first.step_gradient[layer] / first.weight_norm[layer], rel=1e-3)


def test_clipping_is_counted(train, digits) -> None:
    tight, loose, none = (
        train(digits({"training.clip_norm": norm} if norm else {}), str(norm))[0].signals for norm in (1e-3, 1e3, None)
    )
    assert all(look.clipped == {"model": 1.0} and look.clip_factor["model"] < 0.01 for look in tight)
    assert all(look.clipped == {"model": 0.0} and look.clip_factor == {"model": 1.0} for look in loose)
    assert all(not look.clipped and not look.clip_factor for look in none)
    assert max(math.hypot(*look.step_gradient.values()) for look in tight) == pytest.approx(1e-3, rel=1e-3)


def test_classes_of_the_first_batches(train, digits) -> None:
    folder, _ = train(digits())
    first = folder.signals[1]
    assert len(first.largest_class) == 8
    assert all(0.1 <= share < 0.4 for share in first.largest_class)
    assert first.batch_inputs["deviation"][0] == pytest.approx(1, abs=0.1)
    assert folder.signals[0].inputs["mean"][0] == pytest.approx(0, abs=0.1)


def test_a_diverged_run_keeps_its_looks(train, digits, tmp_path) -> None:
    with pytest.raises(Diverged):
        train(digits({"optimizer.lr": 1e20}))
    first, *_, last = RunFolder(tmp_path / "run").signals
    assert min(first.update_ratio.values()) > 1e3
    assert last.step > first.step
    assert not last.probed


def test_a_run_that_stopped_early_says_what_nobody_saw(train, digits) -> None:
    stopping = {"use": "patience", "patience": 1}
    folder, result = train(digits({"stopping": stopping, "optimizer.lr": 0.8, "budget.epochs": 40, "split.limit": 64}))
    last = folder.signals[-1]
    assert (last.epoch, last.probed) == (result.epochs, True)
    assert result.epochs.bit_count() == 1 or ("update_ratio" in last.unrecorded and not last.update_ratio)


def test_a_model_that_is_fitted_at_once_says_why_nothing_is_known(train) -> None:
    folder, _ = train(Recipe.load("wine/mlp", {"model": "logistic"}))
    [look] = folder.signals
    assert set(look.unrecorded) == {"steps", "probe"}
    assert "fitted at once" in look.unrecorded["probe"]


class Picky(nn.Module):
    """Takes batches of one size only, where it learns."""

    def __init__(self, num_outputs: int) -> None:
        super().__init__()
        self.output = nn.Linear(64, num_outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training and len(x) not in (1, 2, 20):  # a few are tried before the first step
            raise ValueError("20, please")
        return self.output(x.flatten(1))


def test_a_network_is_shown_no_more_at_once_than_in_training(train, digits) -> None:
    recipe = digits({"training.batch_size": 20, "split.limit": 400})
    folder, _ = train(Recipe.read({**recipe.plain(), "model": Part(Picky)}))
    assert [(look.pieces, look.piece) for look in folder.signals if look.probed] == [(3, 20), (3, 20)]


def test_a_network_that_does_not_take_the_probe_trains_on(train, digits, monkeypatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("not these")

    monkeypatch.setattr(recorder, "look_at", fail)
    folder, result = train(digits())
    assert result.steps
    assert folder.signals[0].unrecorded["probe"].startswith("showing it the examples failed: ValueError: not these")
    assert folder.signals[0].update_ratio


def test_plan_knows_the_steps_before_looks() -> None:
    plan = Plan(epochs=10, steps=95, per_epoch=10)
    assert [step for step in range(95) if plan.before_look(step)] == [0, 9, 19, 39, 79, 94]


def test_signals_that_change_behind_the_end_are_refused_and_harm_nothing_else(train, digits) -> None:
    folder, _ = train(digits())
    folder.check_seal()
    files.append_line(folder.path / "signals.jsonl", {"epoch": 9, "step": 9})
    folder.check_seal()
    with pytest.raises(DamagedRecord, match="its signals changed since it ended"):
        _ = folder.signals
    (folder.path / "signals.jsonl").unlink()
    assert folder.signals == ()
    folder.check_seal()
