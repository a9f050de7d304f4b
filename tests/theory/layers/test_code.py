"""Code as text: what flows is followed, and what cannot be followed is refused, never half read."""

from __future__ import annotations

import pytest

from paribus.errors import TheoryError
from paribus.theory.layers import table

HEAD = "class Net(nn.Module):\n    def __init__(self):\n        self.a = nn.Conv2d(8, 8, 3, padding=1)\n"
HEAD += "        self.b = nn.Conv2d(8, 8, 1)\n    def forward(self, x):\n        "


@pytest.mark.parametrize(
    ("lines", "layers"),
    [
        ("return F.relu(x + self.a(x))", ["conv 8 k3 p1", "add", "relu"]),
        ("y = self.a(x); return torch.cat([y, self.b(y)], 1)", ["conv 8 k3 p1", "conv 8 k1", "cat"]),
        ("y = self.a(x); y += x; return y", ["conv 8 k3 p1", "add"]),
        ("return self.b(F.max_pool2d(self.a(x), 2))", ["conv 8 k3 p1", "pool 2", "conv 8 k1"]),
    ],
)
def test_values_are_followed(lines, layers):
    assert [row.name for row in table(HEAD + lines, (8, 6, 6)).rows] == layers


@pytest.mark.parametrize(
    "lines",
    [
        "y = self.a(x)\n        for i in range(3):\n            y = self.b(y)\n        return y",  # how often?
        "return self.a(self.a(x))",  # shared weights
        "y = self.a(x); return y * torch.sigmoid(self.b(y))",  # a product
        "y = self.a(x); z = y * 2; return self.b(z)",
        "y = self.a(x); c = torch.cat([x, y], 1); return torch.cat([x, y, F.relu(c)], 1)",  # y goes into both
        "y, h = self.a(x); return self.b(h)",  # the second of two
    ],
)
def test_what_cannot_be_followed_is_refused(lines):
    with pytest.raises(TheoryError, match=r"--plugin|shares its weights|step of the code"):
        table(HEAD + lines, (8, 6, 6))


def test_a_kernel_before_the_number_of_filters_is_a_kernel():
    assert table("Conv(3x3, 32)", (3, 40, 40)).output == (32, 38, 38)
