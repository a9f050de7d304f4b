from __future__ import annotations

import os

import pytest

from paribus.cli.words import UnknownName, find_folder, parse_overrides, parse_seeds, parse_vary
from paribus.errors import ParibusError, RecipeError, RunError, StudyError


def test_overrides_are_fields_and_values():
    words = ["optimizer.lr=1e-3", "model.widths=[8, 16]", " data.path =a=b", "training.clip_norm="]
    assert parse_overrides(words) == {
        "optimizer.lr": 1e-3, "model.widths": [8, 16], "data.path": "a=b", "training.clip_norm": None,
    }  # fmt: skip
    assert parse_overrides(None) == {} == parse_vary(None)
    assert parse_vary(["model.norm=none,batch"]) == {"model.norm": ["none", "batch"]}


@pytest.mark.parametrize("word", ["lr", "", "=3", "--lr"])
def test_an_override_needs_a_field_and_an_equals_sign(word):
    for parse in (parse_overrides, parse_vary):
        with pytest.raises(RecipeError, match="FIELD=VALUE") as caught:
            parse([word])
        assert caught.value.got == word


@pytest.mark.parametrize(
    ("text", "seeds"), [("5", 5), ("3,4,7", [3, 4, 7]), ("7,", [7]), ("0,", [0]), (" 2 ", 2), ("0,1", [0, 1])]
)
def test_seeds(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "x", "0", " 0", "-1", "1,-1", "1.5", "1,,2", ",", "1;2"])
def test_seeds_that_are_none(text):
    with pytest.raises(StudyError, match="--seeds is") as caught:
        parse_seeds(text)
    assert caught.value.got == text


@pytest.fixture
def runs(here):
    """Two single runs and two studies, the second study being the newest."""
    root = here / "runs"
    made = ["a-mlp/11aa/seed-0", "a-mlp/22bb/seed-0", "s1/arm/seed-0", "s1/arm/seed-1", "s2/arm/seed-0"]
    for age, name in enumerate(reversed(["s1", "s2", *made]), start=1):
        (root / name).mkdir(parents=True, exist_ok=True)
        marker = root / name / ("study.json" if "/" not in name else "recipe.json")
        marker.touch()
        os.utime(marker, (1e9 - age, 1e9 - age))
    os.utime(root / "s2" / "study.json", (2e9, 2e9))
    return root


@pytest.mark.parametrize(
    ("name", "kinds", "found"),
    [
        ("s1", ("study",), "s1"),
        ("2", ("study",), "s2"),
        ("22bb", ("run",), "a-mlp/22bb/seed-0"),
        ("11aa/seed-0", ("run",), "a-mlp/11aa/seed-0"),
        ("s1/arm/seed-1", ("run", "study"), "s1/arm/seed-1"),
        ("s1", ("run", "study"), "s1"),
        ("s2/arm", ("run", "study"), "s2/arm/seed-0"),
        ("last", ("study",), "s2"),
        ("last", ("run",), "s2/arm/seed-0"),
        ("last", ("run", "study"), "s2"),
    ],
)
def test_folders_are_found_by_path_part_or_age(runs, name, kinds, found):
    if found == "s2/arm/seed-0":
        os.utime(runs / found / "recipe.json", (3e9, 3e9))
    assert find_folder(name, runs, *kinds) == runs / found


def test_a_folder_may_stand_anywhere(runs, here):
    assert find_folder(str(here / "runs" / "s1"), here / "elsewhere", "study") == runs / "s1"


def test_the_last_single_run_is_not_a_study(runs):
    os.utime(runs / "a-mlp/11aa/seed-0" / "recipe.json", (3e9, 3e9))
    assert find_folder("last", runs, "study", "run") == runs / "a-mlp/11aa/seed-0"


@pytest.mark.parametrize("kinds", [("run",), ("study", "run")])
def test_a_name_that_fits_several_lists_them(runs, kinds):
    with pytest.raises(RunError, match="more than one") as caught:
        find_folder("seed-0", runs, *kinds)
    assert "a-mlp/11aa/seed-0, " in caught.value.hint
    assert not isinstance(caught.value, UnknownName)


@pytest.mark.parametrize("name", ["s3", "../s1", "a\0b", "s1#", "s1\\arm", "%2e%2e/s1"])
def test_R26_names_are_looked_up(runs, name):
    with pytest.raises(UnknownName, match="no such study folder") as caught:
        find_folder(name, runs, "study")
    assert "s1, s2" in caught.value.hint


def test_where_there_is_none_yet_it_is_said(here):
    with pytest.raises(ParibusError, match="no such run folder") as caught:
        find_folder("last", here / "runs", "run")
    assert "there is none in" in caught.value.hint
