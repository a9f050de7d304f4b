"""The losses of the game: closed forms at the optimal discriminator, and penalties where slopes are known."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.spatial.distance import jensenshannon
from scipy.stats import norm
from torch import nn

from paribus.tasks.generators.adversarial import RULES, frozen, gradient_norms, lipschitz_penalty, smoothed


def value(scores_real, scores_fake) -> float:
    """V(D, G) = E log D + E log(1 − D), which the discriminator maximises: minus its loss."""
    rule = RULES["minimax"]
    return -float(rule.real(scores_real).mean() + rule.fake(scores_fake).mean())


@pytest.mark.parametrize(
    ("p", "q"), [([4, 3, 2, 1], [1, 2, 3, 4]), ([5, 5], [5, 5]), ([1, 9], [9, 1]), ([7, 2, 1], [2, 2, 6])]
)
def test_T14_at_the_optimal_discriminator_the_loss_is_2_jsd_minus_log_4(p, q):
    """Goodfellow et al., 2014, theorem 1, exactly: every outcome occurs as often as its probability says."""
    ratio = (torch.tensor(p).double() / torch.tensor(q)).log()  # logit of D* = p/(p + q)
    scores = [ratio.repeat_interleave(torch.tensor(counts)) for counts in (p, q)]
    divergence = jensenshannon(p, q) ** 2  # in nats
    assert value(*scores) == pytest.approx(2 * divergence - math.log(4), abs=1e-12)


def test_T14_the_same_for_two_gaussians():
    p, q, n = norm(0, 1), norm(1.5, 0.7), 200_000
    rng = np.random.default_rng(0)
    ratio = lambda x: torch.from_numpy(p.logpdf(x) - q.logpdf(x))  # noqa: E731
    real, fake = (ratio(law.rvs(n, random_state=rng)) for law in (p, q))

    def density(x):
        a, b = p.pdf(x), q.pdf(x)
        middle = (a + b) / 2
        return (a * np.log(a / middle) + b * np.log(b / middle)) / 2

    exact = 2 * quad(density, -8, 8)[0] - math.log(4)
    rule = RULES["minimax"]
    error = math.hypot(float(rule.real(real).std()), float(rule.fake(fake).std())) / n**0.5
    assert abs(value(real, fake) - exact) < 4 * error
    assert error < 0.005


def test_any_other_discriminator_gets_less():
    p, q = torch.tensor([4, 3, 2, 1]), torch.tensor([1, 2, 3, 4])
    best = (p / q).log()
    for seed in range(20):
        other = best + torch.randn(4, generator=torch.Generator().manual_seed(seed))
        found, most = (value(s.repeat_interleave(p), s.repeat_interleave(q)) for s in (other, best))
        assert found < most


S = torch.linspace(-3, 3, 7).double()
D = S.sigmoid()
TEXTBOOK = {  # loss of real scores, of fake ones, of the generator, as in the papers
    "non_saturating": (-D.log(), -(1 - D).log(), -D.log()),
    "minimax": (-D.log(), -(1 - D).log(), (1 - D).log()),
    "wasserstein_gp": (-S, S, -S),
    "hinge": (-torch.minimum(S * 0, S - 1), -torch.minimum(S * 0, -S - 1), -S),
    "least_squares": ((S - 1) ** 2 / 2, S**2 / 2, (S - 1) ** 2 / 2),
}


@pytest.mark.parametrize("name", RULES)
def test_the_losses_are_those_of_the_papers(name):
    rule, expected = RULES[name], TEXTBOOK[name]
    for ours, theirs in zip((rule.real, rule.fake, rule.generator), expected, strict=True):
        torch.testing.assert_close(ours(S), theirs)


def test_smoothing_is_the_cross_entropy_with_softer_targets():
    expected = nn.functional.binary_cross_entropy_with_logits(S, torch.full_like(S, 0.9), reduction="none")
    torch.testing.assert_close(smoothed(RULES["minimax"], 0.1, S), expected)
    torch.testing.assert_close(smoothed(RULES["minimax"], 0.0, S), RULES["minimax"].real(S))


def linear(*weights: float) -> nn.Module:
    layer = nn.Linear(len(weights), 1)
    layer.weight.data = torch.tensor([weights])
    return layer


def test_the_penalties_of_a_linear_discriminator_are_known():
    """‖∇D‖ = ‖w‖ = 5 everywhere."""
    real, fake = torch.randn(6, 2), torch.randn(6, 2)
    torch.testing.assert_close(gradient_norms(linear(3.0, 4.0), real), torch.full((6,), 25.0))
    assert lipschitz_penalty(linear(3.0, 4.0), real, fake).item() == pytest.approx(16.0)
    assert lipschitz_penalty(linear(0.6, 0.8), real, fake).item() == pytest.approx(0.0, abs=1e-6)


def test_the_slope_of_the_penalty_by_finite_differences():
    real, fake = torch.randn(5, 2).double(), torch.randn(5, 2).double()
    net = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1)).double()

    def penalty() -> torch.Tensor:
        torch.manual_seed(3)  # the same points between real and generated
        return lipschitz_penalty(net, real, fake)

    penalty().backward()
    weight, step = net[0].weight, 1e-6
    for place in [(0, 0), (2, 1)]:
        slope = weight.grad[place].item()
        with torch.no_grad():
            weight[place] += step
        above = penalty().item()
        with torch.no_grad():
            weight[place] -= 2 * step
        below = penalty().item()
        with torch.no_grad():
            weight[place] += step
        assert slope == pytest.approx((above - below) / (2 * step), rel=1e-6)


def test_frozen_lets_gradients_through_and_none_in():
    net, x = nn.Linear(3, 1), torch.randn(4, 3, requires_grad=True)
    net.bias.requires_grad_(False)
    with frozen(net):
        loss = net(x).sum()
    loss.backward()
    assert net.weight.grad is None
    assert x.grad is not None
    assert (net.weight.requires_grad, net.bias.requires_grad) == (True, False)
