"""R31: an exported network says what its run says, and needs no paribus."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits
from torch import nn

import paribus as pb
from paribus.data.sources.images.decoding import decode
from paribus.errors import DataError, ParibusError, RunError
from paribus.inference.export import network, writers
from paribus.inference.export.loaders import pictures

DIGITS = load_digits().images[:9]


def loader(folder: Path) -> ModuleType:
    """The file that stands beside an exported network, as a module."""
    spec = importlib.util.spec_from_file_location("load_exported", folder / "load.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def files(tmp_path) -> list[str]:
    for index, digit in enumerate(DIGITS[:3]):
        Image.fromarray(np.rint(digit * 255 / 16).astype(np.uint8)).save(tmp_path / f"{index}.png")
    return [str(path) for path in sorted(tmp_path.glob("*.png"))]


def check_written(run, files: list[str], to: str) -> Path:
    """What is written says what the run says, for batches of sizes that were not checked too."""
    place = pb.export(run, to)
    about = json.loads((place / "about.json").read_text())
    assert about["check"]["batches"] == [1, 2, 7]
    assert about["check"]["largest_difference"] <= about["check"]["allowed"] == 1e-5
    assert about["classes"] == [str(digit) for digit in range(10)]
    assert (about["inputs"]["shape"], about["inputs"]["type"]) == (["batch", 1, 8, 8], "uint8")
    module = loader(place)
    assert "paribus" not in (place / "load.py").read_text()
    shares = module.run(module.read(files, module.about()))
    expected = [list(one.figures.values()) for one in pb.predict(run, files)]
    np.testing.assert_allclose(shares, expected, atol=1e-5)
    stored = np.rint(DIGITS * 255 / 16).astype(np.uint8)[:, None]
    np.testing.assert_allclose(module.run(stored), pb.load(run).predict(torch.from_numpy(stored)), atol=1e-5)
    return place


def test_R31_pt2(run, files, capsys):
    place = check_written(run, files, "pt2")
    assert sorted(path.name for path in place.iterdir()) == ["about.json", "load.py", "model.pt2"]
    extra = {writers.KEY: ""}
    torch.export.load(place / "model.pt2", extra_files=extra)
    assert json.loads(extra[writers.KEY])["recipe"] == "digits/cnn"
    module = loader(place)
    module.say(files, module.run(module.read(files, module.about())), module.about())
    said = [line.split("\t")[1] for line in capsys.readouterr().out.splitlines()]
    assert said == [one.label for one in pb.predict(run, files)]


def test_R31_onnx(run, files):
    for package in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(package, reason=f"{package} is not installed")
    import onnx

    place = check_written(run, files, "onnx")
    model = onnx.load(place / "model.onnx")
    [entry] = [one for one in model.metadata_props if one.key == writers.KEY]
    assert json.loads(entry.value)["classes"] == [str(digit) for digit in range(10)]


def test_R31_safetensors(run):
    place = pb.export(run, "safetensors")
    found, expected = loader(place).weights(), pb.load(run).network.state_dict()
    assert {name: tensor.tolist() for name, tensor in found.items()} == {n: t.tolist() for n, t in expected.items()}
    about = json.loads((place / "about.json").read_text())
    assert about["scaling"]["inside"] is False
    assert about["model"]["use"] == "cnn"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recipe", "changes"), [("shapes/unet", {"data.pictures": 40, "data.size": 32}), ("seasons/lstm", {})]
)
def test_R31_networks_of_all_kinds(recipe, changes, tmp_path):
    run = pb.Run(recipe, {"budget.epochs": 1, "budget.steps": 2, **changes}, runs=tmp_path)
    run.train(threads=1)
    about = json.loads((pb.export(run, "pt2") / "about.json").read_text())
    assert about["check"]["largest_difference"] <= about["check"]["allowed"]
    assert about["outputs"]["of_classes"] is False


def test_R31_what_says_something_else_is_not_kept(run, monkeypatch):
    def off_by_little(trained, path):
        return lambda inputs: trained.task.predict(trained.network, inputs) + 2e-5

    monkeypatch.setattr(writers, "read_safetensors", off_by_little)
    with pytest.raises(ParibusError, match="does not say what the run says") as caught:
        pb.export(run, "safetensors")
    assert "2e-05, above 1e-05" in str(caught.value.got)
    assert list((run.path / "export").iterdir()) == []


class Chooser(nn.Module):
    """A network that takes another way for another input, which no graph can hold."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.layer = nn.Linear(64, num_classes)

    def forward(self, inputs):
        flat = inputs.flatten(1)
        return self.layer(flat if flat.sum() > 0 else -flat)


def test_what_cannot_be_exported_is_refused_with_the_reason(tmp_path):
    run = pb.Run("digits/mlp", {"model": Chooser, "budget.epochs": 1, "budget.steps": 1}, runs=tmp_path)
    run.train(threads=1)
    with pytest.raises(ParibusError, match="cannot be exported to pt2") as caught:
        pb.export(run, "pt2")
    assert "safetensors" in caught.value.hint
    assert list((run.folder.path / "export").iterdir()) == []
    pb.export(run, "safetensors")


def test_a_run_without_weights_and_a_lacking_package_are_refused(run, monkeypatch):
    monkeypatch.setattr("paribus.inference.export.formats.find_spec", lambda _: None)
    with pytest.raises(ParibusError, match="takes onnx, onnxscript, onnxruntime"):
        pb.export(run, "onnx")
    (run.path / "result.json").unlink()
    with pytest.raises(RunError, match="only a finished run has weights"):
        pb.export(run, "pt2")


def test_without_the_data_the_check_takes_values_of_their_kind(run, monkeypatch):
    def missing(*_):
        raise DataError("gone")

    monkeypatch.setattr(network, "prepared_with", missing)
    trained = pb.load(run)
    inputs, source = network.stored_inputs(trained, 7)
    assert inputs.shape == (7, 1, 8, 8)
    assert "made-up" in source
    again, _ = network.stored_inputs(trained, 7)
    assert torch.equal(inputs, again)
    assert float(inputs.float().std()) > 10  # not all the same


def strange_pictures(folder: Path) -> list[Path]:
    """Pictures of many kinds, in colour and grey, larger and smaller than the network wants them."""
    draw = np.random.default_rng(0)
    colours = draw.integers(0, 256, (37, 53, 3), dtype=np.uint8)
    whole = Image.fromarray(colours)
    turned = Image.Exif()
    turned[0x0112] = 6
    whole.save(folder / "a.png")
    whole.save(folder / "b.jpg", exif=turned)
    whole.convert("P").save(folder / "c.gif")
    Image.fromarray(np.dstack([colours, draw.integers(0, 256, (37, 53), dtype=np.uint8)])).save(folder / "d.png")
    Image.fromarray(draw.integers(0, 65536, (20, 9)).astype(np.uint16)).save(folder / "e.png")
    whole.convert("1").save(folder / "f.png")
    whole.resize((400, 300)).save(folder / "g.jpg")
    return sorted(folder.iterdir())


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch", "cut"])
@pytest.mark.parametrize("colour", ["rgb", "grey"])
def test_the_loader_decodes_pictures_as_the_training_did(tmp_path, fit, colour):
    for path in strange_pictures(tmp_path):
        expected = decode(path, (24, 32), colour, fit)
        found = pictures.picture(path, {"size": [24, 32], "colour": colour, "fit": fit})
        assert np.array_equal(found, expected), path.name
