"""Small networks whose maps are known, and the pictures for them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from paribus.analysis.attention.question import Question


class Averaged(nn.Module):
    """Convolutions, a global average, and one linear layer: the network that CAM was made for."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.first, self.relu = nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(inplace=inplace)
        self.pool = nn.MaxPool2d(2)
        self.second, self.last = nn.Conv2d(6, 8, 3, padding=1), nn.ReLU(inplace=inplace)
        self.average, self.output = nn.AdaptiveAvgPool2d(1), nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        maps = self.last(self.second(self.pool(self.relu(self.first(x)))))
        out: Tensor = self.output(self.average(maps).flatten(1))
        return out


class Linear(nn.Module):
    """y = W x: integrated gradients and occlusion have closed forms."""

    def __init__(self, pixels: int) -> None:
        super().__init__()
        self.output = nn.Linear(pixels, 3)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.output(x.flatten(1))
        return out


def question(size: int = 8, pictures: int = 4, channels: int = 3, classes: int = 3) -> Question:
    """Some pictures, and a class of each."""
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(pictures, channels, size, size, generator=generator)
    return Question(inputs, torch.arange(pictures) % classes)


def made(kind: type[nn.Module], *options: object) -> nn.Module:
    """A network with fixed weights, in evaluation mode."""
    torch.manual_seed(0)
    return kind(*options).eval()
