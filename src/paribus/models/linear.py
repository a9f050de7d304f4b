"""The linear model, the baseline of all others."""

from __future__ import annotations

from math import prod

from torch import Tensor, nn


class Linear(nn.Module):
    """A linear model: every output is a weighted sum of all inputs.

    On windows of a series it is a vector autoregression that forecasts all steps at once. Models that first take off
    the last value or a moving average and add it again (Zeng et al., 2023) are of the same kind: sums of weighted sums.

    Args:
        input_shape: shape of one example.
        num_outputs: how many numbers the model gives for each example.
    """

    def __init__(self, input_shape: tuple[int, ...], num_outputs: int) -> None:
        super().__init__()
        self.output = nn.Linear(prod(input_shape), num_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, *input_shape) to (B, num_outputs)."""
        out: Tensor = self.output(x.flatten(1))
        return out
