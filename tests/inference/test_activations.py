"""What layers make of examples: equal to a re-run of that part of the network."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from paribus.errors import DataError
from paribus.inference import activations
from paribus.inference.activations import called, layers_of, look, spread
from paribus.inference.trained import Trained, load, loader_of, prepared_with

LAYER = "stages.1.layers.0.conv"


@pytest.fixture
def trained(run) -> Trained:
    return load(run)


def test_the_outputs_of_a_layer_are_those_of_a_rerun_of_that_part_of_the_network(trained):
    """N3"""
    seen = look(trained, ["inputs", LAYER, "penultimate"], most=50, pool="flat")
    prepared = prepared_with(trained, "val")
    pictures, labels = prepared.examples.take(seen.rows)
    part = layers_of(trained)
    with torch.inference_mode():
        first = part["stages.0"](trained.network.scaled(pictures))
        assert seen.spaces[LAYER].values == pytest.approx(part[LAYER](first).flatten(1), abs=1e-5)
        shares = part["output"](seen.spaces["penultimate"].values).softmax(1)
    assert shares == pytest.approx(seen.said, abs=1e-5)
    assert seen.spaces["inputs"].values == pytest.approx(pictures.flatten(1) / 255)
    assert seen.targets.equal(labels)


def test_maps_are_pooled_as_the_record_says(trained):
    flat, mean, largest = (look(trained, [LAYER], most=20, pool=it).spaces[LAYER] for it in ("flat", "mean", "max"))
    maps = flat.values.view(20, *flat.shape)
    assert mean.values == pytest.approx(maps.mean((2, 3)), abs=1e-6)
    assert largest.values.equal(maps.amax((2, 3)))
    assert "the means of 8×" in mean.says


class Overwriting(nn.Module):
    """Its first layer's outputs are overwritten in place by its second, which is called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.Linear(64, 5), nn.ReLU(inplace=True), nn.Linear(5, 10)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.last(self.second(self.second(self.first(pictures.flatten(1))) - 0.1))


def test_layers_that_are_called_stand_in_their_order_and_others_do_not(trained):
    trained.network.model = Overwriting()
    trained.network.model.idle = nn.Linear(2, 2)
    assert called(trained, prepared_with(trained, "val").sample()) == ["first", "second", "last"]


def test_what_is_overwritten_in_place_was_kept_before(trained):
    trained.network.model = Overwriting()
    seen = look(trained, ["first", "second"], most=30)
    assert (seen.spaces["first"].values < 0).any()
    assert (seen.spaces["second"].values >= 0).all()


def test_all_examples_of_a_split_are_seen_once_and_the_network_is_left_as_it_was(trained):
    seen = look(trained, ["stages.0"], most=10_000)
    prepared = prepared_with(trained, "val")
    assert seen.rows.equal(prepared.rows["val"])
    assert seen.said == pytest.approx(
        torch.cat([trained.predict(b.inputs) for b in loader_of(prepared, "val").in_order()])
    )
    assert not any(layer._forward_hooks or layer._forward_pre_hooks for layer in trained.network.modules())


def test_examples_are_spread_over_the_split():
    assert spread(torch.arange(100, 200), 3).tolist() == [100, 150, 199]
    assert spread(torch.arange(5), 9).tolist() == [0, 1, 2, 3, 4]


def test_mistakes_are_explained(trained, monkeypatch):
    with pytest.raises(DataError, match=r"no layer of this name(.|\n)*stages.7(.|\n)*stages"):
        look(trained, ["stages.7"])
    trained.network.model.idle = nn.Linear(2, 2)
    with pytest.raises(DataError, match=r"is not called(.|\n)*idle"):
        look(trained, ["idle"])
    monkeypatch.setattr(activations, "WEIGHTED", ())  # as of a model that is fitted at once
    with pytest.raises(DataError, match=r"no layer with weights(.|\n)*inputs"):
        look(trained)
    monkeypatch.setattr(activations, "MOST_VALUES", 100)
    with pytest.raises(DataError, match=r"at most 100 numbers(.|\n)*stages.0"):
        look(trained, ["stages.0"])


def test_what_is_not_finite_has_no_distances(trained):
    with torch.no_grad():
        layers_of(trained)["stages.0.layers.0.norm"].bias.fill_(float("nan"))
    with pytest.raises(DataError, match=r"no finite number(.|\n)*stages.0"):
        look(trained, ["stages.0"])
