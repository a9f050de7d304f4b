"""Networks with an output for every pixel: the U-Net, and the same without its skips."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from paribus.errors import RecipeError
from paribus.models.blocks import Activation, Conv, Norm, Rate, pick
from paribus.models.initialisation import SCHEMES, Init

Up = Literal["transposed", "nearest", "bilinear"]

UP: Mapping[str, Callable[[int, int], nn.Module]] = {
    "transposed": lambda channels, width: nn.ConvTranspose2d(channels, width, 2, stride=2),
    "nearest": lambda channels, width: nn.Sequential(
        nn.Upsample(scale_factor=2, mode="nearest"), nn.Conv2d(channels, width, 3, padding=1)
    ),
    "bilinear": lambda channels, width: nn.Sequential(
        nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(channels, width, 3, padding=1)
    ),
}


class UNet(nn.Module):
    """A U-Net (Ronneberger et al., 2015): down to small pictures with many channels, and up again beside skips.

    Level ℓ = 0 … depth works at 1/2^ℓ of the size with width·2^ℓ channels. On the way up, each level joins what comes
    from below with what the way down saw at its size. Convolutions keep the size; pictures whose sides are no multiple
    of 2^depth are continued by their edge and cut back at the end, so that there is one output for every pixel.

    Args:
        input_shape: channels, height and width of a picture; the height and the width do not matter.
        num_outputs: how many numbers the network gives for each pixel.
        width: channels at full size, doubled with every halving of the picture.
        depth: how often the picture is halved.
        convolutions: convolutions per level, on the way down and on the way up.
        skips: whether the way up sees the levels of the way down; without, it is a plain encoder and decoder.
        up: how pictures grow; by a transposed convolution, or by interpolation and a convolution of 3 × 3.
        attention: whether gates weigh each pixel of the skips by what comes from below (Oktay et al., 2018).
        residual: whether the network adds to its input, which then needs as many channels as the output.
        norm: normalisation after each convolution.
        activation: function after each convolution.
        dropout: share of whole channels that is set to zero at random at the lowest level, in training only.
        init: scheme of the initial weights; default is torch's own, the others also set all biases to 0.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        *,
        width: Annotated[int, Field(ge=1)] = 16,
        depth: Annotated[int, Field(ge=1, le=8)] = 4,
        convolutions: Annotated[int, Field(ge=1)] = 2,
        skips: bool = True,
        up: Up = "transposed",
        attention: bool = False,
        residual: bool = False,
        norm: Norm = "batch",
        activation: Activation = "relu",
        dropout: Rate = 0.0,
        init: Init = "default",
    ) -> None:
        super().__init__()
        pick(SCHEMES, init, "init")
        check_pixels(input_shape, num_outputs, residual)
        if attention and not skips:
            raise RecipeError("attention gates weigh the skips, and there are none", hint="set model.attention=false")
        self.init, self.multiple, self.residual = init, 2**depth, residual
        self.backbone = ("down.0", *(path for place in range(depth) for path in ("pooling", f"down.{place + 1}")))
        widths = [width * 2**level for level in range(depth + 1)]

        def level(channels: int, width: int) -> nn.Sequential:
            return conv_layers(channels, width, convolutions, norm=norm, activation=activation)

        self.down = nn.ModuleList(level(before, after) for before, after in pairwise((input_shape[0], *widths)))
        self.pooling = nn.MaxPool2d(2)
        self.dropout = nn.Dropout2d(dropout)
        self.up = nn.ModuleList(pick(UP, up, "up")(2 * w, w) for w in reversed(widths[:-1]))
        self.joined = nn.ModuleList(level(w * (1 + skips), w) for w in reversed(widths[:-1]))
        gated = [Gate(w) if attention else nn.Identity() for w in reversed(widths[:-1])] if skips else []
        self.gates = nn.ModuleList(gated)
        self.output = nn.Conv2d(width, num_outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, num_outputs, H, W)."""
        height, width = x.shape[2:]
        seen = [self.down[0](padded(x, self.multiple))]
        for level in list(self.down)[1:]:
            seen.append(level(self.pooling(seen[-1])))
        below = self.dropout(seen.pop())
        for place, (up, joined) in enumerate(zip(self.up, self.joined, strict=True)):
            below = joined(self._join(place, up(below), seen.pop()))
        out: Tensor = self.output(below)[..., :height, :width]
        return out + x if self.residual else out

    def _join(self, place: int, below: Tensor, skip: Tensor) -> Tensor:
        """What comes from below (B, w, H, W), beside the skip of this level if there are skips."""
        if not self.gates:
            return below
        gate = self.gates[place]
        return torch.cat([gate(skip, below) if isinstance(gate, Gate) else skip, below], 1)


class Gate(nn.Module):
    """Additive attention: s·σ(ψᵀ ReLU(W_s s + W_b b)) goes on, for every pixel (Oktay et al., 2018, eq. 1–2)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        inner = max(1, width // 2)
        self.skip, self.below = nn.Conv2d(width, inner, 1), nn.Conv2d(width, inner, 1, bias=False)
        self.score = nn.Conv2d(inner, 1, 1)

    def forward(self, skip: Tensor, below: Tensor) -> Tensor:
        """Weigh a skip (B, w, H, W) by what comes from below (B, w, H, W)."""
        score: Tensor = self.score(F.relu(self.skip(skip) + self.below(below)))  # (B, 1, H, W)
        return skip * score.sigmoid()


def conv_layers(channels: int, width: int, count: int, *, norm: str, activation: str) -> nn.Sequential:
    """Convolutions of 3 × 3 that keep the size."""
    layers = nn.Sequential()
    for before, after in pairwise((channels, *[width] * count)):
        layers.append(Conv(before, after, kernel=3, stride=1, norm=norm, activation=activation))
    return layers


def padded(x: Tensor, multiple: int) -> Tensor:
    """Continue pictures (B, C, H, W) by their last row and column until both sides are a multiple of a number."""
    below, right = (-x.shape[2] % multiple, -x.shape[3] % multiple)
    return F.pad(x, (0, right, 0, below), mode="replicate") if below or right else x


def check_pixels(input_shape: tuple[int, ...], num_outputs: int, residual: bool) -> None:
    """Refuse what is no picture, and outputs that cannot be added to it."""
    if len(input_shape) != 3:
        raise RecipeError("a network for pixels takes pictures (channels, height, width)", got=input_shape)
    if residual and input_shape[0] != num_outputs:
        got = f"{input_shape[0]} channels in, {num_outputs} out"
        raise RecipeError("model.residual needs as many outputs as inputs", got=got, hint="set model.residual=false")
