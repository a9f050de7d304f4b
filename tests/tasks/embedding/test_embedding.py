"""Metric learning as a task: trained, judged on classes that it never saw, and refused where it cannot be."""

from __future__ import annotations

import math

import pytest
import torch

from paribus.data.info import DataInfo
from paribus.data.prepare.prepared import prepare
from paribus.errors import DataError, RecipeError
from paribus.inference.trained import load
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.tasks.embedding.embedding import Embedding, PointsMeter
from paribus.training import loop
from paribus.training.check import check_run
from paribus.training.execution import Settings

CPU = Settings("cpu", 1)
LOSSES = ("prototypes", "triplet", "contrastive", "centre", "arcface")
QUICK = {"model.widths": [8], "budget.epochs": 1, "split.limit": 200, "training.precision": "fp32"}
EPISODES = {"training.sampling": "episodes", "training.batch_size": 20, "training.per_class": 4}
INFO = DataInfo((1, 8, 8), ("x/a", "x/b", "y/a"), {"train": 9}, (3, 3, 3), (1.0,), (1.0,))


def recipe(loss: str = "prototypes", **more) -> Recipe:
    task = {"use": "embedding", "loss": loss, "dimension": 8, "ways": 5}
    return Recipe.load("digits/cnn", {**QUICK, **EPISODES, "task": task, **more})


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_trains_and_says_how_near_classes_are(loss, session_cache, tmp_path):
    folder = RunFolder(tmp_path)
    loop.train(folder, recipe(loss), 0, CPU)
    wanted = {f"val/{metric.name}" for metric in Embedding.metrics}
    assert wanted <= folder.result.metrics.keys()
    assert all(math.isfinite(value) for value in folder.result.metrics.values())
    one = load(folder)
    inputs = prepare(one.recipe, one.recipe.seeds(0)).sample(3).inputs
    assert one.predict(inputs).shape == (3, 8)
    assert (folder.previews / "final.png").is_file()


def test_a_few_epochs_bring_classes_together(session_cache, tmp_path):
    longer = {"budget.epochs": 6, "split.limit": 600, "model.widths": [16, 16], "optimizer.use": "adam"}
    folder = RunFolder(tmp_path)
    loop.train(folder, recipe(**longer), 0, CPU)
    first, last = (folder.history[place]["val/one_shot"] for place in (0, -1))
    assert last > max(first, 0.6)  # chance is 1/5


@pytest.mark.parametrize("many", [10, 400])
def test_centres_do_not_outweigh_telling_classes_apart(many):
    """Else all points are drawn to the origin, where centres begin, before a direction for each class is learned."""
    about = DataInfo((1, 8, 8), tuple(f"x/{k}" for k in range(many)), {"train": many}, (1,) * many, (1.0,), (1.0,))
    torch.manual_seed(0)
    z, labels = torch.randn(64, 64), torch.arange(64) % many
    tasks = [Embedding(about, "centre", centre_weight=0.0), Embedding(about, "centre")]
    directions, pulls = tasks[0].companion(), []
    for task in tasks:
        points = z.clone().requires_grad_()
        task.of(points, labels, directions).backward()
        pulls.append(points.grad)
    told, whole = pulls
    assert 0 < (whole - told).norm() < 0.1 * told.norm()


def test_one_example_of_each_class_is_refused():
    class Prepared:
        examples = type("Examples", (), {"labels": torch.arange(6)})
        rows = {"train": torch.arange(3), "val": torch.arange(3, 6)}  # noqa: RUF012

    with pytest.raises(DataError, match="no class has two"):
        Embedding(INFO, "triplet").check(Prepared)


def test_fewer_classes_than_ways_are_refused(session_cache):
    with pytest.raises(DataError, match="one of 20 classes"):
        check_run(recipe(**{"task.ways": 20}), 0, CPU)


def test_episodes_that_the_classes_cannot_fill_are_refused(session_cache):
    with pytest.raises(DataError, match="an episode needs 40 classes"):
        check_run(recipe(**{"training.batch_size": 160}), 0, CPU)
    with pytest.raises(RecipeError, match="as many examples of each"):
        check_run(recipe(**{"training.batch_size": 21}), 0, CPU)


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"task.shots": 4}, "training.per_class=5 training.batch_size=25"),  # all make prototypes, none is asked
        ({"task.loss": "triplet", "training.batch_size": 4}, "training.per_class=4 training.batch_size=8"),
        ({"training.sampling": "all", "training.batch_size": 1}, "training.sampling=episodes"),
    ],
)
def test_batches_in_which_nothing_is_compared_are_refused(changes, hint, session_cache):
    with pytest.raises(RecipeError, match="compares") as refused:
        check_run(recipe(**changes), 0, CPU)
    assert hint in refused.value.hint


def test_numbers_to_predict_are_no_classes():
    info = DataInfo((5,), (), {"train": 3}, (), (0.0,) * 5, (1.0,) * 5, target_mean=(0.0,))
    with pytest.raises(DataError, match="class of each example"):
        Embedding(info)


def test_classes_that_training_has_not_have_no_place(session_cache):
    info = DataInfo((1, 8, 8), ("a", "b", "c"), {"train": 6}, (3, 3, 0), (1.0,), (1.0,))
    task = Embedding(info, "arcface", dimension=4)
    companion = task.companion()
    z = torch.randn(4, 4, generator=torch.Generator().manual_seed(0))
    known = task.of(z[:2], torch.tensor([0, 1]), companion)
    assert float(task.of(z, torch.tensor([0, 1, 2, 2]), companion).detach()) == pytest.approx(float(known.detach()))
    assert float(task.of(z, torch.full((4,), 2), companion).detach()) == 0


def test_the_meter_goes_on_where_it_was():
    task = Embedding(INFO, ways=2)
    z, labels = torch.randn(6, 3), torch.tensor([0, 0, 1, 1, 2, 2])
    from paribus.data.deliver.loader import Batch

    whole, first = (PointsMeter(task.families, 2, False) for _ in range(2))
    pieces = [Batch(None, labels[rows], rows) for rows in torch.arange(6).split(3)]
    for piece in pieces:
        whole.update("model", torch.tensor(1.0), z[piece.rows], piece)
    first.update("model", torch.tensor(1.0), z[:3], pieces[0])
    second = PointsMeter(task.families, 2, False)
    second.load(first.state())
    second.update("model", torch.tensor(1.0), z[3:], pieces[1])
    assert second.figures() == whole.figures()
