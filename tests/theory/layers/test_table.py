"""Numbers that others have published, or that anybody can work out on paper."""

from __future__ import annotations

import pytest
from tests.theory.layers.nets import MOBILENET_V2, RESNET18, RESNET50, SIGNALS

from paribus.errors import TheoryError
from paribus.theory.layers import as_convolution, compare, table

PICTURE = (3, 224, 224)


@pytest.mark.parametrize(
    ("net", "parameters", "multiplications", "depth"),
    [
        (RESNET18, 11_689_512, 1_814_073_344, 18),
        (RESNET50, 25_557_032, 4_089_184_256, 50),
        (MOBILENET_V2, 3_504_872, 300_774_272, 53),
    ],
    ids=["resnet18", "resnet50", "mobilenet_v2"],
)
def test_H7_published_nets(net, parameters, multiplications, depth):
    """Parameters of the features T3 and T6; multiplications as torchvision's pages give them: 1.81, 4.09, 0.30 G."""
    found = table(net, PICTURE)
    assert (found.parameters, found.multiplications, found.output) == (parameters, multiplications, (1000,))
    weighted = depth if net != RESNET18 else 18
    assert found.depth == weighted  # what ResNet-18 and -50 are named after


def test_H7_a_stack_of_convolutions_over_signals():
    found = table(SIGNALS, (500, 7), channels_last=True)
    assert [row.parameters.value for row in found.rows if row.parameters.value] == [352, 2592, 10304, 483456, 645]
    assert found.parameters == 497_349


def test_H7_three_lstms_as_keras_counts_them():
    """Windows of six steps of one series: 10,400 + 20,200 + 20,200 + 301."""
    net = "lstm 50 x3, flatten, linear 1"
    found = table(net, (6, 1), convention="keras")
    assert [row.parameters.value for row in found.rows] == [10_400, 20_200, 20_200, 0, 301]
    assert found.parameters == 51_101
    assert table("lstm 50 bias1 x3, flatten, linear 1", (6, 1)).parameters == 51_101
    assert table(net, (6, 1)).parameters == 51_101 + 3 * 4 * 50  # torch has a second bias vector in each


def test_H5_fully_connected_layer_with_batch_norm():
    with_bias = table("linear 20, bn", (10,))
    assert [row.parameters.value for row in with_bias.rows] == [220, 40]  # as in every framework
    assert "nobias" in str(with_bias)
    assert table("linear 20 nobias, bn", (10,)).rows[0].parameters == 200


@pytest.mark.parametrize(("stride", "field"), [("", 21), (" s1", 13)])
def test_H8_receptive_field(stride, field):
    assert table(f"conv 8 k3 s2, pool 2{stride}, conv 8 k3 s2, pool 2{stride}", (3, 99, 99)).field == (field, field)


def test_H6_a_filter_that_reaches_further_than_the_picture():
    with pytest.raises(TheoryError) as refused:
        table("conv 8 k3 p1, relu, conv 8 k5 d8, relu", (3, 11, 11))
    message = str(refused.value)
    assert "layer 3 (conv 8 k5 d8, column 21) cannot exist" in message
    assert "spans 33×33, and does not fit into an input of 11×11" in message
    assert "⌊(11 + 2·0 − 8·(5 − 1) − 1)/1⌋ + 1 = −21" in message
    text, carets = message.splitlines()[1:3]
    assert text[carets.index("^") : carets.rindex("^") + 1] == "conv 8 k5 d8"
    assert "a dilation of at most 2 fits" in message
    assert table("conv 8 k3 p1, relu, conv 8 k5 d2, relu", (3, 11, 11)).output == (8, 3, 3)  # so it does


def test_H6_the_example_of_the_page():
    first = table("conv 64 k7 s2 p3", PICTURE).rows[0]
    assert first.explained["output"] == "⌊(224 + 2·3 − 1·(7 − 1) − 1)/2⌋ + 1 = 112"
    assert first.explained["parameters"] == "7·7·3·64 + 64 = 9,472"
    assert first.explained["multiplications"] == "112·112·7·7·3·64 = 118,013,952"


