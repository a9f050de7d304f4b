"""The vision transformer."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from paribus.errors import RecipeError
from paribus.models.attention import Attention
from paribus.models.blocks import ACTIVATIONS, FINAL_ACTIVATIONS, Activation, FinalActivation, Rate, pick
from paribus.models.geometry import picture
from paribus.models.initialisation import SCHEMES, Init

Count = Annotated[int, Field(ge=1)]


class ViT(nn.Module):
    """A vision transformer (Dosovitskiy et al., 2021): patches of a picture as words of a sentence.

    Each layer normalises before its attention and before its two fully connected layers. Patch 16, width 768, depth 12
    and 12 heads are the published ViT-B/16.

    Args:
        input_shape: channels, height and width of a picture.
        num_outputs: how many numbers the network gives for each picture.
        patch: height and width of a patch, which divide those of the picture.
        width: numbers that stand for a patch.
        depth: layers.
        heads: heads of the attention in each layer, which divide the width.
        expansion: hidden units of the fully connected layers, as a multiple of the width.
        pooling: what the output is read from, the learned class token or the mean over all patches.
        positions: whether a learned vector says where each patch was; without, the patches are a bag without order.
        activation: function between the two fully connected layers.
        dropout: share of what each layer adds that is set to zero at random, in training only.
        init: scheme of the initial weights; default is torch's own, the others also set all biases to 0.
        final_activation: function after the last layer, before the loss; none gives logits.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        *,
        patch: Count = 4,
        width: Count = 192,
        depth: Count = 6,
        heads: Count = 3,
        expansion: Annotated[float, Field(gt=0)] = 4.0,
        pooling: Literal["token", "average"] = "token",
        positions: bool = True,
        activation: Activation = "gelu",
        dropout: Rate = 0.0,
        init: Init = "default",
        final_activation: FinalActivation = "none",
    ) -> None:
        super().__init__()
        pick(SCHEMES, init, "init")
        check_patches(input_shape, patch)
        if width % heads:
            rule = "the heads share the width of a vision transformer evenly"
            raise RecipeError(rule, got=f"model.width={width}, model.heads={heads}", hint="make heads divide the width")
        self.init = init
        channels, height, breadth = input_shape
        self.patches = nn.Conv2d(channels, width, patch, stride=patch)
        self.token = nn.Parameter(torch.zeros(width)) if pooling == "token" else None
        count = (height // patch) * (breadth // patch) + (pooling == "token")
        self.positions = nn.Parameter(torch.zeros(count, width)) if positions else None
        self.dropout = nn.Dropout(dropout)
        hidden = max(1, round(expansion * width))
        self.layers = nn.Sequential(*(Layer(width, heads, hidden, activation, dropout) for _ in range(depth)))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.output = nn.Linear(width, num_outputs)
        self.final = pick(FINAL_ACTIVATIONS, final_activation, "final_activation")()
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw what is no layer's: a class token of zeros, positions of deviation 0.02."""
        if self.token is not None:
            nn.init.zeros_(self.token)
        if self.positions is not None:
            nn.init.normal_(self.positions, std=0.02)

    def features(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to a vector for each patch, (B, patches, width), the class token before them."""
        x = self.patches(x).flatten(2).transpose(1, 2)
        if self.token is not None:
            x = torch.cat([self.token.expand(len(x), 1, -1), x], 1)
        if self.positions is not None:
            x = x + self.positions
        out: Tensor = self.norm(self.layers(self.dropout(x)))
        return out

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, num_outputs)."""
        vectors = self.features(x)
        read = vectors.mean(1) if self.token is None else vectors[:, 0]
        out: Tensor = self.final(self.output(read))
        return out


class PatchMap(ViT):
    """A vision transformer that gives what it finds at each patch in the patch's place, and has no last layer.

    Args:
        input_shape: channels, height and width of a picture, both sides multiples of 16 pixels.
        num_outputs: of the net that it is taken from; it has none.
    """

    multiple = 16  # pixels of a patch, as of the published ViT-B/16

    def __init__(self, input_shape: tuple[int, ...], num_outputs: int) -> None:
        super().__init__(input_shape, num_outputs, patch=self.multiple, pooling="average")
        del self.output, self.final

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, width, H/16, W/16)."""
        grid = x.shape[2] // self.multiple, x.shape[3] // self.multiple
        out: Tensor = self.features(x).transpose(1, 2).unflatten(2, grid)
        return out


class Layer(nn.Module):
    """Attention, then two fully connected layers, each added to what came in: (B, T, width) to the same."""

    def __init__(self, width: int, heads: int, hidden: int, activation: str, dropout: float) -> None:
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(width, eps=1e-6), Attention(width, heads)
        self.norm2, self.first = nn.LayerNorm(width, eps=1e-6), nn.Linear(width, hidden)
        self.activation = pick(ACTIVATIONS, activation, "activation")()
        self.second = nn.Linear(hidden, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """What the two add."""
        x = x + self.dropout(self.attention(self.norm1(x)))
        out: Tensor = x + self.dropout(self.second(self.activation(self.first(self.norm2(x)))))
        return out


def check_patches(input_shape: tuple[int, ...], patch: int) -> None:
    """Refuse pictures that cannot be cut into whole patches."""
    picture(input_shape, "a vision transformer")
    _, height, width = input_shape
    if height % patch or width % patch:
        rule = f"a picture is cut into whole patches, so {patch} must divide its height and its width"
        fitting = [str(size) for size in range(1, min(height, width) + 1) if height % size == width % size == 0]
        hint = f"set model.patch to one of {', '.join(fitting)}"
        raise RecipeError(rule, got=f"{height}×{width} pictures, model.patch={patch}", hint=hint)
