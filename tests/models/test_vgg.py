"""VGG and AlexNet: names of published weights, and fields of the mean for pictures of any size."""

from __future__ import annotations

import pytest
import torch

from paribus.models.alexnet import AlexNet
from paribus.models.vgg import VGG11, VGG16


def names(net: type, **options: object) -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        return {name: tuple(value.shape) for name, value in net((3, 224, 224), 1000, **options).state_dict().items()}


def test_parameters_are_named_as_in_published_weights():
    plain, normed, alex = names(VGG16), names(VGG16, norm="batch"), names(AlexNet)
    assert (len(plain), len(normed), len(alex)) == (32, 97, 16)
    assert plain["features.28.weight"] == normed["features.40.weight"] == (512, 512, 3, 3)
    assert normed["features.41.running_mean"] == (512,)
    assert normed["features.40.bias"] == (512,)
    assert plain["classifier.0.weight"] == (4096, 25088)
    assert plain["classifier.6.weight"] == alex["classifier.6.weight"] == (1000, 4096)
    assert alex["features.0.weight"] == (64, 3, 11, 11)
    assert alex["features.10.weight"] == (256, 256, 3, 3)
    assert alex["classifier.1.weight"] == (4096, 9216)


@pytest.mark.parametrize(
    ("head", "inputs"), [("published", 49), ("flatten", 4), ("global_average", 1), ("global_max", 1)]
)
def test_the_head_decides_how_much_the_classifier_reads(head, inputs):
    net = VGG11((3, 64, 64), 10, width=1 / 32, hidden=(5,), head=head)
    assert net.classifier[0].in_features == 16 * inputs


def test_one_field_of_the_mean_is_that_of_all_pixels():
    net = VGG11((3, 32, 32), 10, width=1 / 32, hidden=(5,))
    x = torch.randn(2, 16, 1, 1)
    assert torch.equal(net.avgpool(x), x.expand(2, 16, 7, 7))
