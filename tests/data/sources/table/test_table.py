"""Tables from files: what their columns hold, what is said of them, and what is refused."""

import gzip
import re

import numpy as np
import pytest
import torch

from paribus.data.prepare import cache
from paribus.data.prepare.prepared import prepare
from paribus.data.sources.table.table import Table
from paribus.errors import DataError
from paribus.records.recipe import Recipe

HEADER = "age,colour,income,outcome\n"


@pytest.fixture
def written(tmp_path):
    def write(text, name="table.csv", **options):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return Table(str(path), **{"target": "outcome", **options})

    return write


def rows(count=40, seed=0, **columns) -> str:
    """A table with an age, a colour, an income, and an outcome."""
    rng = np.random.default_rng(seed)
    made = {
        "age": rng.integers(20, 80, count),
        "colour": rng.choice(["red", "blue"], count),
        "income": rng.normal(50, 9, count).round(2),
        "outcome": np.tile(["yes", "no"], count)[:count],
        **columns,
    }
    return ",".join(made) + "\n" + "".join(",".join(map(str, row)) + "\n" for row in zip(*made.values(), strict=True))


def names(dataset) -> dict:
    return {column.name: column.categories for column in dataset.metadata.table.columns}


def test_numbers_and_categories_are_told_apart(written):
    dataset = cache.load(written(rows()))
    assert names(dataset) == {"age": (), "colour": ("blue", "red"), "income": ()}
    assert dataset.classes == ("no", "yes")
    assert dataset.targets.tolist() == [1, 0] * 20
    assert dataset.inputs.shape == (40, 3)


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators_and_gzip(written, separator):
    text = rows().replace(",", separator)
    plain = cache.load(written(text, "a.tsv"))
    packed = cache.load(written(gzip.compress(text.encode()), "b.csv.gz"))
    assert torch.equal(plain.inputs, packed.inputs)
    assert torch.equal(plain.inputs, cache.load(written(rows(), "c.csv")).inputs)


def test_a_file_without_a_header(written):
    text = rows().partition("\n")[2]
    named = cache.load(written(text, columns=("age", "colour", "income", "outcome")))
    assert names(named) == names(cache.load(written(rows(), "b.csv")))
    assert list(names(cache.load(written(text, "c.csv", target="column 4")))) == ["column 1", "column 2", "column 3"]


def test_what_is_said_overrules_what_is_found(written):
    grade = np.tile([1, 2, 3, 4], 10)
    found = cache.load(written(rows(grade=grade), categories=("grade",), drop=("income",)))
    assert names(found) == {"age": (), "colour": ("blue", "red"), "grade": ("1", "2", "3", "4")}


def test_missing_values_and_zeros_that_mean_missing(written):
    text = rows(4, age=["0", "NA", "31", "?"], income=["0", "1", "2", "-"], colour=["red", "blue"] * 2)
    dataset = cache.load(written(text, zeros_missing=("age",), missing=("NA", "?", "-")))
    age, _, income = dataset.inputs.T.tolist()
    assert np.isnan(age).tolist() == [True, True, False, True]
    assert income[:3] == [0, 1, 2]
    assert np.isnan(income[3])


def test_rows_without_a_target_are_left_out_and_said(written):
    dataset = cache.load(written(rows(6, outcome=["yes", "", "no", "?", "yes", "no"])))
    assert len(dataset) == 4
    assert dataset.metadata.table.notes == ("rows without outcome are left out: 2, lines 3, 5",)


def test_what_numbers_or_names_the_rows_is_left_out_and_said(written):
    number = range(1, 41)
    day = [f"2024-01-{1 + n % 28:02}" for n in range(40)]
    name = [f"patient {n}" for n in range(40)]
    dataset = cache.load(written(rows(number=number, day=day, name=name, same=["x"] * 40, none=[""] * 40)))
    assert list(names(dataset)) == ["age", "colour", "income"]
    said = " ".join(dataset.metadata.table.notes)
    assert re.findall(r"(\w+) is left out", said) == ["number", "day", "name", "same", "none"]


def test_targets_are_classes_numbers_or_what_is_said(written):
    numbers = np.arange(40) % 3
    assert cache.load(written(rows(outcome=numbers))).classes == ("0", "1", "2")
    assert cache.load(written(rows(outcome=numbers), "b.csv", target_kind="numbers")).classes == ()
    merged = cache.load(written(rows(outcome=numbers), "c.csv", classes={"none": [0], "some": [1, 2.0]}))
    assert merged.classes == ("none", "some")
    assert merged.targets.tolist() == [min(one, 1) for one in numbers]
    measured = cache.load(written(rows(), "d.csv", target="income"))
    assert measured.classes == ()
    assert measured.targets.dtype == torch.float32
    two = cache.load(written(rows(), "e.csv", target=("income", "age")))
    assert two.target_shape == (2,)


