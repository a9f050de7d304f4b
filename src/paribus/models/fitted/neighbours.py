"""The nearest neighbours of an example among those of training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from paribus.errors import RecipeError
from paribus.models.fitted.fitted import Fitted


class Neighbours(Fitted):
    """The k nearest training examples decide: by their classes, or the mean of their numbers (Cover & Hart, 1967).

    Nearest in the Euclidean distance of scaled inputs. Fitting is remembering; all the work is done when it is asked.

    Args:
        k: how many neighbours decide.
        weights: whether all of them count alike, or by 1/distance.
    """

    counts = "remembered numbers"
    points: Tensor
    answers: Tensor

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        num_classes: int,
        k: Annotated[int, Field(ge=1)] = 5,
        weights: Literal["uniform", "distance"] = "uniform",
    ) -> None:
        super().__init__(input_shape, num_outputs, num_classes)
        self.k, self.by_distance = k, weights == "distance"
        self._declare(points=torch.float32, answers=torch.float32)

    def fitted(self, inputs: Tensor, targets: Tensor, weights: Tensor | None, seed: int) -> Mapping[str, Tensor]:
        """All examples (N, F) and what they say (N, num_outputs), classes as one-hot rows."""
        if weights is not None:
            hint = "leave task.class_weights out, or this model"
            raise RecipeError("nearest neighbours know no weights of examples", got="weights", hint=hint)
        if self.k > len(inputs):
            got, hint = f"model.k={self.k}", f"set model.k to at most {len(inputs)}"
            raise RecipeError("there are fewer training examples than neighbours", got=got, hint=hint)
        answers = F.one_hot(targets, self.num_classes) if self.num_classes else targets
        return {"points": inputs.float(), "answers": answers.float()}

    def say(self, inputs: Tensor) -> Tensor:
        """Shares of the classes (B, classes), or means (B, num_outputs)."""
        distances = torch.cdist(inputs.double(), self.points.double(), compute_mode="donot_use_mm_for_euclid_dist")
        nearest, who = distances.topk(self.k, largest=False)  # (B, k)
        votes = torch.ones_like(nearest)
        if self.by_distance:  # where some lie at the very place, they alone count
            there = nearest == 0
            votes = torch.where(there.any(1, keepdim=True), there.double(), 1 / nearest.clamp(min=1e-300))
        votes = votes / votes.sum(1, keepdim=True)
        return torch.einsum("bk,bko->bo", votes, self.answers.double()[who])
