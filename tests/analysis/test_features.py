"""Filters and maps: the weights and outputs themselves, in colours whose meaning is known."""

from __future__ import annotations

import pytest
import torch
from PIL import Image

from paribus.analysis.features import coloured, diverging, features
from paribus.analysis.kept import analyse, kept
from paribus.errors import DataError
from paribus.inference.activations import layers_of
from paribus.inference.trained import Trained, load, prepared_with
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.training import loop
from paribus.training.execution import Settings

LAYER = "stages.0.layers.0.activation"


@pytest.fixture(scope="module")
def trained(original) -> Trained:
    return load(RunFolder(original))


def test_maps_are_what_the_layer_gives_for_that_row_of_the_data(trained):
    """N3"""
    found = features(trained, layers=(LAYER, "output"), row=17)
    [picture] = prepared_with(trained, "val").examples.take(torch.tensor([17]))[0]
    with torch.inference_mode():
        maps = layers_of(trained)["stages.0.layers.0"](trained.network.scaled(picture[None]))[0]
        said = trained.predict(picture[None])[0]
    one, last = found.maps
    assert one.shape == tuple(maps.shape)
    assert (one.low, one.high) == pytest.approx((float(maps.min()), float(maps.max())), abs=1e-6)
    assert one.zeros == pytest.approx(float((maps == 0).float().mean()), abs=1e-3)
    assert one.silent == int((maps == 0).flatten(1).all(1).sum())
    assert (last.shape, last.picture) == ((10,), "")
    assert found.said == trained.info.classes[int(said.argmax())]
    assert found.example.startswith("example 17, ")


def test_filters_are_the_weights_of_the_first_layer(trained):
    weights = layers_of(trained)["stages.0.layers.0.conv"].weight.detach()
    found = features(trained, channels=5).filters
    assert found.shape == tuple(weights.shape)
    assert (found.low, found.high) == pytest.approx((float(weights.min()), float(weights.max())))
    assert (found.shown, found.colour) == (5, False)


def test_units_of_an_mlp_are_shown_as_the_pictures_that_they_look_for(session_cache, tmp_path):
    folder = RunFolder(tmp_path / "run")
    loop.train(
        folder, Recipe.load("digits/mlp", {"budget.epochs": 1, "training.precision": "fp32"}), 0, Settings("cpu", 1)
    )
    found = features(load(folder))
    assert found.filters.shape[1:] == (1, 8, 8)
    assert found.filters.picture


def test_colours_say_the_sign_and_the_size():
    white, orange, blue, half = diverging(torch.tensor([[[0.0]], [[2.0]], [[-2.0]], [[1.0]]]))[:, :, 0, 0].tolist()
    assert (white, orange, blue) == ([255, 255, 255], [213, 94, 0], [0, 114, 178])
    assert half == [234, 174, 128]  # half the way from white
    assert coloured(torch.tensor([[[[1.0]], [[0.0]], [[-1.0]]]]))[0, :, 0, 0].tolist() == [255, 128, 0]


def test_a_picture_file_is_taken_as_in_training(trained, tmp_path):
    [picture] = prepared_with(trained, "val").examples.take(torch.tensor([17]))[0]
    Image.fromarray(picture[0].numpy()).save(tmp_path / "mine.png")
    found, row = features(trained, file=tmp_path / "mine.png"), features(trained, row=17)
    assert (found.example, found.truth) == ("mine.png", "")
    assert (found.maps, found.said, found.picture) == (row.maps, row.said, row.picture)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("neighbours", {"most": 40, "train": 60, "draws": 2, "shown": 2}),
        ("clusters", {"most": 40, "up_to": 4}),
        ("embed", {"most": 40}),
        ("features", {"layers": [LAYER], "row": 3}),
        ("classes", {"most": 80}),
    ],
)
def test_what_is_kept_is_what_was_computed(run, name, options):
    found = analyse(run, name, **options)
    [(analysis, again)] = kept(run)
    assert (analysis.name, again) == (name, found)


def test_mistakes_are_explained(trained, tmp_path):
    with pytest.raises(DataError, match=r"no split has an example(.|\n)*row=99999"):
        features(trained, row=99999)
    held_out = int(prepared_with(trained, "test").rows["test"][0])
    with pytest.raises(DataError, match="in the test split"):
        features(trained, row=held_out)
    assert "test split" in features(trained, row=held_out, split="test").example
    (tmp_path / "no.png").write_text("no picture")
    with pytest.raises(DataError, match=r"cannot be read as a picture(.|\n)*no.png"):
        features(trained, file=tmp_path / "no.png")
    with pytest.raises(DataError, match="no layer of this name"):
        features(trained, layers=("stage.0",))
