"""Studies whose data have changed: refused with what changed, or begun anew beside what was there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.pictures import CHANGES, picture, pictures
from tests.small import Heard, Scripted, small

import paribus as pb
from paribus.cache import paths
from paribus.errors import RunError, RunLocked, StudyError
from paribus.records import store
from paribus.records.run import RunFolder, Status, this_process


@pytest.fixture(autouse=True)
def pics(here, tmp_path_factory, monkeypatch) -> Path:
    scratch = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("PARIBUS_CACHE", str(scratch))
    monkeypatch.setattr(paths, "fallback", lambda: scratch / "fallback")
    return pictures(here / "pics", {"cat": 8, "dog": 8})


def study(**more) -> pb.Study:
    return pb.Study("folder/cnn", CHANGES, vary={"model.norm": ["none", "batch"]}, seeds=2, name="mine", **more)


def execute(planned: pb.Study, **more) -> tuple[Scripted, Heard]:
    script, heard = Scripted(lambda arm, seed: 0.9), Heard()
    planned.run(executor=script, listen=heard, **more)
    return script, heard


def test_a_study_whose_data_are_the_same_is_known(pics):
    execute(study())
    script, heard = execute(study())
    assert (script.ran, heard.count("known")) == ([], 4)


def test_a_study_to_which_pictures_were_added_is_refused(pics):
    execute(study())
    pictures(pics, {"x": 12})
    picture(pics / "cat" / "0.png", 200)
    with pytest.raises(StudyError) as refused:
        execute(study())
    assert "12 pictures added, 1 changed (cat/0.png); class 'x' is new" in refused.value.rule
    assert "--name" in refused.value.hint
    assert "--data-changed restart" in refused.value.hint


def trained(planned: pb.Study, **more) -> Heard:
    """Train it for real: only what is sound is taken over."""
    heard = Heard()
    planned.run(jobs=1, listen=heard, **more)
    return heard


def test_restarted_it_begins_anew_and_keeps_what_was_there(pics, caplog):
    trained(study())
    picture(pics / "cat" / "0.png", 200)
    assert trained(study(), data_changed="restart").count("started") == 4
    before, now = Path("runs/mine--before-1"), Path("runs/mine")
    assert f"is kept in {before}" in caplog.text
    data = [{run.folder.inputs.data.digest for run in store.runs_of(folder)} for folder in (before, now)]
    assert (len(data[0]), len(data[1]), data[0] & data[1]) == (1, 1, set())
    assert pb.Study.open(before).result.complete
    picture(pics / "cat" / "0.png", 0)  # as they were: the old runs are found again
    assert trained(study(), data_changed="restart").count("known") == 4
    assert Path("runs/mine--before-2").is_dir()


def test_a_new_study_by_name_shares_nothing_with_it(pics):
    execute(study())
    picture(pics / "cat" / "0.png", 200)
    script, _ = execute(pb.Study("folder/cnn", changes=CHANGES, seeds=2, name="other"))
    assert len(script.ran) == 2


def test_a_study_with_a_run_under_way_is_not_set_aside(pics):
    execute(study())
    folder = RunFolder("runs/mine/norm=none/seed-0")
    folder.write_status(Status(state="running", **this_process()))
    picture(pics / "cat" / "0.png", 200)
    with pytest.raises(RunLocked, match="going on"):
        execute(study(), data_changed="restart")


def test_R32_runs_without_recorded_data_are_known_and_it_is_said(pics, caplog):
    planned = study()
    execute(planned)
    for run in store.runs_of(planned.folder):
        path = Path(run.path) / "recipe.json"
        content = json.loads(path.read_text())
        del content["inputs"]
        content["identity"] = run.folder.recipe.identity
        path.write_text(json.dumps(content))
    script, heard = execute(study())
    assert (script.ran, heard.count("known")) == ([], 4)
    assert "4 runs of an earlier version, which did not record their data" in caplog.text


def test_data_that_change_between_a_study_and_its_worker_are_refused(pics):
    class Late(Scripted):
        def run(self, jobs, listen, fail_fast=False):
            picture(pics / "cat" / "0.png", 200)
            with pytest.raises(RunError, match="the data of this run have changed"):
                jobs[0].run(lambda progress: None)

    study().run(executor=Late(lambda *_: 0.9), listen=Heard())


def test_a_study_of_another_device_is_refused(monkeypatch):
    execute(small(seeds=1))
    path = next(Path("runs").glob("*/*/seed-0/result.json"))
    path.write_text(path.read_text().replace('"cpu"', '"cuda"'))
    with pytest.raises(StudyError, match="finished on another device than cpu"):
        execute(small(seeds=1), device="cpu")
    execute(small(seeds=1))
