"""The same table from a module of torch as from the text."""

from __future__ import annotations

import pytest
import torch
from tests.theory.layers.nets import RESNET18, SMALL
from torch import Tensor, nn
from torch.nn import functional as F

from paribus.errors import TheoryError
from paribus.models.cnn import CNN
from paribus.models.size import count_parameters
from paribus.theory.layers import measure, table
from paribus.theory.layers.build import Built
from paribus.theory.layers.table import Table


class Basic(nn.Module):
    """The block of ResNet-18, as people write it."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.down = nn.Sequential()
        if stride != 1 or inputs != width:
            self.down = nn.Sequential(nn.Conv2d(inputs, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(out + self.down(x))


class ResNet18(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)
        )
        widths = [(64, 64, 1), (64, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1)]
        self.blocks = nn.Sequential(*(Basic(*sizes) for sizes in [*widths, (256, 512, 2), (512, 512, 1)]))
        self.fc = nn.Linear(512, 1000)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(self.blocks(self.stem(x)), 1), 1))


class Functional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 8, 5, padding="same"), nn.Linear(8 * 7 * 7, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv(x)), 4, stride=4)
        return F.log_softmax(self.fc(x.view(len(x), -1)), dim=1)


class Joined(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Conv2d(2, 3, 1), nn.Conv2d(2, 5, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.left(x), self.right(x)], dim=1).mean((2, 3), keepdim=True)


def facts(found: Table) -> list[tuple]:
    return [
        (row.number, row.name, row.sources, row.output, row.parameters, row.multiplications, row.memory, row.depth)
        for row in found.rows
    ]


def fields(found: Table) -> list:
    return [row.fields and [(f.size, f.jump) for f in row.fields] for row in found.rows]


@pytest.mark.parametrize(
    ("module", "text", "shape"),
    [
        (ResNet18, RESNET18, (3, 224, 224)),
        (Functional, "conv 8 k5 same, relu, pool 4, flatten, linear 10, log_softmax", (1, 28, 28)),
        (Joined, "[conv 3 k1 & conv 5 k3 p1], gap", (2, 9, 9)),
        (
            lambda: nn.Sequential(nn.Conv3d(1, 4, (1, 3, 3)), nn.AvgPool3d(2, ceil_mode=True), nn.Dropout(0.25)),
            "conv 4 k1x3x3, avgpool 2 ceil, dropout 0.25",
            (1, 9, 9, 9),
        ),
    ],
)
def test_by_hand_and_by_text(module, text, shape):
    one, other = table(module(), shape), table(text, shape)
    assert facts(one) == facts(other)
    assert fields(one) == fields(other)


@pytest.mark.parametrize("net", SMALL)
def test_text_to_module_to_table(net):
    one = table(net, SMALL[net])
    other = table(Built(one.graph), SMALL[net])
    assert facts(one) == facts(other)
    assert fields(one) == fields(other)


@pytest.mark.parametrize("pooling", ["max", "average", "stride", "none"])
@pytest.mark.parametrize("norm", ["none", "batch", "layer", "group", "instance"])
def test_the_models_of_this_library(pooling, norm):
    model = CNN((3, 16, 16), 10, norm=norm, pooling=pooling, head="global_average", hidden=(12,), dropout=0.1)
    found = measure(model, (3, 16, 16))
    assert found.different == ()
    assert found.table.parameters == count_parameters(model)


def test_paths_name_the_modules():
    found = table(ResNet18(), (3, 64, 64))
    assert found.rows[0].path == "stem.0"
    assert found.rows[4].path == "blocks.0.conv1"
    assert found.title == "ResNet18"


def test_shared_layers_count_once():
    layer = nn.Linear(8, 8)
    found = table(nn.Sequential(layer, nn.ReLU(), layer), (8,))
    assert [row.parameters.value for row in found.rows] == [72, 0, 0]
    assert found.multiplications == 128
    tied = nn.Sequential(nn.Embedding(20, 6), nn.Linear(6, 20, bias=False))
    tied[1].weight = tied[0].weight
    assert table(tied, (5,)).parameters == count_parameters(tied) == 120


class Own(nn.Module):
    """Parameters of its own, an operation that no table knows, and shapes that a table cannot guess."""

    def __init__(self) -> None:
        super().__init__()
        self.scale, self.unused = nn.Parameter(torch.ones(4, 1)), nn.Parameter(torch.ones(7))
        self.fc = nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.cumsum(x * self.scale, 1).sum(1))


def test_what_is_not_known_is_said():
    model = Own()
    found = table(model, (4, 8))
    assert found.parameters == count_parameters(model)
    assert [row.name for row in found.rows] == ["op mul", "op cumsum", "op sum", "linear 2", "own scale", "own unused"]
    assert found.rows[1].multiplications is None
    assert found.rows[1].fields is None
    assert found.unknown == ("2 op cumsum", "3 op sum")
    assert "not known, and left out of the sums: the multiplications of 2 op cumsum, 3 op sum" in str(found)


class Split(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.both, self.out = nn.Linear(4, 12), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        left, middle, right = self.both(x).split([4, 4, 4], dim=-1)
        return self.out(left * torch.sigmoid(middle) + right)


def test_functions_with_several_results():
    found = measure(Split(), (4,))
    assert [row.name for row in found.table.rows[1:4]] == ["op split"] * 3
    assert [row.sources for row in found.table.rows[4:7]] == [(3,), (2, 5), (6, 4)]
    assert found.different == ()


class Weird(nn.Conv2d):
    """Overrides forward: what it does is followed, and what that costs is not known."""

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight - self.weight.mean(), self.bias)


class Named(nn.Conv2d):
    """A convolution of another name."""


def test_subclasses():
    found = table(nn.Sequential(Named(1, 2, 3), Weird(2, 2, 3)), (1, 8, 8))
    assert [row.name for row in found.rows] == ["conv 2 k3", "op conv2d", "own 1.weight", "own 1.bias"]
    seen = measure(nn.Sequential(Named(1, 2, 3), Weird(2, 2, 3)), (1, 8, 8))
    assert seen.different == ()
    assert "not predicted" in str(seen)
    assert "and 576 in layers for which nothing is predicted" in str(seen)  # 4·4 places, 9·2·2 weights


class Turned(nn.Module):
    """Turns its steps to the front inside."""

    def __init__(self, turn: bool) -> None:
        super().__init__()
        self.turn, self.rnn, self.fc = turn, nn.LSTM(3, 4), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        out, _ = self.rnn(x.transpose(0, 1) if self.turn else x)
        return self.fc(out[-1])


@pytest.mark.parametrize("turn", [True, False])
def test_steps_may_come_before_the_batch(turn):
    found = measure(Turned(turn), (5, 3))
    assert facts(found.table) == facts(table("lstm 4, last, linear 2", (5, 3)))
    assert found.different == ()


def test_a_net_that_takes_both_orders_for_different_layers_cannot_be_followed():
    with pytest.raises(TheoryError, match=r"does not run|steps first"):
        table(nn.Sequential(nn.Flatten(), nn.Linear(15, 3), nn.MultiheadAttention(4, 2)), (5, 3))


class Outside(nn.Module):
    def forward(self, x: Tensor):
        return x.detach().cpu().numpy() + 1


def test_what_leaves_torch_cannot_be_followed():
    with pytest.raises(TheoryError, match="did not come through layers"):
        table(Outside(), (3,))


def test_in_place_layers_take_no_memory():
    found = measure(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(inplace=True)), (1, 8, 8))
    assert [row.memory.value for row in found.table.rows] == [2 * 36 * 4, 0]
    assert found.table.rows[1].name == "relu inplace"
    assert found.different == ()


def test_a_module_that_does_not_fit_its_input():
    with pytest.raises(TheoryError, match="Linear does not run on an input of 3"):
        table(nn.Linear(4, 2), (3,))


class Two(nn.Module):
    """A picture and a row of numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.picture, self.row, self.out = nn.Conv2d(3, 8, 3), nn.Linear(10, 8), nn.Linear(16, 5)

    def forward(self, picture: Tensor, row: Tensor) -> Tensor:
        seen = torch.flatten(F.adaptive_avg_pool2d(self.picture(picture), 1), 1)
        return self.out(torch.cat([seen, self.row(row)], 1))


def test_two_inputs():
    inputs = [(3, 9, 9), (10,)]
    text = "[conv 8 k3, gap, flatten & input 2, linear 8], linear 5"
    one, other = measure(Two(), inputs), measure(text, inputs)
    assert facts(one.table) == facts(other.table)
    assert one.different == other.different == ()
    assert one.table.parameters == count_parameters(Two())
    assert "inputs 3×9×9 and 10" in str(other.table)
    assert "linear 8  ← input 2" in str(other.table)
    with pytest.raises(TheoryError, match=r"the net has no input 3, only 3×9×9 and 10"):
        table("[conv 8 k3, gap, flatten & input 3]", inputs)
