"""Pictures of searches: what they show of trials that finished, stopped or lie far off, and of none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from paribus.plots import search as plots
from paribus.records.metric import Metric
from paribus.records.recipe import Recipe
from paribus.records.search import SearchResult, Trial
from paribus.studies.search.design import plan

SEARCH = {"optimizer.use": "sgd,adam", "lr": "1e-3..1", "momentum": "0..0.9", "batch_size": "16..64..16"}
METRIC = Metric("accuracy", higher_is_better=True, percent=True)


def result(values: list[float | None], metric: Metric = METRIC) -> SearchResult:
    design = plan(Recipe.load("digits/mlp"), SEARCH, trials=max(1, len(values)))
    trials = []
    for number, value in enumerate(values):
        sgd = number % 2 == 0
        settings = {"optimizer.use": "sgd" if sgd else "adam", "optimizer.lr": 0.01, "training.batch_size": 32}
        settings |= {"optimizer.momentum": 0.5} if sgd else {}
        state = "failed" if value is None else "paused" if number == 1 else "finished"
        trials.append(Trial(number, settings, state, value, 1, (value,)))
    return SearchResult(design, Path("runs/s"), "val/accuracy", metric, tuple(trials), {"optimizer.lr": 1.0})


def drawn(chart) -> str:
    assert chart.svg().startswith("<svg")
    return json.dumps(chart.spec)


@pytest.mark.parametrize("draw", [plots.history, plots.slices, plots.parallel, plots.importance])
def test_every_picture_is_drawn_with_trials_and_without(draw):
    drawn(draw(result([0.9, 0.5, 0.91, 0.8, None])))
    drawn(draw(result([0.9])))
    drawn(draw(result([])))


def test_the_line_of_the_best_rises_over_trials_that_were_trained_to_the_end():
    found = result([0.5, 0.99, 0.4, 0.7])
    rows = plots._rows(found)
    best = plots._best_so_far(found, rows, (0.0, 100.0))
    assert [(row["trial"], row["value"]) for row in best] == [(0, 50.0), (2, 50.0), (3, 70.0), (3, 70.0)]
    lower = result([0.5, 0.1, 0.4, 0.7], Metric("loss", higher_is_better=False))
    assert [row["value"] for row in plots._best_so_far(lower, plots._rows(lower), (0, 1))] == [0.5, 0.4, 0.4, 0.4]


def test_what_is_far_worse_lies_at_the_edge():
    found = result([0.95, 0.94, 0.93, 0.92, 0.1])
    low, high = plots._reach(found, plots._rows(found))
    assert 85 < low < 93
    assert high <= 100
    assert "far worse lies at the edge" in drawn(plots.history(found))


def test_a_line_breaks_off_where_a_field_does_not_exist():
    spec = plots.parallel(result([0.9, 0.8, 0.7])).spec
    points = spec["layer"][0]["data"]["values"]
    assert {row["field"] for row in points if row["trial"] == 1} == {"optimizer", "lr", "batch_size"}
    assert len({row["field"] for row in points if row["trial"] == 0}) == 4
