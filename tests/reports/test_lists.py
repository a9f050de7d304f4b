"""What there is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from paribus.records import parts
from paribus.records.run import RunFolder, Status
from paribus.records.study import run_folder
from paribus.reports import lists
from paribus.reports.export import deliver
from paribus.study import Study


def test_a_source_of_your_own_is_called_so():
    class Mine:
        """Mine."""

    parts.register("data", Mine)
    (table,) = lists.sources().sections[0].tables
    assert ("Mine", "your own", "Mine.") in table.rows


def test_parts_of_one_name_stand_on_one_page_each_with_its_table(tmp_path, capsys):
    page = lists.namesakes(["model", "task"], "gan")
    assert [section.title for section in page.sections] == ["model gan", "task gan"]
    deliver(page, csv=tmp_path / "gan.csv")
    assert {path.name for path in tmp_path.iterdir()} == {"gan-model-gan.csv", "gan-task-gan.csv"}
    capsys.readouterr()
    deliver(page, json=True)
    assert list(json.loads(capsys.readouterr().out)["tables"]) == ["model gan", "task gan"]
    assert lists.namesakes(["model"], "cnn") == lists.part("model", "cnn")


def test_analyses_are_listed_with_what_they_need():
    (table,) = lists.analyses().sections[0].tables
    needs = {name: need for name, _, need in table.rows}
    assert needs["latent-map"] == "a variational autoencoder (task=vae)"


def test_an_analysis_is_shown_with_its_options():
    page = lists.analysis("likelihood")
    options = {row[0]: row[1:] for row in page.sections[0].tables[0].rows}
    assert options["draws"] == ("100", "integer ≥ 1", "codes drawn for each example; the more, the tighter the bound.")
    assert options["split"][:2] == ("val", "train | val | test")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"type": "integer", "minimum": 1}, "integer ≥ 1"),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, "number > 0 < 1"),
        ({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "null"}]}, "number > 0 or null"),
        ({"enum": ["a", "b"], "type": "string"}, "a | b"),
        ({"type": "array"}, "list"),
        ({}, ""),
    ],
)
def test_values_of_an_option_in_words(content, text):
    assert lists.values(content) == text


def test_lists_of_runs_do_not_wait_for_torch():
    code = (
        "import sys, pathlib\n"
        "from paribus.reports.lists import runs\n"
        "from paribus.reports.terminal import print_page\n"
        "print_page(runs(pathlib.Path('none')))\n"
        "assert not {'torch', 'numpy', 'pydantic', 'scipy', 'jinja2'} & {*sys.modules}"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_studies_say_how_many_runs_are_over(tmp_path, monkeypatch):
    study = Study("digits/mlp", vary={"training.batch_size": [16, 32]}, seeds=2, name="sizes", runs=tmp_path)
    study.design.write(study.folder)
    arm = study.design.arms()[0]
    for seed, state in enumerate(["diverged", "failed"]):
        folder = run_folder(study.folder, arm, seed)
        folder.create(study.design.recipe_of(arm), seed)
        folder.write_status(Status(state))
    monkeypatch.chdir(tmp_path)
    for root in (tmp_path, Path()):
        assert lists.studies(root).sections[0].tables[0].rows[0][:2] == ("sizes", "1/4")


def test_searches_are_listed_with_their_question_and_a_damaged_one_hides_no_other(tmp_path):
    from paribus.records.recipe import Recipe
    from paribus.records.search import SearchDesign

    assert lists.searches(tmp_path).summary == f"no searches in {tmp_path} yet"
    recipe = Recipe.load("digits/mlp")
    design = SearchDesign.make(name="rates", recipe=recipe.plain(), space={"optimizer.lr": "1e-3..1"}, trials=3)
    design.write(tmp_path / "rates")
    run = RunFolder(tmp_path / "rates" / "trial-0000" / "seed-0")
    run.create(recipe, 0)
    run.write_status(Status("diverged"))
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "search.json").write_text("{")
    (table,) = lists.searches(tmp_path).sections[0].tables
    assert table.rows[0] == ("rates", "1/3", "Which values do best for digits/mlp: optimizer.lr (1e-3..1)?")
    assert table.rows[1][:2] == ("torn", "damaged")
    assert not lists.studies(tmp_path).sections
