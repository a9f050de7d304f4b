"""Draws of shares, against those of the whole batch."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from paribus.ranks import Span
from paribus.training.distributed.noise import Drawn

WHOLE, CUTS = 7, [(0, 4), (4, 3)]  # examples, and the shares of two processes
LAST = torch.channels_last
DRAWS: dict[str, Callable[[Tensor], Tensor]] = {
    "dropout": lambda x: F.dropout(x, 0.4),
    "channels": lambda x: F.dropout2d(x[..., None, None], 0.4),
    "columns": lambda x: F.dropout(x[:, :, None].repeat(1, 1, 3).transpose(1, 2), 0.4),
    "channels last": lambda x: F.dropout(x[:, :, None, None].repeat(1, 1, 3, 2).to(memory_format=LAST), 0.4),
    "normal": lambda x: torch.randn(len(x), 3),
    "like": torch.randn_like,
    "uniform": lambda x: torch.empty(len(x), 1).uniform_(2, 3),
    "integers": lambda x: torch.randint(100, (len(x),)),
    "pixels": lambda x: torch.bernoulli(x.sigmoid()),
    "second axis": lambda x: F.dropout(x.T.contiguous(), 0.4).T,
    "recurrent": lambda x: torch.rand(5, len(x)).T,
}


@pytest.mark.parametrize("name", DRAWS)
def test_each_share_draws_what_the_whole_batch_does(name):
    x = torch.randn(WHOLE, 5, generator=torch.Generator().manual_seed(1))
    torch.manual_seed(3)
    expected = DRAWS[name](x)
    state = torch.get_rng_state()
    found = []
    for start, own in CUTS:
        torch.manual_seed(3)
        with Drawn(Span(start, own, WHOLE)):
            found.append(DRAWS[name](x[start : start + own]))
        assert torch.equal(torch.get_rng_state(), state)  # so that what is drawn next is the same as well
    assert torch.equal(torch.cat(found), expected)


def test_two_views_one_behind_the_other_and_tokens_side_by_side():
    x = torch.ones(WHOLE, 2)
    torch.manual_seed(3)
    views, tokens = F.dropout(torch.cat([x, x]), 0.5), F.dropout(x.repeat_interleave(3, 0), 0.5)
    for start, own in CUTS:
        torch.manual_seed(3)
        with Drawn(Span(start, own, WHOLE)):
            part = x[:own]
            both = F.dropout(torch.cat([part, part]), 0.5)
            flat = F.dropout(part.repeat_interleave(3, 0), 0.5)
        end = start + own
        assert torch.equal(both, torch.cat([views[start:end], views[WHOLE + start : WHOLE + end]]))
        assert torch.equal(flat, tokens[3 * start : 3 * end])


def test_what_has_no_examples_is_drawn_as_it_is():
    torch.manual_seed(3)
    expected = torch.rand(()), torch.randperm(5)
    torch.manual_seed(3)
    with Drawn(Span(4, 3, WHOLE)):
        found = torch.rand(()), torch.randperm(5)
    assert all(map(torch.equal, found, expected))


def test_gradients_flow_through_a_share_as_through_the_whole():
    x = torch.randn(WHOLE, 5)
    torch.manual_seed(3)
    whole = x.clone().requires_grad_()
    F.dropout(whole, 0.4).square().sum().backward()
    torch.manual_seed(3)
    share = x[4:].clone().requires_grad_()
    with Drawn(Span(4, 3, WHOLE)):
        F.dropout(share, 0.4).square().sum().backward()
    assert torch.equal(share.grad, whole.grad[4:])
