"""Fréchet distance, precision and recall, modes: against scipy, closed forms, and definitions spelled out in loops."""

import math

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from paribus.tasks.generators.quality import Modes, frechet, mode_figures, precision_recall


def some(n: int, features: int, seed: int, scale: float = 1.0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(features, features, generator=generator)
    return scale * torch.randn(n, features, generator=generator) @ mixing + torch.randn(features, generator=generator)


@pytest.mark.parametrize("features", [1, 2, 7, 30])
def test_T14_frechet_is_the_formula_with_scipys_matrix_root(features):
    real, fake = some(200, features, 1), some(150, features, 2, 0.7)
    first, second = (np.atleast_2d(np.cov(it.double().numpy().T, bias=True)) for it in (real, fake))
    gap = (real.double().mean(0) - fake.double().mean(0)).numpy()
    expected = gap @ gap + np.trace(first + second - 2 * sqrtm(first @ second).real)
    assert frechet(real, fake) == pytest.approx(expected, rel=1e-8)


def test_frechet_in_one_dimension_is_the_gap_of_means_and_deviations():
    real, fake = some(1000, 1, 3).double(), some(1000, 1, 4).double()
    means, deviations = ((real.mean() - fake.mean()) ** 2, (real.std(correction=0) - fake.std(correction=0)) ** 2)
    assert frechet(real, fake) == pytest.approx(float(means + deviations))


def test_frechet_of_a_shift_and_of_nothing():
    real = some(100, 5, 5)
    assert frechet(real, real) == pytest.approx(0, abs=1e-8)
    assert frechet(real, real + 2.0) == pytest.approx(5 * 4.0, rel=1e-5)
    doubled = 2 * real - real.mean(0)  # the same mean, each deviation doubled: tr(Σ + 4Σ − 2·2Σ) = tr Σ is left
    assert frechet(real, doubled) == pytest.approx(float(real.double().var(0, correction=0).sum()), rel=1e-5)


def test_frechet_with_fewer_examples_than_features():
    real, fake = some(10, 30, 6), some(12, 30, 7)
    swapped = frechet(fake, real)
    assert frechet(real, fake) == pytest.approx(swapped, rel=1e-6)
    assert swapped > 0


def among(one, others, k) -> bool:
    """The definition, in words: nearer to one of them than that one's k-th neighbour is."""
    for place, other in enumerate(others):
        rest = sorted(math.dist(other, another) for at, another in enumerate(others) if at != place)
        if math.dist(one, other) <= rest[k - 1]:
            return True
    return False


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0])
def test_T14_precision_and_recall_by_brute_force(k, scale):
    real, fake = some(40, 2, 8), some(35, 2, 9, scale)
    ours = precision_recall(real, fake, k)
    lists = real.tolist(), fake.tolist()
    precision = np.mean([among(one, lists[0], k) for one in lists[1]])
    recall = np.mean([among(one, lists[1], k) for one in lists[0]])
    assert ours == pytest.approx((precision, recall))


def test_precision_and_recall_at_their_ends():
    real = some(100, 3, 10)
    assert precision_recall(real, real) == (1, 1)
    assert precision_recall(real, real + 1000) == (0, 0)
    narrow = real[:1] + 1e-4 * some(100, 3, 11)  # all near one real example: sound, and nothing else is drawn
    precision, recall = precision_recall(real, narrow)
    assert precision == 1
    assert recall <= 0.01


def test_T14_modes_are_counted_by_hand():
    nearest = torch.tensor([0] * 50 + [1] * 40 + [2] * 10)
    clear = torch.ones(100, dtype=torch.bool)
    clear[90:98] = False  # of mode 2 only 2 of 100 are clear: under a tenth of its due quarter
    due = torch.full((4,), 0.25)
    figures = mode_figures(Modes(nearest, clear), due)
    shares = [0.5, 0.4, 0.1]
    assert figures["modes"] == 2
    assert figures["quality"] == pytest.approx(0.92)
    assert figures["mode_kl"] == pytest.approx(sum(share * math.log(share / 0.25) for share in shares), rel=1e-6)


def test_all_modes_as_due_have_no_divergence():
    figures = mode_figures(Modes(torch.arange(8).repeat(5), torch.ones(40, dtype=torch.bool)), torch.full((8,), 1 / 8))
    assert figures == {"modes": 8, "quality": 1, "mode_kl": pytest.approx(0, abs=1e-6)}
