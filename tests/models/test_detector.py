"""Detectors on every backbone: shapes, published weights under their own names, and what begins as nothing."""

from __future__ import annotations

from typing import get_args

import pytest
import torch

from paribus.data.trees import Ragged
from paribus.errors import RecipeError
from paribus.models import PARTS
from paribus.models.backbone import NETS, Named
from paribus.models.detector import PRIOR, Detector
from paribus.models.initialisation import initialise
from paribus.models.pretrained import head_of
from paribus.models.squeezenet import SqueezeNet
from paribus.models.unet import padded
from paribus.records.parts import Part, build, find
from paribus.tasks.boxes.centres import found_in, losses


@pytest.mark.parametrize("backbone", ["small", "squeezenet", "resnet50", "vgg11", "vit"])
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


@pytest.mark.parametrize("backbone", NETS)
def test_a_step_on_any_backbone_reaches_all_of_it_and_boxes_come_out(backbone):
    net = Detector((3, 48, 64), 6, backbone=backbone, width=8)
    boxes = Ragged.of([torch.tensor([[8.0, 8, 28, 20], [34, 20, 54, 40]]), torch.tensor([[30.0, 4, 46, 12]])])
    outputs = net(torch.rand(2, 3, 48, 64))
    sum(losses(outputs, boxes, torch.tensor([0, 1, 1]), 4, "giou")).backward()
    learning = {name: one for name, one in net.named_parameters() if one.requires_grad}
    assert not learning.keys() <= {*head_of(net)}
    still = [name for name, one in learning.items() if one.grad is None or not bool(one.grad.abs().sum() > 0)]
    assert all(name.endswith("attention.key.bias") for name in still)  # the softmax does not see it
    first = next(name for name in learning if name not in head_of(net))
    before = learning[first].detach().clone()
    torch.optim.SGD(net.parameters(), lr=0.1).step()
    assert not torch.equal(before, learning[first])
    for found, scores, labels in found_in(outputs.detach(), (48, 64), least=0.0, threshold=0.5, most=5):
        assert 0 < len(found) == len(scores) == len(labels)
        assert bool((found[:, :2] <= found[:, 2:]).all())
        assert 0 <= found.min() <= found[:, [0, 2]].max() <= 64


def test_every_net_that_says_where_its_maps_are_may_be_a_backbone():
    says = {name for name in PARTS if hasattr(find("model", name), "backbone")} - {"detector", "timm"}
    assert says | {"vit", "resnet18", "resnet34", "resnet50", "unet"} == {*NETS} == {*get_args(Named)} - {"small"}


@pytest.mark.parametrize(("backbone", "size"), [("lenet", 4), ("dncnn", 1)])
def test_maps_of_nets_that_do_not_go_down_are_averaged_to_the_stride(backbone, size):
    net = Detector((1, 64, 48), 5, backbone=backbone, stride=16, width=8).eval()
    assert net.used == (size,)
    with torch.no_grad():
        assert net(torch.rand(1, 1, 64, 48)).shape == (1, 5, 4, 3)


def test_patches_that_reach_over_the_edge_are_filled_with_it():
    net = Detector((1, 50, 70), 5, backbone="vit", width=8).eval()
    picture = torch.rand(1, 1, 50, 70)
    with torch.no_grad():
        whole = net(padded(picture, 16))
        assert torch.equal(net(picture), whole[..., :13, :18])


def test_nets_without_maps_are_refused_with_the_reason_and_the_list():
    with pytest.raises(RecipeError, match=r"makes maps of features, which mlp does not: one of airbench, .*vit"):
        build("model", Part("detector", backbone="mlp"), input_shape=(3, 64, 64), num_outputs=5)
    with pytest.raises(RecipeError, match=r"is one of small, airbench.*\n.*resnet19.*\n.*resnet1"):
        build("model", Part("detector", backbone="resnet19"), input_shape=(3, 64, 64), num_outputs=5)


def test_outputs_that_hold_no_box_are_refused():
    with pytest.raises(RecipeError, match="four for the sides"):
        Detector((3, 64, 64), 4)
