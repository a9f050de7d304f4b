"""What people paste: a summary leads back to the net that torch summed up, and what it leaves open is refused."""

from __future__ import annotations

import random

import pytest
import torch
from torch import nn

from paribus.errors import TheoryError
from paribus.theory.layers import table

S = nn.Sequential
KERAS = {"Conv2d": "Conv2D", "MaxPool2d": "MaxPooling2D", "Linear": "Dense", "BatchNorm2d": "BatchNormalization"}


def drawn(draw):
    """A net of a few convolutions."""
    channels, layers = 3, []
    for _ in range(draw.randint(1, 3)):
        out, kernel = draw.choice([4, 6, 8]), draw.choice([1, 3, 5])
        padding = draw.choice([0, kernel // 2])
        layers += [nn.Conv2d(channels, out, kernel, padding=padding, bias=draw.random() < 0.7), nn.ReLU()]
        layers += [nn.BatchNorm2d(out)] if draw.random() < 0.3 else []
        layers += [nn.MaxPool2d(2)] if draw.random() < 0.6 else []
        channels = out
    return S(*layers, nn.Flatten(), nn.LazyLinear(7))


def summed_up(net, shape, line):
    """A line for each layer, by torch's own shapes and counts."""
    x, lines = torch.zeros(1, *shape), []
    with torch.no_grad():
        for number, layer in enumerate(net.eval(), 1):
            x = layer(x)
            lines.append(line(type(layer).__name__, number, list(x.shape), sum(p.numel() for p in layer.parameters())))
    return "\n".join(["Layer   Output Shape   Param #", *lines]), tuple(x.shape[1:])


def torchinfo(name, number, shape, count):
    return f"├─{name}: 1-{number}      {shape}     {count:,}"


def torchsummary(name, number, shape, count):
    return f"   {name}-{number}    {[-1, *shape[1:]]}     {count:,}"


def keras(name, number, shape, count):
    last = (None, *shape[2:], shape[1]) if len(shape) > 2 else (None, shape[1])
    count = 2 * count if name.startswith("Batch") else count  # with the running mean and variance
    return f" layer_{number} ({KERAS.get(name, name)})    {last}    {count} "


@pytest.mark.parametrize("line", [torchinfo, torchsummary, keras])
def test_a_summary_is_the_net_that_it_is_of(line):
    for seed in range(12):
        torch.manual_seed(seed)
        net, shape = drawn(random.Random(seed)), (3, 40, 40)
        text, out = summed_up(net, shape, line)
        found = table(text, shape)
        assert (found.parameters, found.output) == (sum(p.numel() for p in net.parameters()), out), text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("add_1 (Add)  (None, 8, 8, 4)  0", "which layers a branch joins"),
        ("lstm (LSTM)  (None, 64)  24832\nTotal params: 24832", "add --input"),
        ("conv2d (Conv2D)  (None, 26, 26, 32)  321\nParam", "no square kernel"),
        ("strange (CapsuleLayer)  (None, 10, 16)  1000\nParam", "no layer of this kind"),
        ("conv2d (Conv2D)  (None, 26, 26, 32)  320\nd (Dense)  (None, None, 10)  330\nParam", "leave something open"),
        (
            "conv2d (Conv2D)  (None, 26, 26, 32)  320\np (MaxPooling2D)  (None, 9, 9, 32)  0\nParam",
            "do not give the sizes",
        ),
    ],
)
def test_what_a_summary_leaves_open_is_refused(text, said):
    with pytest.raises(TheoryError) as refused:
        table(text)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "input", "parameters"),
    [
        ("Input(shape=(28, 28, 1)), Conv2D(8, 3)", (1, 28, 28), 80),
        ("Dense(10, input_dim=5)", (5,), 60),
        ("input 24x24x3, conv 8 3x3", (3, 24, 24), 224),
        ("5-10-2", (5,), 82),
        ("mlp(5, 10, 2)", (5,), 82),
        ("5 inputs, 10 hidden relu units, 2 outputs", (5,), 82),
    ],
)
def test_a_text_may_name_its_input(text, input, parameters):
    found = table(text)
    assert (found.input, found.parameters) == (input, parameters)
    with pytest.raises(TheoryError, match="another input"):
        table(text, (77,))


