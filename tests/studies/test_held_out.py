"""The held-out test of a study: of one arm, once, with when and why; in the record and in the report."""

from __future__ import annotations

import json
import shutil
import time

import pytest
from tests.small import LR, Heard, small

import paribus as pb
from paribus.errors import RunError, StudyError
from paribus.records.study import find_arm, run_folder
from paribus.reports.files import study_markdown
from paribus.studies import held_out

PARTS = {"optimizer": [{"use": "sgd", "lr": 0.1}, {"use": "adam", "lr": 0.001}]}


@pytest.fixture(scope="module")
def trained(session_cache, tmp_path_factory):
    study = small(PARTS, seeds=2, name="made", runs=tmp_path_factory.mktemp("runs"))
    study.run(jobs=1, listen=Heard())
    return study.folder


@pytest.fixture
def study(trained, tmp_path):
    """A copy of a study of two arms."""
    return pb.Study.open(shutil.copytree(trained, tmp_path / "made"))


def test_it_is_asked_which_arm(study):
    with pytest.raises(StudyError, match=r"(?s)one arm that was chosen.*spends it.*--arm 'optimizer=sgd\(lr=0.1\)'"):
        study.test()
    assert list(study.folder.glob("*/*/test.json")) == []


def test_an_arm_is_opened_and_stands_in_the_record_and_the_report(study):
    before = time.time()
    found = study.test("optimizer=adam", because="it has the better loss | *really*")
    assert sorted(found) == [0, 1]
    result = study.result
    assert {arm: {**of_arm} for arm, of_arm in result.tests.items()} == {"optimizer=adam(lr=0.001)": found}
    assert all(before <= held.opened <= time.time() for held in found.values())
    assert not any("test was opened" in warning for warning in result.warnings)
    report = study_markdown(result)
    assert "## Held-out test\n\nOpened for 1 arm of 2" in report
    assert "it has the better loss \\| \\*really\\*" in report
    assert time.strftime("%Y-%m-%d", time.gmtime(found[0].opened)) in report
    plain = json.loads(json.dumps(result.plain()))["tests"]["optimizer=adam(lr=0.001)"]["0"]
    assert plain["because"] == found[0].because


def test_opened_again_it_says_the_same(study):
    first = study.test("optimizer=adam", because="first")
    assert study.test("optimizer=adam", because="second") == first


def test_a_second_arm_needs_a_reason_and_is_warned_of(study):
    study.test("optimizer=adam")
    with pytest.raises(StudyError, match=r"(?s)opened for optimizer=adam\(lr=0.001\) before.*say why: --because"):
        study.test("optimizer=sgd")
    study.test("optimizer=sgd", because="a reviewer asks for both")
    assert any("The held-out test was opened for 2 arms" in warning for warning in study.result.warnings)


def test_a_run_of_a_second_arm_needs_a_reason_too(study):
    study.test("optimizer=adam")
    other = run_folder(study.folder, find_arm(study.design, "optimizer=sgd"), 0).path
    with pytest.raises(StudyError, match=r"(?s)opened for optimizer=adam\(lr=0.001\) before.*say why: --because"):
        held_out.test_run(other)
    _, found = held_out.test_run(other, "a reviewer asks")
    assert held_out.test_run(other, "again")[1] == found
    assert found.because == "a reviewer asks"
    held_out.test_run(run_folder(study.folder, find_arm(study.design, "optimizer=adam"), 0).path)  # it is open


def test_one_arm_need_not_be_named(tmp_path):
    study = small({}, seeds=1, runs=tmp_path)
    study.run(jobs=1, listen=Heard())
    assert list(study.test()) == [0]


def test_an_arm_without_finished_runs_has_no_test(tmp_path):
    study = small(LR, seeds=1, runs=tmp_path)
    study.design.write(study.folder)
    with pytest.raises(RunError, match="no finished run"):
        study.test("lr=0.1")
