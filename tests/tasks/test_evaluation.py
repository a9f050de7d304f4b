"""Figures of single examples, of which the figures of a split are the means."""

from __future__ import annotations

import pytest
import torch

from paribus.chance import Seeds
from paribus.data.prepare.prepared import prepare
from paribus.models.network import assemble
from paribus.records.parts import build, find, names
from paribus.records.recipe import Recipe
from paribus.tasks import evaluation

SMALL = {"training.precision": "fp32", "budget.epochs": 1}
RECIPES = {
    "classes": ("digits/mlp", {"task.class_weights": "balanced", "task.label_smoothing": 0.1}),
    "shares of a sigmoid": ("digits/mlp", {"model.final_activation": "sigmoid"}),
    "numbers": ("diabetes_progression/linear", {}),
    "pictures": ("textures/denoise", {"data.pictures": 60, "data.size": 16, "model.width": 4}),
}


@pytest.mark.parametrize("name", RECIPES)
def test_the_means_of_scores_are_the_figures(name):
    recipe = Recipe.load(RECIPES[name][0], {**SMALL, **RECIPES[name][1]})
    prepared = prepare(recipe, Seeds(0))
    task = build("task", recipe.task, info=prepared.info)
    network = assemble(recipe.model, task, Seeds(0))
    loader = prepared.loader("val", 16, "cpu")
    figures, scores = evaluation.evaluate(task, network, loader, "val"), evaluation.scores(task, network, loader)
    assert torch.equal(scores.pop("rows"), prepared.rows["val"])
    assert {*scores} == {*task.scored}
    for metric, values in scores.items():
        assert values.shape == (len(loader.rows),)
        assert float(values.double().mean()) == pytest.approx(figures[f"val/{metric}"], rel=1e-5)


@pytest.mark.parametrize("name", names("task"))
def test_what_is_scored_is_a_metric(name):
    task = find("task", name)
    assert {*task.scored} <= {metric.name for metric in task.metrics}
