"""Stages of convolutions that halve a picture, and the same stages back."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from torch import nn

from paribus.errors import RecipeError
from paribus.models.blocks import CANCEL_BIAS, NORMS, pick
from paribus.models.spectral import CONV

Activation = Callable[[], nn.Module]


def smallest(input_shape: tuple[int, ...], stages: int) -> tuple[int, int]:
    """Height and width of a picture that was halved this many times.

    Raises:
        RecipeError: if the examples are no pictures, or a side cannot be halved so often.
    """
    if len(input_shape) != 3:
        rule = "convolutions take pictures (channels, height, width)"
        raise RecipeError(rule, got=input_shape, hint="use model=vae or model=gan for examples that are not pictures")
    _, height, width = input_shape
    if height % 2**stages or width % 2**stages:
        rule = f"{stages} stages halve a picture {stages} times, so its sides must be divisible by {2**stages}"
        raise RecipeError(rule, got=f"{height}×{width} pictures", hint="give fewer model.widths")
    return height // 2**stages, width // 2**stages


def down(channels: tuple[int, ...], *, norm: str, activation: Activation, spectral: bool = False) -> nn.Sequential:
    """(B, channels[0], H, W) → (B, channels[-1], H/2ⁿ, W/2ⁿ) in n convolutions of kernel 4 and stride 2."""
    layers = nn.Sequential()
    for before, width in pairwise(channels):
        conv = CONV[spectral](before, width, 4, stride=2, padding=1)
        layers.append(_stage(conv, width, norm, activation))
    return layers


def up(channels: tuple[int, ...], *, norm: str, activation: Activation) -> nn.Sequential:
    """(B, channels[0], h, w) → (B, channels[-1], 2ⁿh, 2ⁿw) in n transposed convolutions; the last stays linear."""
    layers = nn.Sequential()
    for place, (before, width) in enumerate(pairwise(channels), start=2):
        last = place == len(channels)
        conv = nn.ConvTranspose2d(before, width, 4, stride=2, padding=1, bias=last or norm not in CANCEL_BIAS)
        layers.append(conv if last else _stage(conv, width, norm, activation))
    return layers


def _stage(conv: nn.Module, width: int, norm: str, activation: Activation) -> nn.Sequential:
    stage = nn.Sequential()
    stage.add_module("conv", conv)
    stage.add_module("norm", pick(NORMS, norm, "norm")(width))
    stage.add_module("activation", activation())
    return stage
