"""The variational autoencoder: a lower bound on the log-likelihood, and pictures of what it learned."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.errors import RecipeError
from paribus.models.vae import Autoencoder
from paribus.records.metric import ELBO, KL, LOG_LIKELIHOOD, LOSS, RECONSTRUCTION, Metric
from paribus.tasks.generators import grids, likelihood, values
from paribus.tasks.inspection import Inspection
from paribus.tasks.meter import Means
from paribus.tasks.preview import Preview
from paribus.tasks.task import Task

BINARY: Mapping[str, Callable[[Tensor], Tensor]] = {
    "none": lambda x: x,
    "random": torch.bernoulli,
    "threshold": lambda x: (x > 0.5).float(),
}
TERMS = ("reconstruction", "kl", "log_likelihood")  # columns of the outputs

SAMPLES, WALK = 4, 6  # columns of a preview
STOPS = 10  # of a walk that was asked for
DRAWN = "Examples decoded from codes of the prior"
DECODED = 1 << 22  # values decoded at a time


class Variational(Task):
    """Encode each example in a few Gaussian numbers, and decode it: maximise the ELBO.

    ELBO = E_q log p(x | z) − KL(q(z | x) ‖ N(0, 1)), in nats per example (Kingma & Welling, 2014, equation 10), with
    one draw of z for each example. Pixels count as values from 0 to 1, other features as standardised.

    Args:
        likelihood: of the values given z: Bernoulli, for pixels, or Gaussian.
        deviation: of the Gaussian; learned is one number for all values, fitted with the weights.
        binary: whether pixels are made black or white: at random in every batch, with their value as probability
            (Salakhutdinov & Murray, 2008), or by a threshold at ½.
        beta: weight of the KL divergence in the loss; the ELBO that is recorded always has weight 1.
        warm_up: epochs over which that weight grows from 0.
        importance: draws for the importance-weighted bound on the log-likelihood of evaluated examples (Burda et al.,
            2016); 0 leaves it out.
    """

    draws: ClassVar[bool] = True
    metrics: ClassVar[tuple[Metric, ...]] = (ELBO, LOSS, RECONSTRUCTION, KL, LOG_LIKELIHOOD)

    def __init__(
        self,
        info: DataInfo,
        likelihood: Literal["bernoulli", "gaussian"] = "bernoulli",
        deviation: Annotated[float, Field(gt=0)] | Literal["learned"] = "learned",
        binary: Literal["none", "random", "threshold"] = "none",
        beta: Annotated[float, Field(ge=0)] = 1.0,
        warm_up: Annotated[float, Field(ge=0)] = 0.0,
        importance: Annotated[int, Field(ge=0)] = 0,
    ) -> None:
        super().__init__(info)
        self.likelihood, self.deviation, self.binary = likelihood, deviation, binary
        self.beta, self.warm_up, self.importance = beta, warm_up, importance
        self.epoch = 0.0
        if len(info.input_shape) != 3 and (likelihood == "bernoulli" or binary != "none"):
            rule = "only pixels, which are from 0 to 1, have a Bernoulli likelihood or become black and white"
            raise RecipeError(rule, got=f"examples of shape {info.input_shape}", hint="set task.likelihood=gaussian")

    def stages(self, network: nn.Module) -> dict[str, list[nn.Parameter]]:
        """All weights, and the noise's deviation where it is learned."""
        fixed = autoencoder(network).log_deviation
        learned = self.likelihood == "gaussian" and self.deviation == "learned"
        return {"model": [it for it in network.parameters() if it.requires_grad and (learned or it is not fixed)]}

    def at(self, step: int, epoch: float) -> None:
        """Note the time, for the warm-up."""
        self.epoch = epoch

    def loss(self, stage: str, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """β·KL − E log p(x | z), and the terms of every example (B, 2), in evaluation maybe (B, 3): see TERMS."""
        model, x = autoencoder(network), self.observed(network, batch.inputs)
        mean, log_variance = self.encode(network, x)
        fit = self.fit(model, x, model.decode(draw(mean, log_variance)))
        kl = likelihood.divergence(mean, log_variance)
        terms = [fit, kl]
        if self.importance and not torch.is_grad_enabled():
            terms.append(self.log_likelihood(network, x, self.importance))
        return (self.weight() * kl - fit).mean(), torch.stack(terms, 1)

    def weight(self) -> float:
        """What the KL divergence weighs now; in evaluation as at the end."""
        if not self.warm_up or not torch.is_grad_enabled():
            return self.beta
        return self.beta * min(1.0, self.epoch / self.warm_up)

    def observed(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """The values (B, *input_shape) whose likelihood counts."""
        x = values.unit(network, inputs)
        return BINARY[self.binary](x)

    def encode(self, network: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance (B, latent) of q(z | x)."""
        seen = values.standardised(network, 255 * x) if len(self.info.input_shape) == 3 else x
        mean, log_variance = autoencoder(network).encode(seen)
        return mean.float(), log_variance.float()

    def fit(self, model: Autoencoder, x: Tensor, decoded: Tensor) -> Tensor:
        """log p(x | z) of every example (B,), from what z was decoded to."""
        if self.likelihood == "bernoulli":
            return likelihood.bernoulli(x, decoded.float())
        known = isinstance(self.deviation, float)
        log_deviation = x.new_tensor(math.log(float(self.deviation))) if known else model.log_deviation
        return likelihood.gaussian(x, decoded.float(), log_deviation)

    def log_likelihood(self, network: nn.Module, x: Tensor, draws: int) -> Tensor:
        """log 1/K Σ p(x | z)·p(z)/q(z | x) with K draws of z from q: at most log p(x), the nearer the larger K; (B,).

        Burda et al., 2016, equation 8.
        """
        model, (mean, log_variance) = autoencoder(network), self.encode(network, x)
        at_once = max(1, DECODED // x.numel())
        found = [
            self._weights(model, x, mean, log_variance, min(at_once, draws - done)) for done in range(0, draws, at_once)
        ]
        return torch.cat(found).logsumexp(0) - math.log(draws)

    def _weights(self, model: Autoencoder, x: Tensor, mean: Tensor, log_variance: Tensor, draws: int) -> Tensor:
        """(draws, B) log-weights."""
        mean, log_variance, x = (it.repeat(draws, *(1,) * (it.ndim - 1)) for it in (mean, log_variance, x))
        z = draw(mean, log_variance)
        weights = self.fit(model, x, model.decode(z)) + likelihood.log_weight(z, mean, log_variance)
        return weights.view(draws, -1)

    def meter(self, split: str) -> Means:
        """The terms beside the loss."""
        return Means(_terms)

    def predict(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """The mean of each example's code (B, latent)."""
        return self.encode(network, self.observed(network, inputs))[0]

    def shown(self, decoded: Tensor) -> Tensor:
        """Decoded pictures as pixels: the expected value of each."""
        return values.pixels(decoded.float().sigmoid() if self.likelihood == "bernoulli" else decoded)

    def preview(self, network: nn.Module, batch: Batch) -> Preview | None:
        """Each picture, its reconstruction, samples, and a walk to the next picture; or points in the plane."""
        model, x = autoencoder(network), self.observed(network, batch.inputs)
        if x.ndim != 4:
            drawn = values.original(self.info, model.decode(self.prior(network, 1000)))
            return grids.vectors(drawn, batch.inputs)
        mean = self.encode(network, x)[0]
        samples = model.decode(self.prior(network, SAMPLES * len(x))).unflatten(0, (len(x), SAMPLES))
        stops = values.between(mean, mean.roll(-1, 0), WALK)  # (B, WALK, latent)
        walks = model.decode(stops.flatten(0, 1)).unflatten(0, (len(x), WALK))
        decoded = self.shown(torch.cat([model.decode(mean)[:, None], samples, walks], 1))
        pictures = torch.cat([values.pixels(x)[:, None], decoded], 1).cpu()
        columns = ("picture", "reconstruction", *["sample"] * SAMPLES, *["walk to the next picture"] * WALK)
        return Preview(pictures, columns, title="Decoded from codes of pictures, and from codes of the prior")

    def inspect(self, network: nn.Module, batch: Batch) -> Inspection:
        """The negative ELBO of each example, and how it is decoded."""
        model, x = autoencoder(network), self.observed(network, batch.inputs)
        mean, log_variance = self.encode(network, x)
        decoded = model.decode(mean)
        errors = likelihood.divergence(mean, log_variance) - self.fit(model, x, decoded)
        if x.ndim != 4:
            return Inspection("−ELBO", errors)
        shown = torch.stack([values.pixels(x), self.shown(decoded)], 1)
        return Inspection("−ELBO", errors, pictures=shown, columns=("picture", "reconstruction"))

    def sample(self, network: nn.Module, count: int, *, walk: bool = False, map: bool = False) -> Preview:
        """Examples decoded from the prior.

        Args:
            walk: whether each row is a walk from one code to another; ``count`` is then the number of rows.
            map: whether to show the whole plane of codes, for networks with model.latent=2; ``count`` is ignored.
        """
        model = autoencoder(network)
        codes = self.prior(network, 2 * count if walk else count)
        z = atlas(model.latent) if map else values.between(codes[::2], codes[1::2], STOPS) if walk else codes
        decoded = model.decode(z.flatten(0, -2))
        if len(self.info.input_shape) != 3:
            return grids.vectors(values.original(self.info, decoded))
        pictures = self.shown(decoded).cpu()
        title = "The plane of codes" if map else "In each row a walk from one code to another" if walk else DRAWN
        return Preview(pictures.unflatten(0, z.shape[:2]) if z.ndim == 3 else grids.grid(pictures), title=title)

    def prior(self, network: nn.Module, count: int) -> Tensor:
        """Codes (count, latent) from N(0, 1)."""
        model = autoencoder(network)
        return torch.randn(count, model.latent, device=model.log_deviation.device)


def autoencoder(network: nn.Module) -> Autoencoder:
    """The autoencoder within a network.

    Raises:
        RecipeError: if the model is none.
    """
    model = getattr(network, "model", None)
    if not isinstance(model, Autoencoder):
        hint = "set model=vae, or model=conv_vae for pictures"
        raise RecipeError("the task vae needs a model that encodes and decodes", got=type(model).__name__, hint=hint)
    return model


def draw(mean: Tensor, log_variance: Tensor) -> Tensor:
    """z = μ + σ·ε, so that gradients reach μ and σ."""
    return mean + (log_variance / 2).exp() * torch.randn_like(mean)


def atlas(latent: int, side: int = 15) -> Tensor:
    """Codes (side, side, 2) that divide the prior's mass evenly along both axes (Kingma & Welling, 2014, figure 4)."""
    if latent != 2:
        hint = "train with model.latent=2, or leave map out"
        raise RecipeError("only codes of two numbers can be shown as a map", got=f"model.latent={latent}", hint=hint)
    line = torch.special.ndtri((torch.arange(side) + 0.5) / side)
    return torch.stack(torch.meshgrid(line.flip(0), line, indexing="ij")[::-1], -1)


def _terms(outputs: Tensor, batch: Batch) -> dict[str, Tensor]:
    means = dict(zip(TERMS, outputs.mean(0), strict=False))
    return {"elbo": means["reconstruction"] - means["kl"], **means}
