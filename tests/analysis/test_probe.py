"""What can be read off a layer, and how accuracy falls with corruptions."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from paribus.analysis.corruptions import corruptions
from paribus.analysis.probe import UNTRAINED, probe
from paribus.analysis.table import find
from paribus.errors import DataError
from paribus.inference.activations import PENULTIMATE, look
from paribus.inference.trained import load
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.reports.corruptions import corruptions_page
from paribus.reports.probe import probe_page
from paribus.training import loop
from paribus.training.execution import Settings

QUICK = {"model.widths": [8], "budget.epochs": 3, "split.limit": 400, "training.precision": "fp32"}


@pytest.fixture(scope="module")
def run(session_cache, tmp_path_factory):
    folder = RunFolder(tmp_path_factory.mktemp("probe") / "run")
    loop.train(folder, Recipe.load("digits/cnn", QUICK), 0, Settings("cpu", 1))
    return load(folder)


@pytest.fixture(scope="module")
def unlabelled(session_cache, tmp_path_factory):
    folder = RunFolder(tmp_path_factory.mktemp("pretext") / "run")
    loop.train(folder, Recipe.load("digits/cnn", {**QUICK, "task.use": "pretext"}), 0, Settings("cpu", 1))
    return load(folder)


def test_a_probe_reads_what_scikit_learn_reads(run):
    found = probe(run, few_labels=3, penalty=2.0, k=3)
    last = next(one for one in found.readings if one.space == PENULTIMATE and one.labels > 30)
    known, asked = (look(run, (PENULTIMATE,), split, 2000) for split in ("train", "val"))
    train, val = (seen.spaces[PENULTIMATE].values.double().numpy() for seen in (known, asked))
    mean, deviation = train.mean(0), train.std(0, ddof=1).clip(1e-6)
    model = LogisticRegression(C=0.5, tol=1e-8, max_iter=10_000)
    model.fit((train - mean) / deviation, known.targets.numpy())
    right = (model.predict((val - mean) / deviation) == asked.targets.numpy()).sum()
    assert last.linear.hits == pytest.approx(right, abs=1)
    voted = KNeighborsClassifier(3, algorithm="brute").fit(train, known.targets.numpy()).predict(val)
    assert last.neighbours.hits == (voted == asked.targets.numpy()).sum()


def test_few_labels_are_as_many_of_each_class(unlabelled):
    found = probe(unlabelled, few_labels=3)
    assert [one.labels for one in found.readings] == [30, 400] * 3
    assert [one.space for one in found.readings[::2]] == ["inputs", UNTRAINED, PENULTIMATE]
    assert all(few.linear.value < many.linear.value for few, many in zip(*[iter(found.readings)] * 2, strict=True))


def test_pages_say_what_was_found(run, unlabelled):
    (table,) = probe_page(probe(unlabelled, few_labels=3)).sections[0].tables
    assert len(table.rows) == 6
    page = corruptions_page(corruptions(run, kinds=("noise", "shuffle"), severities=2))
    (table,) = page.sections[0].tables
    assert [row[0] for row in table.rows] == ["noise", "shuffle"]
    assert page.sections[0].figure.chart.svg().startswith("<svg")


def test_without_strength_the_accuracy_is_that_of_the_run(run):
    found = corruptions(run, kinds=("blur", "shuffle"), severities=2, most=10_000)
    recorded = run.folder.result.metrics["val/accuracy"]
    for curve in found.curves.values():
        assert curve[0].value == pytest.approx(recorded)
    assert found.curves["shuffle"][2].value < 0.35  # parts everywhere: near chance, 0.1
    assert found.kept["shuffle"] == pytest.approx(
        np.mean([one.value for one in found.curves["shuffle"][1:]]) / recorded
    )


def test_what_has_no_classes_is_not_asked(unlabelled):
    with pytest.raises(DataError, match="needs classes"):
        find("corruptions").check(unlabelled.folder)
