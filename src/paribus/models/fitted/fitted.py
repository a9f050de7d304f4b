"""What models share that are fitted at once: their state is tensors, as that of a network is, and never pickled."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from math import prod
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

LEAST = 1e-12  # probability of what a model holds to be impossible, so that its loss is finite


class Fitted(nn.Module):
    """A model that is fitted at once, from all training examples, in place of steps along gradients.

    What fitting finds becomes buffers, whose sizes depend on the data; :meth:`forward` computes from them what the
    library that fitted them says. So such a model is saved, loaded, asked and exported like a network. Before it is
    fitted it says 0.

    Args:
        input_shape: shape of one example, encoded and scaled.
        num_outputs: how many numbers the model gives for each example.
        num_classes: how many classes there are; 0 where numbers are predicted.
    """

    counts: ClassVar[str] = "fitted numbers"  # what size is the number of

    def __init__(self, input_shape: tuple[int, ...], num_outputs: int, num_classes: int) -> None:
        super().__init__()
        self.inputs, self.num_outputs, self.num_classes = prod(input_shape), num_outputs, num_classes

    def fit_at_once(self, inputs: Tensor, targets: Tensor, weights: Tensor | None, seed: int) -> None:
        """Fit all training examples.

        Args:
            inputs: (N, *input_shape) as the network's scaling gives them.
            targets: (N,) class indices, or (N, num_outputs) standardised numbers.
            weights: (N,) of the examples, or ``None`` where all are equal.
            seed: of what is random in it.
        """
        device = inputs.device
        found = self.fitted(inputs.flatten(1).cpu(), targets.cpu(), None if weights is None else weights.cpu(), seed)
        for name, value in found.items():
            self.register_buffer(name, value.to(device))

    @abstractmethod
    def fitted(self, inputs: Tensor, targets: Tensor, weights: Tensor | None, seed: int) -> Mapping[str, Tensor]:
        """What fitting finds, by the names of the buffers; of inputs (N, F), all on the CPU."""
        ...

    @abstractmethod
    def say(self, inputs: Tensor) -> Tensor:
        """Probabilities (B, num_classes), or numbers (B, num_outputs), for inputs (B, F), in float64."""
        ...

    @property
    def is_fitted(self) -> bool:
        """Whether there is something to say."""
        return all(buffer.numel() for buffer in self.buffers())

    @property
    def size(self) -> int:
        """How many of what :attr:`counts` names were found."""
        return sum(buffer.numel() for buffer in self.buffers())

    def forward(self, inputs: Tensor) -> Tensor:
        """Map (B, *input_shape) to logarithms of probabilities, or to numbers, (B, num_outputs)."""
        if not self.is_fitted:
            return inputs.new_zeros(len(inputs), self.num_outputs)
        said = self.say(inputs.flatten(1))
        return (said.clamp(min=LEAST).log() if self.num_classes else said).float()

    def _load_from_state_dict(self, state: Mapping[str, Any], prefix: str, *rest: Any) -> None:
        """Take over buffers of any size: how large they are is known once a model is fitted."""
        for name, buffer in list(self.named_buffers(recurse=False)):
            if (saved := state.get(prefix + name)) is not None and saved.shape != buffer.shape:
                self.register_buffer(name, torch.empty_like(saved, device=buffer.device))
        super()._load_from_state_dict(state, prefix, *rest)

    def _declare(self, **kinds: torch.dtype) -> None:
        """Name the buffers, empty as yet."""
        for name, kind in kinds.items():
            self.register_buffer(name, torch.empty(0, dtype=kind))


def columns_of(probabilities: Tensor, present: Tensor, classes: int) -> Tensor:
    """Probabilities (…, classes) from those of the classes that training had; 0 for the others."""
    whole = probabilities.new_zeros(*probabilities.shape[:-1], classes)
    return whole.index_copy_(-1, present, probabilities)
