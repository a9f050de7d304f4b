"""Retrieval as an analysis: the figures of the run, beside those of plain pixels."""

from __future__ import annotations

import pytest

from paribus.analysis.retrieval import retrieval
from paribus.inference.trained import load
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.reports.retrieval import retrieval_page
from paribus.training import loop
from paribus.training.execution import Settings

CHANGES = {
    "task": {"use": "embedding", "dimension": 8, "ways": 2},
    "model.widths": [8],
    "budget.epochs": 1,
    "split.limit": 200,
    "training": {"sampling": "episodes", "batch_size": 20, "per_class": 4, "precision": "fp32"},
}


@pytest.fixture(scope="module")
def found(session_cache, tmp_path_factory):
    folder = RunFolder(tmp_path_factory.mktemp("retrieval") / "run")
    loop.train(folder, Recipe.load("digits/cnn", CHANGES), 0, Settings("cpu", 1))
    trained = load(folder)
    return trained, retrieval(trained)


def test_it_finds_what_the_run_recorded(found):
    trained, record = found
    recorded, one = trained.folder.result.metrics, record.spaces["network"]
    assert one.recall[1].value == pytest.approx(recorded["val/recall_at_1"], abs=1e-3)
    assert one.auroc == pytest.approx(recorded["val/verification"], abs=1e-3)
    assert one.eer == pytest.approx(recorded["val/eer"], abs=1e-3)
    assert sum(one.tasks) / len(one.tasks) == pytest.approx(recorded["val/one_shot"], abs=2e-3)


def test_more_neighbours_find_more_and_the_interval_holds_the_mean(found):
    for one in found[1].spaces.values():
        shares = [recall.value for recall in one.recall.values()]
        assert shares == sorted(shares)
        assert one.one_shot.low <= sum(one.tasks) / len(one.tasks) <= one.one_shot.high
        assert len(one.tasks) == 5  # ten digits, two at a time


def test_the_page_shows_both_spaces(found):
    page = retrieval_page(found[1])
    (table,) = page.sections[0].tables
    assert [row[0] for row in table.rows] == ["network", "inputs"]
    assert page.sections[0].figure.chart.svg().startswith("<svg")
