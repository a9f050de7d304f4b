"""Linear models with a penalty, fitted to their optimum, and the model that only knows how often things are."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from paribus.errors import RecipeError
from paribus.models.fitted.fitted import Fitted, columns_of

Penalty = Annotated[float, Field(ge=0)]


class Logistic(Fitted):
    """Logistic regression, fitted at once to the optimum of its penalised loss, by scikit-learn.

    It minimises Σ cross-entropy + penalty/2·Σ w², the biases left out.

    Args:
        penalty: on the squares of the weights; 0 for none, where classes that can be separated have no optimum.
    """

    weight: Tensor
    bias: Tensor

    def __init__(
        self, input_shape: tuple[int, ...], num_outputs: int, num_classes: int, penalty: Penalty = 1.0
    ) -> None:
        super().__init__(input_shape, num_outputs, num_classes)
        if not num_classes:
            raise RecipeError("logistic regression needs classes", got="numbers to predict", hint="use model=ridge")
        self.penalty = penalty
        self._declare(weight=torch.float64, bias=torch.float64)

    def fitted(self, inputs: Tensor, targets: Tensor, weights: Tensor | None, seed: int) -> Mapping[str, Tensor]:
        """Weights (classes, F) and biases (classes,), of two classes the first ones 0."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression

        strength = 1 / self.penalty if self.penalty else math.inf
        model = LogisticRegression(C=strength, tol=1e-8, max_iter=10_000)
        with warnings.catch_warnings():
            warnings.simplefilter("error", ConvergenceWarning)
            try:
                model.fit(inputs.double().numpy(), targets.numpy(), None if weights is None else weights.numpy())
            except ConvergenceWarning:
                rule = "logistic regression has not come to its optimum in 10,000 rounds"
                got = f"model.penalty={self.penalty:g}"
                raise RecipeError(rule, got=got, hint="set a larger model.penalty") from None
        slopes, biases = torch.from_numpy(model.coef_), torch.from_numpy(model.intercept_)
        if len(slopes) == 1:  # the log-odds of the second class
            slopes, biases = torch.cat([0 * slopes, slopes]), torch.cat([0 * biases, biases])
        present = torch.from_numpy(model.classes_)
        bias = torch.full((self.num_classes,), -math.inf, dtype=torch.float64).index_copy_(0, present, biases)
        weight = columns_of(slopes.T, present, self.num_classes).T.contiguous()
        return {"weight": weight, "bias": bias}

    def say(self, inputs: Tensor) -> Tensor:
        """Probabilities (B, classes); 0 of a class that training did not have."""
        return (inputs.double() @ self.weight.T + self.bias).softmax(1)


class Ridge(Fitted):
    """Linear regression with a squared penalty, fitted at once, by scikit-learn.

    It minimises Σ (y − wx − b)² + penalty·Σ w² of standardised numbers, the biases left out.

    Args:
        penalty: on the squares of the weights; 0 for least squares.
    """

    weight: Tensor
    bias: Tensor

    def __init__(
        self, input_shape: tuple[int, ...], num_outputs: int, num_classes: int, penalty: Penalty = 1.0
    ) -> None:
        super().__init__(input_shape, num_outputs, num_classes)
        if num_classes:
            raise RecipeError("ridge regression needs numbers", got=f"{num_classes} classes", hint="use model=logistic")
        self.penalty = penalty
        self._declare(weight=torch.float64, bias=torch.float64)

    def fitted(self, inputs: Tensor, targets: Tensor, weights: Tensor | None, seed: int) -> Mapping[str, Tensor]:
        """Weights (num_outputs, F) and biases (num_outputs,)."""
        from sklearn.linear_model import LinearRegression
        from sklearn.linear_model import Ridge as Penalised

        model = Penalised(alpha=self.penalty) if self.penalty else LinearRegression()
        model.fit(inputs.double().numpy(), targets.double().numpy())
        return {
            "weight": torch.from_numpy(model.coef_).reshape(self.num_outputs, -1),
            "bias": torch.from_numpy(model.intercept_).reshape(-1),
        }

    def say(self, inputs: Tensor) -> Tensor:
        """Numbers (B, num_outputs)."""
        return inputs.double() @ self.weight.T + self.bias


class Majority(Fitted):
    """What needs no inputs: how often each class is in training, or the mean of the numbers; what all must beat."""

    share: Tensor

    def __init__(self, input_shape: tuple[int, ...], num_outputs: int, num_classes: int) -> None:
        super().__init__(input_shape, num_outputs, num_classes)
        self._declare(share=torch.float64)

    def fitted(self, inputs: Tensor, targets: Tensor, weights: Tensor | None, seed: int) -> Mapping[str, Tensor]:
        """Shares of the classes (classes,), or means (num_outputs,)."""
        if not self.num_classes:
            return {"share": targets.double().mean(0)}
        counts = torch.bincount(targets, None if weights is None else weights.double(), self.num_classes).double()
        return {"share": counts / counts.sum()}

    def say(self, inputs: Tensor) -> Tensor:
        """The same for every example."""
        return self.share.expand(len(inputs), -1)
