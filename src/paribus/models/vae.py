"""Variational autoencoders (Kingma & Welling, 2014): an encoder to a Gaussian in a small space, and a decoder back."""

from __future__ import annotations

from math import prod
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from paribus.models.blocks import ACTIVATIONS, Activation, FlatNorm, Norm, Widths, dense_layers, pick
from paribus.models.conv_autoencoder import down, smallest, up

Latent = Annotated[int, Field(ge=1)]


class Autoencoder(nn.Module):
    """What tasks ask of a variational autoencoder; subclasses set ``latent``, ``encoder``, ``decoder``, and the heads.

    ``log_deviation`` is the logarithm of the noise's deviation under a Gaussian likelihood, for tasks that learn it.
    """

    latent: int
    encoder: nn.Module  # (B, *input_shape) → (B, features)
    decoder: nn.Module  # (B, latent) → (B, *input_shape)

    def __init__(self) -> None:
        super().__init__()
        self.log_deviation = nn.Parameter(torch.zeros(()))

    def heads(self, features: int, latent: int) -> None:
        """Set what reads mean and log-variance off the encoder's features."""
        self.latent = latent
        self.mean, self.log_variance = nn.Linear(features, latent), nn.Linear(features, latent)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance (B, latent) of q(z | x), from inputs (B, *input_shape)."""
        features = self.encoder(x)
        return self.mean(features), self.log_variance(features)

    def decode(self, z: Tensor) -> Tensor:
        """What the likelihood p(x | z) is made of, (B, *input_shape), from (B, latent): logits or means."""
        out: Tensor = self.decoder(z)
        return out

    def forward(self, x: Tensor) -> Tensor:
        """Inputs, encoded to their mean and decoded: (B, *input_shape)."""
        return self.decode(self.encode(x)[0])


class VAE(Autoencoder):
    """A variational autoencoder of fully connected layers.

    Args:
        input_shape: shape of one example.
        latent: numbers that an example is encoded in.
        widths: units of the encoder's hidden layers; the decoder has them in reverse. None leave a linear model.
        norm: normalisation between each hidden layer and its activation.
        activation: function after each hidden layer.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        *,
        latent: Latent = 16,
        widths: Widths = (256,),
        norm: FlatNorm = "none",
        activation: Activation = "relu",
    ) -> None:
        super().__init__()
        values, back = prod(input_shape), tuple(reversed(widths))
        hidden = dense_layers(values, widths, norm=norm, activation=activation, dropout=0)
        self.encoder = nn.Sequential(nn.Flatten(), hidden)
        self.heads((values, *widths)[-1], latent)
        self.decoder = nn.Sequential(
            dense_layers(latent, back, norm=norm, activation=activation, dropout=0),
            nn.Linear((latent, *back)[-1], values),
            nn.Unflatten(1, input_shape),
        )


class ConvVAE(Autoencoder):
    """A variational autoencoder of convolutions: each stage halves the picture, and the decoder doubles it again.

    Args:
        input_shape: channels, height and width of a picture; each stage must halve both sides.
        latent: numbers that a picture is encoded in.
        widths: channels of the encoder's stages; the decoder has them in reverse.
        norm: normalisation after each convolution.
        activation: function after each convolution.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        *,
        latent: Latent = 16,
        widths: Widths = (32, 64),
        norm: Norm = "none",
        activation: Activation = "relu",
    ) -> None:
        super().__init__()
        height, width = smallest(input_shape, len(widths))
        channels = (input_shape[0], *widths)
        features, make = channels[-1] * height * width, pick(ACTIVATIONS, activation, "activation")
        stages = down(channels, norm=norm, activation=make)
        self.encoder = nn.Sequential(stages, nn.Flatten())
        self.heads(features, latent)
        self.decoder = nn.Sequential(
            nn.Linear(latent, features),
            nn.Unflatten(1, (channels[-1], height, width)),
            make(),
            up(channels[::-1], norm=norm, activation=make),
        )
