"""Arrays handed over in Python: the same records, the same runs."""

import shutil

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

import paribus as pb
from paribus.data.arrays import as_inputs
from paribus.data.prepare.prepared import forget, open_dataset, prepare
from paribus.errors import DataError, RecipeError

DIGITS = load_digits()
SMALL = {"budget.epochs": 1, "split.limit": 200, "model.widths": [8], "training.precision": "fp32"}


@pytest.fixture
def data() -> pb.Data:
    return pb.Data(DIGITS.images / 16, DIGITS.target)


def test_equal_content_is_the_same_data_whatever_its_type(data):
    again = pb.Data(torch.tensor(DIGITS.images / 16), DIGITS.target.astype("uint8"))
    assert again.part == data.part
    assert pb.Data(DIGITS.images, DIGITS.target).part != data.part
    changed = DIGITS.target.copy()
    changed[5] = (changed[5] + 1) % 10
    assert pb.Data(DIGITS.images / 16, changed).part != data.part
    assert pb.Data(DIGITS.images / 16, DIGITS.target, classes=list("abcdefghij")).part != data.part
    assert repr(data).startswith("Data(grey pictures of 8×8 pixels")


def test_a_run_on_arrays_has_the_same_records(data, tmp_path):
    run = pb.Run("digits/mlp", SMALL, data=data, runs=tmp_path)
    result = run.train(threads=1, listen=lambda _: None)
    assert run.folder.info()["classes"] == [str(digit) for digit in range(10)]
    assert run.folder.read()["recipe"]["data"] == {**run.recipe.resolved()["data"], "use": "arrays"}
    again = pb.Run.open(run.folder.path)
    assert again.evaluate() == pytest.approx(result.metrics)
    said = pb.predict(run, DIGITS.images[:5] / 16)
    assert [one.file for one in said] == ["0", "1", "2", "3", "4"]
    shares = pb.load(run).predict(as_inputs(DIGITS.images[:5] / 16, pb.load(run).info))
    assert [one.label for one in said] == [str(label) for label in shares.argmax(1).tolist()]
    assert repr(said).splitlines()[0] == f"0: {said[0].label}"


def test_a_study_on_arrays_also_in_workers(data, tmp_path):
    study = pb.Study("digits/mlp", SMALL, vary={"optimizer.lr": [0.1, 0.2]}, seeds=1, data=data, runs=tmp_path)
    assert study.run(jobs=2, listen=lambda _: None).complete
    both = pb.Study("digits/mlp", SMALL, vary={"data": [data, pb.Data(DIGITS.data, DIGITS.target)]}, runs=tmp_path)
    assert len(both.design.arms()) == 2


def test_splits_of_ones_own_names_and_groups(tmp_path):
    images, target = DIGITS.images[:300], DIGITS.target[:300]
    own = pb.Data(images[:200], target[:200], val=(images[200:250], target[200:250]), test=(images[250:], target[250:]))
    assert "train 200, val 50, test 50" in repr(own)
    assert open_dataset(own.part).official == {"train": (0, 200), "val": (200, 250), "test": (250, 300)}
    grouped = pb.Data(images, target, groups=[f"writer {row // 10}" for row in range(300)], names=map(str, range(300)))
    dataset = open_dataset(grouped.part)
    assert dataset.names[7] == "7"
    recipe = pb.Recipe.load("digits/mlp", {"data": grouped})
    rows = prepare(recipe, recipe.seeds(0)).rows
    assert not {int(row) // 10 for row in rows["train"]} & {int(row) // 10 for row in rows["val"]}


def test_masks_are_targets_too():
    pictures = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 3), dtype=np.uint8)
    dataset = open_dataset(pb.Data(pictures, (pictures[..., 0] > 99).astype(int), classes=["dark", "bright"]).part)
    assert (dataset.target_shape, dataset.classes, dataset.metadata.masks.ignore) == ((8, 8), ("dark", "bright"), 255)


def test_a_file_of_arrays_is_a_recipe_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez(
        "digits.npz",
        x_train=DIGITS.images[:300],
        y_train=DIGITS.target[:300],
        x_test=DIGITS.images[300:400],
        y_test=DIGITS.target[300:400],
    )
    run = pb.Run("arrays/mlp", {**SMALL, "data.path": "digits.npz"})
    run.train(threads=1, listen=lambda _: None)
    assert run.folder.info()["sizes"]["test"] == 100


def test_arrays_that_left_the_cache_are_asked_for_again(data, cache_folder):
    forget()
    shutil.rmtree(cache_folder / "datasets")
    with pytest.raises(DataError, match="no longer in the cache") as caught:
        open_dataset(data.part)
    assert "pb.Data" in caught.value.hint
    pb.Data(DIGITS.images / 16, DIGITS.target)
    assert len(open_dataset(data.part)) == 1797


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (lambda: pb.Data(DIGITS.data, DIGITS.target[:5]), "one target for each"),
        (lambda: pb.Data(DIGITS.data, DIGITS.target, test=DIGITS.data), "test is a pair"),
        (lambda: pb.Data(DIGITS.data, DIGITS.target, test=(DIGITS.data, None)), "all splits or for none"),
        (lambda: pb.Data(DIGITS.data, DIGITS.target, test=(DIGITS.images, DIGITS.target)), "examples of one shape"),
        (
            lambda: pb.Data(DIGITS.images / 16, DIGITS.target, test=(DIGITS.images, DIGITS.target)),
            "values of one range",
        ),
        (lambda: pb.Data(DIGITS.images, np.zeros((1797, 4, 4), int)), "size of their pictures"),
        (lambda: pb.Data(DIGITS.data, DIGITS.target, names=["a"]), "names are given"),
        (lambda: pb.Data(DIGITS.data, DIGITS.target, groups=[1, 2]), "groups are one"),
    ],
)
def test_errors_say_what_is_wrong_and_never_print_arrays(given, message):
    with pytest.raises(DataError, match=message) as caught:
        given()
    assert len(str(caught.value)) < 400


def test_arrays_where_a_part_is_expected_are_refused_shortly():
    with pytest.raises(RecipeError) as caught:
        pb.Run("digits/mlp", {"data": (DIGITS.data, DIGITS.target)})
    assert "pb.Data(inputs, targets)" in caught.value.hint
    assert "ndarray of shape (1797, 64)" in caught.value.got
    with pytest.raises(DataError, match="from a file or from Python"):
        prepare(pb.Recipe.load("digits/mlp", {"data": "arrays"}), pb.Recipe.load("digits/mlp").seeds(0))


def test_inputs_of_a_network_come_in_the_shapes_of_its_data(run):
    info = pb.load(run).info  # decoded from files: 0 … 255
    whole = as_inputs(DIGITS.images * (255 / 16), info)
    for given in (DIGITS.images / 16, DIGITS.images[..., None] / 16, torch.tensor(DIGITS.images)[:, None] / 16):
        assert torch.allclose(as_inputs(given, info), whole, atol=1e-3)
    assert as_inputs(DIGITS.images[0], info).shape == (1, 1, 8, 8)
    with pytest.raises(DataError, match="shape of the training inputs"):
        as_inputs(DIGITS.data, info)


def test_another_range_than_that_of_training_is_noticed(tmp_path):
    run = pb.Run("digits/mlp", SMALL, data=pb.Data(DIGITS.images, DIGITS.target), runs=tmp_path)
    run.train(threads=1, listen=lambda _: None)
    with pytest.raises(DataError, match="range of the training inputs"):
        pb.predict(run, DIGITS.images[:5] / 16)
