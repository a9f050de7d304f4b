"""How large a network is."""

from __future__ import annotations

from torch import nn


def count_parameters(model: nn.Module, *, trainable: bool = False) -> int:
    """Number of parameters, shared ones once; with ``trainable`` only those that receive gradients."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad or not trainable)
