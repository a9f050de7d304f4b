"""What a source did not take is said once, in words, and stands in the summary of the run."""

from __future__ import annotations

import json
import os

import pytest

import paribus as pb
from paribus.data.prepare import left_out
from paribus.data.prepare.prepared import prepare
from paribus.records.recipe import Recipe
from paribus.reports import brief
from paribus.reports.terminal import print_page

LONG = "2 of 42 pairs are left out: a sentence has more tokens than data.longest"
TINY = {"model.width": 8, "model.embedding": 8, "budget.steps": 1, "budget.epochs": 1, "training.batch_size": 8}


@pytest.fixture
def pairs(tmp_path):
    """40 pairs of four letters, and two that are longer."""
    letters = "abcdefghij"
    short = [f"{a}{b}\t{b}{a}" for a in letters for b in letters[:4]]
    path = tmp_path / "pairs.tsv"
    path.write_text("\n".join([*short, "abcdefg\tgfedcba", "jihgfe\te"]))
    return {"use": "pairs", "path": str(path), "unit": "characters", "longest": 4}


def test_sentences_that_are_too_long_are_counted_where_the_run_is_summed_up(pairs, tmp_path, caplog, capsys):
    left_out.tell.cache_clear()
    for seed in (0, 1):
        run = pb.Run("copy/attention", {"data": pairs, **TINY}, seed=seed, runs=tmp_path / "runs")
        run.train(threads=1, signals=False)
    assert [one.message for one in caplog.records if "left out" in one.message] == [f"of the data {LONG}"]
    assert json.loads((run.folder.path / "info.json").read_text())["left_out"] == [LONG]
    assert pb.load(run).info.left_out == (LONG,)
    print_page(brief.run(run.folder))
    assert " ".join(capsys.readouterr().out.split()).count(LONG) == 1


def test_where_everything_is_taken_nothing_is_said(pairs):
    recipe = Recipe.load("copy/attention", {"data": {**pairs, "longest": 9}})
    assert prepare(recipe, recipe.seeds(0)).info.left_out == ()


def test_files_that_cannot_be_read_are_named_with_the_reason(classes):
    root = classes({"cat": 12, "dog": 12})
    for number in range(5):
        (root / "cat" / f"broken-{number}.png").write_bytes(b"no picture")
    (root / "cat" / os.fsdecode(b"a\xe9\n.png")).write_bytes(b"a name that is no text")
    recipe = Recipe.load("folder/cnn", {"data.path": str(root), "data.size": 8})
    (said,) = prepare(recipe, recipe.seeds(0)).info.left_out
    assert said.startswith("6 files are left out: cat/a .png (")
    assert "broken-1" in said
    assert said.endswith(") and 3 more")


def test_a_plate_whose_text_is_too_long_is_named(tmp_path, picture):
    for number in range(20):
        picture(tmp_path / "us_plate_crops" / f"{number:02}.png", size=(40, 12))
    texts = [f"{number:02}.png,AB{number:02}" for number in range(19)]
    (tmp_path / "us_plate_crops.csv").write_text("\n".join(["file,text", *texts, "19.png,ABCDEFGHI"]))
    data = {"data.path": str(tmp_path), "data.parts": ["crops"]}
    recipe = Recipe.load("plates/reader", {**data, "model.weights": "none"})
    (said,) = prepare(recipe, recipe.seeds(0)).info.left_out
    assert said == "1 file is left out: us_plate_crops/19.png (9 characters, and 3 … 8 are read)"
