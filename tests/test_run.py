"""A single training, as people meet it in Python."""

import shutil

import pytest

import paribus as pb
from paribus import Run
from paribus.errors import DamagedRecord, DataError, RecipeError, RunError
from paribus.records.run import RunFolder, Status
from paribus.training import loop
from paribus.training.execution import Settings
from paribus.training.loop import train

SMALL = {"budget.epochs": 2, "split.limit": 100, "model.widths": [8]}


def test_trains_once_and_gives_what_it_left_behind(tmp_path):
    run = Run("digits/mlp", SMALL, seed=3, runs=tmp_path)
    assert (run.result, run.metrics, run.history, run.status.state) == (None, {}, [], "new")
    result = run.train(threads=1)
    assert run.result == result
    assert run.metrics == result.metrics
    assert run.history["epoch"] == [1, 2]
    assert run.history["val/loss"][-1] == run.metrics["val/loss"]
    assert repr(run).startswith("Run('digits/mlp', seed=3, finished, ")
    assert run.folder.recipe.identity == run.recipe.identity
    assert run.folder.seed == 3
    assert run.folder.path.parent.name == run.recipe.identity


def test_a_finished_run_of_the_same_recipe_is_copied_not_trained(tmp_path, monkeypatch):
    first = Run("digits/mlp", SMALL, runs=tmp_path)
    first.train(threads=1)
    monkeypatch.setattr(loop, "step", lambda *_: 1 / 0)
    second = Run(first.recipe.model_copy(update={"name": "another name"}), runs=tmp_path)
    assert second.folder.path != first.folder.path
    assert second.train(threads=1) == first.result
    assert second.history == first.history
    assert second.folder.weights.read_bytes() == first.folder.weights.read_bytes()


def test_a_lost_recipe_is_written_again(tmp_path, monkeypatch):
    result = Run("digits/mlp", SMALL, runs=tmp_path).train(threads=1)
    [recipe] = tmp_path.glob("*/*/*/recipe.json")
    before = recipe.read_bytes()
    recipe.unlink()
    with pytest.raises(DamagedRecord, match=r"recipe\.json is damaged: it is missing") as caught:
        RunFolder(recipe.parent).read()
    assert "delete the folder" in caught.value.hint
    monkeypatch.setattr(loop, "step", lambda *_: 1 / 0)
    assert Run("digits/mlp", SMALL, runs=tmp_path).train(threads=1) == result
    assert recipe.read_bytes() == before


def test_what_a_kill_at_the_very_end_left_behind_goes(tmp_path):
    run = Run("digits/mlp", SMALL, runs=tmp_path)
    run.train(threads=1)
    left = run.folder.path / ".tmp-5bce98f7.583-bdbae53cf0d8f702.json"
    left.write_text("{")
    run.folder.write_status(Status("running"))  # of no process
    train(run.folder, run.recipe, 0, Settings(threads=1))
    assert not left.exists()
    assert run.folder.status.state == "finished"


def test_another_seed_is_another_run(tmp_path):
    hashes = {Run("digits/mlp", SMALL, seed=seed, runs=tmp_path).train(threads=1).weights_sha256 for seed in (0, 1)}
    assert len(hashes) == 2


def test_changes_may_be_keywords_and_bare_names(tmp_path):
    written = Run("digits/mlp", {"budget.epochs": 3, "optimizer.lr": 0.2, "training.batch_size": 32}, runs=tmp_path)
    guessed = Run("digits/mlp", epochs=3, lr=0.2, batch_size=32, runs=tmp_path)
    assert guessed.recipe.identity == written.recipe.identity
    with pytest.raises(RecipeError, match="changed once"):
        Run("digits/mlp", {"epochs": 3}, epochs=4)
    with pytest.raises(RecipeError, match="mapping"):
        Run("digits/mlp", 3)


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Run:
    """A run that kept everything."""
    run = Run("digits/mlp", {**SMALL, "budget.epochs": 3}, runs=tmp_path_factory.mktemp("runs"))
    run.train(threads=1, keep="all", listen=lambda _: None)
    return run


def test_what_people_ask_of_a_run(trained, tmp_path):
    assert trained.evaluate() == pytest.approx(trained.metrics)
    assert set(trained.evaluate("train")) == {"train/loss", "train/accuracy"}
    assert trained.evaluate("test") == pb.open_test(trained.folder).metrics
    said = str(trained.summary())
    assert "digits/mlp" in said
    assert "linear 8" in said
    assert f"{trained.result.parameters:,}" in said
    assert "<table" in trained.summary()._repr_html_()
    assert trained.plot(tmp_path / "curves.svg").title == "Learning curves"
    assert (tmp_path / "curves.svg").read_text().startswith("<svg")