@pytest.mark.parametrize(
    "text",
    ['{"type": "conv", "filters": 16, "kernel": 3}', '[{"type": "conv", "filters": 16, "kernel": [3, 3]}]',
     "- type: conv\n  filters: 16\n  kernel: 3"],
)  # fmt: skip
def test_lists_of_layers(text):
    assert table(text, (3, 9, 9)).parameters == 448


def test_an_input_is_needed_that_nobody_names():
    with pytest.raises(TheoryError, match="needs the shape of its input"):
        table("relu")


def test_padding_and_shapes_are_those_of_torch():
    net = S(nn.Flatten(), nn.Unflatten(1, (4, 3, 2)), nn.ConstantPad2d(2, 0.0), nn.Conv2d(4, 1, 3))
    found = table("flatten, reshape 4x3x2, zeropad 2, conv 1 k3", (24,))
    assert found.output == tuple(net(torch.zeros(1, 24)).shape[1:])
    assert [field.size for field in table("zeropad 2, conv 1 k3", (1, 8, 8)).rows[-1].fields] == [3, 3]
    with pytest.raises(TheoryError, match="holds 24 values, and 25 come"):
        table("reshape 4x3x2", (25,))


@pytest.mark.parametrize("line", ["c (Conv2D) (None, 30,) 252", "c (MaxPooling2D) (None, 7) 0"])
@pytest.mark.parametrize("shape", [(3, 32, 32), (30,)])
def test_a_layer_of_a_summary_that_slides_over_no_positions_is_refused(line, shape):
    with pytest.raises(TheoryError, match="leave something open"):
        table(f"{line}\nTotal params: 0", shape)


CONNECTED = """
 input_1 (InputLayer)        [(None, 16, 16, 1)]   0         []
 conv2d (Conv2D)             (None, 16, 16, 8)     80        ['input_1[0][0]']
 max_pooling2d (MaxPooling2  (None, 8, 8, 8)       0         ['conv2d[0][0]']
 D)
 conv2d_transpose (Conv2DTr  (None, 16, 16, 8)     264       ['max_pooling2d[0][0]']
 anspose)
 concatenate (Concatenate)   (None, 16, 16, 16)    0         ['conv2d_transpose[0][0]',
                                                              'conv2d[0][0]']
 conv2d_1 (Conv2D)           (None, 16, 16, 2)     34        ['concatenate[0][0]']
Total params: 378
"""


def test_rows_that_say_what_they_are_connected_to_are_a_graph():
    found = table(CONNECTED)
    assert [row.name for row in found.rows] == [
        "conv 8 k3 p1", "pool 2", "deconv 8 k2 s2", "cat", "conv 2 k1"
    ]  # fmt: skip
    assert (found.input, found.parameters, found.output) == ((1, 16, 16), 378, (2, 16, 16))


class Pools(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 4, 5), nn.Conv2d(4, 6, 5)
        self.pool, self.fc = nn.MaxPool2d(2), nn.Linear(96, 10)


class Ends(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.cell, self.fc = nn.Embedding(50, 8), nn.GRU(8, 6, batch_first=True), nn.Linear(6, 2)


@pytest.mark.parametrize(
    ("net", "shape", "out", "said"),
    [
        (Pools(), (1, 28, 28), (10,), "stands where the features fit only so"),
        (Ends(), (12,), (2,), "the last step was taken"),
        (nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), (5, 16), (5, 16), "how many heads is not printed"),
    ],
)
def test_a_printed_module_is_read_with_what_its_sizes_tell(net, shape, out, said):
    found = table(str(net), shape)
    assert (found.parameters, found.output) == (sum(p.numel() for p in net.parameters()), out)
    assert any(said in remark for remark in found.graph.remarks)


def test_a_row_that_is_cut_off_is_refused_and_never_left_out():
    with pytest.raises(TheoryError, match="not one of a layer"):
        table("dense (Dense)  (None, 5)  20\ncapsule  (None, 9)  50\nTotal params: 70", (3,))


def test_sizes_that_a_text_notes_between_its_layers_must_come_out():
    text = "conv 8 3x3 same -> {}x64x8 -> relu -> pool 2x2 -> flatten ({}) -> fc 4"
    assert table(text.format(64, 8192), input=(3, 64, 64)).output == (4,)
    for wrong in ((63, 8192), (64, 8000)):
        with pytest.raises(TheoryError, match="do not give the sizes"):
            table(text.format(*wrong), input=(3, 64, 64))
