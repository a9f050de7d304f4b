"""SqueezeNet 1.1: published count, torchvision's names, sizes that it can take."""

from __future__ import annotations

import pytest
import torch

from paribus.errors import RecipeError
from paribus.models.size import count_parameters
from paribus.models.squeezenet import SqueezeNet


def test_the_published_number_of_parameters():
    net = SqueezeNet((3, 224, 224), 1000)
    assert count_parameters(net) == 1_235_496
    assert count_parameters(net.features) == 722_496


def test_the_names_of_torchvision():
    names = list(SqueezeNet((3, 224, 224), 1000).state_dict())
    fires = [
        f"features.{place}.{part}"
        for place in (3, 4, 6, 7, 9, 10, 11, 12)
        for part in ("squeeze", "expand1x1", "expand3x3")
    ]
    layers = ["features.0", *fires, "classifier.1"]
    assert names == [f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")]


@pytest.mark.parametrize("ceil_mode", [True, False])
@pytest.mark.parametrize("shape", [(3, 40, 64), (1, 31, 33), (3, 47, 32)])
def test_sizes_that_it_takes(shape, ceil_mode):
    assert SqueezeNet(shape, 7, ceil_mode=ceil_mode).eval()(torch.randn(2, *shape)).shape == (2, 7)


@pytest.mark.parametrize("ceil_mode", [True, False])
def test_the_smallest_size_is_said_and_right(ceil_mode):
    with pytest.raises(RecipeError, match="or more") as caught:
        SqueezeNet((3, 9, 9), 2, ceil_mode=ceil_mode)
    least = int(caught.value.hint.split("=")[1].split()[0])
    net = SqueezeNet((3, least, 99), 2, ceil_mode=ceil_mode).eval()
    assert net(torch.randn(1, 3, least, 99)).shape == (1, 2)
    with pytest.raises(RecipeError, match="or more"):
        SqueezeNet((3, least - 1, 99), 2, ceil_mode=ceil_mode)
    with pytest.raises(RuntimeError):  # and the reason is true
        net(torch.randn(1, 3, least - 1, 99))


def test_rounding_matters_only_where_windows_reach_over_the_edge():
    torch.manual_seed(0)
    up, down = SqueezeNet((3, 224, 224), 3).eval(), SqueezeNet((3, 224, 224), 3, ceil_mode=False).eval()
    down.load_state_dict(up.state_dict())
    assert torch.equal(up(same := torch.randn(1, 3, 95, 95)), down(same))  # 47, 23, 11, 5: all windows fit
    assert not torch.equal(up(other := torch.randn(1, 3, 96, 101)), down(other))
