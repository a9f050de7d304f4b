"""Recurrent networks: sizes, what each step sees, and states that are carried on."""

from __future__ import annotations

import itertools

import pytest
import torch
from tests.models.fields import sees
from torch import nn

from paribus.errors import RecipeError
from paribus.models.initialisation import initialise
from paribus.models.recurrent import GRU, LSTM, RNN, Recurrent
from paribus.models.size import count_parameters

CELLS = {LSTM: 4, GRU: 3, RNN: 1}  # gates, each with two matrices and two biases


def made(model: nn.Module) -> nn.Module:
    initialise(model, 1)
    return model.eval()


@pytest.mark.parametrize(("kind", "gates"), CELLS.items())
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("depth", [1, 2])
def test_the_parameters_of_a_recurrent_network(kind, gates, bidirectional, depth):
    width, ways = 5, 2 if bidirectional else 1
    net = kind((3, 7), 4, (2, 2), width=width, depth=depth, bidirectional=bidirectional)
    sizes = [3, *[ways * width] * (depth - 1)]
    cells = sum(ways * gates * (width * before + width * width + 2 * width) for before in sizes)
    assert count_parameters(net) == cells + 4 * ways * width + 4
    assert net(torch.randn(6, 3, 7)).shape == (6, 4)


@pytest.mark.parametrize("kind", CELLS)
def test_tokens_are_answered_each(kind):
    tokens = torch.randint(9, (6, 7))
    assert kind((7,), 4, (7,), 9, width=5)(tokens).shape == (6, 7, 4)
    assert kind((7,), 4, (), 9, width=5)(tokens).shape == (6, 4)  # many to one


@pytest.mark.parametrize(("kind", "both"), list(itertools.product(CELLS, [False, True])))
def test_who_reads_in_both_directions_sees_everything(kind, both):
    net = made(kind((2, 6), 1, (6,), width=4, bidirectional=both))
    seen = sees(net, 6, torch.randn(3, 2, 6), axis=2)
    assert torch.equal(seen, torch.ones(6, 6, dtype=torch.bool) if both else torch.ones(6, 6).tril().bool())


def test_the_end_of_each_direction_is_what_torch_gives():
    net = made(LSTM((3, 7), 4, (), width=5, depth=2, bidirectional=True))
    x = torch.randn(2, 3, 7)
    outputs, _ = net.layers(x.transpose(1, 2))
    ends = torch.cat([outputs[:, -1, :5], outputs[:, 0, 5:]], 1)  # forwards at the end, backwards at the beginning
    torch.testing.assert_close(net(x), net.output(ends))


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("cut", [1, 4, 6])
def test_a_state_carried_on_is_a_text_read_at_once(kind, cut):
    net = made(kind((7,), 9, (7,), 9, width=5, depth=2))
    tokens = torch.randint(9, (3, 7))
    whole = net(tokens)
    first, state = net.advance(tokens[:, :cut], None)
    second, _ = net.advance(tokens[:, cut:], state)
    torch.testing.assert_close(torch.cat([first, second], 1), whole)


def test_who_reads_in_both_directions_cannot_go_on():
    with pytest.raises(RecipeError, match="sees the tokens that it is to foretell"):
        LSTM((7,), 9, (7,), 9, bidirectional=True).advance(torch.zeros(1, 7, dtype=torch.int64), None)


def test_the_wrong_axis_takes_columns_for_steps():
    net = made(LSTM((3, 7), 4, (), width=5, axis="features"))
    assert net.layers.input_size == 7
    x = torch.randn(2, 3, 7)
    torch.testing.assert_close(net(x), net.output(net.layers(x)[0][:, -1]))


def test_a_tied_layer_shares_the_vectors_of_the_tokens():
    tied, free = (LSTM((7,), 9, (7,), 9, width=5, embedding=4, tie=tie) for tie in (True, False))
    assert count_parameters(tied) == count_parameters(free) - (5 * 9) + 5 * 4  # a projection instead of the weights
    assert len(list(tied.state_dict())) == len({value.data_ptr() for value in tied.state_dict().values()})
    net = made(tied)
    logits = net(torch.randint(9, (2, 7)))
    net.reader.embedding.weight.data[3] *= 2
    assert logits.shape == (2, 7, 9)
    found = net.output(torch.ones(1, 5))
    vectors = net.reader.embedding.weight
    torch.testing.assert_close(found, net.output.project(torch.ones(1, 5)) @ vectors.T + net.output.bias)
    with pytest.raises(RecipeError, match="outputs that are the tokens"):
        LSTM((3, 7), 4, (2, 2), tie=True)


def test_only_its_cells_can_be_built():
    assert not hasattr(Recurrent, "cell")
