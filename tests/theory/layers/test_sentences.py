"""Nets in plain words: what is said of several layers, in what order they come, and what must not be read."""

import pytest

from paribus.errors import TheoryError
from paribus.theory.layers import table
from paribus.theory.layers.sentences import worded
from paribus.theory.layers.tokens import Unread

READ = {
    "three conv layers (32, 64, 64 filters, 3x3, ReLU) each with 2x2 max pooling": (
        "conv 32 k3, relu, pool 2, conv 64 k3, relu, pool 2, conv 64 k3, relu, pool 2"
    ),
    "Zwei Faltungsschichten mit 8 bzw. 16 Filtern der Größe 3x3, dahinter jeweils Max-Pooling 2x2": (
        "conv 8 k3, pool 2, conv 16 k3, pool 2"
    ),
    "first conv: 16 filters 5x5, second conv: 32 filters 5x5, both followed by relu": (
        "conv 16 k5, relu, conv 32 k5, relu"
    ),
    "hidden layers of 256 and 128 units with ReLU, dropout .3 after the first hidden layer, 10 outputs": (
        "linear 256, relu, dropout 0.3, linear 128, relu, linear 10"
    ),
    "two dense layers (16 and 8 neurons), ReLU between the layers": "linear 16, relu, linear 8",
    "softmax regression with 10 classes": "linear 10, softmax",
    "conv 5x5 16, relu, pool, conv 5x5 32, relu, pool; pools are 3x3": (
        "conv 16 k5, relu, pool 3, conv 32 k5, relu, pool 3"
    ),
    "two conv-relu-pool blocks with 16 and 32 5x5 filters": "conv 16 k5, relu, pool 2, conv 32 k5, relu, pool 2",
    "two branches: 1x1 conv with 8 filters; 3x3 conv with 16 filters, same padding; concatenated, then relu": (
        "[conv 8 k1 & conv 16 k3 same], relu"
    ),
    "residual block with conv 3x3 16, relu, conv 3x3 16, add input, relu": (
        "[conv 16 k3 p1, relu, conv 16 k3 p1 | id], relu"
    ),
    "an LSTM with 64 units whose last output goes to a linear layer with one unit": "lstm 64, last, linear 1",
    "3 hidden layers (16 units each, tanh) and a linear output of 2": (
        "linear 16, tanh, linear 16, tanh, linear 16, tanh, linear 2"
    ),
    "conv 16 filters 5x5, conv 32 filters 3x3, both with relu and same padding, then dense 10": (
        "conv 16 k5 same, relu, conv 32 k3 same, relu, flatten, linear 10"
    ),
    "a convolution with 8 filters of size 3 but without padding, then relu": "conv 8 k3, relu",
    "2 conv 64, pool, fc 10; all convs 3x3 pad 1 with relu": (
        "conv 64 k3 p1, relu, conv 64 k3 p1, relu, pool 2, flatten, linear 10"
    ),
    "dense 1 sigmoid after flattening": None,
    "conv 3x3 8 with zork": None,
    "3 times: conv 3x3 with 64 filters": "conv 64 k3, conv 64 k3, conv 64 k3",
    "3 times: 64 filters with zork": None,
    "two 3x3 convs with 8 and 16 and 32 filters": None,
    "dilated conv 3x3 16": None,
    "3 conv layers with 32 filters, 3x3 kernels, relu and max pooling 2x2": None,
    "grouped conv: 16 filters 3x3": None,
    "x zork -> conv 3x3 16": None,
    "conv 3x3 16, average pooling, dense 10": None,
    "conv 3x3 with 8 filters, each followed by relu": None,
}


@pytest.mark.parametrize("text", READ)
def test_a_sentence_is_read_as_meant_or_not_at_all(text):
    if READ[text] is not None:
        assert worded(text)[0] == READ[text]
        return
    with pytest.raises(Unread):
        worded(text)


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("784 inputs, hidden layers of 30 units, 10 outputs", (784,)),
        ("Input 32x32 RGB image. Conv layer with 8 3x3 filters.", (3, 32, 32)),
        ("784-300-10 network with ReLU", (784,)),
        ("Dense (10, input_dim=5)", (5,)),
    ],
)
def test_a_sentence_names_its_input(text, given):
    assert worded(text)[1] == given


def test_a_word_that_nobody_knows_is_named_with_its_place():
    with pytest.raises(TheoryError, match=r"not understood .*column 30.*") as error:
        table("the net is a conv with 8 3x3 zorked filters and then a relu", (3, 8, 8))
    assert "^^^^" in str(error.value)
    assert error.value.hint


@pytest.mark.parametrize("norm", ["add & norm", "Add and layer norm", "add + LayerNorm"])
def test_add_and_norm_closes_each_sublayer_of_a_transformer(norm):
    said = f"multi-head self-attention with 4 heads, {norm}, linear 256, relu, linear 64, {norm}"
    meant = "[attention h4 | id], ln, [linear 256, relu, linear 64 | id], ln"
    assert [row.name for row in table(said, (20, 64)).rows] == [row.name for row in table(meant, (20, 64)).rows]
    assert f"read as sentences: {meant}" in table(said, (20, 64)).notes


@pytest.mark.parametrize("text", ["G: 100 → Dense 20 → ReLU → Dense 5", "100, fc 20, relu, fc 5"])
def test_a_bare_number_at_the_beginning_is_what_goes_in(text):
    found = table(text, (100,))
    assert [row.name for row in found.rows] == ["linear 20", "relu", "linear 5"]
    assert "the first 100 is what goes in, and no layer" in found.notes
    assert len(table("50, relu, fc 5", (100,)).rows) == 3  # of another size: a layer


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("three conv layers with 16, 32 and 64 filters, each followed by relu", r"conv needs its kernel .*column 7"),
        ("a 3x3 conv layer, then relu, then a dense layer of 10 units", r"conv needs its number of outputs .*column 7"),
    ],
)
def test_what_a_sentence_leaves_out_is_named(text, said):
    with pytest.raises(TheoryError, match=said):
        table(text, (3, 32, 32))
