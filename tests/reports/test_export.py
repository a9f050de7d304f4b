"""Pages as data: the same rows as printed, raw numbers, units in the heads."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from tests import made

from paribus import files
from paribus.exchange.tables import to_csv
from paribus.records.opened import HeldOut
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.reports import brief, export, lists
from paribus.reports.export import deliver, records, to_json
from paribus.reports.outcomes import held_out_page
from paribus.reports.page import Page, Section, Table

pytestmark = pytest.mark.usefixtures("here")


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("ending", [OSError(28, "No space left on device"), SystemExit(1)], ids=["full", "gone"])
def test_a_report_is_drawn_though_nobody_reads_the_answer(monkeypatch, ending):
    drawn = []

    def end(*_: object) -> None:
        raise ending

    monkeypatch.setattr(export, "print_page", end)
    with pytest.raises(type(ending)):
        export.deliver_with_report(Page("Study", "s"), lambda: drawn.append(1) or Path("report.html"))
    assert drawn == [1]


def test_a_study_as_json_holds_its_raw_numbers_with_their_units():
    result = made.two_arms()
    content = json.loads(to_json(brief.study(result)))
    (effect,) = result.effects
    (row,) = content["tables"]["effects"]
    assert row["comparison"] == "norm: batch − none"
    assert row["difference (share)"] == effect.estimate.value
    assert (row["low (share)"], row["high (share)"]) == (effect.estimate.low, effect.estimate.high)
    assert row["p (adjusted)"] == effect.p_adjusted
    assert (row["claim"], row["confidence"], row["intervals together"]) == ("like-these", pytest.approx(0.95), 1)
    for claim, about in (("these", "for these data"), ("like-these", "for data like these")):
        judged = effect.claims[claim]
        assert row[f"low {about} (share)"] == judged.estimate.low
        assert row[f"high {about} (share)"] == judged.estimate.high
        assert (row[f"p {about}"], row[f"verdict {about}"]) == (judged.p_adjusted, judged.verdict.word)
    assert row["low (share)"] == row["low for data like these (share)"] < row["low for these data (share)"]
    assert (row["delta (share)"], row["verdict"], row["pairs"]) == (made.DELTA, "better", 5)
    arms = content["tables"]["val/accuracy per arm"]
    assert [arm["mean (share)"] for arm in arms] == [arm.level.value for arm in result.arms]
    assert (content["metric"], content["unit"], content["delta"]) == ("val/accuracy", "share", made.DELTA)
    assert (content["claim"], arms[0]["claim"]) == ("like-these", "like-these")


def test_a_claim_that_cannot_be_made_is_empty():
    (row,) = json.loads(to_json(brief.study(made.split_fixed())))["tables"]["effects"]
    assert (row["claim"], row["verdict"]) == ("these", "better")
    wider = [entry for name, entry in row.items() if "for data like these" in name]
    assert wider == [None] * 4


def test_what_is_not_finite_is_null():
    content = json.loads(to_json(brief.study(made.two_arms(seeds=1))))
    assert content["tables"]["effects"][0]["low (share)"] is None


@pytest.mark.parametrize(
    "page",
    [
        lambda: brief.study(made.factorial()),
        lambda: brief.study(made.noise()),
        lambda: brief.design(made.two_arms().design, Path("runs/x")),
        lambda: brief.run(made.run_folder(Path("runs/a/b/seed-3"))),
        lambda: lists.part("model", "cnn"),
        lambda: lists.recipe(Recipe.load("digits/cnn")),
        lambda: lists.recipes(["digits/cnn"]),
    ],
)
def test_csv_and_json_hold_the_same_rows(page):
    found = page()
    tables = json.loads(to_json(found))["tables"]
    assert {*tables} == {*records(found)}
    for name, rows in records(found).items():
        assert len(rows) == len(read(to_csv(rows))) == len(tables[name]) > 0


def test_the_held_out_test_as_data():
    folder = RunFolder("runs/study/none/seed-0")
    folder.create(Recipe.load("digits/mlp"), 0)
    page = held_out_page([(folder, HeldOut({"test/loss": 0.25, "test/accuracy": 0.912345}, 360, 0.0, "=why"))])
    (row,) = read(to_csv(records(page)["test"]))
    assert float(row["test/accuracy (share)"]) == 0.912345
    assert float(row["test/loss"]) == 0.25
    assert (row["opened"], row["because"]) == ("1970-01-01 00:00 UTC", "'=why")


def test_runs_have_a_column_for_each_figure():
    folder = made.run_folder(Path("runs/a/b/seed-3"))
    files.write_json(folder.path / "recipe.json", {**folder.read(), "identity": "0" * 16})
    (row,) = records(lists.runs(Path("runs")))["table"]
    assert (row["run"], row["val/accuracy (share)"], row["val/loss"]) == ("a/b/seed-3", 0.958, 0.214)


ONE = Page("Test", sections=(Section(tables=(Table(("a", "b"), (("=1", "2"),), "lr"),)),))
TWO = Page(sections=tuple(Section(f"part {i}", tables=(Table(("a",), ((str(i),),), "l"),)) for i in (1, 2)))


def test_a_file_or_the_standard_output(capsys):
    deliver(ONE, csv=Path("one.csv"))
    said = capsys.readouterr()
    assert (said.out.split(), said.err) == (["a", "b", "=1", "2"], "table in one.csv\n")
    assert Path("one.csv").read_text() == "a,b\n'=1,2\n"
    deliver(ONE, csv=Path("-"))
    assert capsys.readouterr().out == "a,b\n'=1,2\n"
    deliver(TWO, csv=Path("-"))
    assert capsys.readouterr().out == "a\n1\n\na\n2\n"
    deliver(TWO, json=True, csv=Path("two.csv"))
    assert json.loads(capsys.readouterr().out)["tables"] == {"part 1": [{"a": "1"}], "part 2": [{"a": "2"}]}
    assert sorted(path.name for path in Path().glob("two*")) == ["two-part-1.csv", "two-part-2.csv"]
