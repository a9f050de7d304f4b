"""Chance is a pure function, and looks like chance."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from paribus.chance import STREAMS, Draws, Seeds, key, permutation, seeded, set_seed

N = 1 << 17
RARE = 1e-4  # the tests are deterministic: a p below this is a flaw, not bad luck; about 60 p values are looked at


def uniforms(key: int = 1, name: str = "x", n: int = N) -> np.ndarray:
    return Draws(key, torch.arange(n)).uniform(name).numpy().astype(np.float64)


def splitmix(x: int) -> int:
    """The published finaliser in unlimited integers, an oracle for the wrapping tensor arithmetic."""
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    x = (x ^ x >> 27) * 0x94D049BB133111EB % 2**64
    return x ^ x >> 31


@given(st.integers(0, 2**63 - 1), st.lists(st.integers(0, 2**40), min_size=1, max_size=5), st.text(max_size=5))
def test_uniform_is_the_published_function_of_key_name_and_index(number, index, name):
    drawn = Draws(number, torch.tensor(index)).uniform(name).tolist()
    expected = [splitmix((i * 0x9E3779B97F4A7C15 + key(number, name)) % 2**64) >> 40 for i in index]
    assert drawn == [bits / 2**24 for bits in expected]


def test_a_draw_does_not_depend_on_the_batch_or_on_what_was_drawn_before():
    whole = Draws(7, torch.arange(1000)).uniform("shift")
    index = permutation(3, 1000)
    draws = Draws(7, index)
    draws.uniform("other")
    pieces = [Draws(7, piece).uniform("shift") for piece in index.split(17)]
    assert torch.equal(torch.cat(pieces), whole[index])
    assert torch.equal(draws.uniform("shift"), whole[index])


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_draws_are_the_same_on_every_device():
    index = torch.arange(N)
    for kind, bounds in (("uniform", (-1.0, 1.0)), ("integers", (-4, 4)), ("chosen", (0.3,))):
        here, there = (getattr(Draws(7, index.to(device)), kind)("x", *bounds) for device in ("cpu", "cuda"))
        assert there.device.type == "cuda"
        assert torch.equal(here, there.cpu())
    assert permutation(7, 100).device.type == "cpu"


@pytest.mark.parametrize("number", [0, 1, 2**63 - 1])
def test_uniform_is_uniform(number):
    assert stats.kstest(uniforms(number), "uniform").pvalue > RARE


def test_every_bit_is_fair():
    bits = (uniforms() * 2**24).astype(np.int64)[:, None] >> np.arange(24) & 1
    table = bits.sum(axis=0)  # 24 binomial counts
    assert stats.chi2.sf(((table - N / 2) ** 2 / (N / 4)).sum(), df=24) > RARE


def test_pairs_of_bits_are_independent():
    bits = (uniforms(n=1 << 15) * 2**24).astype(np.int64)[:, None] >> np.arange(24) & 1
    off_diagonal = np.corrcoef(bits.T)[np.triu_indices(24, 1)]
    assert np.abs(off_diagonal).max() < 5 / np.sqrt(1 << 15)  # 276 correlations of standard deviation 1/√n


@pytest.mark.parametrize("lag", [1, 2, 16, 64, 1024])
def test_neighbours_are_independent(lag):
    drawn = uniforms()
    correlation = np.corrcoef(drawn[:-lag], drawn[lag:])[0, 1]
    assert abs(correlation) < 4 / np.sqrt(N)


def test_streams_names_and_neighbouring_seeds_are_independent():
    kinds = [uniforms(Seeds(seed).key(stream, epoch)) for seed in (0, 1) for stream in STREAMS for epoch in (0, 1)]
    kinds += [uniforms(Seeds(0).key("augmentation", 0), name) for name in ("a", "b")]
    correlations = np.corrcoef(kinds)[np.triu_indices(len(kinds), 1)]
    assert np.abs(correlations).max() < 4.5 / np.sqrt(N)  # 231 correlations
    assert np.abs(correlations).std() < 1.3 / np.sqrt(N)


@given(st.integers(-100, 100), st.integers(0, 300), st.integers(0, 2**62))
def test_integers_stay_within_their_bounds(low, span, number):
    drawn = Draws(number, torch.arange(20 * (span + 1))).integers("x", low, low + span)
    assert drawn.dtype == torch.int64
    assert low <= int(drawn.min()) <= int(drawn.max()) <= low + span


def test_integers_are_equally_frequent():
    counts = torch.bincount(Draws(1, torch.arange(N)).integers("x", -3, 3) + 3)
    assert len(counts) == 7
    assert stats.chisquare(counts.numpy()).pvalue > RARE


@pytest.mark.parametrize("probability", [0.0, 0.1, 0.5, 1.0])
def test_chosen_has_its_probability(probability):
    chosen = int(Draws(1, torch.arange(N)).chosen("x", probability).sum())
    assert stats.binomtest(chosen, N, probability).pvalue > RARE


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.0, 1.0), (0.8, 1.2), (-15.0, 15.0)])
def test_uniform_fills_its_interval(low, high):
    drawn = Draws(1, torch.arange(N)).uniform("x", low, high)
    assert (drawn.dtype, tuple(drawn.shape)) == (torch.float32, (N,))
    assert low <= float(drawn.min()) < low + (high - low) / 1000
    assert high - (high - low) / 1000 < float(drawn.max()) <= np.float32(high)


def test_within_is_a_purpose_of_its_own():
    draws = Draws(1, torch.arange(100))
    inner = draws.within("crop")
    assert len(inner) == 100
    assert not torch.equal(inner.uniform("x"), draws.uniform("x"))
    assert torch.equal(inner.uniform("x"), draws.within("crop").uniform("x"))


@pytest.mark.parametrize("n", [0, 1, 2, 1000])
def test_permutation_is_one(n):
    order = permutation(5, n)
    assert sorted(order.tolist()) == list(range(n))
    assert torch.equal(order, permutation(5, n))


def test_permutations_are_equally_frequent():
    counts = dict.fromkeys(itertools.permutations(range(4)), 0)
    for number in range(4800):
        counts[tuple(permutation(key("order", number), 4).tolist())] += 1
    assert stats.chisquare(list(counts.values())).pvalue > RARE


@pytest.mark.parametrize("stream", STREAMS)
def test_streams_can_be_fixed_one_by_one(stream):
    fixed = [Seeds(seed, {stream: 9}) for seed in (0, 1)]
    for other in STREAMS:
        same = fixed[0].key(other, 3) == fixed[1].key(other, 3)
        assert same == (other == stream)
    assert fixed[0].key(stream, 3) == Seeds(9).key(stream, 3)
    with pytest.raises(KeyError):
        Seeds(0).key("weather")


def test_keys_differ_by_type_order_and_division_of_names():
    keys = {key(*names) for names in [("a", 1), ("a", "1"), (1, "a"), ("a1",), ("a",), (), ("a", 1, 1), (11,), (1, 1)]}
    assert len(keys) == 9
    assert all(0 <= number < 2**63 for number in keys)


def test_keys_are_the_same_in_every_process():
    code = "from paribus.chance import key; print(key('order', 3))"
    found = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1")
    }
    assert found == {f"{key('order', 3)}\n".encode()}


def test_seeded_leaves_the_generator_as_it_was():
    state = torch.get_rng_state()
    with seeded(3):
        first = torch.rand(4)
    assert torch.equal(torch.get_rng_state(), state)
    with pytest.raises(ZeroDivisionError), seeded(3):
        _ = 1 / 0
    assert torch.equal(torch.get_rng_state(), state)
    with seeded(0):
        set_seed(3)
        assert torch.equal(torch.rand(4), first)
