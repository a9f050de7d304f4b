"""Which epochs stay, and that they come back as they were."""

import pytest
from safetensors.torch import load_file

import paribus as pb
from paribus.errors import RunError
from paribus.models.weights import hash_of
from paribus.records.metric import ACCURACY, LOSS
from paribus.records.run import RunFolder
from paribus.training import loop
from paribus.training.execution import Settings
from paribus.training.keep import Keep

ROWS = [
    {"epoch": epoch, "val/accuracy": value, "val/loss": 1 - value} for epoch, value in enumerate([0.2, 0.9, 0.5], 1)
]


@pytest.mark.parametrize(
    ("text", "epochs"),
    [("none", set()), ("best", {2}), ("last", set()), ("all", {1, 2, 3}), ("every: 2", {2}), ("every:3,best", {2, 3})],
)
def test_the_epochs_that_are_wanted(text, epochs):
    assert Keep.of(text).wanted(ROWS, ACCURACY) == Keep.of(text).wanted(ROWS, LOSS) == epochs


def test_a_figure_that_is_not_finite_is_not_the_best():
    assert Keep.of("best").wanted([*ROWS, {"epoch": 4, "val/accuracy": None}], ACCURACY) == {2}


@pytest.mark.parametrize("text", ["", "first", "every", "every:0", "every:x", "best,first", "none,best", 1])
def test_other_words_are_refused_before_anything_is_written(text, tmp_path):
    with pytest.raises(RunError, match="what is kept is"):
        loop.train(RunFolder(tmp_path / "run"), pb.Recipe.load("digits/mlp"), 0, Settings(keep=text))
    assert not (tmp_path / "run").exists()


def test_kept_epochs_are_those_of_the_training(tmp_path):
    small = {"budget.epochs": 3, "split.limit": 100, "model.widths": [8], "training.ema": 0.5}
    folder = RunFolder(tmp_path / "run")
    loop.train(folder, pb.Recipe.load("digits/mlp", small), 0, Settings("cpu", 1, keep="all"))
    assert folder.kept_epochs == [1, 2, 3]
    shorter = RunFolder(tmp_path / "shorter")
    result = loop.train(shorter, pb.Recipe.load("digits/mlp", {**small, "budget.epochs": 2}), 0, Settings("cpu", 1))
    assert hash_of(pb.load(folder, epoch=2).network.state_dict()) == result.weights_sha256
    assert pb.load(folder, 3).network.state_dict().keys() == load_file(folder.weights).keys()
    with pytest.raises(RunError, match="not kept") as caught:
        pb.load(folder, epoch=4)
    assert "1, 2, 3" in caught.value.hint
    folder.kept_weights(1).write_bytes(folder.kept_weights(2).read_bytes())
    with pytest.raises(RunError, match="damaged"):
        pb.load(folder, epoch=1)


def test_only_the_best_so_far_stays(tmp_path):
    folder = RunFolder(tmp_path / "run")
    small = {"budget.epochs": 3, "split.limit": 100, "model.widths": [8]}
    loop.train(folder, pb.Recipe.load("digits/mlp", small), 0, Settings("cpu", 1, keep="best"))
    accuracy = folder.history["val/accuracy"]
    assert folder.kept_epochs == [accuracy.index(max(accuracy)) + 1]