@pytest.mark.parametrize(("size", "kernel", "dilation"), [(11, 3, 1), (12, 4, 1), (32, 5, 8), (9, 2, 3), (40, 6, 5)])
def test_H6_same_padding_keeps_the_size_for_any_dilation(size, kernel, dilation):
    assert table(f"conv 2 k{kernel} d{dilation} same", (1, size, size)).output == (2, size, size)
    assert table(f"conv 2 k{kernel} d{dilation} s3 same", (1, size, size)).output == (2, -(-size // 3), -(-size // 3))


@pytest.mark.parametrize(("kernel", "filters"), [(3, 64), (5, 128)])
def test_T6_a_depthwise_separable_convolution_costs_1_over_N_plus_1_over_k2(kernel, filters):
    size = (32, 20, 20)
    whole = table(f"conv {filters} k{kernel} same", size).multiplications
    separated = table(f"dw k{kernel} same, conv {filters} k1", size).multiplications
    assert separated / whole == pytest.approx(1 / filters + 1 / kernel**2, rel=1e-12)


def test_attention_grows_with_the_square_of_the_steps():
    cost = {steps: table("attention h8", (steps, 64)).multiplications for steps in (100, 200)}
    assert cost == {steps: 4 * steps * 64**2 + 2 * steps**2 * 64 for steps in (100, 200)}
    assert "8·100·100 = 80,000" in table("attention h8", (100, 64)).rows[0].explained["scores"]


def test_H9_a_fully_connected_layer_is_a_convolution():
    found = as_convolution("conv 8 k3, relu, pool 2, flatten, linear 20, relu, linear 10", (3, 20, 24))
    assert found.equal
    assert [row.name for row in found.convolved.rows[3:]] == ["conv 20 k9x11", "relu", "conv 10 k1"]
    assert found.connected.parameters == found.convolved.parameters
    assert found.connected.multiplications == found.convolved.multiplications
    assert "the same" in str(found)
    larger = table(", ".join(row.name for row in found.convolved.rows), (3, 40, 40)).output
    assert larger == (10, 11, 9)  # on a larger picture it gives an output for every place


def test_H9_nothing_to_rewrite():
    with pytest.raises(TheoryError, match="only a net that flattens once"):
        as_convolution("conv 8 k3, relu", (3, 9, 9))


def test_H16_frames_as_channels_or_as_an_axis():
    """16 frames of RGB: a 2-D convolution mixes all frames at once, a 3-D one slides over them with the same kernel."""
    flat, deep = table("conv 64 k3 p1", (48, 56, 56)), table("conv 64 k3 p1", (3, 16, 56, 56))
    pair = compare(flat, deep)
    assert pair.quantities["parameters"] == (9 * 48 * 64 + 64, 27 * 3 * 64 + 64)
    assert pair.quantities["multiplications"] == (56**2 * 9 * 48 * 64, 16 * 56**2 * 27 * 3 * 64)
    assert deep.output == (64, 16, 56, 56)
    assert "parameters" in str(pair)
    assert pair.plain()["second"]["parameters"] == deep.parameters


def test_a_net_is_drawn_with_its_shapes():
    from paribus.plots.layers import boxes

    drawing = boxes(table("[conv 8 k3 p1, bn | id], relu, [conv 4 k1 & conv 4 k3 p1], gap", (8, 9, 9)))
    *_, names, shapes = drawing.spec["layer"]
    cards = {row["name"]: row for row in names["data"]["values"]}
    assert cards["input"]["shape"] == "8×9×9"
    assert cards["gap"]["shape"] == "8×1×1"
    assert cards["conv 4 k1"]["y"] == cards["conv 4 k3 p1"]["y"]  # side by side
    assert cards["conv 4 k1"]["x"] != cards["conv 4 k3 p1"]["x"]
    places = [(row["x"], row["y"]) for row in shapes["data"]["values"]]
    assert len(set(places)) == len(places) == 9
    assert boxes(table("relu x200", (4,))) is None


def test_channels_that_may_be_meant_last_are_said():
    said = table("conv 8 k3", (32, 32, 3)).notes[0]
    assert said.startswith("input: 32 channels of 32×3; where they stand last: --channels-last")
    pictures = table("conv 8 k3", (32, 32, 3), channels_last=True), table("conv 8 k3", (3, 32, 32))
    for net in (*pictures, table("conv 8 k1", (3, 4, 3))):
        assert "last" not in net.notes[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lstm 8, linear 1", True),
        ("a GRU with 8 units, dropout 0.5 and a dense layer with 1 unit", True),
        ("lstm 8, last, linear 1", False),
        ("nn.LSTM(4, 8), nn.Linear(8, 1)", False),
    ],
)
def test_that_a_linear_layer_works_at_every_step_is_said_where_words_leave_it_open(text, said):
    assert any("at every step" in note for note in table(text, (5, 4)).notes) == said
