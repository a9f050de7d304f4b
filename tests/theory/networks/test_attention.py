"""Attention, soft and hard, and dropout, against torch."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from paribus.errors import TheoryError
from paribus.theory.networks import attention, dropout, two_heads


def head(rng):
    t, s, d, e = map(int, rng.integers(1, 6, size=4))
    values = {"Q": (t, d), "K": (s, d), "V": (s, e), "G": (t, e)}
    return {**{name: rng.normal(size=shape) for name, shape in values.items()}, "d": d}


def torch_gradients(values, hard):
    leaves = {name: torch.tensor(values[name], requires_grad=True) for name in "QKV"}
    scores = leaves["Q"] @ leaves["K"].T / values["d"] ** 0.5
    if hard:
        weights = torch.nn.functional.one_hot(scores.argmax(-1), scores.shape[1]).double()
        out = weights @ leaves["V"]
    else:
        out = torch.nn.functional.scaled_dot_product_attention(leaves["Q"], leaves["K"], leaves["V"])
    out.backward(torch.tensor(values["G"]))
    return {name: None if leaf.grad is None else leaf.grad.numpy() for name, leaf in leaves.items()}


def test_T21_softmax_equals_torch(pasted):
    found, rng = attention(), np.random.default_rng(0)
    for _ in range(20):
        values = head(rng)
        names = pasted(found, values)
        for name, expected in torch_gradients(values, hard=False).items():
            assert names[f"d{name}"] == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_a_causal_mask_is_torchs(pasted):
    found, rng = attention(causal=True), np.random.default_rng(2)
    for _ in range(10):
        values = head(rng)
        values |= {name: rng.normal(size=(len(values["Q"]), values[name].shape[1])) for name in "KV"}
        leaves = {name: torch.tensor(values[name], requires_grad=True) for name in "QKV"}
        out = torch.nn.functional.scaled_dot_product_attention(*leaves.values(), is_causal=True)
        out.backward(torch.tensor(values["G"]))
        names = pasted(found, values)
        for name, leaf in leaves.items():
            assert names[f"d{name}"] == pytest.approx(leaf.grad.numpy(), rel=1e-9, abs=1e-12)


def test_two_heads_are_torchs(pasted):
    """By ``nn.MultiheadAttention``, which keeps the heads side by side and transposed."""
    rng, t, d = np.random.default_rng(3), 4, 3
    sizes = {"X": (t, 2 * d), "G": (t, 2 * d)}
    sizes |= {f"W{letter}{i}": (d, 2 * d) if letter == "O" else (2 * d, d) for i in (1, 2) for letter in "QKVO"}
    values = {name: rng.normal(size=shape) for name, shape in sizes.items()}
    names = pasted(two_heads(values), {**values, "d": d})
    twin = torch.nn.MultiheadAttention(2 * d, 2, bias=False, batch_first=True, dtype=torch.float64)
    sides = {
        letter: np.concatenate([values[f"W{letter}{i}"] for i in (1, 2)], int(letter != "O")).T for letter in "QKVO"
    }
    twin.in_proj_weight.data = torch.tensor(np.concatenate([sides[letter] for letter in "QKV"]))
    twin.out_proj.weight.data = torch.tensor(sides["O"])
    x = torch.tensor(values["X"][None], requires_grad=True)
    twin(x, x, x)[0].backward(torch.tensor(values["G"][None]))
    np.testing.assert_allclose(names["dX"], x.grad[0], rtol=1e-9, atol=1e-12)
    ours = [np.concatenate([names[f"dW{letter}{i}"] for i in (1, 2)], int(letter != "O")).T for letter in "QKVO"]
    np.testing.assert_allclose(np.concatenate(ours[:3]), twin.in_proj_weight.grad, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(ours[3], twin.out_proj.weight.grad, rtol=1e-9, atol=1e-12)


def test_masks_and_heads_that_do_not_fit():
    with pytest.raises(TheoryError, match="a key for each query"):
        attention({"Q": [[1]], "K": [[1], [2]], "V": [[1], [2]]}, causal=True)
    with pytest.raises(TheoryError, match=r"X has the shape \(1, 2\)"):
        two_heads({name: [[1.0]] for name in ("X", *(f"W{letter}{i}" for i in (1, 2) for letter in "QKVO"))})


def test_T21_argmax_gives_the_scores_exactly_nothing(pasted):
    found, rng = attention(hard=True), np.random.default_rng(1)
    for _ in range(20):
        values = head(rng)
        names, expected = pasted(found, values), torch_gradients(values, hard=True)
        assert expected["Q"] is None  # torch finds no path from the loss to the scores
        assert expected["K"] is None
        assert not names["dS"].any()
        assert not names["dQ"].any()
        assert not names["dK"].any()
        assert names["dV"] == pytest.approx(expected["V"], rel=1e-12)


def test_T21_softmax_cools_down_to_argmax():
    temperatures, rows, largest = zip(*attention(hard=True).tables[1].rows, strict=True)
    assert list(temperatures) == sorted(temperatures, reverse=True)
    assert largest[-1] < 1e-4 < largest[0]
    assert max(map(float, rows[-1].strip("[]").split(","))) == pytest.approx(1)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"Q": [[1, 2]], "K": [[1, 2]]}, "without V"),
        ({"Q": [[1, 2]], "K": [[1]], "V": [[1]]}, "queries and keys of one width"),
        ({"Q": [[1, 2]], "K": [[1, 2]], "V": [[1], [2]]}, "a value for each key"),
        ({"Q": [[1]], "K": [[1]], "V": [[1]], "G": [[1, 2]]}, "shape of the outputs"),
        ({"Q": [[1]], "K": [[1], [1]], "V": [[1], [2]]}, "at a tie"),
    ],
)
def test_heads_that_do_not_fit(values, message):
    with pytest.raises(TheoryError, match=message):
        attention(values, hard=True)


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.9])
def test_S3_dropout_equals_torch_and_its_mean_over_all_masks_is_x(rate, pasted):
    found, rng = dropout(rate=rate), np.random.default_rng(0)
    x, above = rng.normal(size=4), rng.normal(size=4)
    mean, second = np.zeros(4), np.zeros(4)
    for mask in map(np.array, product((0.0, 1.0), repeat=4)):
        names = pasted(found, {"X": x, "M": mask, "G": above})
        leaf = torch.tensor(x, requires_grad=True)
        (leaf * torch.tensor(mask) / (1 - rate)).backward(torch.tensor(above))
        assert names["dX"] == pytest.approx(leaf.grad.numpy(), rel=1e-12)
        chance = np.prod(np.where(mask == 1, 1 - rate, rate))
        mean, second = mean + chance * names["Y"], second + chance * names["Y"] ** 2
    assert mean == pytest.approx(names["E"])
    assert second - mean**2 == pytest.approx(names["V"], abs=1e-14)


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_rates_that_are_none(rate):
    with pytest.raises(TheoryError, match="rate of dropout"):
        dropout(rate=rate)
    with pytest.raises(TheoryError, match="shape of X"):
        dropout([1.0, 2.0], upstream=[1.0])
