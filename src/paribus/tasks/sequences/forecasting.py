"""Forecasting: the next values of a series from its past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.data.sources.series.ending import Ending, endings
from paribus.errors import DataError, RecipeError
from paribus.records.metric import LOSS, Metric
from paribus.tasks.inspection import Inspection
from paribus.tasks.prediction import Prediction
from paribus.tasks.preview import Preview
from paribus.tasks.sequences.metrics import ErrorMeter, Losses, absolute, huber, pinball, squared
from paribus.tasks.task import Task

Level = Annotated[float, Field(gt=0, lt=1)]

LOSSES: Mapping[str, Losses] = {"mse": squared, "mae": absolute, "huber": huber}


class Forecasting(Task):
    """Forecast all steps of the horizon at once.

    The loss is taken of scaled values, figures are in the unit of the series: mean absolute error (mae), root of the
    mean squared error (rmse), mean absolute scaled error (mase), share of the variance that is explained (r2), and the
    skill 1 − MAE / MAE of a forecast that needs no model: of repeating the last season (skill) or the last value
    (skill_naive), over the same windows.

    Args:
        loss: what is minimised; quantile forecasts several quantiles, of which the middle one is the forecast.
        quantiles: the levels of the quantiles, rising.
        anchor: what the network's output is added to: nothing, the last value, or the value a season ago. With an
            anchor the network forecasts changes, which stay in the range of training when the level does not.
    """

    reads: ClassVar[str] = "CSV files with the columns of the training file"
    diagnosis: ClassVar[str] = "paribus.diagnosis.forecast:forecast"
    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("mae", higher_is_better=False),
        Metric("rmse", higher_is_better=False),
        Metric("mase", higher_is_better=False),
        Metric("r2", higher_is_better=True),
        Metric("skill", higher_is_better=True),
        Metric("skill_naive", higher_is_better=True),
        LOSS,
    )

    def __init__(
        self,
        info: DataInfo,
        loss: Literal["mse", "mae", "huber", "quantile"] = "mse",
        quantiles: tuple[Level, ...] = (0.1, 0.5, 0.9),
        anchor: Literal["none", "last", "season"] = "none",
    ) -> None:
        super().__init__(info)
        if info.series is None:
            raise RecipeError(
                "forecasting needs a series", got=f"inputs {info.input_shape}", hint="see: paribus list data"
            )
        self.quantiles = _rising(quantiles) if loss == "quantile" else (0.5,)
        self.losses = pinball(self.quantiles) if loss == "quantile" else LOSSES[loss]
        self.series, self.anchor, self.season = info.series, anchor, info.series.season
        if anchor == "season" and self.season > info.input_shape[1]:
            hint = f"set data.length to at least {self.season}"
            raise RecipeError("task.anchor=season needs a past of a season", got=info.input_shape[1], hint=hint)
        self.horizon, self.targets = info.target_shape
        self.mean = torch.tensor(info.mean[: self.targets] if info.mean else [0.0] * self.targets)
        self.deviation = torch.tensor(info.deviation[: self.targets] if info.mean else [1.0] * self.targets)

    @property
    def num_outputs(self) -> int:
        """One for each step, target and quantile."""
        return self.horizon * self.targets * len(self.quantiles)

    def output_shape(self, batch: Batch) -> tuple[int, ...]:
        """(B, horizon · targets · quantiles)."""
        return len(batch), self.num_outputs

    def loss(self, stage: str, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """Mean loss of scaled values, and the forecasts (B, horizon, targets) in the unit of the series."""
        self._place(batch.inputs.device)
        scaled, anchor = self._scaled(network, batch.inputs)
        truth = (batch.targets - anchor) / self.deviation
        return self.losses(scaled, truth).mean(), self._middle(scaled).detach() * self.deviation + anchor

    def meter(self, split: str) -> ErrorMeter:
        """Loss and mean absolute error while training; everything otherwise."""
        known = self.series
        if split not in known.baselines:
            return ErrorMeter(self.targets)
        rows = [one.rows for one in known.series]
        return ErrorMeter(self.targets, self.mean, known.seasonal_errors, rows, known.baselines[split])

    def predict(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """Forecasts (B, horizon, targets) in the unit of the series."""
        return self.forecast(network, inputs)[..., len(self.quantiles) // 2]

    def forecast(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """All quantiles (B, horizon, targets, quantiles) in the unit of the series; one where there is one forecast."""
        self._place(inputs.device)
        scaled, anchor = self._scaled(network, inputs)
        return scaled * self.deviation[:, None] + anchor[..., None]

    def errors(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Mean absolute error of each window (B,): of the forecast, and of those that need no model."""
        forecasts = {"forecast": self.predict(network, batch.inputs), **self.baselines(batch.inputs)}
        return {name: (one - batch.targets).abs().mean((1, 2)) for name, one in forecasts.items()}

    def baselines(self, inputs: Tensor) -> dict[str, Tensor]:
        """Forecasts (B, horizon, targets) that repeat the last season, if the past is as long, and the last value."""
        lags = {"seasonal": self.season, "naive": 1}
        return {name: self.repeated(inputs, lag) for name, lag in lags.items() if lag <= inputs.shape[2]}

    def repeated(self, inputs: Tensor, lag: int) -> Tensor:
        """The last ``lag`` steps again and again (B, horizon, targets)."""
        past = inputs[:, : self.targets, -lag:]  # (B, targets, lag)
        return past[:, :, torch.arange(self.horizon, device=inputs.device) % lag].transpose(1, 2)

    def preview(self, network: nn.Module, batch: Batch) -> Preview:
        """The past, the truth, the forecast and the repeated season of the first target, spread over the examples."""
        return Preview(curves=self._curves(batch, self.predict(network, batch.inputs)))

    def inspect(self, network: nn.Module, batch: Batch) -> Inspection:
        """The mean absolute error of each window, and its curves."""
        said = self.predict(network, batch.inputs)
        errors = (said - batch.targets).abs().mean((1, 2))
        return Inspection("mean absolute error", errors, curves=self._curves(batch, said))

    def _curves(self, batch: Batch, said: Tensor) -> tuple[dict[str, list[float | None]], ...]:
        """Past, truth, forecast and repeated season of the first target, for each example."""
        known = {"truth": batch.targets, "forecast": said}
        known |= {name: one for name, one in self.baselines(batch.inputs).items() if name == "seasonal"}
        shown = batch.inputs[:, 0, -3 * max(self.horizon, self.season) :]  # older steps would only press it together
        gap: list[float | None] = [None] * shown.shape[1]
        return tuple(
            {"past": past, **{name: gap + one[place, :, 0].tolist() for name, one in known.items()}}
            for place, past in enumerate(shown.tolist())
        )

    def predict_files(self, network: nn.Module, files: Sequence[Path]) -> list[Prediction]:
        """The forecast behind the end of every series in a CSV file with the columns of the training file."""
        return [found for path in files for found in self._file(network, path)]

    def _file(self, network: nn.Module, path: Path) -> list[Prediction]:
        try:
            found = endings(path, self.info)
        except DataError as error:
            return [Prediction(str(path), problem=str(error).replace("\n", ";"))]
        return [self._answer(network, path, end) for end in found]

    def _answer(self, network: nn.Module, path: Path, end: Ending) -> Prediction:
        name = f"{path}: {end.name}" if end.name else str(path)
        return Prediction(name, f"the next {self.horizon} steps", table=self._table(network, end))

    def _table(self, network: nn.Module, end: Ending) -> dict[str, list[float | str]]:
        """Times, and the forecast of each target, with its quantiles where there are some."""
        quantiles = self.forecast(network, end.inputs)[0].unbind(-1)
        names = self.series.columns[: self.targets]
        heads = [f" {level:g}" for level in self.quantiles] if len(quantiles) > 1 else [""]
        columns: dict[str, list[float | str]] = {"time": list(end.times)}
        for head, values in zip(heads, quantiles, strict=True):
            columns |= {f"{name}{head}": values[:, place].tolist() for place, name in enumerate(names)}
        return columns

    def _scaled(self, network: nn.Module, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """What the network says (B, horizon, targets, quantiles), in deviations from the anchor, and that."""
        outputs: Tensor = network(inputs).float()
        return outputs.unflatten(1, (self.horizon, self.targets, -1)), self._anchor(inputs)

    def _anchor(self, inputs: Tensor) -> Tensor:
        """(B, horizon, targets), or the mean (1, 1, targets)."""
        if self.anchor == "none":
            return self.mean[None, None]
        return self.repeated(inputs, 1 if self.anchor == "last" else self.season)

    def _middle(self, scaled: Tensor) -> Tensor:
        return scaled[..., len(self.quantiles) // 2]

    def _place(self, device: torch.device) -> None:
        self.mean, self.deviation = self.mean.to(device), self.deviation.to(device)


def _rising(levels: tuple[float, ...]) -> tuple[float, ...]:
    if len(levels) % 2 == 0 or list(levels) != sorted(set(levels)):
        hint = "write task.quantiles=[0.1,0.5,0.9]"
        raise RecipeError("task.quantiles are an odd number of rising levels", got=list(levels), hint=hint)
    return levels
