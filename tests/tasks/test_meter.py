"""Means over examples, however they come in batches."""

import pytest
import torch

from paribus.data.deliver.loader import Batch
from paribus.tasks.meter import Means, added


def batch(size: int) -> Batch:
    return Batch(torch.zeros(size, 1), torch.zeros(size), torch.arange(size))


def test_every_example_counts_the_same():
    values = torch.linspace(0, 5, 11)
    meter = Means(lambda outputs, batch: {"square": outputs.square().mean()})
    for piece in values.split([2, 8, 1]):
        meter.update("model", piece.mean(), piece, batch(len(piece)))
    assert meter.figures() == pytest.approx({"loss": float(values.mean()), "square": float(values.square().mean())})


def test_stages_have_losses_of_their_own_and_saved_sums_go_on():
    whole, first = Means(), Means()
    for meter in (whole, first):
        meter.update("generator", torch.tensor(1.0), torch.zeros(2), batch(2))
        meter.update("critic", torch.tensor(3.0), torch.zeros(2), batch(2))
    second = Means()
    second.load(first.state())
    for meter in (whole, second):
        meter.update("critic", torch.tensor(9.0), torch.zeros(1), batch(1))
    assert second.figures() == whole.figures() == {"generator_loss": 1.0, "critic_loss": 5.0}


def test_the_states_of_several_processes_add_up():
    first = {"sums": {"loss": torch.tensor(1.0)}, "count": 2, "said": [1], "confusion": None}
    second = {"sums": {"loss": torch.tensor(2.0), "rare": torch.tensor(5)}, "count": 3, "said": [2], "confusion": None}
    expected = {"sums": {"loss": torch.tensor(3.0), "rare": torch.tensor(5)}, "count": 5, "said": [1, 2]}
    assert added([first, second]) == {**expected, "confusion": None}
    assert added([first]) == first
