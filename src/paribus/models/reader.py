"""Networks that read what is written in a picture, in columns from left to right or at numbered places."""

from __future__ import annotations

from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from paribus.errors import RecipeError
from paribus.models.blocks import Conv, Norm, Rate
from paribus.models.geometry import picture

POOLS = ((2, 2), (2, 2), (2, 1), (2, 1))  # height and width, behind each stage: a column is four pixels wide


class TextReader(nn.Module):
    """Convolutions that make a vector of every four pixels of a line, and an answer for each, or for each place.

    For texts in columns there is an answer for each of the W/4 vectors, as CTC wants them. For numbered places each
    place has a question of its own, and looks at all vectors as attention does: shares softmax(question · vector).

    Args:
        input_shape: channels, height and width of a picture of a line.
        num_outputs: numbers for each column or place: one for each character, and one for none.
        slots: how many places there are; 0 for columns.
        widths: channels of the four stages.
        context: columns to each side that an answer looks at, beside those that its convolutions see.
        norm: normalisation after each convolution.
        dropout: share of the vectors' entries that is set to zero at random, in training only.
    """

    left_out: ClassVar[tuple[str, ...]] = ("places",)  # by columns that start from a run that read at places

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        slots: int = 0,
        *,
        widths: tuple[Annotated[int, Field(ge=1)], ...] = (24, 48, 96, 128),
        context: Annotated[int, Field(ge=0)] = 3,
        norm: Norm = "batch",
        dropout: Rate = 0.1,
    ) -> None:
        super().__init__()
        channels, height, width = picture(input_shape, "a reader")
        if height < 16 or width < 16 or len(widths) != len(POOLS):
            rule = f"a reader has {len(POOLS)} stages and takes pictures of 16×16 pixels or more"
            raise RecipeError(rule, got=f"{height}×{width} pixels, {len(widths)} widths", hint="set data.size=[48,128]")
        self.stages = nn.Sequential()
        for wide, pool in zip(widths, POOLS, strict=True):
            self.stages.append(Conv(channels, wide, kernel=3, stride=1, norm=norm, activation="relu"))
            self.stages.append(nn.MaxPool2d(pool))
            channels = wide
        self.join = nn.Conv1d(channels * (height // 16), channels, 1)
        self.look = nn.Conv1d(channels, channels, 2 * context + 1, padding=context)
        self.dropout = nn.Dropout(dropout)
        self.places = Places(slots, width // 4, channels) if slots else None
        self.output = nn.Linear(channels, num_outputs)

    @property
    def head_modules(self) -> tuple[str, ...]:
        """What stands on the features, so that places can start from a run that read in columns."""
        return ("output", "places") if self.places else ("output",)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, W/4, num_outputs), or to (B, slots, num_outputs)."""
        found = self.stages(x).flatten(1, 2)  # (B, channels · H/16, W/4)
        vectors = self.look(self.join(found).relu()).relu().transpose(1, 2)  # (B, W/4, channels)
        if self.places is not None:
            vectors = self.places(vectors)
        out: Tensor = self.output(self.dropout(vectors))
        return out


class Places(nn.Module):
    """Questions of numbered places to the vectors of a line: (B, T, channels) to (B, slots, channels)."""

    def __init__(self, slots: int, columns: int, channels: int) -> None:
        super().__init__()
        self.questions, self.where = (nn.Parameter(torch.empty(n, channels)) for n in (slots, columns))
        self.key = nn.Linear(channels, channels)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Small random questions and places of columns."""
        for one in (self.questions, self.where):
            nn.init.normal_(one, std=0.5)

    def forward(self, vectors: Tensor) -> Tensor:
        """What each place finds."""
        asked = self.key(vectors) + self.where  # (B, T, channels)
        shares = torch.einsum("sc,btc->bst", self.questions, asked) / asked.shape[2] ** 0.5
        found: Tensor = shares.softmax(2) @ vectors
        return found
