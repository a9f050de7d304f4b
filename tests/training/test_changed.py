"""A run and the data it was trained on: other data make another run, and are never mixed."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.pictures import CHANGES, picture, pictures
from torch import nn

import paribus as pb
from paribus.cache import paths
from paribus.data.prepare import cache
from paribus.errors import DataError, Interrupted, RunError
from paribus.inference.held_out import test as open_test
from paribus.records.inputs import changes
from paribus.records.run import RunFolder
from paribus.training import loop

CLASSES = {"cat": 8, "dog": 8}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PARIBUS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(paths, "fallback", lambda: tmp_path / "fallback")


@pytest.fixture
def pics(here) -> Path:
    return pictures(here / "pics", CLASSES)


def run(runs="runs", changes=None, **more) -> pb.Run:
    return pb.Run("folder/cnn", {**CHANGES, **(changes or {})}, runs=runs, **more)


def interrupted(monkeypatch) -> RunFolder:
    """A run that was stopped behind a checkpoint."""
    with monkeypatch.context() as patch:
        real = loop.step

        def step(session, batch, time):
            if session.epoch == 1:
                raise KeyboardInterrupt
            return real(session, batch, time)

        patch.setattr(loop, "step", step)
        one = run(changes={"budget.epochs": 2})
        with pytest.raises((Interrupted, KeyboardInterrupt)):
            one.train(threads=1, checkpoint_seconds=0.0)
    assert one.status.state == "interrupted"
    return one.folder


def test_the_same_words_in_another_folder_are_another_run(tmp_path, monkeypatch):
    shared, found = tmp_path / "shared", []
    for name, shade in (("one", 0), ("two", 70)):
        pictures(tmp_path / name / "pics", CLASSES, shade)
        monkeypatch.chdir(tmp_path / name)
        found.append(run(shared))
        assert found[-1].result is None
        found[-1].train(threads=1)
    assert found[0].folder.path != found[1].folder.path
    assert found[0].result.weights_sha256 != found[1].result.weights_sha256
    assert run(shared).result == found[1].result


def test_the_same_pictures_in_another_folder_are_the_same_run(tmp_path, monkeypatch):
    pictures(tmp_path / "one" / "pics", CLASSES)
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    monkeypatch.chdir(tmp_path / "one")
    run(tmp_path / "shared").train(threads=1)
    monkeypatch.chdir(tmp_path / "two")
    assert run(tmp_path / "shared").status.state == "finished"


def test_an_interrupted_run_refuses_other_data(pics, monkeypatch, caplog):
    before = interrupted(monkeypatch)
    pictures(pics, {"fox": 8})
    with pytest.raises(RunError) as refused:
        run(changes={"budget.epochs": 2}).train(threads=1)
    assert "8 pictures added; class 'fox' is new" in refused.value.rule
    assert "--data-changed restart" in refused.value.hint
    again = run(changes={"budget.epochs": 2})
    result = again.train(threads=1, data_changed="restart")
    assert [row["epoch"] for row in again.history] == [1, 2]
    assert [row["epoch"] for row in before.history] == [1]  # what was there is there, and by itself
    assert (before.status.state, again.folder.path == before.path) == ("interrupted", False)
    fresh = run("elsewhere", changes={"budget.epochs": 2}).train(threads=1)
    assert result.weights_sha256 == fresh.weights_sha256
    shutil.rmtree(pics / "fox")  # the old data are back, and so is the old run
    assert run(changes={"budget.epochs": 2}).train(threads=1).epochs == 2
    assert before.status.state == "finished"


def test_the_loop_itself_refuses_other_data(pics, monkeypatch):
    before = interrupted(monkeypatch)
    picture(pics / "cat" / "3.png", 200)
    with pytest.raises(RunError, match=r"1 picture changed \(cat/3.png\)"):
        loop.train(before, before.recipe, 0, loop.Settings("cpu", 1))


def test_a_finished_run_says_that_the_data_are_others_now(pics, caplog):
    first = run()
    first.train(threads=1)
    picture(pics / "cat" / "9.png", 200)
    second = run()
    assert second.result is None
    second.train(threads=1)
    assert f"the data have changed since {first.folder.path}: 1 picture added (cat/9.png)" in caplog.text


def test_what_is_finished_needs_no_data(pics):
    done = run().train(threads=1)
    shutil.rmtree(pics)
    cache.clear()
    assert run().train(threads=1) == done


def test_decoded_pictures_serve_when_the_originals_are_gone(pics, caplog):
    first = run().train(threads=1)
    shutil.rmtree(pics)
    assert run("elsewhere").train(threads=1).weights_sha256 == first.weights_sha256
    assert "the decoded copy in the cache is used" in caplog.text
    cache.clear()
    with pytest.raises(DataError, match=r"data\.path must be a folder"):
        run("nowhere").train(threads=1)


def test_the_test_is_not_opened_on_other_data(pics):
    one = run()
    one.train(threads=1)
    picture(pics / "cat" / "0.png", 200)
    with pytest.raises(DataError, match=r"not the data that the run was trained on: 1 picture changed"):
        open_test(one.folder)
    assert not (one.folder.path / "test.json").exists()


class Numbers:
    """A source of one's own that names no files; its data are what it writes."""

    def __init__(self, path: str) -> None:
        self.path = path

    def key(self):
        return {"written": Path(self.path).stat().st_mtime_ns}

    def write(self, cache):
        values = np.loadtxt(self.path, dtype=np.float32)[:, None]
        cache.start(classes=["low", "high"], shape=(1,), dtype="float32")
        cache.add(values, (values[:, 0] > 10).astype(int))


