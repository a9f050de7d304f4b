"""Code as text: what flows is followed, and what cannot be followed is refused, never half read."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from paribus.errors import TheoryError
from paribus.theory.layers import table
from paribus.theory.layers.build import Built

HEAD = "class Net(nn.Module):\n    def __init__(self):\n        self.a = nn.Conv2d(8, 8, 3, padding=1)\n"
HEAD += "        self.b = nn.Conv2d(8, 8, 1)\n    def forward(self, x):\n        "


@pytest.mark.parametrize(
    ("lines", "layers"),
    [
        ("return F.relu(x + self.a(x))", ["conv 8 k3 p1", "add", "relu"]),
        ("y = self.a(x); return torch.cat([y, self.b(y)], 1)", ["conv 8 k3 p1", "conv 8 k1", "cat"]),
        ("y = self.a(x); y += x; return y", ["conv 8 k3 p1", "add"]),
        ("return self.b(F.max_pool2d(self.a(x), 2))", ["conv 8 k3 p1", "pool 2", "conv 8 k1"]),
        ("y = self.a(x); return y * torch.sigmoid(self.b(y))", ["conv 8 k3 p1", "conv 8 k1", "sigmoid", "mul"]),
    ],
)
def test_values_are_followed(lines, layers):
    assert [row.name for row in table(HEAD + lines, (8, 6, 6)).rows] == layers


@pytest.mark.parametrize(
    "lines",
    [
        "y = self.a(x)\n        for i in range(3):\n            y = self.b(y)\n        return y",  # how often?
        "return self.a(self.a(x))",  # shared weights
        "y = self.a(x); z = y // 2; return self.b(z)",
        "y = self.a(x); c = torch.cat([x, y], 1); return torch.cat([x, y, F.relu(c)], 1)",  # y goes into both
        "y, h = self.a(x); return self.b(h)",  # the second of two
    ],
)
def test_what_cannot_be_followed_is_refused(lines):
    with pytest.raises(TheoryError, match=r"--plugin|shares its weights|step of the code"):
        table(HEAD + lines, (8, 6, 6))


def test_a_kernel_before_the_number_of_filters_is_a_kernel():
    assert table("Conv(3x3, 32)", (3, 40, 40)).output == (32, 38, 38)


ATTENTION = """
class Net(nn.Module):
    def __init__(self, d=8, width=6, heads=2):
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(d, width, bias=False)
        self.k = nn.Linear(d, width, bias=False)
        self.v = nn.Linear(d, width, bias=False)
        self.out = nn.Linear(width, d)

    def split(self, x):
        B, T, C = x.shape
        return x.view(B, T, self.heads, C // self.heads).transpose(1, 2)

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))
        y = F.softmax(scores, dim=-1) @ v
        return self.out(y.transpose(1, 2).reshape(B, T, -1))
"""
ONE_LAYER = """
class Net(nn.Module):
    def __init__(self, d=8):
        super().__init__()
        self.qkv = nn.Linear(d, 3 * d)

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        return torch.softmax(torch.matmul(q, k.transpose(1, 2)) / 8**0.5, -1) @ v
"""
GATE = """
class Net(nn.Module):
    def __init__(self, c=8):
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(c, c // 4), nn.ReLU(), nn.Linear(c // 4, c), nn.Sigmoid())

    def forward(self, x):
        b, c, _, _ = x.size()
        y = self.fc(F.adaptive_avg_pool2d(x, 1).view(b, c))
        return x * y.view(b, c, 1, 1)
"""
GIVEN = {"nn": nn, "F": F, "torch": torch, "math": math}
BY_HAND = [(ATTENTION, (5, 8)), (ONE_LAYER, (5, 8)), (GATE, (8, 6, 6))]


@pytest.mark.parametrize(("code", "shape"), BY_HAND, ids=["heads", "one layer", "gate"])
def test_products_by_hand_are_attention_and_gates(code, shape):
    space = dict(GIVEN)
    exec(code, space)
    net, x = space["Net"](), torch.randn(2, *shape)
    found = table(code, shape)
    built = Built(found.graph)
    assert found.parameters == sum(p.numel() for p in net.parameters()) == sum(p.numel() for p in built.parameters())
    weights = net.state_dict().values()
    inside = list(built.parameters())
    if len(weights) == len(inside):
        for parameter, weight in zip(inside, weights, strict=True):
            parameter.data = weight
        assert torch.allclose(net(x), built(x), atol=1e-6)
    assert found.output == tuple(net(x).shape[1:]) == tuple(built(x).shape[1:])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("F.softmax(scores, dim=-1) @ v", "scores @ v"),  # linear attention
        ("q @ k.transpose(-2, -1)", "q * k"),
        ("y.transpose(1, 2).reshape(B, T, -1)", "y"),  # heads that stay apart
    ],
)
def test_other_products_are_refused(old, new):
    assert old in ATTENTION
    with pytest.raises(TheoryError):
        table(ATTENTION.replace(old, new), (5, 8))
