"""A look at a table before training: what is said is what was put in."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from paribus.data.prepare.columns import _area, survey_table
from paribus.data.sources.table.table import Table

RNG = np.random.default_rng(0)
OUTCOME = np.tile([0, 1], 50)
AGE = RNG.integers(20, 80, 100)


@pytest.fixture
def surveyed(tmp_path):
    def look(columns, **options):
        rows = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
        (tmp_path / "table.csv").write_text("\n".join(rows))
        return survey_table(Table(str(tmp_path / "table.csv"), **{"target": "outcome", **options}))

    return look


def test_it_says_what_columns_hold(surveyed):
    town = np.where(np.arange(100) < 25, "?", RNG.choice(["Rom", "Ulm"], 100))
    found = surveyed({"age": AGE, "town": town, "same": [1] * 100, "outcome": OUTCOME})
    assert [(one.name, one.kind, one.missing) for one in found.columns] == [
        ("age", "number", 0),
        ("town", "category", 0.25),
        ("same", "constant", 0),
        ("outcome", "target", 0),
    ]
    assert found.classes == {"0": 50, "1": 50}
    assert found.notes == ("same is left out: it holds one value only",)
    assert not found.warnings
    assert found.columns[0].values == f"{AGE.min()} … {AGE.max()}"


def test_without_a_target_the_columns_are_looked_at(surveyed):
    found = surveyed({"age": AGE, "outcome": OUTCOME}, target=())
    assert [one.kind for one in found.columns] == ["number", "number"]
    assert not found.classes


def test_rows_that_repeat_others_are_counted(surveyed):
    assert surveyed({"age": [*AGE[:90], *AGE[:10]], "x": [*range(90), *range(10)], "outcome": OUTCOME}).duplicates == 10


@pytest.mark.parametrize(
    "leak",
    [-3.0 * OUTCOME + RNG.random(100), np.where(OUTCOME, "treated", "not treated")],
    ids=["number", "category"],
)
def test_a_column_that_gives_the_target_away_is_named(surveyed, leak):
    (said,) = surveyed({"age": AGE, "after": leak, "outcome": OUTCOME}).warnings
    assert said.startswith("after alone gives the target away (area under its ROC curve 1.000)")


def test_a_number_is_given_away_by_its_double(surveyed):
    money = RNG.random(100).round(4)
    (said,) = surveyed({"age": AGE, "taxed": 1.19 * money, "outcome": money}).warnings
    assert "taxed alone gives the target away (rank correlation 1.000)" in said


def test_the_area_is_that_of_scikit_learn():
    values = RNG.integers(0, 9, 100).astype(float)  # with ties
    expected = roc_auc_score(OUTCOME, values)
    assert _area(values, OUTCOME.astype(float)) == pytest.approx(max(expected, 1 - expected))
