"""Residuals of a regression, and their page."""

import pytest
from sklearn.metrics import r2_score

import paribus as pb
from paribus.analysis.residuals import residuals
from paribus.reports.analyses import residuals_page


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    run = pb.Run("diabetes_progression/linear", {"model": "ridge"}, runs=tmp_path_factory.mktemp("runs"))
    run.train(listen=lambda _: None)
    return pb.load(run)


def test_figures_are_those_of_the_run_and_of_scikit_learn(trained):
    found = residuals(trained)
    figures = trained.folder.result.metrics
    one = found.r2["progression"]
    assert one.value == pytest.approx(figures["val/r2"], rel=1e-5)
    assert one.value == pytest.approx(r2_score(found.truth["progression"], found.said["progression"]))
    assert one.low < one.value < one.high
    assert found.rmse["progression"] == pytest.approx(figures["val/rmse"], rel=1e-5)
    assert found.mae["progression"] == pytest.approx(figures["val/mae"], rel=1e-5)
    assert found.mean_mae["progression"] > found.mae["progression"]


def test_few_examples_are_drawn_where_there_are_many(trained):
    found = residuals(trained, shown=20)
    assert len(found.truth["progression"]) == len(found.said["progression"]) <= 20
    assert found.examples == 71


def test_the_page_has_a_table_and_a_picture(trained):
    page = residuals_page(residuals(trained))
    table, picture = page.sections
    assert table.tables[0].rows[0][0] == "progression"
    assert len(picture.figure.chart.spec["layer"][1]["data"]["values"]) == 71
