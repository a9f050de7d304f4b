"""A layer whose outputs of training patches are uncorrelated and of equal size: their whitening (Page, 2019)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from paribus import threads

SIDE = 2  # of a patch, in pixels
EPS = 5e-4  # added to each variance, so that directions in which patches hardly differ do not become noise alone
PIECE = 256  # pictures whose patches are in memory at the same time


class Whitening(nn.Conv2d):
    """2×2 filters without padding: each principal direction of a patch, once as it is and once negated.

    Args:
        channels: of the pictures.
    """

    bias: nn.Parameter

    def __init__(self, channels: int) -> None:
        super().__init__(channels, 2 * channels * SIDE**2, SIDE)

    def reset_parameters(self) -> None:
        """Draw the weights as any layer does; biases begin at 0."""
        super().reset_parameters()
        nn.init.zeros_(self.bias)

    @torch.no_grad()
    def fit(self, inputs: Tensor) -> None:
        """Take the filters from pictures (N, C, H, W)."""
        directions = whitening(inputs)
        self.weight.copy_(torch.cat([directions, -directions]))


def whitening(inputs: Tensor, side: int = SIDE, eps: float = EPS) -> Tensor:
    """Filters (C·side², C, side, side) under which patches of pictures have the covariance 1, largest direction first.

    They are the eigenvectors v of the patches' second moments about 0, each divided by √(λ + eps). In float64 on one
    thread, and with each eigenvector's largest entry positive, so that the same pictures give the same filters.

    Args:
        inputs: (N, C, H, W), scaled to about mean 0 and deviation 1.
        side: of a patch, in pixels.
        eps: added to the eigenvalues λ.
    """
    channels = inputs.shape[1]
    moments, count = torch.zeros(channels * side**2, channels * side**2, dtype=torch.float64), 0
    with threads.single():
        for some in inputs.split(PIECE):
            patches = some.double().unfold(2, side, 1).unfold(3, side, 1)  # (n, C, H', W', side, side)
            flat = patches.permute(0, 2, 3, 1, 4, 5).reshape(-1, channels * side**2)
            moments, count = moments.addmm_(flat.T, flat), count + len(flat)
        values, vectors = torch.linalg.eigh(moments / count)  # ascending
    vectors = vectors * vectors.gather(0, vectors.abs().argmax(0, keepdim=True)).sign()
    scaled = (vectors / (values.clamp(min=0) + eps).sqrt()).T.flip(0)  # one direction a row
    filters: Tensor = scaled.reshape(-1, channels, side, side).to(inputs.dtype)
    return filters
