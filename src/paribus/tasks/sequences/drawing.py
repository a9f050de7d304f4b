"""Text drawn from a network, token by token."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def continued(
    network: nn.Module,
    tokens: Tensor,
    length: int,
    known: int,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float = 1.0,
) -> Tensor:
    """Tokens (B, length) that follow the given ones (B, T), each drawn from what the network expects.

    Args:
        network: gives logits at every position. One with a method ``advance`` keeps its state; others read all again,
            or as many of the last tokens as they ``reach``.
        tokens: the beginning, at least one token.
        length: how many to draw.
        known: only tokens below this number are drawn.
        temperature, top_k, top_p: see :func:`chances`.
    """
    model = getattr(network, "model", network)
    advance, reach = getattr(model, "advance", None), getattr(model, "reach", 0)
    state, seen = None, tokens
    drawn: list[Tensor] = []
    for _ in range(length):
        if advance is None:
            logits = network(torch.cat([tokens, *drawn], 1)[:, -reach:])
        else:
            logits, state = advance(seen, state)
        shares = chances(logits[:, -1, :known].float(), temperature, top_k, top_p)
        seen = torch.multinomial(shares, 1)
        drawn.append(seen)
    return torch.cat(drawn, 1)


def chances(logits: Tensor, temperature: float = 1.0, top_k: int | None = None, top_p: float = 1.0) -> Tensor:
    """Probabilities (B, V) from which the next token is drawn.

    Args:
        logits: (B, V).
        temperature: p ∝ exp(logit / temperature).
        top_k: only the k likeliest keep a probability.
        top_p: only the likeliest keep one, as few as have this much together (Holtzman et al., 2020).
    """
    order = logits.argsort(-1, descending=True)
    shares = (logits / temperature).softmax(-1).gather(-1, order)  # falling
    before = shares.cumsum(-1) - shares  # what the likelier ones have
    dropped = before >= top_p
    if top_k is not None:
        dropped[:, top_k:] = True
    shares = shares.masked_fill(dropped, 0.0)
    return torch.zeros_like(shares).scatter(-1, order, shares / shares.sum(-1, keepdim=True))
