"""What the backward pass needs, predicted, against the tensors that torch keeps."""

from __future__ import annotations

import pytest

from paribus.models.alone import alone
from paribus.records.parts import Part
from paribus.theory.layers import table
from paribus.theory.layers.batch import BATCH
from paribus.theory.layers.measure import built, held
from paribus.theory.layers.saved import saved

NETS = [
    ("conv 8 k3 p1, bn, relu, pool 2, gap, flatten, linear 10", (3, 32, 32)),
    ("[[conv 16 k3 p1, bn, relu, conv 16 k3 p1, bn | skip], relu] x3, gap, flatten, linear 10", (3, 16, 16)),
    ("flatten, linear 64, relu, dropout 0.5, linear 10", (1, 8, 8)),
    ("conv 8 k3, gn 4, gelu, avgpool 2, flatten, linear 4", (3, 12, 12)),
    ("conv 8 k3, instance, silu, deconv 4 k2 s2, tanh", (3, 12, 12)),
    ("ln, linear 5, gelu", (7, 12)),
    ("ln, flatten, linear 5, softmax", (3, 6, 6)),
    ("conv 8 k3 p1, elu, [conv 8 k1 & conv 8 k3 p1], leaky_relu, up 2, conv 3 k1, sigmoid", (3, 8, 8)),
    ("conv 4 k3, relu, gmp, flatten, linear 2", (1, 9, 9)),
    ("conv 4 k3, selu, adaptive 2, hardswish, mish, softplus, relu6, prelu, flatten, linear 2", (1, 9, 9)),
    ("embedding 50 8, transpose, conv 8 k3, relu, flatten, linear 3", (12,)),
    ("conv 4 k3, relu inplace, pool 2, flatten, linear 2", (1, 9, 9)),
]


@pytest.mark.parametrize(("text", "shape"), NETS)
def test_what_is_predicted_is_what_torch_keeps(text, shape):
    net = table(text, shape)
    predicted = saved(net)
    assert predicted.unknown == ()
    assert predicted.example + predicted.batch // BATCH == held(built(net), net)


def test_a_registered_model():
    net = alone(Part("cnn", norm="batch", dropout=0.3, hidden=[9]), (3, 16, 16), 10, values=True)
    found = table(net, (3, 16, 16))
    predicted = saved(found)
    assert predicted.example + predicted.batch // BATCH == held(net, found)
    assert predicted.input == 3 * 16 * 16 * 4


def test_what_is_not_known_is_said():
    assert saved(table("lstm 5, last, linear 3", (12, 4))).unknown == ("lstm 5",)
