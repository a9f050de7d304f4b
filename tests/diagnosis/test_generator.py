"""N11: what the records of a GAN show, in planted cases and in real trainings that go wrong on purpose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from paribus.diagnosis.case import Case
from paribus.diagnosis.doctor import diagnose
from paribus.diagnosis.generator import _of_the_steps
from paribus.diagnosis.record import Record
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder, Status
from paribus.records.signals import Look
from paribus.training.execution import Settings
from paribus.training.loop import train

SOUND = {
    "train/discriminator_loss": 1.3,
    "train/discriminator_accuracy": 0.6,
    "val/generator_loss": 0.75,
    "val/discriminator_loss": 1.3,
    "val/frechet": 1.0,
    "val/precision": 0.8,
    "val/recall": 0.8,
    "val/modes": 8.0,
    "val/mode_kl": 0.01,
}


def folder(path: Path, epochs: int = 12, loss: str = "non_saturating", steps: int = 500, **figures: Any) -> RunFolder:
    """Records of a run; a figure may be a function of the epoch."""
    run = RunFolder(path / "run")
    run.create(Recipe.load("gaussians/gan", {"task.loss": loss}), 0)
    run.write_info({"classes": list("abcdefgh")})
    for epoch in range(1, epochs + 1):
        row = {"step": steps * epoch, **SOUND, **{name.replace("__", "/"): value for name, value in figures.items()}}
        run.append_metrics({"epoch": epoch, **{n: v(epoch) if callable(v) else v for n, v in row.items()}})
    return run


def names(run: RunFolder) -> list[str]:
    return diagnose(run).names


def test_a_sound_run_has_no_findings(tmp_path):
    assert names(folder(tmp_path)) == []


def test_a_run_without_epochs_has_no_findings(tmp_path):
    assert names(folder(tmp_path, epochs=0)) == []


def test_N11_same_loss_and_a_falling_distance(tmp_path):
    (finding,) = diagnose(folder(tmp_path, val__frechet=lambda epoch: 10.0 / epoch)).findings
    assert finding.name == "same loss, other quality"
    assert "better" in finding.says
    assert finding.evidence["distance, epoch 1"] == 10
    assert finding.evidence["distance, epoch 12"] == pytest.approx(10 / 12)
    assert finding.evidence["generator loss, epoch 1"] == finding.evidence["generator loss, epoch 12"]
    assert not finding.treatment


def test_N11_same_loss_and_a_rising_distance(tmp_path):
    (finding,) = diagnose(folder(tmp_path, val__frechet=lambda epoch: float(epoch))).findings
    assert "worse" in finding.says
    assert finding.treatment["stopping"]["metric"] == "val/frechet"
    Recipe.load("gaussians/gan").override(finding.treatment).resolved()


def test_the_flat_part_is_found_behind_a_steep_one(tmp_path):
    loss = lambda epoch: 3.0 if epoch < 5 else 0.8  # noqa: E731
    (finding,) = diagnose(folder(tmp_path, val__generator_loss=loss, val__frechet=lambda epoch: 10.0 / epoch)).findings
    assert "From epoch 5 to 12" in finding.says


def test_a_loss_that_falls_with_the_distance_is_no_finding(tmp_path):
    fall = lambda epoch: 10.0 / epoch  # noqa: E731
    assert names(folder(tmp_path, epochs=6, val__generator_loss=fall, val__frechet=fall)) == []


def test_N11_the_discriminator_wins(tmp_path):
    run = folder(tmp_path, train__discriminator_accuracy=0.995, train__discriminator_loss=0.02)
    (finding,) = diagnose(run).findings
    assert finding.name == "the discriminator wins"
    assert "99.5 %" in finding.says
    assert finding.evidence["discriminator loss"] == pytest.approx(0.02)
    run.recipe.override(finding.treatment).resolved()


def test_the_scores_of_a_wasserstein_critic_have_no_threshold(tmp_path):
    assert names(folder(tmp_path, loss="wasserstein_gp", train__discriminator_accuracy=1.0)) == []


@pytest.mark.parametrize(
    ("times", "spoiled", "expected"), [(11.0, True, ["discriminator-wins"]), (11.0, False, []), (3.0, True, [])]
)
def test_a_discriminator_far_ahead_wins_where_what_is_drawn_is_spoiled_again(times, spoiled, expected):
    distances = [2.0, 0.1, 0.01, *([0.02, 0.04] if spoiled else [0.008, 0.006])]
    rows = [{"epoch": at, "step": 500 * at, "val/frechet": value} for at, value in enumerate(distances, 1)]
    moved = Look(1, 500, update_ratio={"discriminator.a": 0.01 * times, "generator.a": 0.01})
    recipe = {"optimizer": {"use": "adam", "lr": 0.001}}
    made = Record(Status("finished"), rows, {}, {}, recipe, Path("none"), (moved,), 2500)
    found = _of_the_steps(Case.of(made)).findings
    assert [one.cause for one in found if one.severity == "fault"] == expected


@pytest.mark.parametrize("figures", [{"val__mode_kl": 1.2, "val__modes": 2.0}, {"val__recall": 0.02}])
def test_N11_modes_are_missing(tmp_path, figures):
    run = folder(tmp_path, **figures)
    (finding,) = diagnose(run).findings
    assert finding.name == "modes are missing"
    assert finding.evidence["of"] == 8
    run.recipe.override(finding.treatment).resolved()


@pytest.mark.parametrize(("loss", "treatment"), [("minimax", "task.loss"), ("non_saturating", "task.r1")])
def test_none_of_eight_modes_is_a_finding(tmp_path, loss, treatment):
    run = folder(tmp_path, loss=loss, val__modes=0.0, val__precision=0.02, val__recall=0.05)
    (finding,) = diagnose(run).findings
    assert finding.name == "modes are not covered"
    assert "0 of 8 modes" in finding.says
    assert list(finding.treatment) == [treatment]
    run.recipe.override(finding.treatment).resolved()


@pytest.mark.parametrize("figures", [{"val__mode_kl": 1.2, "val__modes": 0.0}, {"train__discriminator_accuracy": 1.0}])
def test_after_240_steps_nothing_is_said_of_modes(tmp_path, figures):
    found = diagnose(folder(tmp_path, steps=20, **figures))
    assert found.names == []
    assert any(said == "modes: too early, after 240 of at least 1,500 steps" for said in found.unchecked)


def test_modes_that_cannot_be_counted_are_said_not_to_be(tmp_path):
    found = diagnose(folder(tmp_path, val__modes=None))
    assert "modes, by precision and recall" in found.checked
    assert "modes: they cannot be counted in these data" in found.unchecked


FAST, SLOW = {"use": "adam", "lr": 3e-3}, {"use": "adam", "lr": 3e-4, "beta1": 0.5}
PLANTED = {  # what is done to the recipe → what the doctor says
    "the discriminator wins": {"optimizers": {"discriminator": FAST, "generator": {"use": "adam", "lr": 1e-6}}},
    "modes are missing": {"optimizers": {"discriminator": SLOW, "generator": FAST}, "model.latent": 1},
    "same loss, other quality": {},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PLANTED)
def test_N11_found_in_trainings_that_go_wrong_on_purpose(tmp_path, name):
    run = RunFolder(tmp_path / "run")
    small = {"data.examples": 8000, "budget.epochs": 34, "split.val": 0.1, "training.batch_size": 128}
    train(run, Recipe.load("gaussians/gan", {**small, **PLANTED[name]}), 0, Settings("cpu", threads=1))
    assert name in [finding.name for finding in diagnose(run).all()]
