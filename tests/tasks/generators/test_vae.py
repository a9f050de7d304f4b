"""The VAE against probabilistic PCA (Tipping & Bishop, 1999), where its likelihood is known in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal
from torch.nn import functional as F

from paribus.chance import Seeds
from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.errors import RecipeError
from paribus.models.network import Network, assemble
from paribus.records.parts import Part
from paribus.tasks.generators.vae import Variational, atlas, autoencoder

FEATURES, LATENT, N = 5, 2, 600
POINTS = DataInfo((FEATURES,), (), {"train": N}, (), (0.0,) * FEATURES, (1.0,) * FEATURES)
PICTURES = DataInfo((1, 8, 8), ("a", "b"), {"train": 20}, (10, 10), (80.0,), (90.0,))
NONE = torch.zeros(0)


def data() -> torch.Tensor:
    """Points (N, 5) near a plane, with mean 0."""
    generator = torch.Generator().manual_seed(0)
    plane = torch.randn(LATENT, FEATURES, generator=generator) * torch.tensor([[2.0], [1.0]])
    x = torch.randn(N, LATENT, generator=generator) @ plane + 0.4 * torch.randn(N, FEATURES, generator=generator)
    return x - x.mean(0)


def principal(x: torch.Tensor) -> tuple[np.ndarray, float, float]:
    """W (F, L), σ² and the mean log-likelihood of probabilistic PCA at its maximum (equations 7 and 8)."""
    covariance = np.cov(x.double().numpy().T, bias=True)
    values, vectors = np.linalg.eigh(covariance)
    values, vectors = values[::-1], vectors[:, ::-1]
    noise = values[LATENT:].mean()
    W = vectors[:, :LATENT] * np.sqrt(values[:LATENT] - noise)
    law = multivariate_normal(np.zeros(FEATURES), W @ W.T + noise * np.eye(FEATURES))
    return W, noise, float(law.logpdf(x.double().numpy()).mean())


def linear(importance: int = 0) -> tuple[Variational, Network]:
    task = Variational(POINTS, likelihood="gaussian", importance=importance)
    return task, assemble(Part("vae", latent=LATENT, widths=[]), task, Seeds(0))


def at_optimum(x: torch.Tensor) -> tuple[Variational, Network]:
    """The linear VAE with the weights of probabilistic PCA: q is then the true posterior."""
    (task, network), (W, noise, _) = linear(importance=3), principal(x)
    M = W.T @ W + noise * np.eye(LATENT)  # diagonal, so that a q of independent numbers can be the posterior
    model = network.model
    with torch.no_grad():
        model.mean.weight.copy_(torch.from_numpy(np.linalg.solve(M, W.T)))
        model.mean.bias.zero_()
        model.log_variance.weight.zero_()
        model.log_variance.bias.copy_(torch.from_numpy(np.log(noise / np.diag(M))))
        model.decoder[1].weight.copy_(torch.from_numpy(W))
        model.decoder[1].bias.zero_()
        model.log_deviation.fill_(0.5 * math.log(noise))
    return task, network


def test_T13_the_linear_vae_has_the_likelihood_of_probabilistic_pca():
    x = data()
    task, network = at_optimum(x)
    torch.manual_seed(0)
    with torch.no_grad():
        _, terms = task.loss("model", network, Batch(x, NONE, torch.arange(N)))
    exact = principal(x)[2]
    # with q the true posterior p(x | z)·p(z)/q(z | x) is p(x) whatever z is drawn: only rounding is left
    assert terms[:, 2].mean().item() == pytest.approx(exact, abs=1e-4)
    elbo = terms[:, 0] - terms[:, 1]
    assert elbo.mean().item() == pytest.approx(exact, abs=4 * float(elbo.std()) / N**0.5)


def test_T13_training_reaches_the_likelihood_of_probabilistic_pca():
    x = data()
    task, network = linear()
    optimizer = torch.optim.Adam(task.stages(network)["model"], lr=0.05)
    batch = Batch(x, NONE, torch.arange(N))
    torch.manual_seed(0)
    for step in range(800):
        optimizer.param_groups[0]["lr"] = 0.05 * (1 - step / 800)
        optimizer.zero_grad()
        task.loss("model", network, batch)[0].backward()
        optimizer.step()
    exact = principal(x)[2]
    with torch.no_grad():
        draws = [-float(task.loss("model", network, batch)[0]) for _ in range(50)]
    # the bound cannot be above the maximum, but for the 0.01 that 50 · 600 draws leave open; training comes near it
    assert exact - 0.03 < np.mean(draws) < exact + 0.01


def test_more_draws_never_lower_the_importance_weighted_bound():
    """Burda et al., 2016, theorem 1: E L₁ ≤ E L₅ ≤ E L₅₀ ≤ log p(x), here with a q that is far from the posterior."""
    x = data()
    task, network = at_optimum(x)
    with torch.no_grad():
        network.model.log_variance.bias += 1.5
        torch.manual_seed(0)
        bounds = [float(task.log_likelihood(network, x, draws).mean()) for draws in (1, 5, 50)]
        _, terms = task.loss("model", network, Batch(x, NONE, torch.arange(N)))
    assert bounds[0] == pytest.approx(float((terms[:, 0] - terms[:, 1]).mean()), abs=0.3)  # one draw is the ELBO
    assert bounds[0] + 0.3 < bounds[1] < bounds[2] <= principal(x)[2] + 0.02


def test_draws_in_pieces_are_the_draws_at_once(monkeypatch):
    x = data()[:7]
    task, network = at_optimum(data())
    with torch.no_grad():
        network.model.log_variance.bias += 0.5
        whole = torch.stack([task.log_likelihood(network, x, 400) for _ in range(5)])
        monkeypatch.setattr(
            "paribus.tasks.generators.vae.DECODED", 3 * x.numel()
        )  # three draws at a time, and one at the end
        pieces = torch.stack([task.log_likelihood(network, x, 400) for _ in range(5)])
    assert (whole.mean(0) - pieces.mean(0)).abs().max() < 0.1


def pictures(**options):
    task = Variational(PICTURES, **options)
    network = assemble(Part("vae", latent=3, widths=[12]), task, Seeds(0))
    inputs = torch.randint(0, 256, (6, 1, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    return task, network, Batch(inputs, NONE, torch.arange(6))


def test_the_terms_add_up_to_the_loss():
    task, network, batch = pictures(beta=0.3)
    torch.manual_seed(0)
    loss, terms = task.loss("model", network, batch)
    assert loss.item() == pytest.approx((0.3 * terms[:, 1] - terms[:, 0]).mean().item())
    meter = task.meter("train")
    meter.update("model", loss.detach(), terms.detach(), batch)
    figures = meter.figures()
    assert figures["elbo"] == pytest.approx(figures["reconstruction"] - figures["kl"], rel=1e-6)


def test_the_reconstruction_is_the_cross_entropy_of_the_pixels():
    task, network, batch = pictures()
    torch.manual_seed(0)
    _, terms = task.loss("model", network, batch)
    torch.manual_seed(0)
    mean, log_variance = network.model.encode(network.scaled(batch.inputs))
    decoded = network.model.decode(mean + (log_variance / 2).exp() * torch.randn_like(mean))
    expected = -F.binary_cross_entropy_with_logits(decoded, batch.inputs / 255, reduction="none").flatten(1).sum(1)
    torch.testing.assert_close(terms[:, 0], expected, rtol=1e-4, atol=1e-4)


def test_the_kl_warms_up_in_training_alone():
    task, _, _ = pictures(beta=2.0, warm_up=4.0)
    weights = []
    for epoch in (0.0, 1.0, 3.0, 4.0, 9.0):
        task.at(0, epoch)
        weights.append(task.weight())
    assert weights == [0.0, 0.5, 1.5, 2.0, 2.0]
    task.at(0, 0.0)
    with torch.inference_mode():
        assert task.weight() == 2.0


@pytest.mark.parametrize(
    ("options", "trained"),
    [({}, False), ({"likelihood": "gaussian"}, True), ({"likelihood": "gaussian", "deviation": 0.1}, False)],
)
def test_the_deviation_is_trained_only_where_it_is_learned(options, trained):
    task, network, batch = pictures(**options)
    assert any(it is network.model.log_deviation for it in task.stages(network)["model"]) == trained
    task.loss("model", network, batch)[0].backward()
    assert (network.model.log_deviation.grad is not None) == trained


def test_a_fixed_deviation_is_the_one_given():
    task, network, batch = pictures(likelihood="gaussian", deviation=0.25)
    x = batch.inputs / 255
    decoded = torch.full_like(x, 0.5)
    expected = torch.distributions.Normal(0.5, 0.25).log_prob(x).flatten(1).sum(1)
    torch.testing.assert_close(task.fit(network.model, x, decoded), expected)


def test_black_and_white():
    for binary in ("random", "threshold"):
        task, network, batch = pictures(binary=binary)
        x = task.observed(network, batch.inputs)
        assert set(x.unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(x, (batch.inputs > 127).float())
    task, network, batch = pictures(binary="random")
    many = torch.stack([task.observed(network, batch.inputs) for _ in range(2000)]).mean(0)
    assert (many - batch.inputs / 255).abs().max() < 5 * 0.5 / 2000**0.5  # 384 shares, none beyond 5 deviations


def test_what_people_look_at():
    task, network, batch = pictures()
    seen = task.preview(network, batch)
    assert seen.pictures.shape == (6, 12, 1, 8, 8)
    assert len(seen.columns) == 12
    assert torch.equal(seen.pictures[:, 0], batch.inputs)
    with torch.no_grad():
        torch.testing.assert_close(
            seen.pictures[:, 1].float(), network(batch.inputs).sigmoid() * 255, atol=0.51, rtol=0
        )
        assert torch.equal(seen.pictures[:, 6], seen.pictures[:, 1])  # a walk begins at its own reconstruction
        assert torch.equal(seen.pictures[:, 11], seen.pictures[:, 1].roll(-1, 0))  # and ends at the next one's
        assert task.sample(network, 5).pictures.shape == (2, 3, 1, 8, 8)
        assert task.sample(network, 5, walk=True).pictures.shape == (5, 10, 1, 8, 8)
    assert task.predict(network, batch.inputs).shape == (6, 3)


def test_vectors_are_shown_as_a_table():
    task, network = linear()
    with torch.no_grad():
        assert len(task.sample(network, 4).text.splitlines()) == 4
        assert task.preview(network, Batch(data()[:3], NONE, torch.arange(3))).text


def test_the_map_divides_the_prior_evenly():
    z = atlas(2, side=4)
    expected = [torch.distributions.Normal(0, 1).icdf(torch.tensor(p)).item() for p in (0.125, 0.375, 0.625, 0.875)]
    assert z[0, :, 0].tolist() == pytest.approx(expected)
    assert z[:, 0, 1].tolist() == pytest.approx(expected[::-1])  # upwards, as in a drawing
    with pytest.raises(RecipeError, match="two numbers"):
        atlas(3)


def test_mistakes_are_explained():
    with pytest.raises(RecipeError, match="Bernoulli"):
        Variational(POINTS)
    with pytest.raises(RecipeError, match="encodes and decodes"):
        autoencoder(assemble(Part("mlp"), Variational(PICTURES), Seeds(0)))
