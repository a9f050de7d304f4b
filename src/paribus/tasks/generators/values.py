"""Stored values as generators see them, and back."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from paribus.data.info import DataInfo
from paribus.errors import RecipeError
from paribus.models.network import Network


def unit(network: nn.Module, inputs: Tensor) -> Tensor:
    """Pixels from 0 to 1; other quantities standardised."""
    return inputs.float().div_(255) if inputs.dtype == torch.uint8 else _quantities(network, inputs)


def signed(network: nn.Module, inputs: Tensor) -> Tensor:
    """Pixels from −1 to 1; other quantities standardised."""
    return inputs.float().div_(127.5).sub_(1) if inputs.dtype == torch.uint8 else _quantities(network, inputs)


def standardised(network: nn.Module, inputs: Tensor) -> Tensor:
    """Stored quantities as the network scales them."""
    assert isinstance(network, Network)
    return network.scaled(inputs)


def _quantities(network: nn.Module, inputs: Tensor) -> Tensor:
    """Standardised by the data's own moments: generated ones are brought back by them."""
    if hasattr(network.model, "input_scaling"):
        rule = "generated examples that are no pictures are scaled by the data's own mean and deviation"
        raise RecipeError(rule, got="a model with input_scaling", hint="leave input_scaling out of the model")
    return standardised(network, inputs)


def pixels(values: Tensor, low: float = 0.0) -> Tensor:
    """Values from ``low`` to 1 as uint8 pixels, the nearest ones."""
    return ((values.float() - low) * (255 / (1 - low))).clamp(0, 255).round().byte()


def original(info: DataInfo, values: Tensor) -> Tensor:
    """Standardised quantities (B, *input_shape) in the units in which they are stored."""
    shape = (-1, *(1 for _ in info.input_shape[1:]))
    mean, deviation = (torch.tensor(it, device=values.device).view(shape) for it in (info.mean, info.deviation))
    return values.float() * deviation + mean


def between(start: Tensor, end: Tensor, stops: int) -> Tensor:
    """Codes on straight lines, (B, latent) twice → (B, stops, latent)."""
    shares = torch.linspace(0, 1, stops, device=start.device)[None, :, None]
    return start[:, None] + shares * (end - start)[:, None]
