"""Regression: one number, or several, for every example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.errors import RecipeError
from paribus.records.metric import LOSS, Metric
from paribus.tasks.inspection import Inspection
from paribus.tasks.pictures import of_one_size
from paribus.tasks.prediction import Prediction
from paribus.tasks.tables import for_rows
from paribus.tasks.task import Task

R2 = Metric("r2", higher_is_better=True, matters=0.01)


class Regression(Task):
    """Predict numbers: of a table, or of pictures.

    The loss is taken of standardised targets, by mean and deviation of the training examples; figures are in the unit
    of the data: root of the mean squared error (rmse), mean absolute error (mae), and the share of the variance that is
    explained (r2), which is 0 for who always says the mean. Of several numbers they are means over these.

    Classes whose names are numbers are taken for these numbers.

    Args:
        loss: what is minimised.
        delta: standardised error from which the Huber loss grows in a straight line.
    """

    metrics: ClassVar[tuple[Metric, ...]] = (
        R2,
        Metric("rmse", higher_is_better=False),
        Metric("mae", higher_is_better=False),
        LOSS,
    )
    scored: ClassVar[tuple[str, ...]] = ("mae",)

    def __init__(
        self,
        info: DataInfo,
        loss: Literal["mse", "mae", "huber"] = "mse",
        delta: Annotated[float, Field(gt=0)] = 1.0,
    ) -> None:
        super().__init__(info)
        self.form, self.delta = loss, delta
        self.values = class_values(info)  # (classes,), or none where targets are numbers
        self.mean, self.deviation = target_scaling(info, self.values)
        self.names = (info.table.targets if info.table else ()) or tuple(
            ["value"] if len(self.mean) == 1 else [f"value {place}" for place, _ in enumerate(self.mean, 1)]
        )

    @property
    def num_outputs(self) -> int:
        """One for each number that is predicted."""
        return len(self.mean)

    def model_inputs(self) -> dict[str, Any]:
        """There are no classes, even where targets are stored as such."""
        return {**super().model_inputs(), "num_classes": 0}

    def output_shape(self, batch: Batch) -> tuple[int, ...]:
        """(B, numbers)."""
        return len(batch), self.num_outputs

    def loss(self, stage: str, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """Mean loss of standardised numbers, and the predictions (B, numbers) in the unit of the data."""
        self._place(batch.inputs.device)
        outputs: Tensor = network(batch.inputs).float()
        truth = self.truth(batch)
        if outputs.shape != truth.shape:  # (B, 1) less (B,) would be (B, B), and no error
            got = f"outputs {tuple(outputs.shape)}, targets {tuple(truth.shape)}"
            raise RecipeError("a model gives one output for each number that is predicted", got=got)
        loss = self._loss(outputs, (truth - self.mean) / self.deviation)
        return loss, outputs.detach() * self.deviation + self.mean

    def _loss(self, said: Tensor, truth: Tensor) -> Tensor:
        if self.form == "mae":
            return F.l1_loss(said, truth)
        return F.mse_loss(said, truth) if self.form == "mse" else F.huber_loss(said, truth, delta=self.delta)

    def truth(self, batch: Batch) -> Tensor:
        """The targets (B, numbers) in the unit of the data."""
        targets: Tensor = batch.targets
        if self.values is not None:
            targets = self.values.to(targets.device)[targets]
        return targets.float().reshape(len(targets), -1)

    def fitting(self, batch: Batch) -> tuple[Tensor, None]:
        """Standardised targets (B, numbers), each example as important as any other."""
        self._place(batch.inputs.device)
        if self.form != "mse":
            hint = "set task.loss=mse, or leave these models out"
            raise RecipeError("models that are fitted at once minimise the squared error", got=self.form, hint=hint)
        return (self.truth(batch) - self.mean) / self.deviation, None

    def meter(self, split: str) -> RegressionMeter:
        """All figures, of training too."""
        return RegressionMeter(self.truth, self.mean.cpu())

    def predict(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """Predictions (B, numbers) in the unit of the data."""
        self._place(inputs.device)
        outputs: Tensor = network(inputs).float()
        return outputs * self.deviation + self.mean

    def errors(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Mean absolute error of each example (B,): of the network, and of who always says the mean of training."""
        truth, said = self.truth(batch), self.predict(network, batch.inputs)
        return {"network": (said - truth).abs().mean(1), "mean": (self.mean - truth).abs().mean(1)}

    def scores(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """The absolute error of each example."""
        return {"mae": self.errors(network, batch)["network"]}

    def inspect(self, network: nn.Module, batch: Batch) -> Inspection:
        """The absolute error of each example, what it is and what the network says."""
        truth, said = self.truth(batch), self.predict(network, batch.inputs)
        pictures = len(self.info.input_shape) == 3 and self.info.input_shape[0] in (1, 3)
        return Inspection(
            "absolute error",
            (said - truth).abs().mean(1),
            list(map(spoken, truth.tolist())),
            list(map(spoken, said.tolist())),
            pictures=batch.inputs[:, None] if pictures and batch.inputs.dtype == torch.uint8 else None,
        )

    def predict_files(self, network: nn.Module, files: Sequence[Path]) -> list[Prediction]:
        """The numbers for each picture, or for each row of tables."""
        if self.info.table:
            return for_rows(files, self.info, lambda rows: [self._figures(one) for one in self._said(network, rows)])
        return of_one_size(files, self.info, partial(self.predict_inputs, network))

    def predict_inputs(self, network: nn.Module, inputs: Tensor) -> list[Prediction]:
        """The numbers for each input."""
        return [Prediction("", spoken(one), self._figures(one)) for one in self._said(network, inputs)]

    def _said(self, network: nn.Module, inputs: Tensor) -> list[list[float]]:
        found: list[list[float]] = self.predict(network, inputs).tolist()
        return found

    def _figures(self, said: Sequence[float]) -> dict[str, float]:
        return dict(zip(self.names, said, strict=True))

    def _place(self, device: torch.device) -> None:
        self.mean, self.deviation = self.mean.to(device), self.deviation.to(device)


class RegressionMeter:
    """Sums of errors, number by number, in float64; each batch is added as it comes, so sums never depend on pauses.

    Args:
        truth: the targets (B, K) of a batch.
        shift: (K,) taken off the targets before they are squared, so that no digits are lost.
    """

    def __init__(self, truth: Any, shift: Tensor) -> None:
        self.truth, self.shift = truth, shift.double()
        self.count, self.loss = 0, torch.zeros((), dtype=torch.float64)
        self.sums = torch.zeros(4, len(shift), dtype=torch.float64)

    def update(self, stage: str, loss: Tensor, outputs: Tensor, batch: Batch) -> None:
        """Count one batch of predictions (B, K) in the unit of the data."""
        true = self.truth(batch).double()
        error, level = outputs.double() - true, true - self.shift.to(true.device)
        found = torch.stack([error.abs().sum(0), (error**2).sum(0), level.sum(0), (level**2).sum(0)])
        self.sums = self.sums.to(found.device) + found
        self.loss = self.loss.to(found.device) + loss.double() * len(true)
        self.count += len(true)

    def figures(self) -> dict[str, float]:
        """R², RMSE, MAE and mean loss; R² is 0 where all targets are the same."""
        absolute, squares, level, truth = self.sums.cpu()
        spread = truth - level**2 / self.count  # Σ(y − ȳ)²
        varied = spread > 1e-12 * truth.clamp(min=1e-30)
        r2 = torch.where(varied, 1 - squares / spread.clamp(min=1e-30), 0.0)
        return {
            "r2": float(r2.mean()),
            "rmse": float((squares / self.count).sqrt().mean()),
            "mae": float((absolute / self.count).mean()),
            "loss": float(self.loss) / self.count,
        }

    def state(self) -> dict[str, Any]:
        """The sums."""
        return {"sums": self.sums, "loss": self.loss, "count": self.count}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from saved sums."""
        self.sums, self.loss, self.count = state["sums"], state["loss"], state["count"]


def class_values(info: DataInfo) -> Tensor | None:
    """(classes,) the numbers that classes are called; ``None`` where targets are numbers already.

    Raises:
        RecipeError: for targets that are neither.
    """
    if info.target_mean:
        return None
    try:
        values = [float(name) for name in info.classes]
    except ValueError:
        values = []
    if not values or info.target_shape:
        got = f"classes {', '.join(info.classes[:5])}" if info.classes else f"targets of shape {info.target_shape}"
        hint = "choose another data.target, or task.use=classification"
        raise RecipeError("regression needs targets that are numbers", got=got, hint=hint)
    return torch.tensor(values)


def target_scaling(info: DataInfo, values: Tensor | None) -> tuple[Tensor, Tensor]:
    """Mean and deviation (K,) of the training targets; a deviation of 1 where they are all the same."""
    if values is None:
        return torch.tensor(info.target_mean), torch.tensor(info.target_deviation)
    shares = torch.tensor(info.class_counts, dtype=torch.float64)
    shares = shares / shares.sum()
    mean = (shares * values).sum()
    deviation = (shares * (values - mean) ** 2).sum().sqrt()
    return mean.float()[None], (deviation if deviation > 0 else torch.ones(())).float()[None]


def spoken(numbers: Sequence[float]) -> str:
    """Numbers as people read them."""
    return ", ".join(f"{one:.4g}" for one in numbers)
