"""NumPy files as people write them."""

import zipfile

import numpy as np
import pytest

from paribus.data.sources.arrays import npz
from paribus.errors import DataError

X, Y = np.zeros((4, 3)), np.array([0, 1, 0, 1])


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        ({"inputs": X, "targets": Y}, ["train"]),
        ({"X": X, "y": Y}, ["train"]),
        ({"data": X, "target": Y}, ["train"]),
        ({"x_train": X, "y_train": Y, "x_test": X, "y_test": Y}, ["train", "test"]),
        ({"train_images": X, "train_labels": Y, "val_images": X, "val_labels": Y}, ["train", "val"]),
    ],
)
def test_usual_names_are_known(tmp_path, names, splits):
    np.savez_compressed(tmp_path / "f.npz", **names)
    found, further = npz.read(tmp_path / "f.npz")
    assert sorted(found) == sorted(splits)
    assert all((inputs == X).all() and (targets == Y).all() for inputs, targets in found.values())
    assert further == {}


def test_inputs_alone_and_what_else_is_known(tmp_path):
    np.savez(tmp_path / "f.npz", inputs=X, classes=np.array(["a", "b"]))
    found, further = npz.read(tmp_path / "f.npz")
    assert found["train"][1] is None
    assert further["classes"].tolist() == ["a", "b"]


@pytest.mark.parametrize(
    "names",
    [{"a": X}, {"inputs": X, "more": X}, {"x_test": X}, {"targets": Y}, {"x": X, "inputs": X}, {}],
)
def test_other_names_are_refused(tmp_path, names):
    np.savez(tmp_path / "f.npz", **names)
    with pytest.raises(DataError):
        npz.read(tmp_path / "f.npz")


def test_objects_damage_and_bombs_are_refused(tmp_path):
    path = tmp_path / "f.npz"
    np.savez(path, inputs=np.array([{}, None], dtype=object))
    with pytest.raises(DataError, match="Python objects"):
        npz.read(path)
    path.write_bytes(b"no archive")
    with pytest.raises(DataError, match="is damaged"):
        npz.read(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file, file.open("inputs.npy", "w") as inside:
        for _ in range(100):
            inside.write(bytes(1 << 20))
    with pytest.raises(DataError, match=r"f\.npz"):
        npz.read(path)
