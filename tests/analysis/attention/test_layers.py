"""The layer of a map: the default one is stated, and what has no map is refused with the reason."""

from __future__ import annotations

import pytest
import torch
from tests.analysis.attention.nets import Averaged, Linear, made, question
from torch import nn

from paribus.analysis.attention.layers import choose, tapped
from paribus.analysis.attention.question import refuse_training
from paribus.errors import DataError, RecipeError
from paribus.models.cifar_resnet import ResNet20
from paribus.models.cnn import CNN
from paribus.models.lenet import LeNet
from paribus.models.resnet import ResNet18
from paribus.models.unet import UNet

NETWORKS = {
    "plain": (lambda: CNN((3, 32, 32), 10, widths=(4, 8)), "stages.1.layers.0", (8, 16, 16)),
    "with norms": (lambda: CNN((3, 32, 32), 10, widths=(4, 8), norm="batch"), "stages.1.layers.0", (8, 16, 16)),
    "strided": (lambda: CNN((3, 32, 32), 10, widths=(4, 8), pooling="stride"), "stages.1.layers.0", (8, 8, 8)),
    "lenet": (lambda: LeNet((1, 28, 28), 10), None, (16, 10, 10)),
    "residual": (lambda: ResNet18((3, 64, 64), 10, width=0.125), "layer4.1", (64, 2, 2)),
    "small residual": (lambda: ResNet20((3, 32, 32), 10), "layer3.2", (64, 8, 8)),
    "pixels": (lambda: UNet((3, 16, 16), 5, width=4, depth=2), "joined.1.1", (4, 16, 16)),
}
SHAPES = {"lenet": (1, 28, 28), "residual": (3, 64, 64), "pixels": (3, 16, 16)}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_default_is_the_last_convolutional_map(name):
    make, layer, shape = NETWORKS[name]
    network = make().eval()
    inputs = torch.randn(1, *SHAPES.get(name, (3, 32, 32)))
    found = choose(network, inputs)
    assert layer in (None, found)
    seen: list[torch.Tensor] = []
    network.get_submodule(found).register_forward_hook(lambda _, __, output: seen.append(output))
    network(inputs)
    assert seen[-1].shape[1:] == shape


def test_a_net_whose_last_maps_are_1x1_is_asked_for_the_maps_before_them():
    network = ResNet18((3, 32, 32), 10, width=0.125).eval()  # 1×1 behind its last stage
    assert choose(network, torch.randn(1, 3, 32, 32)) == "layer3.1"
    with pytest.raises(DataError, match=r"a map of 1×1 says nothing of where(.|\n)*layer4: 64×1×1(.|\n)*layer3"):
        choose(network, torch.randn(1, 3, 32, 32), "layer4")


def test_the_map_that_is_averaged_is_behind_the_pooling():
    network = CNN((3, 16, 16), 10, widths=(4, 8), head="global_average").eval()
    inputs = torch.randn(1, 3, 16, 16)
    assert choose(network, inputs) == "stages.1.layers.0"
    assert choose(network, inputs, pooled=True).startswith("stages")
    assert choose(network, inputs, pooled=True) != "stages.1.layers.0"


def test_mistakes_are_explained():
    network, inputs = made(Averaged), question(pictures=1).inputs
    with pytest.raises(RecipeError, match="did you mean 'second'"):
        choose(network, inputs, "secnd")
    with pytest.raises(DataError, match=r"has no maps(.|\n)*output: 5"):
        choose(network, inputs, "output")
    with pytest.raises(DataError, match="no convolution with maps larger than 1×1"):
        choose(made(Linear, 192), inputs)
    network.unused = nn.Conv2d(3, 3, 1)
    with pytest.raises(DataError, match="gave nothing when the network ran"):
        choose(network, inputs, "unused")


def test_a_layer_that_was_overwritten_in_place_is_refused_and_its_heir_is_named():
    network, asked = made(Averaged, True), question()
    for act in (lambda: choose(network, asked.inputs[:1], "second"), lambda: tapped(network, "second", asked)):
        with pytest.raises(DataError, match="overwritten in place by what follows"):
            act()
    with pytest.raises(DataError, match="--set layer=last"):
        choose(network, asked.inputs[:1], "second")
    assert choose(network, asked.inputs[:1]) == "last"  # the default goes round it
    plain = made(Averaged)
    torch.testing.assert_close(tapped(network, "last", asked).maps, tapped(plain, "last", asked).maps)


def test_frozen_networks_have_maps_too():
    network, asked = made(Averaged), question()
    trained = tapped(network, "last", asked)
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    torch.testing.assert_close(tapped(network, "last", asked).gradients, trained.gradients)


def test_training_mode_is_refused():
    network = made(Averaged)
    refuse_training(network)
    network.pool.train()
    with pytest.raises(DataError, match=r"training mode(.|\n)*pool"):
        refuse_training(network)
