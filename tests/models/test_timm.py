"""Models of timm, with a stand-in of the interface that it documents: create_model, get_classifier, pretrained_cfg."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

import paribus as pb
from paribus.errors import RecipeError
from paribus.models.declarations import loaded
from paribus.models.initialisation import initialise
from paribus.models.timm import Timm


class Net(nn.Module):
    """As timm's models: features, then a classifier."""

    def __init__(self, num_classes: int, in_chans: int) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(in_chans, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.head = nn.Linear(4, num_classes)
        self.pretrained_cfg = {"mean": (0.5, 0.4, 0.3), "std": (0.1, 0.2, 0.3)}

    def get_classifier(self) -> nn.Module:
        return self.head

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.norm(self.conv(x)).relu().mean((2, 3)))


def create_model(name: str, pretrained: bool = False, **options: Any) -> nn.Module:
    if name != "tiny":
        raise RuntimeError(f"Unknown model ({name})")
    net = Net(options["num_classes"], options["in_chans"])
    if pretrained:
        nn.init.constant_(net.conv.weight, 0.25)
        nn.init.constant_(net.norm.running_mean, 0.5)
    return net


@pytest.fixture
def timm(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", SimpleNamespace(create_model=create_model))


@pytest.mark.usefixtures("timm")
def test_a_model_is_made_for_the_channels_and_classes_at_hand_and_drawn_from_the_seed():
    net, again = (Timm((1, 8, 8), 7, name="tiny") for _ in range(2))
    assert net(torch.randn(2, 1, 8, 8)).shape == (2, 7)
    initialise(net, 3), initialise(again, 3)
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), again.parameters(), strict=True))
    assert loaded(net) == {}


@pytest.mark.usefixtures("timm")
def test_pretrained_weights_stay_and_the_last_layer_is_drawn():
    net = Timm((3, 8, 8), 7, name="tiny", pretrained=True)
    initialise(net, 3)
    head = net.net.head.weight.clone()
    initialise(net, 4)
    assert (net.net.conv.weight == 0.25).all()
    assert (net.net.norm.running_mean == 0.5).all()
    assert not torch.equal(net.net.head.weight, head)
    assert net.input_scaling == (pytest.approx([127.5, 102, 76.5]), pytest.approx([25.5, 51, 76.5]))
    grey = Timm((1, 8, 8), 7, name="tiny", pretrained=True)
    assert grey.input_scaling == (pytest.approx([102]), pytest.approx([51]))


@pytest.mark.usefixtures("timm", "here")
def test_it_trains():
    changes = {"model": pb.Part("timm", name="tiny"), "budget.steps": 2, "split.limit": 48, "training.batch_size": 16}
    assert pb.Run("digits/cnn", changes).train(threads=1).metrics["val/loss"] > 0


@pytest.mark.usefixtures("timm")
def test_what_timm_says_of_a_name_is_handed_on():
    with pytest.raises(RecipeError, match=r"timm cannot make the model 'tinny'(.|\n)*Unknown model"):
        Timm((1, 8, 8), 7, name="tinny")


def test_without_timm_there_is_one_error_with_the_line_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(RecipeError, match=r"needs the package timm(.|\n)*pip install \"paribus\[timm\]\""):
        Timm((1, 8, 8), 7, name="tiny")