def test_a_run_stands_for_its_folder_wherever_one_is_asked_for(trained):
    for one in (trained, trained.folder.path):
        assert pb.open_test(one) == pb.open_test(trained.folder)
        assert pb.analyse(one, "errors") == pb.analyse(trained.folder, "errors")
        with pytest.raises(DataError, match="draws no examples"):
            pb.sample(one)


def test_a_run_that_has_not_begun_has_a_summary_too(tmp_path):
    assert "nothing in" in str(Run("digits/mlp", runs=tmp_path).summary())


def test_a_run_is_opened_by_any_name(trained):
    for name in (trained.folder.path, "last", trained.recipe.identity, trained, trained.folder):
        opened = Run.open(name, runs=trained.folder.path.parents[2])
        assert (opened.recipe.identity, opened.seed, opened.result) == (trained.recipe.identity, 0, trained.result)


def test_more_epochs_are_bit_for_bit_those_of_a_run_that_had_them_from_the_start(trained, tmp_path, monkeypatch):
    before = {path: path.read_bytes() for path in trained.folder.path.rglob("*") if path.is_file()}
    longer = trained.more(2)
    steps = []
    monkeypatch.setattr(loop, "step", lambda *given, step=loop.step: steps.append(1) or step(*given))
    longer.train(threads=1, keep="last", listen=lambda _: None)
    assert len(steps) == longer.result.steps * 2 // 5  # the first three epochs were not trained again
    whole = Run("digits/mlp", {**SMALL, "budget.epochs": 5}, runs=tmp_path)
    whole.train(threads=1, listen=lambda _: None)
    assert longer.result.weights_sha256 == whole.result.weights_sha256
    assert [_without_seconds(row) for row in longer.history] == [_without_seconds(row) for row in whole.history]
    assert longer.recipe.identity == whole.recipe.identity != trained.recipe.identity
    assert sorted(path.name for path in longer.folder.previews.glob("*")) == sorted(
        path.name for path in whole.folder.previews.glob("*")
    )
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize(
    ("changes", "keep", "why"),
    [({}, "none", "was not kept"), ({"schedule.use": "cosine"}, "last", "schedule=cosine spreads")],
)
def test_where_it_cannot_go_on_it_trains_from_the_beginning_and_says_why(tmp_path, caplog, changes, keep, why):
    run = Run("digits/mlp", {**SMALL, **changes, "budget.epochs": 1}, runs=tmp_path)
    run.train(threads=1, keep=keep, listen=lambda _: None)
    longer = run.more(1)
    longer.train(threads=1, listen=lambda _: None)
    assert why in caplog.text
    whole = Run("digits/mlp", {**SMALL, **changes, "budget.epochs": 2}, runs=tmp_path / "whole")
    assert whole.train(threads=1, listen=lambda _: None).weights_sha256 == longer.result.weights_sha256


def test_a_twin_that_kept_nothing_is_no_substitute_for_one_that_should(tmp_path, caplog):
    first = Run("digits/mlp", SMALL, runs=tmp_path)
    first.train(threads=1, listen=lambda _: None)
    second = Run(first.recipe.model_copy(update={"name": "another"}), runs=tmp_path)
    second.train(threads=1, keep="last", listen=lambda _: None)
    assert second.folder.kept_epochs == [2]
    assert second.result.weights_sha256 == first.result.weights_sha256
    first.train(keep="last", listen=lambda _: None)
    assert "without keeping anything" in caplog.text
    shutil.rmtree(first.folder.path)
    third = Run(first.recipe.model_copy(update={"name": "third"}), runs=tmp_path)
    third.train(threads=1, listen=lambda _: None)  # a copy of the second
    assert third.folder.kept_epochs == [2]


def test_only_a_finished_run_goes_on(tmp_path, trained):
    with pytest.raises(RunError, match="only a finished run"):
        Run("digits/mlp", runs=tmp_path).more(1)
    with pytest.raises(RunError, match="at least one epoch"):
        trained.more(0)


def _without_seconds(row):
    return {name: value for name, value in row.items() if name != "seconds"}
