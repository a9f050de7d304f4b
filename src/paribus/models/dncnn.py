"""DnCNN: a stack of convolutions at full size that learns the noise of a picture, which is subtracted."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor, nn

from paribus.models.blocks import Activation, Conv, Norm, pick
from paribus.models.initialisation import SCHEMES, Init
from paribus.models.unet import check_pixels


class DnCNN(nn.Module):
    """Convolutions at full size whose output is subtracted from the input (Zhang et al., 2017).

    The published networks have 64 channels and depth 17, for one noise level, or 20, for several.

    Args:
        input_shape: channels, height and width of a picture; the height and the width do not matter.
        num_outputs: how many numbers the network gives for each pixel.
        width: channels of the hidden layers.
        depth: convolutions, the first and the last included; the output sees depth pixels in each direction.
        residual: whether the output is subtracted from the input, so that the network learns the noise alone.
        norm: normalisation between the first and the last convolution.
        activation: function after each convolution but the last.
        init: scheme of the initial weights; default is torch's own, the others also set all biases to 0.
    """

    backbone: ClassVar[tuple[str, ...]] = ("first", "layers")

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        *,
        width: Annotated[int, Field(ge=1)] = 64,
        depth: Annotated[int, Field(ge=2)] = 17,
        residual: bool = True,
        norm: Norm = "batch",
        activation: Activation = "relu",
        init: Init = "default",
    ) -> None:
        super().__init__()
        pick(SCHEMES, init, "init")
        check_pixels(input_shape, num_outputs, residual)
        self.init, self.residual = init, residual
        self.first = Conv(input_shape[0], width, kernel=3, stride=1, norm="none", activation=activation)
        self.layers = nn.Sequential()
        for _ in range(depth - 2):
            self.layers.append(Conv(width, width, kernel=3, stride=1, norm=norm, activation=activation))
        self.output = nn.Conv2d(width, num_outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, num_outputs, H, W)."""
        out: Tensor = self.output(self.layers(self.first(x)))
        return x - out if self.residual else out
