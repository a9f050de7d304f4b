"""Nets that have a name: the counts that torchvision's documentation prints, and LeNet-5's by hand."""

import pytest

from paribus.errors import TheoryError
from paribus.theory.layers import table

COUNTS = {
    "alexnet": 61_100_840,
    "VGG-11": 132_863_336,
    "vgg13": 133_047_848,
    "torchvision.models.vgg16()": 138_357_544,
    "vgg16_bn": 138_365_992,
    "keras.applications.VGG19(weights=None)": 143_667_240,
    "ResNet-18": 11_689_512,
    "resnet34": 21_797_672,
    "model = models.resnet50(weights=None)": 25_557_032,
    "resnet101": 44_549_160,
    "resnet152": 60_192_808,
    "models.resnet18(num_classes=10)": 11_689_512 - 990 * 513,
}


@pytest.mark.parametrize("name", COUNTS)
def test_a_name_stands_for_the_net_that_has_it(name):
    net = table(name, (3, 224, 224))
    assert net.parameters == COUNTS[name]
    assert any("as torchvision builds it" in said for said in net.graph.remarks)


def test_lenet_has_the_counts_of_its_paper_with_all_maps_connected():
    assert table("LeNet-5", (1, 32, 32)).parameters == 6 * 26 + 16 * 151 + 120 * 401 + 84 * 121 + 10 * 85


@pytest.mark.parametrize(
    "name", ["vgg17", "keras.applications.ResNet50()", "resnet18(input_shape=(64, 64, 3))", "mobilenet"]
)
def test_a_name_that_stands_for_another_net_is_refused(name):
    with pytest.raises(TheoryError):
        table(name, (3, 224, 224))