def test_groups_stay_together(written):
    patient = np.repeat(np.arange(20), 2)
    source = written(rows(patient=patient), group="patient")
    recipe = Recipe(data={"use": "table", "path": source.path, "target": "outcome", "group": "patient"}, model="linear")
    prepared = prepare(recipe, recipe.seeds(0))
    sides = [set(patient[index.numpy()]) for index in prepared.rows.values()]
    assert sum(map(len, sides)) == len(set.union(*sides)) == 20
    assert "patient" not in names(prepared.examples)


def test_other_validation_rows_change_nothing_that_is_fitted(written):
    """The leak that makes figures too good: what validation rows hold must not reach what is fitted."""
    text = rows(60)
    part = {"use": "table", "target": "outcome", "indicators": True}
    recipe = Recipe(data={**part, "path": written(text).path}, model="linear", task="classification")
    before = prepare(recipe, recipe.seeds(3))
    lines = text.splitlines()
    for row in [*before.rows["val"].tolist(), *before.rows["test"].tolist()]:
        outcome = lines[row + 1].rpartition(",")[2]
        lines[row + 1] = f"99999,violet,,{outcome}"
    changed = recipe.override({"data.path": written("\n".join(lines), "b.csv").path})
    after = prepare(changed, recipe.seeds(3))
    assert torch.equal(after.rows["val"], before.rows["val"])
    assert not torch.equal(after.examples.inputs, before.examples.inputs)
    known = {"inputs": before.info.table.fitted.inputs, "fill": before.info.table.fitted.fill}
    assert {"inputs": after.info.table.fitted.inputs, "fill": after.info.table.fitted.fill} == known
    assert after.info.table.fitted.centre == before.info.table.fitted.centre
    assert after.info.table.fitted.spread == before.info.table.fitted.spread


@pytest.mark.parametrize(
    ("text", "options", "rule"),
    [
        (b"", {}, "is empty"),
        (HEADER, {}, "no rows but its header"),
        (rows(), {"target": "outcom"}, "data.target asks for.*\n.*outcom\n.*did you mean 'outcome'"),
        (rows(outcome=["yes"] * 40), {}, "'outcome' of table.csv holds one value only"),
        (rows(outcome=[""] * 40), {}, "holds no values"),
        (rows(age=[30, 41, 57, "forty"] * 10), {}, "line 5 of table.csv, column 'age', holds text where numbers"),
        (rows(colour=["red"] * 39 + ["blue"]), {"numeric": ("colour",)}, "line 2 of table.csv, column 'colour'"),
        (rows() + "1,red,2,yes,more\n", {}, "line 42 of table.csv has more fields"),
        (rows() + "1,red\n", {}, "line 42 of table.csv has fewer fields"),
        (rows(age=["inf"] * 20 + [30] * 20), {"numeric": ("age",)}, "line 2 of table.csv, column 'age'"),
        (rows(), {"drop": ("age", "colour", "income")}, "no column of table.csv is left"),
        (rows(), {"drop": ("age",), "numeric": ("age",)}, "either in data.numeric or in data.drop"),
        (rows(), {"classes": {"a": ["yes"]}}, "line 3 of table.csv has a target that data.classes puts into no class"),
        (rows(patient=["x", "", "y", "z"] * 10), {"group": "patient"}, "needs a group.*\n.*lines 3, 7"),
        (HEADER.replace("colour", "age") + "1,2,3,yes\n", {}, "two columns of table.csv have the same name"),
        (rows(), {"columns": ("a", "b")}, "names every column"),
        ("näme,y\n1,2\n".encode("latin1"), {}, "cannot read table.csv"),
        (
            rows(outcome=[f"word {n}" for n in range(40)]),
            {"target_kind": "numbers"},
            "text where the number to predict",
        ),
    ],
)
def test_what_cannot_be_learned_from_is_refused(written, text, options, rule):
    with pytest.raises(DataError, match=rule):
        cache.load(written(text, **options))


def test_a_file_that_is_not_there():
    with pytest.raises(DataError, match="no such file"):
        cache.load(Table("nowhere.csv", "y"))


def test_parquet_is_the_same_as_csv(written, tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import csv, parquet

    plain = written(rows())
    parquet.write_table(csv.read_csv(plain.path), tmp_path / "table.parquet")
    assert pyarrow
    stored = cache.load(Table(str(tmp_path / "table.parquet"), "outcome"))
    assert torch.equal(stored.inputs, cache.load(plain).inputs)
