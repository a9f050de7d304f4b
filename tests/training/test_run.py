"""A single training, as people meet it in Python."""

from paribus import Run
from paribus.training import loop

SMALL = {"budget.epochs": 2, "split.limit": 100, "model.widths": [8]}


def test_trains_once_and_gives_what_it_left_behind(tmp_path):
    run = Run("digits/mlp", SMALL, seed=3, runs=tmp_path)
    assert (run.result, run.metrics, run.status.state) == (None, [], "new")
    result = run.train(threads=1)
    assert run.result == result
    assert [row["epoch"] for row in run.metrics] == [1, 2]
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
    assert second.metrics == first.metrics
    assert second.folder.weights.read_bytes() == first.folder.weights.read_bytes()


def test_another_seed_is_another_run(tmp_path):
    hashes = {Run("digits/mlp", SMALL, seed=seed, runs=tmp_path).train(threads=1).weights_sha256 for seed in (0, 1)}
    assert len(hashes) == 2
