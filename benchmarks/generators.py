"""Training steps of generators against the loops that people write by hand for them, on float tensors in memory."""

from __future__ import annotations

import time

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks import raw, single, sources
from benchmarks.table import Row, ratios
from paribus.models.gan import Adversaries
from paribus.models.vae import Autoencoder
from paribus.records.environment import cores
from paribus.records.recipe import Recipe

GAN = {"use": "dcgan", "latent": 64, "widths": [32, 64]}
VAE = {"use": "vae", "latent": 20, "widths": [400]}


def rows(repeats: int) -> list[Row]:
    """A DCGAN and a VAE on pictures of MNIST's shape; nothing is validated, so that steps are all that counts."""
    return [
        Row(
            "one GAN run / raw loop",
            against(_gan, recipe(GAN, {"use": "gan", "extractor": "values"}, 6_000), repeats),
            "≥ 0.95",
        ),
        Row("one VAE run / raw loop", against(_vae, recipe(VAE, {"use": "vae"}, 60_000), repeats), "≥ 0.95"),
    ]


def recipe(model: dict, task: dict, count: int) -> Recipe:
    """One epoch of Adam on pictures of 28×28; as few examples for validation as there may be."""
    changes = {
        "task": task,
        "split.val": 0.01,
        "optimizer": {"use": "adam", "lr": 0.0002, "beta1": 0.5},
    }
    return sources.recipe(count, 1, 28, model, 1, changes)


def against(by_hand, chosen: Recipe, repeats: int) -> list[float]:
    """Raw seconds over paribus seconds, once per repetition, in the layout that paribus uses."""
    torch.set_num_threads(cores())
    last = chosen.model.use == "dcgan"
    inputs = raw.tensors(chosen, last)["train"][0]
    return ratios(lambda: by_hand(chosen, inputs, raw.model_of(chosen, last)), lambda: single.paribus(chosen), repeats)


def _gan(chosen: Recipe, inputs: Tensor, model: Adversaries) -> float:
    """Both steps on every batch, with the loss that most tutorials write."""
    generator = torch.optim.Adam(model.generator.parameters(), lr=0.0002, betas=(0.5, 0.999))
    discriminator = torch.optim.Adam(model.discriminator.parameters(), lr=0.0002, betas=(0.5, 0.999))
    started = time.perf_counter()
    for rows in torch.randperm(len(inputs)).split(chosen.training.batch_size):
        real = inputs[rows]
        ones, zeros = torch.ones(len(real)), torch.zeros(len(real))
        discriminator.zero_grad()
        F.binary_cross_entropy_with_logits(model(real), ones).backward()
        fake = model.generate(torch.randn(len(real), model.latent))
        F.binary_cross_entropy_with_logits(model(fake.detach()), zeros).backward()
        discriminator.step()
        generator.zero_grad()
        F.binary_cross_entropy_with_logits(model(fake), ones).backward()
        generator.step()
    return time.perf_counter() - started


def _vae(chosen: Recipe, inputs: Tensor, model: Autoencoder) -> float:
    """Cross-entropy and KL divergence."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.0002, betas=(0.5, 0.999))
    targets = (inputs - inputs.min()) / (inputs.max() - inputs.min())
    started = time.perf_counter()
    for rows in torch.randperm(len(inputs)).split(chosen.training.batch_size):
        optimizer.zero_grad()
        mean, log_variance = model.encode(inputs[rows])
        decoded = model.decode(mean + (log_variance / 2).exp() * torch.randn_like(mean))
        fit = F.binary_cross_entropy_with_logits(decoded, targets[rows], reduction="sum")
        kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum()
        ((fit + kl) / len(rows)).backward()
        optimizer.step()
    return time.perf_counter() - started
