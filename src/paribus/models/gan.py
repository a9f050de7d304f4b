"""Pairs of a generator and a discriminator (Goodfellow et al., 2014)."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from math import prod
from typing import Annotated

from pydantic import Field
from torch import Tensor, nn

from paribus.models.blocks import ACTIVATIONS, NORMS, Activation, FlatNorm, Norm, Widths, dense_layers, pick
from paribus.models.conv_autoencoder import down, smallest, up
from paribus.models.spectral import LINEAR

Latent = Annotated[int, Field(ge=1)]

leaky = partial(nn.LeakyReLU, 0.2)


class Adversaries(nn.Module):
    """What tasks ask of a pair; subclasses set ``latent`` and both networks.

    Pictures are generated, and scored, as values from −1 to 1; other features standardised.
    """

    latent: int
    generator: nn.Module  # (B, latent) → (B, *input_shape)
    discriminator: nn.Module  # (B, *input_shape) → (B, 1)

    def generate(self, z: Tensor) -> Tensor:
        """Examples (B, *input_shape) from noise (B, latent)."""
        out: Tensor = self.generator(z)
        return out

    def forward(self, x: Tensor) -> Tensor:
        """How real the discriminator takes examples (B, *input_shape) to be: logits or scores (B,)."""
        out: Tensor = self.discriminator(x)
        return out.flatten()


class GAN(Adversaries):
    """A generator and a discriminator of fully connected layers.

    The discriminator has no norm that mixes the examples of a batch: it would score batches, not examples.

    Args:
        input_shape: shape of one example.
        latent: numbers of noise that an example is made from.
        widths: units of the hidden layers of both networks.
        norm: normalisation in the generator.
        activation: function after each hidden layer of the generator; the discriminator's is leaky ReLU.
        spectral: whether each of the discriminator's layers is held at spectral norm 1 (Miyato et al., 2018).
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        *,
        latent: Latent = 16,
        widths: Widths = (128, 128),
        norm: FlatNorm = "none",
        activation: Activation = "relu",
        spectral: bool = False,
    ) -> None:
        super().__init__()
        self.latent, values = latent, prod(input_shape)
        self.generator = nn.Sequential(
            dense_layers(latent, widths, norm=norm, activation=activation, dropout=0),
            nn.Linear((latent, *widths)[-1], values),
            nn.Tanh() if len(input_shape) == 3 else nn.Identity(),
            nn.Unflatten(1, input_shape),
        )
        self.discriminator = nn.Sequential(nn.Flatten())
        for before, width in pairwise((values, *widths)):
            self.discriminator.append(nn.Sequential(LINEAR[spectral](before, width), leaky()))
        self.discriminator.append(LINEAR[spectral]((values, *widths)[-1], 1))


class DCGAN(Adversaries):
    """A generator and a discriminator of convolutions with stride (Radford et al., 2016), scaled to small pictures.

    The discriminator has no norm that mixes the examples of a batch: it would score batches, not examples.

    Args:
        input_shape: channels, height and width of a picture; each stage must halve both sides.
        latent: numbers of noise that a picture is made from.
        widths: channels of the discriminator's stages; the generator has them in reverse.
        norm: normalisation in the generator.
        activation: function after each layer of the generator; the discriminator's is leaky ReLU.
        spectral: whether each of the discriminator's layers is held at spectral norm 1 (Miyato et al., 2018).
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        *,
        latent: Latent = 64,
        widths: Widths = (32, 64),
        norm: Norm = "batch",
        activation: Activation = "relu",
        spectral: bool = False,
    ) -> None:
        super().__init__()
        self.latent, channels = latent, (input_shape[0], *widths)
        height, width = smallest(input_shape, len(widths))
        features, make = channels[-1] * height * width, pick(ACTIVATIONS, activation, "activation")
        self.generator = nn.Sequential(
            nn.Linear(latent, features),
            nn.Unflatten(1, (channels[-1], height, width)),
            pick(NORMS, norm, "norm")(channels[-1]),
            make(),
            up(channels[::-1], norm=norm, activation=make),
            nn.Tanh(),
        )
        stages = down(channels, norm="none", activation=leaky, spectral=spectral)
        self.discriminator = nn.Sequential(stages, nn.Flatten(), LINEAR[spectral](features, 1))