def test_data_of_a_source_of_ones_own_are_known_by_what_it_wrote(here):
    def trained(values) -> pb.Run:
        np.savetxt("numbers.txt", values)
        changes = {"data": pb.Part(Numbers, path="numbers.txt"), "budget.epochs": 1, "training.batch_size": 4}
        one = pb.Run("digits/mlp", changes)
        one.train(threads=1)
        return one

    first, again, other = (trained(np.arange(20) + shift) for shift in (0, 0, 1))
    assert first.folder.path == again.folder.path != other.folder.path
    assert changes(first.folder.inputs, other.inputs) == ["2 columns changed (inputs, targets)"]


def earlier_version(folder: RunFolder, recipe: pb.Recipe) -> RunFolder:
    """A run folder as versions left it that recorded no data."""
    content, result = json.loads((folder.path / "recipe.json").read_text()), folder.result
    del content["inputs"]
    content["identity"] = recipe.identity
    (folder.path / "recipe.json").write_text(json.dumps(content))
    folder.write_result(replace(result, digests={}))
    place = folder.path.parents[1] / recipe.identity
    folder.path.parent.rename(place)
    return RunFolder(place / "seed-0")


def test_R32_a_run_without_recorded_data_is_finished_all_the_same(pics):
    first = run()
    done = first.train(threads=1)
    old = earlier_version(first.folder, first.recipe)
    picture(pics / "cat" / "9.png", 200)  # whether these are its data nobody knows
    again = run()
    assert (again.folder.path, again.train(threads=1)) == (old.path, done)
    assert old.inputs is None
    other = pb.Run(first.recipe.model_copy(update={"name": "other"}), runs="runs")
    other.train(threads=1)  # trained, not copied: its data may be others
    assert other.folder.inputs is not None


class Started(nn.Module):
    """Starts from weights in a file."""

    def __init__(self, num_classes: int, weights: str) -> None:
        super().__init__()
        self.linear = nn.Linear(64, num_classes)
        self.linear.bias.data += torch.load(weights, weights_only=True)

    loaded = ("linear",)

    def forward(self, inputs):
        return self.linear(inputs.flatten(1))


def test_other_weights_to_start_from_make_another_run(here):
    part = pb.Part(Started, weights="start.pt")
    hashes = []
    for value in (0.0, 1.0):
        torch.save(torch.full((10,), value), here / "start.pt")
        one = pb.Run("digits/mlp", {"model": part, "budget.epochs": 1, "split.limit": 64})
        assert one.result is None
        hashes.append(one.train(threads=1).weights_sha256)
        assert list(one.folder.inputs.files) == ["model.weights"]
    assert len(set(hashes)) == 2


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_is_refused_before_anything_is_said(here):
    one = pb.Run("digits/mlp", {"budget.epochs": 1, "split.limit": 64})
    one.train(threads=1)
    with pytest.raises(RunError, match="this device cannot be used"):
        one.train(device="cuda")


def test_a_run_of_another_device_is_not_taken_for_the_one_asked_for(here):
    one = pb.Run("digits/mlp", {"budget.epochs": 1, "split.limit": 64})
    done = one.train(threads=1)
    one.folder.write_result(replace(done, execution={**done.execution, "device": "cuda:0"}))
    with pytest.raises(RunError, match="finished, on another device than cpu") as refused:
        one.train(device="cpu")
    assert "cuda:0" in refused.value.got
    assert one.train().metrics == done.metrics
    twin = pb.Run(one.recipe.model_copy(update={"name": "twin"}))
    assert twin.train(device="cpu", threads=1).execution["device"] == "cpu"  # trained, not copied
