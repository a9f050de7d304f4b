"""What may step together, and what may not, with the reason."""

from __future__ import annotations

import pytest
import torch
from tests.small import Wide

from paribus.records.parts import Part, register_own
from paribus.records.recipe import Recipe
from paribus.training.fused.graph import apart, family, numbers_of, why_alone, why_never


def of(**changes):
    return Recipe.load("digits/mlp", {name.replace("__", "."): value for name, value in changes.items()})


FREE = [
    {"optimizer__lr": 0.3},
    {"optimizer__momentum": 0.0},
    {"model__dropout": 0.5},
    {"budget__epochs": 7},
    {"stopping": "patience"},
    {"schedule": "cosine"},
    {"training__clip_norm": 1.0},
    {"training__l1": 1e-4},
    {"training__lookahead": 5},
    {"chance__split": 3},
]
BOUND = [
    {"model__widths": [32]},
    {"model__norm": "batch"},
    {"model__activation": "gelu"},
    {"task__label_smoothing": 0.1},
    {"training__batch_size": 32},
    {"training__accumulate": 2},
    {"training__precision": "fp32"},
    {"split__limit": 500},
    {"model__use": "linear"},
    {"optimizer__use": "adam"},
    {"augment": "mixup"},
]


@pytest.mark.parametrize("changes", FREE, ids=str)
def test_numbers_of_a_training_leave_its_family(changes):
    assert family(of(**changes)) == family(of())


@pytest.mark.parametrize("changes", BOUND, ids=str)
def test_graphs_do_not(changes):
    assert family(of(**changes)) != family(of())


def test_classes_of_ones_own_need_a_word():
    recipe = of(model=Part(Wide))
    register_own(recipe.parts())
    assert "a class of your own" in why_never(recipe)
    assert why_never(recipe, own=True) == ""
    assert why_never(of()) == ""


ALONE = {
    "L-BFGS asks for the loss": ("digits/mlp", {"optimizer": "lbfgs", "training.batch_size": "full"}),
    "several stages": ("gaussians/gan", {}),
    "at once": ("diabetes/mlp", {"model": {"use": "random_forest", "trees": 2}}),
}


@pytest.mark.parametrize("reason", ALONE)
def test_some_trainings_take_their_steps_by_themselves(trainings, reason):
    name, changes = ALONE[reason]
    ((due, *_),) = trainings([{}], name, **{"split.limit": 64, **changes})
    assert reason in why_alone(due)


APART = {
    "": {"model.dropout": 0.5, "optimizer.lr": 1.0},
    "the layers": {"model.widths": [8, 9]},
    "layers of": {"model.activation": "tanh"},
    "another device or number format": {"training.precision": "bf16"},
    "batches of other shapes": {"training.batch_size": 33, "split.limit": 124},
    "optimizers": {"optimizer": "adam"},
    "tasks": {"task.label_smoothing": 0.2},
}


@pytest.mark.parametrize("reason", APART)
def test_two_graphs_are_told_apart(trainings, reason):
    one, two = trainings([{}, APART[reason]])
    assert why_alone(one[0]) == why_alone(two[0]) == ""
    found = apart(one[0], two[0])
    assert reason in found
    assert bool(found) == bool(reason)


def test_weights_of_classes_that_follow_the_split_are_numbers_of_each(trainings):
    dues = [one[0] for one in trainings([{}, {"split.limit": 119}, {}], **{"task.class_weights": "balanced"})]
    assert apart(dues[0], dues[1]) == ""
    tasks = [due.session.task for due in dues]
    found = numbers_of(tasks)
    assert found.keys() == {"weights"}
    assert torch.equal(found["weights"], torch.stack([task.weights for task in tasks]))
    assert not torch.equal(tasks[0].weights, tasks[1].weights)
    assert numbers_of(tasks[:1] * 2) == {}
