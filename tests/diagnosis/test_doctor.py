"""Planted faults are named, sound trainings have none, and what follows from a cause stands below it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

import paribus as pb
from paribus.diagnosis.causes import CAUSES, EQUIVALENT, equivalent
from paribus.diagnosis.doctor import CHECKS, diagnose
from paribus.diagnosis.finding import Diagnosis, Finding
from paribus.diagnosis.ranking import FOLLOWS, ranked
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.tasks.classification import Classification
from paribus.training.execution import Settings
from paribus.training.loop import train

QUICK = {"budget.epochs": 8}
TWENTY_SIGMOIDS = {"model.widths": [32] * 20, "model.activation": "sigmoid"}


class Net(nn.Module):
    """A network of somebody's own with a fault that its recipe does not name.

    Args:
        input_shape: of an example.
        num_outputs: of the network.
        plan: which fault.
    """

    def __init__(self, input_shape: tuple[int, ...], num_outputs: int, *, plan: str = "") -> None:
        super().__init__()
        self.plan, self.scale = plan, nn.Parameter(torch.ones(()))  # of its own, so that it is asked to reset
        middle: nn.Module = nn.Identity() if plan == "straight" else nn.ReLU()
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), middle, nn.Linear(64, 64), nn.ReLU())
        if plan == "straight":
            self.net[4] = nn.Identity()
        self.last = nn.Linear(64, num_outputs)
        self.end = {"softmax": nn.Softmax(1), "relu": nn.ReLU()}.get(plan, nn.Identity())

    def reset_parameters(self) -> None:
        """Called behind those of the layers, which it may overrule."""
        if self.plan == "dead":
            nn.init.constant_(self.net[1].bias, -20.0)

    def forward(self, x: Tensor) -> Tensor:
        """Logits, or what the fault makes of them."""
        return self.end(self.scale * self.last(self.net(x / 1e4 if self.plan == "tiny" else x)))


class Summed(Classification):
    """A loss that is a sum."""

    def __init__(self, info: Any) -> None:
        super().__init__(info)

    def loss(self, stage: str, network: nn.Module, batch: Any) -> tuple[Tensor, Tensor]:
        """The sum over the batch."""
        loss, outputs = super().loss(stage, network, batch)
        return loss * len(batch), outputs


class Squared(Classification):
    """A squared error of probabilities."""

    def __init__(self, info: Any) -> None:
        super().__init__(info)

    def loss(self, stage: str, network: nn.Module, batch: Any) -> tuple[Tensor, Tensor]:
        """The mean over examples and classes."""
        outputs = network(batch.inputs).float()
        shares = nn.functional.one_hot(batch.targets, outputs.shape[1]).float()
        return nn.functional.mse_loss(outputs.softmax(1), shares), outputs


@pytest.fixture(scope="module")
def trained(session_cache, tmp_path_factory):
    """Each training once, however many tests ask of it."""
    root, known = tmp_path_factory.mktemp("doctor"), {}

    def run(changes: dict[str, Any], recipe: str = "digits/mlp") -> RunFolder:
        chosen = Recipe.load(recipe, {**QUICK, **changes})
        folder = RunFolder(root / chosen.identity)
        if chosen.identity not in known:
            known[chosen.identity] = train(folder, chosen, 0, Settings("cpu", 1))
        return folder

    return run


PLANTED: dict[str, dict[str, Any]] = {
    "lr-too-high": {"optimizer": {"use": "adam", "lr": 1.0}},
    "lr-too-low": {"optimizer.lr": 1e-5},
    "too-few-epochs": {"optimizer.lr": 0.03, "budget.epochs": 1},
    "vanishing-gradients": TWENTY_SIGMOIDS,
    "symmetric-units": {"model.init": "constant"},
    "initial-weights-zero": {"model.init": "zeros"},
    "linear-network": {"model.activation": "none"},
    "clipped-to-nothing": {"training.clip_norm": 1e-6},
    "warm-up-never-left": {"schedule": {"use": "warmup", "epochs": 5000.0, "start": 0.0}},
    "capacity-too-small": {"model.widths": [1]},
    "over-regularised": {"training.l1": 0.3},
}


@pytest.mark.parametrize("cause", PLANTED)
def test_a_fault_that_the_recipe_plants_is_the_first_finding(trained, cause):
    found = diagnose(trained(PLANTED[cause]))
    assert found.faults, found.causes
    assert found.faults[0].cause == cause
    assert found.faults[0].evidence


@pytest.mark.parametrize("lr", [2.0, 30.0])
def test_a_rate_is_brought_to_where_sound_recipes_have_it(trained, lr):
    (finding,) = diagnose(trained({"optimizer.lr": lr})).faults
    assert finding.cause == "lr-too-high"
    assert not diagnose(trained({**finding.treatment, "budget.epochs": 20})).faults


@pytest.mark.parametrize(
    ("plan", "cause", "treatment"),
    [
        ("softmax", "double-softmax", {"model.ending": "bare"}),
        ("relu", "cut-outputs", {"model.ending": "bare"}),
        ("straight", "linear-network", {}),  # there is nothing that could be exchanged
        ("tiny", "inputs-too-small", {}),
        ("dead", "dead-units", {"model.redraw": "he"}),
    ],
)
def test_a_fault_in_a_network_of_ones_own_is_told_by_its_signals(trained, plan, cause, treatment):
    pb.register("model", name="assembled_here")(Net)
    planted = {"model": {"use": "assembled_here", "plan": plan}}
    found = diagnose(trained(planted))
    assert found.faults, found.causes
    assert found.faults[0].cause == cause
    assert found.faults[0].treatment == treatment
    if plan in ("relu", "dead"):  # their treatment leaves nothing of the fault
        assert not diagnose(trained({"model": {**planted["model"], **_inner(treatment)}})).faults


def _inner(treatment: dict[str, Any]) -> dict[str, Any]:
    return {field.partition(".")[2]: value for field, value in treatment.items()}


def test_a_rare_class_that_is_missed_now_and_then_is_named(trained):
    inputs, labels = map(torch.tensor, load_digits(return_X_y=True))
    rare = (labels == 8).nonzero().flatten()[6:90]  # 84 of 174 are taken away, and 84 of those left validate
    kept = torch.ones(len(labels), dtype=torch.bool).index_fill(0, rare, value=False)
    held_out = torch.zeros(len(labels), dtype=torch.bool)
    held_out[::3] = True
    held_out[(labels == 8).nonzero().flatten()[90:]] = True
    val = inputs[held_out & kept].float().numpy(), labels[held_out & kept].numpy()
    rest = kept & ~held_out
    data = pb.Data(inputs[rest].float().numpy(), labels[rest].numpy(), val=val)
    found = diagnose(trained({"data": data, "split.test": 0.0, "budget.epochs": 20}, "arrays/mlp"))
    assert [one.cause for one in found.faults] == ["class-thinned"]
    assert found.faults[0].treatment == {"training.sampling": "balanced"}


def test_a_generator_that_took_few_steps_is_trained_too_briefly(trained):
    found = diagnose(trained({"data.examples": 800, "budget.epochs": 2}, "gaussians/gan"))
    assert "too-few-epochs" in [one.cause for one in found.all()]


@pytest.mark.parametrize(("task", "cause"), [(Summed, "summed-loss"), (Squared, "squared-error-of-classes")])
def test_a_fault_in_a_loss_of_ones_own_is_told_by_its_records(trained, task, cause):
    pb.register("task", name="own_loss")(task)
    found = diagnose(trained({"task": {"use": "own_loss"}}))
    assert cause in [one.cause for one in found.all()], found.causes
    assert found.findings[0].cause == cause


def test_labels_that_belong_to_other_inputs(trained):
    draws = torch.Generator().manual_seed(0)
    inputs, targets = torch.randn(400, 20, generator=draws), torch.arange(400) % 4
    changes = {"data": pb.Data(inputs.numpy(), targets.numpy()).part, "budget.epochs": 20, "model.widths": [128]}
    found = diagnose(trained(changes))
    assert found.faults[0].cause == "labels-permuted"
    assert "chance-level" in [one.cause for one in found.faults[0].consequences]


SOUND: dict[str, tuple[str, dict[str, Any]]] = {
    "as it ships": ("digits/mlp", {"budget.epochs": 20}),
    "cnn": ("digits/cnn", {"budget.epochs": 5}),
    "warm-up": ("digits/mlp", {"schedule": {"use": "cosine", "warmup": 2}}),
    "dropout": ("digits/mlp", {"model.dropout": 0.3, "budget.epochs": 12}),
    "batch norm": ("digits/mlp", {"model.norm": "batch"}),
    "adam": ("digits/mlp", {"optimizer": {"use": "adam", "lr": 0.003}}),
    "mixup": ("digits/cnn", {"augment": {"mixup": {}}, "budget.epochs": 10}),
    "small batches": ("digits/mlp", {"training.batch_size": 16, "optimizer.lr": 0.03}),
}


@pytest.mark.parametrize("kind", SOUND)
def test_a_sound_training_has_no_fault(trained, kind):
    recipe, changes = SOUND[kind]
    found = diagnose(trained(changes, recipe))
    assert not found.faults, [(one.cause, dict(one.evidence)) for one in found.faults]
    assert len(found.checked) > 20


def test_what_is_not_recorded_is_not_guessed(trained, tmp_path):
    import shutil

    folder = RunFolder(shutil.copytree(trained({}).path, tmp_path / "copy"))
    (folder.path / "signals.jsonl").unlink()
    found = diagnose(folder)
    assert "dead units: this run recorded no signals" in found.unchecked
    assert "dead units" not in found.checked


def test_consequences_stand_below_their_root_and_a_warning_explains_no_fault():
    dead = Finding("dead-units", "dead", {})
    chance = Finding("chance-level", "chance", {})
    high = Finding("lr-too-high", "high", {})
    (root,) = ranked([chance, dead, high])
    assert root.cause == "lr-too-high"
    assert {one.cause for one in root.consequences} == {"dead-units", "chance-level"}
    mild = Finding("lr-too-high", "high", {}, severity="warning")
    assert [one.cause for one in ranked([dead, mild])] == ["dead-units", "lr-too-high"]


def test_the_table_of_causes_is_whole():
    assert {cause for group in EQUIVALENT for cause in group} <= {*CAUSES}
    assert {*FOLLOWS} | {cause for group in FOLLOWS.values() for cause in group} <= {*CAUSES}
    assert all(cause.mechanism.endswith(".") and cause.source for cause in CAUSES.values())
    assert equivalent("lr-too-high", "summed-loss")
    assert not equivalent("lr-too-high", "labels-wrong")
    assert len({check.about for check in CHECKS}) == len(CHECKS)


def test_a_diagnosis_counts_its_faults():
    found = Diagnosis((Finding("lr-too-high", "", {}), Finding("underfitting", "", {}, severity="note")))
    assert [one.cause for one in found.faults] == ["lr-too-high"]
    assert found.causes == ["lr-too-high", "underfitting"]
