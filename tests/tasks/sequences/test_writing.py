"""Writing token by token: greedy, and the best of several beginnings against all that there are."""

from __future__ import annotations

import itertools

import pytest
import torch
import torch.nn.functional as F

from paribus.data.sources.pairs.tokens import BEGIN, END, PAD
from paribus.tasks.sequences.writing import best_of, likeliest

LETTERS, LONGEST = (4, 5), 4
TABLE = torch.randn(2, 6, 6, generator=torch.Generator().manual_seed(3)) * 2  # sequence, token before → logits


def said(rows: torch.Tensor):
    """A network that knows only the last token: chains of Markov, one for each sequence."""
    return lambda before: TABLE[rows, before[:, -1]].clone()


def chance(sequence: int, tokens: tuple[int, ...]) -> float:
    logits = TABLE[sequence].clone()
    logits[:, [0, 1, 3]] = -torch.inf
    logs = logits.log_softmax(-1)
    return sum(float(logs[a, b]) for a, b in itertools.pairwise((BEGIN, *tokens)))


def everything() -> list[tuple[int, ...]]:
    """All sequences that end, and all that are cut off."""
    ended = [(*s, END) for n in range(LONGEST) for s in itertools.product(LETTERS, repeat=n)]
    return ended + list(itertools.product(LETTERS, repeat=LONGEST))


@pytest.mark.parametrize("penalty", [0.0, 0.6, 1.5])
def test_T21_a_wide_beam_finds_the_best_of_all_sequences(penalty):
    beam = 2**LONGEST
    found = best_of(said(torch.arange(2).repeat_interleave(beam)), 2, LONGEST, beam, penalty)
    for sequence in range(2):
        best = max(everything(), key=lambda s: chance(sequence, s) / ((5 + len(s)) / 6) ** penalty)
        assert tuple(t for t in found[sequence].tolist() if t != PAD) == best


def test_a_beam_of_one_takes_the_likeliest_token_each_time():
    rows = torch.arange(2)
    greedy, one = likeliest(said(rows), 2, LONGEST), best_of(said(rows), 2, LONGEST, 1, 0.6)
    torch.testing.assert_close(F.pad(greedy, (0, LONGEST - greedy.shape[1])), F.pad(one, (0, LONGEST - one.shape[1])))
    before = BEGIN
    for token in greedy[0].tolist():
        if before != END:
            logits = TABLE[0, before].clone()
            logits[[0, 1, 3]] = -torch.inf
            assert token == int(logits.argmax())
        else:
            assert token == PAD
        before = END if before == END else token
