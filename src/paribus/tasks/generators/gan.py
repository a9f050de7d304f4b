"""Generative adversarial training, and how good the generated examples are."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.data.prepare.prepared import PreparedData
from paribus.errors import RecipeError
from paribus.models.gan import Adversaries
from paribus.records.metric import (
    DISCRIMINATOR_LOSS,
    FRECHET,
    GENERATOR_LOSS,
    MODE_KL,
    MODES,
    PRECISION,
    QUALITY,
    RECALL,
    Metric,
)
from paribus.tasks.generators import grids, values
from paribus.tasks.generators.adversarial import (
    RULES,
    THRESHOLDS,
    LossName,
    frozen,
    gradient_norms,
    lipschitz_penalty,
    smoothed,
)
from paribus.tasks.generators.extractor import FeatureExtractor, Kind, feature_extractor
from paribus.tasks.generators.meters import GanMeter, QualityMeter
from paribus.tasks.preview import Preview
from paribus.tasks.task import Task

SAMPLES, POINTS, STOPS = 8, 2000, 10  # of a preview: pictures in a row, points in the plane; of a walk


class Adversarial(Task):
    """Draw examples that a discriminator cannot tell from the data (Goodfellow et al., 2014).

    Two stages with optimizers of their own, ``discriminator`` and ``generator``. After every epoch as many examples are
    drawn as there are validation examples, and compared with them in the features of an extractor.

    Args:
        loss: of both networks; wasserstein_gp adds a penalty on the slope of the discriminator.
        critic_steps: steps of the discriminator for each one of the generator.
        penalty: weight of the gradient penalty of wasserstein_gp.
        r1: weight γ of the penalty γ/2·E‖∇D‖² at real examples, for any loss (Mescheder et al., 2018).
        label_smoothing: share for which real examples count as generated in the discriminator's loss.
        extractor: gives the features that examples are compared in: a small classifier that is trained on the data's
            labels once, one with random weights, or the values themselves, as always where examples are no pictures.
    """

    diagnosis: ClassVar[str] = "paribus.diagnosis.generator:check"
    draws: ClassVar[bool] = True
    metrics: ClassVar[tuple[Metric, ...]] = (
        FRECHET, PRECISION, RECALL, MODES, QUALITY, MODE_KL, GENERATOR_LOSS, DISCRIMINATOR_LOSS,
    )  # fmt: skip

    def __init__(
        self,
        info: DataInfo,
        loss: LossName = "non_saturating",
        critic_steps: Annotated[int, Field(ge=1)] = 1,
        penalty: Annotated[float, Field(ge=0)] = 10.0,
        r1: Annotated[float, Field(ge=0)] = 0.0,
        label_smoothing: Annotated[float, Field(ge=0, lt=0.5)] = 0.0,
        extractor: Kind = "trained",
    ) -> None:
        super().__init__(info)
        self.rule, self.threshold = RULES[loss], THRESHOLDS.get(loss, 0.0)
        self.critic_steps, self.r1, self.label_smoothing, self.kind = critic_steps, r1, label_smoothing, extractor
        self.penalty = penalty if loss == "wasserstein_gp" else 0.0
        self.extractor: FeatureExtractor | None = None
        self.step = 0
        self.drawn_for = -1  # the last step in which the discriminator trained
        self.shared: Tensor | None = None  # what was drawn then, for the generator of the same step
        self.pictures = len(info.input_shape) == 3

    def at(self, step: int, epoch: float) -> None:
        """Which step it is says which stages move."""
        self.step = step

    def prepare(self, prepared: PreparedData) -> None:
        """Get the feature extractor for these data."""
        self.extractor = feature_extractor(self.kind, self.info, prepared)

    def stages(self, network: nn.Module) -> dict[str, list[nn.Parameter]]:
        """The discriminator moves first."""
        model = adversaries(network)
        return {
            "discriminator": list(model.discriminator.parameters()),
            "generator": list(model.generator.parameters()),
        }

    def due(self, stage: str, step: int) -> bool:
        """The generator moves after each round of the discriminator's steps."""
        return stage == "discriminator" or (step + 1) % self.critic_steps == 0

    def loss(self, stage: str, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """The generator's loss and what it drew (B, …); the discriminator's and its scores of both kinds (B, 2)."""
        model = adversaries(network)
        fake = self.fake(stage, model, batch)
        if stage == "generator":
            with frozen(model.discriminator):
                return self.rule.generator(model(fake).float()).mean(), fake
        real = self.real(network, batch.inputs)
        fake = fake.detach().to(real.dtype)
        real_scores, fake_scores = model(torch.cat([real, fake])).float().chunk(2)
        loss = smoothed(self.rule, self.label_smoothing, real_scores).mean() + self.rule.fake(fake_scores).mean()
        return loss + self.penalties(model, real, fake), torch.stack([real_scores, fake_scores], 1)

    def fake(self, stage: str, model: Adversaries, batch: Batch) -> Tensor:
        """What the generator draws for a batch: once for both stages of a step, where both move.

        A batch that is cut into pieces, and evaluation, draw for each.
        """
        if stage == "generator":
            shared, self.shared = self.shared, None
            same = self.drawn_for == self.step and torch.is_grad_enabled()
            if same and shared is not None and len(shared) == len(batch.rows):
                return shared
            return model.generate(noise(model, len(batch.rows)))
        first = self.drawn_for != self.step
        both = first and torch.is_grad_enabled() and self.due("generator", self.step)
        with nullcontext() if both else torch.no_grad():
            fake = model.generate(noise(model, len(batch.rows)))
        self.shared = fake if both else None
        if torch.is_grad_enabled():
            self.drawn_for = self.step
        return fake

    def penalties(self, model: Adversaries, real: Tensor, fake: Tensor) -> Tensor | float:
        """On the slope of the discriminator; none in evaluation, where there are no slopes."""
        total: Tensor | float = 0.0
        if self.penalty and torch.is_grad_enabled():
            total = total + self.penalty * lipschitz_penalty(model, real, fake)
        if self.r1 and torch.is_grad_enabled():
            total = total + self.r1 / 2 * gradient_norms(model, real).mean()
        return total

    def real(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """Stored examples in the units of the generator."""
        return values.signed(network, inputs)

    def stored(self, fake: Tensor) -> Tensor:
        """Generated examples as the data are stored."""
        return values.pixels(fake, low=-1) if self.pictures else values.original(self.info, fake)

    def meter(self, split: str) -> GanMeter:
        """Both losses; in evaluation also the quality of what is drawn."""
        if split == "train" or self.extractor is None:
            return GanMeter(self.threshold)
        return GanMeter(self.threshold, QualityMeter(self.extractor, self.stored, self.info.class_counts))

    def predict(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """The discriminator's score of each example (B, 1)."""
        scores: Tensor = adversaries(network)(self.real(network, inputs))
        return scores.float()[:, None]

    def preview(self, network: nn.Module, batch: Batch) -> Preview | None:
        """What is drawn from the same noise every time: rows of pictures behind one of the data's, or points."""
        if not self.pictures:
            return grids.vectors(self.drawn(network, POINTS), self.known(batch))
        drawn = self.drawn(network, SAMPLES * len(batch.rows)).unflatten(0, (-1, SAMPLES))
        columns = ("data", *["drawn"] * SAMPLES)
        return Preview(torch.cat([batch.inputs[:, None], drawn], 1).cpu(), columns, title="Examples drawn from noise")

    def sample(self, network: nn.Module, count: int, *, walk: bool = False) -> Preview:
        """Examples from fresh noise.

        Args:
            walk: whether each row is a walk from one noise to another; ``count`` is then the number of rows.
        """
        model = adversaries(network)
        if not self.pictures:
            return grids.vectors(self.drawn(network, count))
        if not walk:
            return Preview(grids.grid(self.drawn(network, count).cpu()), title="Examples drawn from noise")
        z = values.between(noise(model, count), noise(model, count), STOPS)
        drawn = self.stored(model.generate(z.flatten(0, 1))).cpu()
        return Preview(drawn.unflatten(0, (count, STOPS)), title="In each row a walk from one noise to another")

    def drawn(self, network: nn.Module, count: int) -> Tensor:
        """Examples (count, *input_shape) as they would be stored."""
        model = adversaries(network)
        return self.stored(model.generate(noise(model, count)))

    def known(self, batch: Batch) -> Tensor:
        """Points of the data, or the centres of their modes where those are known."""
        return torch.tensor(self.info.points.centres) if self.info.points else batch.inputs


def adversaries(network: nn.Module) -> Adversaries:
    """The pair within a network.

    Raises:
        RecipeError: if the model is none.
    """
    model = getattr(network, "model", None)
    if not isinstance(model, Adversaries):
        hint = "set model=gan, or model=dcgan for pictures"
        rule = "the task gan needs a model of a generator and a discriminator"
        raise RecipeError(rule, got=type(model).__name__, hint=hint)
    return model


def noise(model: Adversaries, count: int) -> Tensor:
    """What examples are made from: (count, latent) numbers from N(0, 1)."""
    return torch.randn(count, model.latent, device=next(model.parameters()).device)
