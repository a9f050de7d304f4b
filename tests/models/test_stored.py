"""Files of weights: what each format gives, and one clear error for all that is damaged, hostile or not finite."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from paribus.errors import DataError
from paribus.models.stored import read_tensors

STATE = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.tensor([1.5, -2.0]), "n": torch.tensor(3)}
FORMATS = [".safetensors", ".npz", ".pt", ".pth", ".th"]


def write(path: Path, state=STATE) -> Path:
    if path.suffix == ".safetensors":
        save_file(state, path)
    elif path.suffix == ".npz":
        np.savez(path, **{name: tensor.numpy() for name, tensor in state.items()})
    else:
        torch.save(state, path)
    return path


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_the_same_tensors(tmp_path, suffix):
    found = read_tensors(write(tmp_path / f"w{suffix}"))
    assert found.keys() == STATE.keys()
    assert all(torch.equal(found[name], STATE[name]) and found[name].dtype == STATE[name].dtype for name in STATE)


@pytest.mark.parametrize("wrap", ["state_dict", "model_state_dict", "model"])
def test_a_state_dict_is_found_in_what_training_scripts_save(tmp_path, wrap):
    torch.save({"epoch": 3, wrap: STATE, "optimizer": {"lr": 0.1}}, tmp_path / "w.ckpt")
    assert read_tensors(tmp_path / "w.ckpt").keys() == STATE.keys()


def test_parameters_and_the_older_format_of_torch_are_read(tmp_path):
    layer = nn.Linear(3, 2)
    torch.save(dict(layer.named_parameters()), tmp_path / "w.pt", _use_new_zipfile_serialization=False)
    assert torch.equal(read_tensors(tmp_path / "w.pt")["weight"], layer.weight)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_other_widths_of_numbers_become_float32(tmp_path, kind):
    save_file({"w": torch.tensor([1.0, 0.5], dtype=kind)}, tmp_path / "w.safetensors")
    found = read_tensors(tmp_path / "w.safetensors")["w"]
    assert found.dtype == torch.float32
    assert found.tolist() == [1.0, 0.5]


def test_quantised_weights_are_the_floats_that_they_stand_for(tmp_path):
    stored = {
        "c.weight_q": np.array([[0, 100], [122, 255]], dtype=np.uint8),
        "c.scale": np.float32(0.25),
        "c.zero_point": np.uint8(100),
        "c.bias": np.ones(2, dtype=np.float32),
        "other.scale": np.float32(2.0),
    }
    np.savez(tmp_path / "w.npz", **stored)
    found = read_tensors(tmp_path / "w.npz")
    assert found["c.weight"].tolist() == [[-25.0, 0.0], [5.5, 38.75]]
    assert found.keys() == {"c.weight", "c.bias", "other.scale"}


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("keep", [0, 1, 7, 60, 0.5, 0.9])
def test_R3_a_torn_file_is_one_error(tmp_path, suffix, keep):
    path = write(tmp_path / f"w{suffix}", {"a": torch.rand(400, 3)})
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content)) if keep < 1 else keep])
    with pytest.raises(DataError, match=r"damaged|no tensors"):
        read_tensors(path)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("seed", range(4))
def test_R3_noise_is_one_error(tmp_path, suffix, seed):
    path = tmp_path / f"w{suffix}"
    path.write_bytes(np.random.default_rng(seed).bytes(500))
    with pytest.raises(DataError, match=r"damaged|more than tensors"):
        read_tensors(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("suffix", FORMATS)
def test_weights_that_are_not_finite_are_refused_by_name(tmp_path, suffix, value):
    path = write(tmp_path / f"w{suffix}", {"good": torch.ones(2), "bad.weight": torch.tensor([1.0, value, value])})
    with pytest.raises(DataError, match=r"bad.weight of w\S+ has 2 that are not"):
        read_tensors(path)


class Payload:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("forced", [False, True])
@pytest.mark.parametrize("suffix", [".pt", ".th", ".npz", ".safetensors", ".bin"])
@pytest.mark.parametrize("way", ["torch", "pickle", "numpy"])
def test_R19_code_in_a_file_is_never_run(tmp_path, monkeypatch, suffix, way, forced):
    if forced:
        monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    path, mark = tmp_path / f"w{suffix}", tmp_path / "it ran"
    content = {"a": torch.ones(2), "b": Payload(mark)}
    if way == "torch":
        torch.save(content, path)
    elif way == "pickle":
        path.write_bytes(pickle.dumps(content))
    else:
        with path.open("wb") as file:
            np.savez(file, a=np.array([Payload(mark)], dtype=object))
    with pytest.raises(DataError, match=r"not read|damaged|no tensors|no state dict"):
        read_tensors(path)
    assert not mark.exists()


def test_a_whole_pickled_network_is_refused_with_the_way_on(tmp_path):
    torch.save(nn.Linear(2, 2), tmp_path / "w.pt")
    with pytest.raises(DataError, match="could be code") as caught:
        read_tensors(tmp_path / "w.pt")
    assert "state_dict" in caught.value.hint


def test_R29_an_archive_that_unpacks_to_far_more_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("PARIBUS_MAX_GB", "0.001")
    np.savez_compressed(tmp_path / "w.npz", a=np.zeros(10**6))
    with pytest.raises(DataError, match="comes to more"):
        read_tensors(tmp_path / "w.npz")
    packed = io.BytesIO()
    torch.save({"a": torch.zeros(10**6)}, packed)
    with zipfile.ZipFile(packed) as source, zipfile.ZipFile(tmp_path / "w.pt", "w", zipfile.ZIP_DEFLATED) as target:
        for member in source.infolist():
            target.writestr(member.filename, source.read(member))
    assert (tmp_path / "w.pt").stat().st_size < 10**5
    with pytest.raises(DataError, match="comes to more"):
        read_tensors(tmp_path / "w.pt")


def test_a_tensor_that_unfolds_from_a_few_bytes_is_refused(tmp_path):
    torch.save({"a": torch.zeros(1).expand(10**6, 10**6)}, tmp_path / "w.pt")
    assert (tmp_path / "w.pt").stat().st_size < 10**4
    with pytest.raises(DataError, match="claims"):
        read_tensors(tmp_path / "w.pt")


STRANGE = {
    "a list": [torch.ones(2)],
    "a tensor": torch.ones(2),
    "nothing": {},
    "settings": {"lr": 0.1, "epochs": {"of": 3}},
    "complex numbers": {"a": torch.ones(2, dtype=torch.complex64)},
    "sparse": {"a": torch.eye(3).to_sparse()},
}


@pytest.mark.parametrize("content", STRANGE.values(), ids=STRANGE)
def test_what_is_no_state_dict_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(DataError):
        read_tensors(tmp_path / "w.pt")


def test_a_pipe_or_a_folder_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "w.npz")
    (tmp_path / "w.pt").mkdir()
    for name in ("w.npz", "w.pt"):
        with pytest.raises(DataError, match="no regular file"):
            read_tensors(tmp_path / name)
