"""Sequences that a network writes token by token: the likeliest token each time, or the best of several beginnings."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from paribus.data.sources.pairs.tokens import BEGIN, END, PAD, UNKNOWN

Say = Callable[[Tensor], Tensor]  # tokens (n, t) that were written, begun by BEGIN → logits (n, V) of the next one
NEVER = [PAD, BEGIN, UNKNOWN]  # tokens that are not written


def likeliest(say: Say, count: int, longest: int, device: torch.device | str = "cpu") -> Tensor:
    """The likeliest token each time, until all have ended: (count, t ≤ longest), filled up with PAD behind END."""
    written = torch.full((count, 1), BEGIN, device=device)
    ended = torch.zeros(count, dtype=torch.bool, device=device)
    for _ in range(longest):
        logits = say(written)
        logits[:, NEVER] = -torch.inf
        following = logits.argmax(-1).masked_fill(ended, PAD)
        written = torch.cat([written, following[:, None]], 1)
        ended = ended | (following == END)
        if bool(ended.all()):
            break
    return written[:, 1:]


def best_of(
    say: Say, count: int, longest: int, beam: int, penalty: float, device: torch.device | str = "cpu"
) -> Tensor:
    """The best of the beginnings that a beam search keeps: (count, t ≤ longest), filled up with PAD behind END.

    A sequence scores log p / ((5 + length) / 6)^penalty (Wu et al., 2016); with 0 the likeliest one wins, which is
    short. All sequences stop at ``longest``.

    Args:
        say: rows b·beam … b·beam + beam − 1 are those of sequence b.
        count: how many sequences.
        longest: tokens of the longest one, its end included.
        beam: beginnings that are kept of each.
        penalty: how much long ones are favoured.
        device: where.
    """
    written = torch.full((count * beam, 1), BEGIN, device=device)
    sums = torch.full((count, beam), -torch.inf, device=device)  # of the log-probabilities
    sums[:, 0] = 0.0  # all beams begin alike, so one of them counts
    ended = torch.zeros(count, beam, dtype=torch.bool, device=device)
    lengths = torch.zeros(count, beam, device=device)
    for _ in range(longest):
        logits = say(written).float()
        logits[:, NEVER] = -torch.inf
        gains = logits.log_softmax(-1).unflatten(0, (count, beam))  # (count, beam, V)
        resting = torch.full_like(gains[0, 0], -torch.inf)
        resting[PAD] = 0.0  # what has ended goes on with nothing, at no cost
        gains = torch.where(ended[..., None], resting, gains)
        longer = lengths + ~ended
        totals = sums[..., None] + gains
        scores = totals / ((5 + longer[..., None]) / 6) ** penalty
        places = scores.flatten(1).topk(beam, 1).indices  # (count, beam)
        origin, tokens = places // gains.shape[-1], places % gains.shape[-1]
        rows = (torch.arange(count, device=device)[:, None] * beam + origin).flatten()
        written = torch.cat([written[rows], tokens.flatten()[:, None]], 1)
        sums = totals.flatten(1).gather(1, places)
        lengths, ended = longer.gather(1, origin), ended.gather(1, origin) | (tokens == END)
        if bool(ended.all()):
            break
    best = (sums / ((5 + lengths) / 6) ** penalty).argmax(1)
    chosen: Tensor = written.unflatten(0, (count, beam))[torch.arange(count, device=device), best, 1:]
    return chosen
