"""SqueezeNet 1.1 (Iandola et al., 2016): few parameters by 1×1 convolutions before and beside the 3×3 ones."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from paribus.errors import RecipeError
from paribus.models.blocks import Rate, pick
from paribus.models.geometry import picture
from paribus.models.initialisation import SCHEMES, Init

FIRES = {3: (64, 16, 64), 4: (128, 16, 64), 6: (128, 32, 128), 7: (256, 32, 128)}
FIRES |= {9: (256, 48, 192), 10: (384, 48, 192), 11: (384, 64, 256), 12: (512, 64, 256)}
POOLS = (2, 5, 8)  # where in the features pictures are halved; and before them by the first convolution


class SqueezeNet(nn.Module):
    """SqueezeNet 1.1, 1,235,496 parameters for 1000 classes; parameters are named as torchvision names them.

    Args:
        input_shape: channels, height and width of a picture.
        num_outputs: how many numbers the network gives for each picture.
        ceil_mode: whether pooling windows may reach over the edge, so that sizes are rounded up; torchvision's do.
        dropout: share of the last features that is dropped while training.
        init: how weights are drawn.
    """

    backbone: ClassVar[tuple[str, ...]] = ("features",)

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        *,
        ceil_mode: bool = True,
        dropout: Rate = 0.5,
        init: Init = "he",
    ) -> None:
        super().__init__()
        pick(SCHEMES, init, "init")
        self.init = init
        channels = picture(input_shape)[0]
        _check_size(input_shape, ceil_mode)
        self.features = nn.Sequential()
        for place in range(13):
            if place in FIRES:
                self.features.append(Fire(*FIRES[place]))
            elif place in POOLS:
                self.features.append(nn.MaxPool2d(3, 2, ceil_mode=ceil_mode))
            else:
                self.features.append(nn.ReLU() if place else nn.Conv2d(channels, 64, 3, stride=2))
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Conv2d(512, num_outputs, 1), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, num_outputs)."""
        out: Tensor = self.classifier(self.features(x)).mean((2, 3))
        return out


class Fire(nn.Module):
    """Few channels by a 1×1 convolution, then many by a 1×1 and a 3×3 one side by side."""

    def __init__(self, channels: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels, H, W) to (B, 2 · expanded, H, W)."""
        x = functional.relu(self.squeeze(x))
        return functional.relu(torch.cat((self.expand1x1(x), self.expand3x3(x)), dim=1))


def _check_size(input_shape: tuple[int, ...], ceil_mode: bool) -> None:
    """Refuse pictures of which nothing is left."""
    sides = [_left(side, ceil_mode) for side in input_shape[1:]]
    if min(sides) < 1:
        least = next(side for side in range(3, 64) if _left(side, ceil_mode) >= 1)
        rule = f"squeezenet halves pictures four times and takes {least}×{least} pixels or more"
        raise RecipeError(
            rule, got=f"{input_shape[1]}×{input_shape[2]} pictures", hint=f"set data.size={least} or more"
        )


def _left(side: int, ceil_mode: bool) -> int:
    """Length of a side behind the features."""
    side = (side - 3) // 2 + 1
    for _ in POOLS:
        if side < (2 if ceil_mode else 3):
            return 0
        side = -(-(side - 3) // 2) + 1 if ceil_mode else (side - 3) // 2 + 1
    return side
