"""Distillation from real runs: limits, the cache, augmentation, and teachers that must be refused."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import paribus as pb
from paribus.chance import Seeds
from paribus.data.prepare.prepared import inputs_of, prepare
from paribus.errors import MissingData, ParibusError, RecipeError
from paribus.inference.trained import load
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.studies import alike
from paribus.studies.leaderboard import boards
from paribus.tasks.distillation import distillation
from paribus.tasks.distillation import teacher as teachers
from paribus.training import loaders, loop
from paribus.training.check import check_run
from paribus.training.execution import Settings

CPU = Settings("cpu", 1)
QUICK = {"model.widths": [4], "budget.epochs": 2, "training.precision": "fp32"}
STUDENT = {**QUICK, "task.use": "distillation"}


@pytest.fixture(scope="module")
def arm(session_cache, tmp_path_factory) -> Path:
    """A teacher of two seeds, as an arm of a study lies."""
    folder = tmp_path_factory.mktemp("runs") / "study" / "arm"
    recipe = Recipe.load("digits/cnn", {"model.widths": [8, 8], "budget.epochs": 3, "training.precision": "fp32"})
    for seed in (0, 1):
        loop.train(RunFolder(folder / f"seed-{seed}"), recipe, seed, CPU)
    return folder


def student(teacher: object, changes: dict[str, Any] | None = None) -> Recipe:
    return Recipe.load("digits/cnn", {**STUDENT, "task.teacher": str(teacher), **(changes or {})})


def trained(recipe: Recipe, folder: Path, seed: int = 0):
    loop.train(RunFolder(folder), recipe, seed, CPU)
    return RunFolder(folder)


def test_T23_without_a_share_for_the_teacher_it_is_classification(arm, tmp_path):
    plain = trained(Recipe.load("digits/cnn", QUICK), tmp_path / "plain")
    alone = trained(student(arm, {"task.alpha": 0.0}), tmp_path / "alone")
    assert alone.result.weights_sha256 == plain.result.weights_sha256
    assert alone.result.metrics == plain.result.metrics


def test_T23_with_all_of_it_labels_say_nothing(arm):
    prepared = prepare(student(arm), Seeds(0))
    task = distillation.Distillation(prepared.info, str(arm), alpha=1.0)
    task.check(prepared)
    task.prepare(prepared)
    network = load(arm / "seed-1").network.train()
    batch = prepared.sample(8)
    loss, outputs = task.loss("model", network, batch)
    other, _ = task.loss("model", network, type(batch)(batch.inputs, (batch.targets + 1) % 10, batch.rows))
    assert torch.equal(loss, other)
    answers = load(arm / "seed-0").network(batch.inputs).detach()
    torch.testing.assert_close(loss, distillation.softened(outputs, answers, 4.0))


def test_T23_in_between_it_is_the_weighted_mean(arm):
    prepared = prepare(student(arm), Seeds(0))
    network, batch, found = load(arm / "seed-1").network.train(), prepared.sample(8), {}
    for alpha in (0.0, 0.3, 1.0):
        task = distillation.Distillation(prepared.info, str(arm), alpha=alpha)
        task.check(prepared)
        task.prepare(prepared)
        found[alpha] = task.loss("model", network, batch)[0].item()
    assert found[0.3] == pytest.approx(0.3 * found[1.0] + 0.7 * found[0.0], rel=1e-5)


def test_figures_of_evaluation_are_those_of_the_labels(arm, tmp_path):
    folder = trained(student(arm), tmp_path / "student")
    found = load(folder)
    prepared = prepare(found.recipe, Seeds(0))
    inputs, targets = prepared.examples.take(prepared.rows["val"])
    loss = torch.nn.functional.nll_loss(found.predict(inputs).log(), targets).item()
    assert loss == pytest.approx(folder.result.metrics["val/loss"], rel=1e-5)


def test_a_teacher_makes_a_difference_that_repeats(arm, tmp_path):
    first, again = (trained(student(arm), tmp_path / name) for name in ("first", "again"))
    other = trained(student(arm, {"task.temperature": 1.0}), tmp_path / "other")
    assert first.result.weights_sha256 == again.result.weights_sha256 != other.result.weights_sha256


def test_answers_are_asked_for_once_for_all_arms(arm, tmp_path, monkeypatch):
    monkeypatch.setenv("PARIBUS_CACHE", str(tmp_path / "cache"))
    asked: list[int] = []
    ask = teachers.Teacher._asked
    monkeypatch.setattr(teachers.Teacher, "_asked", lambda self, *given: asked.append(1) or ask(self, *given))
    for alpha in (0.2, 0.9):
        trained(student(arm, {"task.alpha": alpha}), tmp_path / f"alpha-{alpha}")
    assert len(asked) == 1
    [known] = (tmp_path / "cache" / "teachers").glob("*.safetensors")
    content = bytearray(known.read_bytes())
    content[-1] ^= 1
    known.write_bytes(content)
    again = trained(student(arm, {"task.alpha": 0.2}), tmp_path / "again")
    assert len(asked) == 2  # a flipped bit is noticed
    assert again.result.weights_sha256 == RunFolder(tmp_path / "alpha-0.2").result.weights_sha256
    trained(student(arm), tmp_path / "other", seed=1)  # another teacher, other examples
    assert len(asked) == 3


def test_under_augmentation_the_teacher_sees_what_the_student_sees(arm):
    recipe = student(arm, {"augment.crop.padding": 1, "augment.mixup": True})
    prepared = prepare(recipe, Seeds(0))
    task = distillation.Distillation(prepared.info, str(arm), alpha=1.0)
    task.check(prepared)
    task.prepare(prepared)
    batch = next(loaders.Loaders.of(recipe, prepared, "cpu").train.shuffled(Seeds(0), 0, augment=None))
    changed = type(batch)(batch.inputs.flip(3), batch.targets, batch.rows)
    network = load(arm / "seed-1").network.train()
    loss, outputs = task.loss("model", network, changed)
    answers = load(arm / "seed-0").network(changed.inputs).detach()
    torch.testing.assert_close(loss, distillation.softened(outputs, answers, 4.0))


@pytest.mark.parametrize("features", ["hint", "attention"])
def test_features_are_learned_too(arm, tmp_path, features):
    layers = {"task.features": features, "task.layers": ["stages.0"], "task.teacher_layers": ["stages.1"]}
    with_features = trained(student(arm, {**layers, "task.alpha": 0.0}), tmp_path / "with")
    without = trained(student(arm, {"task.alpha": 0.0}), tmp_path / "without")
    assert with_features.result.weights_sha256 != without.result.weights_sha256
    assert with_features.result.parameters == without.result.parameters


def test_each_seed_has_the_teacher_of_its_seed(arm):
    for seed in (0, 1):
        assert teachers.find(str(arm), seed).path == arm / f"seed-{seed}"
    known = [inputs_of(student(arm), seed).files["task.teacher"] for seed in (0, 1)]
    assert known[0] != known[1]
    assert inputs_of(student(arm / "seed-1"), 0).files["task.teacher"] == known[1]


def test_a_study_takes_them_by_name_and_knows_their_weights(arm, here):
    shutil.copytree(arm.parent.parent, here / "runs")
    changes = {**STUDENT, "task.teacher": "study/arm", "budget.epochs": 1}
    study = pb.Study("digits/cnn", vary={"task.alpha": [0.0, 0.9]}, changes=changes, seeds=2)
    result = study.run(jobs=1, device="cpu", listen=lambda event: None)
    assert result.complete
    found = {path.parent.name: RunFolder(path.parent).inputs for path in here.glob("runs/digits*/*/seed-*/recipe.json")}
    assert {seed: inputs.files["task.teacher"] for seed, inputs in found.items()} == {
        f"seed-{seed}": inputs_of(student(arm), seed).files["task.teacher"] for seed in (0, 1)
    }
    (board,) = boards(here / "runs")
    assert [tuple(entry.values) for entry in board.entries] == [(0, 1)] * 3  # seeds of one setting, whoever taught them
    known = alike.look(study.design, here / "runs").here
    assert {seed: [run.seed for run in row] for seed, row in known.items()} == {0: [0, 0], 1: [1, 1]}


def test_another_teacher_of_the_same_name_makes_another_run(arm, here):
    shutil.copytree(arm / "seed-0", here / "teacher")
    recipe = student("teacher")
    before = pb.Run(recipe, runs=here / "runs").folder.path
    shutil.rmtree(here / "teacher")
    shutil.copytree(arm / "seed-1", here / "teacher")
    assert pb.Run(recipe, runs=here / "runs").folder.path != before


def test_a_student_loads_when_its_teacher_is_gone(arm, tmp_path):
    shutil.copytree(arm / "seed-0", tmp_path / "teacher")
    folder = trained(student(tmp_path / "teacher"), tmp_path / "student")
    shutil.rmtree(tmp_path / "teacher")
    held_out = pb.open_test(folder, because="a student stands alone")
    assert held_out.metrics["test/accuracy"] > 0
    found = load(folder)
    assert len(found.predict(torch.zeros(3, 1, 8, 8, dtype=torch.uint8))) == 3


def refusal(recipe: Recipe, seed: int = 0) -> str:
    with pytest.raises(ParibusError) as error:
        check_run(recipe, seed, CPU)
    return str(error.value)


def test_T23_a_teacher_that_knows_the_validation_examples_is_refused(arm):
    said = refusal(student(arm / "seed-0"), seed=1)
    rows = {seed: prepare(student(arm), Seeds(seed)).rows for seed in (0, 1)}
    seen = int(torch.isin(rows[1]["val"], rows[0]["train"]).sum())
    assert f"the teacher was trained on {seen} of the {len(rows[1]['val'])} validation examples" in said
    assert "chance.split=0" in said
    check_run(student(arm / "seed-0", {"chance.split": 0}), 1, CPU)


def test_a_teacher_that_knows_the_test_examples_is_refused(arm):
    """Rows that another share holds out for the test, where by chance none of those that validate were trained on."""
    prepared = prepare(student(arm, {"split.test": 0.4}), Seeds(0))
    known = prepare(student(arm), Seeds(0)).rows["train"]
    unseen = {name: rows[~torch.isin(rows, known)] if name == "val" else rows for name, rows in prepared.rows.items()}
    with pytest.raises(RecipeError, match=r"of the \d+ test examples of this run"):
        teachers.load(str(arm), replace(prepared, rows=unseen))


def test_a_teacher_that_was_only_looked_at_knows_what_the_run_knows_that_it_started_from(arm, tmp_path):
    looked = {"model.widths": [8, 8], "training.precision": "fp32", "budget.epochs": 0}
    started = {**looked, "model.weights": str(arm / "seed-0")}
    trained(Recipe.load("digits/cnn", started), tmp_path / "started", seed=1)
    assert "the teacher was trained on" in refusal(student(tmp_path / "started"), seed=1)
    trained(Recipe.load("digits/cnn", looked), tmp_path / "drawn", seed=1)
    check_run(student(tmp_path / "drawn"), 0, CPU)


def test_what_is_to_be_known_of_a_teacher_stands_with_its_students(arm, tmp_path):
    shutil.copytree(arm / "seed-0", tmp_path / "teacher")
    told = RunFolder(tmp_path / "teacher")
    told.write_environment({**told.environment(), "weights": {"notes": ["trained on everything"]}})
    found = trained(student(tmp_path / "teacher"), tmp_path / "student").environment()["teacher"]
    assert found["notes"] == ["trained on everything"]
    assert found["weights_sha256"] == told.result.weights_sha256


def test_fewer_examples_of_the_same_split_are_no_leak(arm):
    check_run(student(arm, {"split.limit": 100}), 0, CPU)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": {"use": "digits", "size": 12}}, "the same input shape"),
        ({"task.layers": ["stages.0"]}, "of which none are compared"),
        ({"task.features": "hint"}, "needs the layers"),
        ({"task.features": "hint", "task.layers": ["stages.7"]}, "the student has no layer of this name"),
        (
            {"task.features": "hint", "task.layers": ["stages.0"], "task.teacher_layers": ["body"]},
            "the teacher has no layer of this name",
        ),
        (
            {"task.features": "hint", "task.layers": ["stages.0"], "task.teacher_layers": ["stages.0", "stages.1"]},
            "each layer of the student has one",
        ),
        ({"task.features": "attention", "task.layers": ["output"]}, "reads maps"),
        ({"model.final_activation": "sigmoid"}, "spread over the classes"),
        ({"task.temperature": 0}, "temperature"),
        ({"task.alpha": 1.2}, "alpha"),
    ],
)
def test_what_does_not_fit_is_refused_before_the_first_step(arm, changes, message):
    with pytest.raises(ParibusError) as error:
        check_run(student(arm, changes), 0, CPU)
    assert message in str(error.value)


def test_a_teacher_of_other_classes_is_refused(arm, tmp_path):
    letters = pb.Data(torch.zeros(60, 1, 8, 8, dtype=torch.uint8).numpy(), ["a", "b", "c"] * 20)
    said = refusal(student(arm, {"data": letters, "training.batch_size": 16}))
    assert "the same classes" in said
    assert "a, b, c" in said


def test_a_teacher_of_another_kind_is_refused(tmp_path):
    recipe = Recipe.load("digits/vae", {"budget.epochs": 1, "model.widths": [8]})
    folder = trained(recipe, tmp_path / "vae")
    assert "a teacher is a classifier" in refusal(student(folder.path))


@pytest.mark.parametrize("what", ["nothing", "unfinished", "another seed", "several"])
def test_a_teacher_that_is_not_there_is_said(arm, tmp_path, what):
    place = tmp_path / "teachers"
    if what == "unfinished":
        RunFolder(place).create(Recipe.load("digits/cnn"), 0)
    elif what == "another seed":
        shutil.copytree(arm / "seed-1", place / "seed-1")
    elif what == "several":
        for name in ("one", "two"):
            shutil.copytree(arm, place / name)
    expected: dict[str, tuple[type[ParibusError], str]] = {
        "nothing": (MissingData, "there is no such teacher"),
        "unfinished": (MissingData, "only a finished run can teach"),
        "another seed": (MissingData, "no run of seed 0"),
        "several": (RecipeError, "one run a seed"),
    }
    kind, message = expected[what]
    with pytest.raises(kind, match=message):
        teachers.find(str(place), 0)


def test_a_damaged_teacher_is_noticed(arm, tmp_path):
    shutil.copytree(arm / "seed-0", tmp_path / "teacher")
    weights = tmp_path / "teacher" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\1")
    assert "damaged" in refusal(student(tmp_path / "teacher")) or "changed" in refusal(student(tmp_path / "teacher"))
