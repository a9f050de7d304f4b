"""Predictions for the rows of a table, from a network that was trained on one."""

import numpy as np
import pytest

import paribus as pb
from paribus.inference.predict import to_csv
from paribus.records.recipe import Recipe

RNG = np.random.default_rng(0)


def rows(count=120, header=True) -> list[str]:
    dose, colour = RNG.normal(size=count).round(3), RNG.choice(["red", "blue"], count)
    ill = np.where(dose + (colour == "red") > 0.5, "yes", "no")
    made = [",".join(map(str, row)) for row in zip(dose, colour, ill, strict=True)]
    return ["dose,colour,ill", *made] if header else made


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    (folder / "table.csv").write_text("\n".join(rows()))
    data = {"use": "table", "path": str(folder / "table.csv"), "target": "ill"}
    recipe = Recipe(name="ill", data=data, model={"use": "logistic", "penalty": 0.1})
    run = pb.Run(recipe, runs=folder)
    run.train(listen=lambda _: None)
    return pb.load(run)


@pytest.fixture
def asked(trained, tmp_path):
    def ask(*lines):
        (tmp_path / "new.csv").write_text("\n".join(lines))
        return pb.predict(trained, tmp_path / "new.csv")[0]

    return ask


def test_each_row_has_a_class_and_its_probabilities(asked):
    found = asked("colour,dose", "red,3", "blue,-3", ",", "green,0.2")
    assert found.label == "4 rows"
    assert found.table["line"] == [2, 3, 4, 5]
    assert found.table["prediction"][:2] == ["yes", "no"]
    assert np.allclose(np.add(found.table["yes"], found.table["no"]), 1)
    assert to_csv([found]).splitlines()[0] == "file,line,prediction,no,yes"


def test_the_same_rows_get_what_the_network_says(trained, asked):
    import torch

    lines = rows(5)
    found = asked(*lines)
    stored = torch.tensor([[float(line.split(",")[0]), float("red" in line)] for line in lines[1:]])  # blue, red
    assert np.allclose(found.table["yes"], trained.predict(stored)[:, 1], atol=1e-6)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (["dose", "1"], "lacks a column that the network was trained on"),
        (["dose,colour", "much,red"], "line 2 of new.csv, column 'dose', holds text where numbers should be"),
        (["dose,colour"], "holds no rows"),
        ([""], "is empty"),
    ],
)
def test_what_cannot_be_read_says_why(asked, lines, problem):
    assert problem in asked(*lines).problem


def test_a_table_without_header_is_named_as_that_of_training_was(tmp_path):
    (tmp_path / "table.csv").write_text("\n".join(rows(header=False)))
    data = {"use": "table", "path": str(tmp_path / "table.csv"), "target": "ill", "columns": ["dose", "colour", "ill"]}
    run = pb.Run(Recipe(name="ill", data=data, model="logistic"), runs=tmp_path)
    run.train(listen=lambda _: None)
    (tmp_path / "whole.csv").write_text("\n".join(rows(4, header=False)))
    (tmp_path / "new.csv").write_text("3,red\n-3,blue")  # nobody knows yet who is ill
    whole, new = pb.predict(run, [tmp_path / "whole.csv", tmp_path / "new.csv"])
    assert len(whole.table["prediction"]) == 4
    assert new.table["prediction"] == ["yes", "no"]
