"""Shares of batches."""

from __future__ import annotations

import pytest
import torch

from paribus import ranks
from paribus.data.deliver.loader import shared
from paribus.ranks import Share, even


@pytest.mark.parametrize("examples", [8, 13, 25])
@pytest.mark.parametrize(
    ("size", "pieces", "parts"), [(1, 1, 1), (2, 1, 1), (3, 1, 3), (2, 3, 2), (2, 1, 4), (4, 2, 4)]
)
def test_shares_of_all_processes_are_the_batch(examples, size, pieces, parts):
    shares = [Share(rank, size, pieces, parts) for rank in range(size)]
    spans = [share.spans(examples) for share in shares]
    for piece in zip(*spans, strict=True):
        assert [span.start for span in piece] == [sum(span.own for span in piece[:rank]) for rank in range(size)]
        assert sum(span.own for span in piece) == piece[0].of
    assert [piece[0].of for piece in zip(*spans, strict=True)] == even(examples, pieces)
    taken = [shared(examples, share)[0] for share in shares]
    if size == 1:
        assert taken == [None]
    else:
        assert sorted(torch.cat(taken).tolist()) == list(range(examples))


def test_shares_end_where_parts_end():
    assert even(10, 4) == [3, 3, 2, 2]
    assert [Share(rank, 2, parts=4).spans(10)[0].own for rank in range(2)] == [6, 4]


class Two:
    """A process beside another one that holds ones."""

    size = 2

    def whole(self, own: torch.Tensor) -> torch.Tensor:
        return torch.cat([own, torch.ones_like(own)])

    def total(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor + torch.tensor([6.0, 2.0])  # six tokens in two examples


def test_alone_everything_is_what_it_is():
    tensor = torch.arange(3)
    assert ranks.whole(tensor) is tensor
    assert ranks.as_share(tensor.sum(), 5) == 3
    assert ranks.as_share(torch.tensor(0), 5, least=1) == 1


def test_among_others_a_count_is_as_large_as_the_share_of_examples_says():
    with ranks.among(Two()):
        assert ranks.as_share(torch.tensor(2), 3) == pytest.approx((2 + 6) * 3 / 5)
        assert len(ranks.whole(torch.zeros(2))) == 4
    assert ranks.as_share(torch.tensor(2), 3) == 2
