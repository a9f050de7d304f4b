"""TensorBoard's folders: arms and seeds from hyperparameters or from names, as several tools write them."""

from __future__ import annotations

import pytest
from tests.logged import runs, same

from paribus.exchange import tensorboard
from paribus.wire import events


def write(folder, curves, params=None):
    folder.mkdir(parents=True, exist_ok=True)
    events.write(folder / f"events.out.tfevents.{len(list(folder.iterdir()))}", curves, params or {}, 1.0)


def test_there_and_back(tmp_path):
    tensorboard.write(runs(), tmp_path, tmp_path)
    found, notes = tensorboard.read(tmp_path)
    assert notes == []
    same(found, runs())


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("lr=0.1_bs=32/seed-3", {"run": "lr=0.1_bs=32", "lr": 0.1, "bs": 32, "seed": 3}),
        ("lr=1e-3-norm=batch-seed=7", {"run": "lr=1e-3-norm=batch-seed=7", "lr": 0.001, "norm": "batch", "seed": 7}),
        ("adam_seed2", {"run": "adam", "seed": 2}),
        ("sgd/1", {"run": "sgd/1"}),
    ],
)
def test_the_name_of_a_folder_says_what_it_says(tmp_path, name, params):
    write(tmp_path / name, {"loss": ((0, 1.0),)})
    [[run], _] = tensorboard.read(tmp_path)
    assert run.params == params


def test_keras_writes_two_folders_for_a_run(tmp_path):
    write(tmp_path / "a" / "train", {"epoch_loss": ((0, 1.0),)})
    write(tmp_path / "a" / "validation", {"epoch_loss": ((0, 2.0),)})
    [[run], _] = tensorboard.read(tmp_path)
    assert run.curves == {"train/epoch_loss": ((0, 1.0),), "validation/epoch_loss": ((0, 2.0),)}


def test_torch_writes_hyperparameters_into_a_folder_below(tmp_path):
    write(tmp_path / "a", {"loss": ((0, 1.0),)})
    write(tmp_path / "a" / "1700000000.25", {"hparam/loss": ((0, 1.0),)}, {"lr": 0.5})
    [[run], _] = tensorboard.read(tmp_path)
    assert (run.name, run.params["lr"], run.curves["loss"]) == ("a", 0.5, ((0, 1.0),))


def test_a_run_that_was_resumed_has_several_files_and_a_step_twice_is_said(tmp_path):
    write(tmp_path / "a", {"loss": ((0, 1.0), (1, 0.5))})
    write(tmp_path / "a", {"loss": ((1, 0.25), (2, 0.125))})
    [run], notes = tensorboard.read(tmp_path)
    assert run.curves["loss"] == ((0, 1.0), (1, 0.25), (2, 0.125))
    assert "a logged loss more than once for 1 step" in notes[0]


def test_a_torn_file_is_named(tmp_path):
    write(tmp_path / "a", {"loss": ((0, 1.0), (1, 0.5))})
    [path] = (tmp_path / "a").iterdir()
    path.write_bytes(path.read_bytes()[:-3])
    [run], notes = tensorboard.read(tmp_path)
    assert run.curves["loss"] == ((0, 1.0),)
    assert "torn" in notes[0]


def test_hyperparameters_say_more_than_names_of_folders(tmp_path):
    write(tmp_path / "lr=0.1" / "seed-2", {"loss": ((0, 1.0),)}, {"optimizer.lr": 0.1})
    [[run], _] = tensorboard.read(tmp_path)
    assert run.params == {"run": "lr=0.1", "seed": 2, "optimizer.lr": 0.1}
