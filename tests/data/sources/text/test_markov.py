"""The generated text."""

from __future__ import annotations

import numpy as np
import pytest

from paribus.data.prepare import cache
from paribus.data.sources.text.markov import Markov, entropy, stationary, walk


def test_the_entropy_of_a_chain_by_hand():
    chances = np.array([[0.9, 0.1], [0.5, 0.5]])  # π = (5/6, 1/6)
    np.testing.assert_allclose(stationary(chances), [5 / 6, 1 / 6], rtol=1e-12)
    rows = -(0.9 * np.log(0.9) + 0.1 * np.log(0.1)), np.log(2)
    assert entropy(chances) == pytest.approx(5 / 6 * rows[0] + 1 / 6 * rows[1], rel=1e-12)
    assert entropy(np.full((4, 4), 0.25)) == pytest.approx(np.log(4), rel=1e-12)
    assert entropy(np.eye(3)[[1, 2, 0]]) == 0


def test_a_walk_follows_its_chances():
    chances = np.array([[0.9, 0.1], [0.5, 0.5]])
    states = np.array(walk(chances, np.random.default_rng(0).random(100_000)))
    moved = [states[1:][states[:-1] == i].mean() for i in (0, 1)]
    assert moved == pytest.approx([0.1, 0.5], abs=0.01)  # standard errors 0.001 and 0.004


def test_a_markov_text_knows_its_entropy():
    data = cache.load(Markov(tokens=200_000, letters=5))
    tokens = data.inputs.long()
    counts = (tokens[:-1] * 5 + tokens[1:]).bincount(minlength=25).view(5, 5).double()
    shares = counts / counts.sum(1, keepdim=True)
    measured = -(counts / counts.sum() * shares.clamp(min=1e-12).log()).sum()
    assert float(measured) == pytest.approx(data.metadata.text.entropy, abs=0.01)  # about 2 standard errors
