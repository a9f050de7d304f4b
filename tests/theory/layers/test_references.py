"""Words that refer to others, typing errors, and what must not be read from them."""

import pytest

from paribus.errors import TheoryError
from paribus.theory.layers import table

SAME = {
    "conv 8 3x3 pad 1 with bias, batchnorm, relu, maxpool 2; the same again with 16 filters; flatten; linear 3": (
        "conv 8 k3 p1 bias, bn, relu, pool 2, conv 16 k3 p1 bias, bn, relu, pool 2, flatten, linear 3"
    ),
    "conv-8, conv-16, maxpool, global average pool, fc-3; all convs 3x3 same + ReLU": (
        "conv 8 k3 p1, relu, conv 16 k3 p1, relu, pool 2, gap, flatten, linear 3"
    ),
    "2 blocks of conv 3x3 pad 1 + relu + maxpool 2 with 8 and 16 filters, flatten, dense 3": (
        "conv 8 k3 p1, relu, pool 2, conv 16 k3 p1, relu, pool 2, flatten, linear 3"
    ),
    "two branches, (1x1 conv 8, relu) and (3x3 conv 4 pad 1, relu), concatenated, then 1x1 conv 3": (
        "[conv 8 k1, relu & conv 4 k3 p1, relu], conv 3 k1"
    ),
    "The CNN has two convolutional layers. The first one has 8 filters of size 3x3, "
    "the second one 4 filters of size 5x5. "
    "Both are followed by ReLU. The output layer is fully connected with 3 units.": (
        "conv 8 k3, relu, conv 4 k5, relu, flatten, linear 3"
    ),
    "two conv layers with 8 3x3 filters each (the first with same padding), relu, flatten, dense 3": (
        "conv 8 k3 p1, relu, conv 8 k3, relu, flatten, linear 3"
    ),
    "a small CNN for digits: covn 8 3x3 pad 1, rleu, flatten, linaer 3": "conv 8 k3 p1, relu, flatten, linear 3",
}


@pytest.mark.parametrize("text", SAME)
def test_what_refers_to_others_is_written_out(text):
    found, meant = table(text, (3, 16, 16)), table(SAME[text], (3, 16, 16))
    assert (found.parameters, found.output) == (meant.parameters, meant.output)
    assert any(said.startswith("read as sentences") for said in found.graph.remarks)


@pytest.mark.parametrize(
    "text",
    [
        "a conv layer with 8 3x3 filters || a conv layer with 4 3x3 filters, then dense 3",
        "the same again with 8 filters",
        "3 blocks of conv 3x3 + relu with 8 and 16 filters",
        "conv 8 3x3 pad 1 ⟦0⟧, relu",
    ],
)
def test_what_refers_to_nothing_or_to_one_of_several_is_refused(text):
    with pytest.raises(TheoryError):
        table(text, (3, 16, 16))


def test_a_chain_may_say_what_stands_between_its_sizes():
    found = table("20 -> 16 (ReLU, dropout 0.2) -> 3 (softmax)")
    assert [row.name for row in found.rows] == ["linear 16", "relu", "dropout 0.2", "linear 3", "softmax"]
    lines = table("Encoder: 20 -> 8 -> relu -> 4\nDecoder: 4 -> 8 -> relu -> 20")
    assert [row.name for row in lines.rows if row.layer.kind == "linear"] == [
        "linear 8",
        "linear 4",
        "linear 8",
        "linear 20",
    ]
