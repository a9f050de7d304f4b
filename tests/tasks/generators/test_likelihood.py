"""Densities against torch.distributions, and the KL divergence against its own mean over draws."""

import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from paribus.tasks.generators import likelihood

SHAPE = (5, 2, 3, 4)


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def test_bernoulli_is_that_of_torch():
    x, logits = torch.randint(0, 2, SHAPE).double(), torch.randn(SHAPE).double()
    expected = Bernoulli(logits=logits).log_prob(x).flatten(1).sum(1)
    torch.testing.assert_close(likelihood.bernoulli(x, logits), expected)


def test_grey_values_are_shares_of_black_and_white():
    x, logits = torch.rand(SHAPE).double(), torch.randn(SHAPE).double()
    law = Bernoulli(logits=logits)
    mixed = x * law.log_prob(torch.ones(SHAPE).double()) + (1 - x) * law.log_prob(torch.zeros(SHAPE).double())
    torch.testing.assert_close(likelihood.bernoulli(x, logits), mixed.flatten(1).sum(1))


@pytest.mark.parametrize("shape", [SHAPE, ()])
def test_gaussian_is_that_of_torch(shape):
    x, mean, log_deviation = (torch.randn(SHAPE).double() for _ in range(3))
    log_deviation = log_deviation if shape else log_deviation[0, 0, 0, 0]
    expected = Normal(mean, log_deviation.exp()).log_prob(x).flatten(1).sum(1)
    torch.testing.assert_close(likelihood.gaussian(x, mean, log_deviation), expected)


def test_T13_kl_closed_form_is_that_of_torch_and_the_mean_over_draws():
    mean, log_variance = torch.randn(6, 3).double(), torch.randn(6, 3).double()
    closed = likelihood.divergence(mean, log_variance)
    law = Normal(mean, (log_variance / 2).exp())
    torch.testing.assert_close(closed, kl_divergence(law, Normal(torch.zeros(3).double(), 1.0)).sum(1))
    z = mean + (log_variance / 2).exp() * torch.randn(40_000, 6, 3).double()
    draws = -likelihood.log_weight(z.flatten(0, 1), mean.repeat(40_000, 1), log_variance.repeat(40_000, 1)).view(
        40_000, 6
    )
    error = draws.std(0) / 40_000**0.5
    assert ((draws.mean(0) - closed).abs() < 4 * error).all()  # six means, each within 4 standard errors
    assert (error < 0.05).all()  # otherwise the line above would say little
