"""The seeds of an arm together; the test is opened as for any arm: once, and of a second one with a reason."""

from __future__ import annotations

import json

import pytest
from tests.small import Heard, small

from paribus.errors import DataError, RecipeError, StudyError
from paribus.records import opened


@pytest.fixture(scope="module")
def study(session_cache, tmp_path_factory):
    study = small(seeds=3, name="made", runs=tmp_path_factory.mktemp("runs"))
    study.run(jobs=1, listen=Heard())
    return study


def test_the_test_is_opened_by_the_rules(study):
    first, second = (arm.name for arm in study.design.arms())
    validation = study.ensemble(first)
    assert not list(study.folder.glob(f"*/*/{opened.FILE}"))
    assert validation.split == "val"
    found = study.ensemble(first, because="the figure", split="test")
    assert (found.members, found.left_out) == (3, 0)
    notes = [json.loads(path.read_text()) for path in sorted(study.folder.glob(f"*/*/{opened.FILE}"))]
    assert [note["because"] for note in notes] == ["the figure"] * 3
    mean = sum(note["metrics"]["test/accuracy"] for note in notes) / 3
    assert found.single["accuracy"] == pytest.approx(mean)
    assert found.examples == notes[0]["examples"]
    with pytest.raises(StudyError, match="the test of this study was opened for"):
        study.ensemble(second, split="test")


def test_it_is_said_which_arm_and_one_seed_is_no_ensemble(study, tmp_path):
    with pytest.raises(StudyError, match="this is asked of one arm"):
        study.ensemble()
    alone = small(None, seeds=1, name="alone", runs=tmp_path)
    alone.run(jobs=1, listen=Heard())
    with pytest.raises(StudyError, match="at least two members"):
        alone.ensemble()


def test_a_task_without_classes_is_refused(tmp_path):
    from paribus.study import Study

    study = Study("digits/vae", {"budget.epochs": 1, "budget.steps": 1}, seeds=2, name="codes", runs=tmp_path)
    study.run(jobs=1, listen=Heard())
    with pytest.raises(DataError, match="the analysis ensemble needs"):
        study.ensemble()


def test_classes_of_all_seeds_of_an_arm_are_asked_by_the_name_of_the_analysis(study):
    first, _ = (arm.name for arm in study.design.arms())
    found = study.analyse("class-seeds", first)
    assert found.seeds == 3
    assert len(found.accuracy) == 10
    with pytest.raises(RecipeError, match="the analysis classes is about single runs"):
        study.analyse("classes", first)


def test_what_is_asked_of_single_runs_is_put_together_arm_beside_arm(study):
    found = study.analyse("corruptions", kinds=("contrast",), severities=1, most=60)
    of_kind = found.kinds["contrast"]
    assert list(of_kind) == [arm.name for arm in study.design.arms()]
    assert (found.seeds, found.strengths) == (3, (0.0, 1.0))
    assert found.overlap == pytest.approx(study.result.effects[0].estimate.overlap)
    with pytest.raises(StudyError, match="the test split is for one arm"):
        study.analyse("corruptions", split="test")
