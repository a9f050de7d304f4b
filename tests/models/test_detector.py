"""Detectors on every backbone: shapes, published weights under their own names, and what begins as nothing."""

from __future__ import annotations

import pytest
import torch

from paribus.errors import RecipeError
from paribus.models.detector import NETS, PRIOR, Detector
from paribus.models.initialisation import initialise
from paribus.models.pretrained import head_of
from paribus.models.squeezenet import SqueezeNet


@pytest.mark.parametrize("backbone", ["small", *NETS])
@pytest.mark.parametrize("stride", [4, 16])
def test_there_is_an_answer_for_every_place(backbone, stride):
    net = Detector((3, 96, 128), 6, backbone=backbone, stride=stride, width=16).eval()
    with torch.no_grad():
        assert net(torch.zeros(2, 3, 96, 128)).shape == (2, 6, 96 // stride, 128 // stride)


@pytest.mark.parametrize("size", [(97, 130), (64, 50)])
def test_sides_need_be_no_multiples(size):
    net = Detector((1, *size), 5).eval()
    with torch.no_grad():
        assert net(torch.zeros(1, 1, *size)).shape == (1, 5, -(-size[0] // 4), -(-size[1] // 4))


def test_layers_of_the_backbone_are_called_as_in_its_own_net():
    net, own = Detector((3, 96, 128), 5, backbone="squeezenet"), SqueezeNet((3, 96, 128), 1, ceil_mode=False)
    shared = net.state_dict().keys() & own.state_dict().keys()
    assert len(shared) == 50
    assert {*head_of(net)} == net.state_dict().keys() - shared
    assert all(net.state_dict()[name].shape == own.state_dict()[name].shape for name in shared)


def test_at_first_objects_are_nowhere():
    net = Detector((3, 64, 64), 7)
    initialise(net, 0)
    net.eval()
    with torch.no_grad():
        shares = net(torch.rand(2, 3, 64, 64))[:, :3].sigmoid()
    assert float(shares.mean()) == pytest.approx(PRIOR, rel=0.2)


def test_every_parameter_learns():
    net = Detector((3, 64, 64), 5)
    net(torch.rand(2, 3, 64, 64)).square().sum().backward()
    assert all(parameter.grad is not None and bool(parameter.grad.abs().sum() > 0) for parameter in net.parameters())


def test_outputs_that_hold_no_box_are_refused():
    with pytest.raises(RecipeError, match="four for the sides"):
        Detector((3, 64, 64), 4)
