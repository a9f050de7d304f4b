"""A registered model is counted without a recipe, without data, and without memory."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from paribus.errors import RecipeError
from paribus.models.alone import alone
from paribus.models.size import count_parameters
from paribus.records.parts import Part, register
from paribus.theory.layers import measure, table

MODELS = ("cnn", "conv_vae", "dcgan", "dncnn", "gan", "gru", "linear", "lstm", "mlp", "rnn", "tcn", "unet", "vae")
SHAPES = {"dcgan": (1, 28, 28), "dncnn": (3, 16, 16), **dict.fromkeys(("gru", "lstm", "rnn", "tcn"), (4, 24))}


class Bottleneck(nn.Module):
    """1×1, 3×3 with the stride, 1×1, and a shortcut (He et al., 2016)."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        out = 4 * width
        self.layers = nn.Sequential(
            nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, out, 1, bias=False), nn.BatchNorm2d(out),
        )  # fmt: skip
        same = channels == out and stride == 1
        projection = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))
        self.shortcut = nn.Identity() if same else projection
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(self.layers(x) + self.shortcut(x))


class ResNet50(nn.Module):
    """As published, the stride in the 3×3 convolutions."""

    def __init__(self, in_channels: int, num_classes: int, blocks: tuple[int, ...] = (3, 4, 6, 3)) -> None:
        super().__init__()
        stem = [nn.Conv2d(in_channels, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
        channels, stages = 64, []
        for stage, depth in enumerate(blocks):
            for block in range(depth):
                stages.append(Bottleneck(channels, 64 << stage, 2 if stage and not block else 1))
                channels = 256 << stage
        self.layers = nn.Sequential(
            *stem, *stages, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, num_classes)
        )

    def forward(self, x):
        return self.layers(x)


def test_resnet_50_has_the_published_size_and_work():
    register("model", ResNet50, name="fifty")
    net = alone(Part("fifty"), (3, 224, 224), 1000)
    assert all(parameter.is_meta for parameter in net.parameters())
    found = table(net, (3, 224, 224))
    assert found.parameters == count_parameters(net) == 25_557_032
    assert found.multiplications == 4_089_184_256
    # 7, then (3 − 1)·2 for the pool, and (3 − 1)·jump for each 3×3 convolution, before which its stride does not count
    assert found.field == (427, 427)
    assert found.output == (1000,)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_counted_as_it_is_built(name):
    shape = SHAPES.get(name, (1, 16, 16))
    outputs = shape[0] if name == "dncnn" else 5
    empty, real = (alone(Part(name), shape, outputs, values=values) for values in (False, True))
    assert all(parameter.is_meta for parameter in empty.parameters())
    counted = table(empty, shape)
    assert counted.parameters == count_parameters(real)
    assert counted.multiplications == table(real, shape).multiplications


def test_the_end_of_a_recurrent_network_is_followed():
    for options in ({}, {"bidirectional": True}, {"depth": 2, "bidirectional": True}):
        for name in ("lstm", "gru", "rnn"):
            net = alone(Part(name, width=6, **options), (4, 9), 5, values=True)
            found = measure(net, (4, 9))
            assert found.different == ()
            assert found.table.output == (5,) == tuple(net(torch.zeros(1, 4, 9)).shape[1:])
            assert [row.layer.kind for row in found.table.rows][-3:] == ["last", "dropout", "linear"]


def test_a_model_that_needs_values_is_built_with_them():
    class Counts(nn.Module):
        def __init__(self, num_classes: int) -> None:
            super().__init__()
            self.layer = nn.Linear(4, int(torch.arange(num_classes).sum().item()))

        def forward(self, x):
            return self.layer(x)

    net = alone(Part(Counts), (4,), 3)
    assert table(net, (4,)).parameters == 5 * 3


def test_what_does_not_fit_is_refused():
    with pytest.raises(RecipeError, match="would shrink 1×1 to nothing"):
        alone(Part("cnn"), (3, 3, 3), 10)
    with pytest.raises(RecipeError, match="reads sequences"):
        alone(Part("lstm"), (3, 8, 8), 10)
