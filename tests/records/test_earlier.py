"""Folders of earlier versions stay readable."""

from __future__ import annotations

import json

import pytest

from paribus.errors import RecipeError
from paribus.records.earlier import upgraded
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.records.study import StudyDesign


@pytest.fixture
def recipe():
    """As a run of version 0.1.0 of November 2026 wrote it."""
    return {
        "data": {"use": "digits"},
        "split": {"validation": 0.3, "test": 0.2},
        "model": {"use": "mlp"},
        "task": {"use": "gan", "judge": "random"},
    }


def test_R32_renamed_fields_are_read_by_their_old_names(recipe):
    now = upgraded(recipe)
    assert now["split"] == {"val": 0.3, "test": 0.2}
    assert now["task"] == {"use": "gan", "extractor": "random"}
    assert "validation" in recipe["split"]  # what was given is left as it is


def test_R32_a_run_folder_is_read(recipe, tmp_path):
    content = {
        "format": 1,
        "name": "old",
        "about": "",
        "identity": "0" * 16,
        "seed": 3,
        "recipe": recipe,
        "sources": {},
    }
    (tmp_path / "recipe.json").write_text(json.dumps(content))
    (tmp_path / "glimpses").mkdir()
    folder = RunFolder(tmp_path)
    assert folder.recipe.split.val == 0.3
    assert folder.recipe.task.options == {"extractor": "random"}
    assert folder.previews.name == "glimpses"


def test_R32_a_study_that_varies_a_renamed_field_is_read(recipe, tmp_path):
    content = {"format": 1, "name": "old", "recipe": recipe, "factors": {"split.validation": [0.3, 0.5]}, "looks": []}
    (tmp_path / "study.json").write_text(json.dumps(content))
    design = StudyDesign.open(tmp_path)
    assert [design.recipe_of(arm).split.val for arm in design.arms()] == [0.3, 0.5]


def test_who_types_an_old_name_is_told_the_new_one(recipe):
    with pytest.raises(RecipeError, match=r"there is no split\.validation") as error:
        Recipe.load("digits/mlp", {"split.validation": 0.2})
    assert error.value.hint == "it is called split.val now"
