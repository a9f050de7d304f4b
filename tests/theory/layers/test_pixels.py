"""Code that turns pictures so that the channels of each pixel stand last, as ConvNeXt does."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from paribus.errors import TheoryError
from paribus.theory.layers import table

BLOCK = """class Block(nn.Module):
    def __init__(self, dim=24, drop=0.1):
        super().__init__()
        self.dwconv = nn.Conv2d(dim, dim, kernel_size=7, padding=3, groups=dim)
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.pwconv1 = nn.Linear(dim, 4 * dim)
        self.act = nn.GELU()
        self.pwconv2 = nn.Linear(in_features=4 * dim, out_features=dim, bias=False)
        self.drop = nn.Dropout(drop) if drop > 0 else nn.Identity()

    def forward(self, x):
        input = x
        x = self.dwconv(x)
        x = x.permute(0, 2, 3, 1)  # channels last
        x = self.norm(x)
        x = self.pwconv1(x)
        x = self.act(x)
        x = self.drop(self.pwconv2(x))
        {back}
        return input + x
"""
TURNED = BLOCK.replace("{back}", "x = x.permute(0, 3, 1, 2)")


def test_layers_of_features_are_layers_of_each_pixels_channels():
    scope = {"nn": nn, "torch": torch}
    exec(TURNED, scope)
    net = scope["Block"]()
    found = table(TURNED, (24, 14, 14))
    assert found.output == tuple(net(torch.zeros(1, 24, 14, 14)).shape[1:])
    assert found.parameters == sum(p.numel() for p in net.parameters())
    names = [row.name for row in found.rows]
    assert names[1:4] == ["ln channels", "conv 96 k1", "gelu"]
    assert found.multiplications == 14 * 14 * (49 * 24 + 24 * 96 + 96 * 24)


@pytest.mark.parametrize(
    "back",
    [
        "pass",
        "x = x.mean(dim=(2, 3))",
        "x = x[:, -1]",
        "x = x.permute(0, 2, 3, 1)",
        "x = x.flatten(1)",
        "x = self.dwconv(x)",
    ],
)
def test_what_else_is_done_there_is_refused(back):
    with pytest.raises(TheoryError):
        table(BLOCK.replace("{back}", back), (24, 14, 14))


def test_a_norm_of_another_width_is_refused():
    with pytest.raises(TheoryError, match="norms axes of 23"):
        table(TURNED.replace("nn.LayerNorm(dim, eps=1e-6)", "nn.LayerNorm(23)"), (24, 14, 14))
