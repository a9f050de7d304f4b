"""Weights as bytes: what the hash notices, and files that any library reads."""

import pytest
import torch

from paribus.models.weights import hash_of, pack

CHANGES = {
    "a value": lambda state: {**state, "a": state["a"] + 1e-7},
    "the sign of zero": lambda state: {**state, "b": -state["b"]},
    "a name": lambda state: {"A": state["a"], "b": state["b"]},
    "a type": lambda state: {**state, "b": state["b"].double()},
    "a shape": lambda state: {**state, "a": state["a"].view(3, 2)},
    "an entry": lambda state: {"a": state["a"]},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_hash_notices(change):
    state = {"a": torch.ones(2, 3), "b": torch.zeros(1)}
    assert hash_of(change(state)) != hash_of(state)


def test_the_hash_knows_no_order_and_no_layout():
    picture = torch.rand(2, 3, 4, 5)
    state = {"a": picture, "b": torch.ones(())}
    other = {"b": torch.ones(()), "a": picture.to(memory_format=torch.channels_last)}
    assert hash_of(state) == hash_of(other)


def test_packed_weights_are_plain_safetensors(tmp_path):
    from safetensors.torch import load

    state = {
        "a": torch.rand(2, 3, 4, 4).to(memory_format=torch.channels_last),
        "n": torch.tensor(3),
        "e": torch.zeros(0),
    }
    state |= {"same": state["a"], "part": state["a"][0]}
    loaded = load(pack(state))
    assert hash_of(loaded) == hash_of(state)
