"""Maps against closed forms, against autograd, and against captum."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from captum import attr
from tests.analysis.attention.nets import Averaged, Linear, made, question
from torch import nn

from paribus.analysis.attention import methods
from paribus.analysis.attention.layers import Tap, tapped
from paribus.analysis.attention.methods import METHODS, OF_LAYERS, Way, cam, gradcam, gradcam_plus_plus, starts
from paribus.analysis.attention.question import Question, logits
from paribus.errors import DataError

ZERO = torch.zeros(3, 1, 1)


def test_N5_gradcam_is_cam_up_to_scale_behind_a_global_average():
    network, asked = made(Averaged), question()
    tap = tapped(network, "last", asked)
    places = tap.maps.shape[2] * tap.maps.shape[3]
    torch.testing.assert_close(places * gradcam(tap), cam(network, tap, asked.classes))


def test_cam_is_the_paper_s_sum_and_averages_to_the_logit():
    network, asked = made(Averaged), question()
    tap = tapped(network, "last", asked)
    found = cam(network, tap, asked.classes)
    bias = network.output.bias[asked.classes]
    torch.testing.assert_close(found.mean((1, 2)) + bias, asked.read(tap.outputs), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("layer", ["first", "second"])
def test_cam_is_refused_where_no_linear_layer_follows_the_average(layer):
    network, asked = made(Averaged), question()
    with pytest.raises(DataError, match="ends in a global average of this layer's maps"):
        METHODS["cam"](network, asked, Way("cam", layer, ZERO))


def test_gradcam_plus_plus_has_the_derivatives_of_the_exponential():
    """α from second and third derivatives of exp(y), by autograd at every place; y is linear behind the layer."""
    network, asked = made(Averaged).double(), question(size=4, pictures=1)
    asked = Question(asked.inputs.double(), asked.classes)
    tap = tapped(network, "last", asked)
    maps = tap.maps[0].double()
    weights, bias = network.output.weight[0].detach(), network.output.bias[0].detach()

    def score(a: torch.Tensor) -> torch.Tensor:
        return torch.exp(a.mean((1, 2)) @ weights + bias)

    expected = torch.zeros(maps.shape[1:], dtype=torch.float64)
    for k in range(len(maps)):
        weight = 0.0
        for i, j in np.ndindex(*maps.shape[1:]):
            one = maps[k, i, j].clone().requires_grad_()
            changed = maps.clone()
            changed[k, i, j] = one
            first = torch.autograd.grad(score(changed), one, create_graph=True)[0]
            second = torch.autograd.grad(first, one, create_graph=True)[0]
            third = torch.autograd.grad(second, one)[0]
            alpha = second / (2 * second + maps[k].sum() * third)
            weight += float((alpha * first.relu()).detach())
        expected += weight * maps[k]
    found = gradcam_plus_plus(Tap(maps[None], tap.gradients.double(), tap.outputs))[0]
    torch.testing.assert_close(found * float(score(maps)), expected.detach(), rtol=1e-5, atol=1e-8)


def test_integrated_gradients_of_a_linear_network_are_its_weights_times_the_difference():
    network, asked = made(Linear, 48), question(size=4)
    found = methods.integrated_gradients(network, asked, Way("integrated_gradients", "", ZERO + 0.5))
    weights = network.output.weight[asked.classes].view(4, 3, 4, 4)
    torch.testing.assert_close(found.raw, (weights * (asked.inputs - 0.5)).sum(1), rtol=1e-4, atol=1e-5)
    assert float(found.gap.max()) < 1e-4


def test_integrated_gradients_add_up_to_the_difference_of_logits_and_the_gap_says_how_well():
    network, asked = made(Averaged), question()
    found = methods.integrated_gradients(network, asked, Way("integrated_gradients", "", ZERO))
    with torch.no_grad():
        risen = asked.read(network(asked.inputs)) - asked.read(network(torch.zeros_like(asked.inputs)))
    missing = (found.raw.sum((1, 2)) - risen).abs() / risen.abs()
    torch.testing.assert_close(found.gap, missing, rtol=1e-3, atol=1e-5)
    assert 0 < float(found.gap.max()) < 0.05  # kinks of ReLU are all that the sum misses


def test_occlusion_of_a_linear_network_is_what_the_windows_hold():
    network, asked = made(Linear, 27), question(size=3)  # windows of one pixel
    found = methods.occlusion(network, asked, Way("occlusion", "", ZERO))
    weights = network.output.weight[asked.classes].view(4, 3, 3, 3)
    torch.testing.assert_close(found.raw, (weights * asked.inputs).sum(1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("length", "side", "step"), [(28, 4, 2), (27, 4, 2), (9, 4, 2), (3, 1, 1), (8, 8, 4)])
def test_windows_cover_everything(length, side, step):
    covered = {place for start in starts(length, side, step) for place in range(start, min(length, start + side))}
    assert covered == set(range(length))
    assert all(start < length for start in starts(length, side, step))


def test_many_pictures_are_worked_on_in_pieces(monkeypatch):
    network, asked = made(Averaged), question(pictures=7)
    empty = torch.randn(7, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    for name in METHODS:
        way = Way(name, "last" if name in OF_LAYERS else "", empty)
        whole = way.maps(network, asked)
        monkeypatch.setattr(methods, "AT_ONCE", 2 * 3 * 64)
        pieces = way.maps(network, asked)
        monkeypatch.undo()
        torch.testing.assert_close(pieces.raw, whole.raw, rtol=1e-4, atol=1e-6)
        assert (pieces.gap is None) == (whole.gap is None)


def test_pixels_of_a_class_are_asked_about_by_their_mean():
    network = nn.Conv2d(1, 2, 1).eval()
    inputs = torch.arange(16.0).view(1, 1, 4, 4)
    where = torch.zeros(1, 4, 4, dtype=torch.bool)
    where[0, 0, :2] = True
    asked = Question(inputs, torch.tensor([1]), where)
    found = asked.read(logits(network, inputs))
    expected = network.weight[1, 0, 0, 0] * 0.5 + network.bias[1]
    torch.testing.assert_close(found, expected[None])


@pytest.mark.parametrize("final", [nn.Softmax(1), nn.Sigmoid()])
def test_what_stands_before_the_last_function_is_asked(final):
    network = nn.Sequential()
    network.output, network.final = made(Linear, 48), final
    inputs = question(size=4).inputs
    torch.testing.assert_close(logits(network, inputs), network.output(inputs))


def test_maps_are_those_of_captum():
    network, asked = made(Averaged), question()
    for layer in ("first", "relu", "second", "last"):
        oracle = attr.LayerGradCam(network, getattr(network, layer)).attribute(asked.inputs, asked.classes)
        torch.testing.assert_close(gradcam(tapped(network, layer, asked)), oracle[:, 0].detach())
    empty = ZERO + 0.3
    oracle = attr.IntegratedGradients(network).attribute(
        asked.inputs, empty.expand_as(asked.inputs), target=asked.classes, n_steps=methods.STEPS
    )
    found = METHODS["integrated_gradients"](network, asked, Way("integrated_gradients", "", empty))
    torch.testing.assert_close(found.raw, oracle.sum(1).float(), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("size", [14, 15, 28])
def test_occlusion_is_that_of_captum(size):
    network, asked = made(Averaged), question(size)
    side = size // methods.WINDOWS
    oracle = attr.Occlusion(network).attribute(
        asked.inputs, (3, side, side), strides=(3, side // 2, side // 2), baselines=0.3, target=asked.classes
    )
    found = methods.occlusion(network, asked, Way("occlusion", "", ZERO + 0.3))
    torch.testing.assert_close(found.raw, oracle[:, 0], rtol=1e-4, atol=1e-6)


def test_maps_of_pixels_classes_are_those_of_captum():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 5, 1)).eval()
    inputs = question().inputs
    where = torch.rand(4, 8, 8, generator=torch.Generator().manual_seed(2)) > 0.6
    asked = Question(inputs, torch.tensor([1, 2, 0, 4]), where)
    oracle = attr.LayerGradCam(lambda x: asked.read(network(x))[:, None], network[1]).attribute(inputs, 0)
    torch.testing.assert_close(gradcam(tapped(network, "1", asked)), oracle[:, 0].detach())
