"""Errors of forecasts: losses of single values, and figures over many windows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from paribus.data.deliver.loader import Batch

Losses = Callable[[Tensor, Tensor], Tensor]  # (B, H, K, quantiles) said and (B, H, K) true → losses of any shape


def squared(said: Tensor, truth: Tensor) -> Tensor:
    """(y − f)²."""
    return (said[..., 0] - truth) ** 2


def absolute(said: Tensor, truth: Tensor) -> Tensor:
    """|y − f|."""
    return (said[..., 0] - truth).abs()


def huber(said: Tensor, truth: Tensor) -> Tensor:
    """(y − f)²/2 up to one deviation, |y − f| − 1/2 beyond (Huber, 1964)."""
    return F.huber_loss(said[..., 0], truth, reduction="none")


def pinball(levels: Sequence[float]) -> Losses:
    """max(q·(y − f), (q − 1)·(y − f)), least where f is the quantile of level q (Koenker & Bassett, 1978)."""

    def losses(said: Tensor, truth: Tensor) -> Tensor:
        q = torch.tensor(levels, device=said.device)
        short = truth[..., None] - said
        return torch.maximum(q * short, (q - 1) * short)

    return losses


class ErrorMeter:
    """Sums of errors over windows, target by target; each batch is added as it comes, so sums never depend on pauses.

    Args:
        targets: how many columns are forecast.
        shift: (targets,) is taken off the truth before it is squared, so that no digits are lost; without it only loss
            and mean absolute error are counted.
        units: of each series and target, the mean absolute seasonal difference in training: the unit of the MASE.
        rows: of each series, in the order of the data: tells to which a window belongs.
        baselines: mean absolute errors of the naive and the seasonal forecast over the same windows.
    """

    def __init__(
        self,
        targets: int,
        shift: Tensor | None = None,
        units: Sequence[Sequence[float]] = (),
        rows: Sequence[int] = (),
        baselines: Mapping[str, float] | None = None,
    ) -> None:
        self.shift, self.baselines = shift, dict(baselines or {})
        self.units = torch.tensor(units, dtype=torch.float64).clamp(min=1e-12)  # (series, targets)
        self.ends = torch.tensor(rows, dtype=torch.int64).cumsum(0)
        self.count, self.values, self.loss = 0, 0, torch.zeros((), dtype=torch.float64)  # windows, and moments in them
        self.sums = torch.zeros(5 if baselines else 1, targets, dtype=torch.float64)

    def update(self, stage: str, loss: Tensor, outputs: Tensor, batch: Batch) -> None:
        """Count one batch of forecasts (B, horizon, targets)."""
        error = outputs.double() - batch.targets
        sums = [error.abs()]
        if self.baselines:
            truth = batch.targets.double() - self._on(error, "shift")
            series = torch.bucketize(batch.rows, self._on(error, "ends"), right=True)
            sums += [error**2, truth, truth**2, error.abs() / self._on(error, "units")[series][:, None]]
        self.sums = self._on(error, "sums") + torch.stack([one.sum((0, 1)) for one in sums])
        self.loss = self._on(error, "loss") + loss.double() * len(batch.rows)
        self.count += len(batch.rows)
        self.values += outputs.shape[0] * outputs.shape[1]

    def figures(self) -> dict[str, float]:
        """Mean loss and mean absolute error; with baselines also RMSE, MASE, R² and skill."""
        n = self.values
        mae = float(self.sums[0].mean()) / n
        figures = {"loss": float(self.loss) / self.count, "mae": mae}
        if not self.baselines:
            return figures
        _, squares, level, truth, scaled = self.sums
        spread = (truth - level**2 / n).clamp(min=1e-12)  # Σ(y − ȳ)²
        return {
            "mae": mae,
            "rmse": float((squares.mean() / n).sqrt()),
            "mase": float(scaled.mean()) / n,
            "r2": float((1 - squares / spread).mean()),
            "skill": skill(mae, self.baselines["seasonal"]),
            "skill_naive": skill(mae, self.baselines["naive"]),
            "loss": figures["loss"],
        }

    def state(self) -> dict[str, Any]:
        """The sums."""
        return {"sums": self.sums, "loss": self.loss, "count": self.count, "values": self.values}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from saved sums."""
        self.sums, self.loss = state["sums"], state["loss"]
        self.count = state["count"]
        self.values = state["values"] if "values" in state else self.count * state["horizon"]  # of an earlier version

    def _on(self, like: Tensor, name: str) -> Tensor:
        """One of the tensors, brought to where the errors are."""
        tensor: Tensor = getattr(self, name).to(like.device)
        setattr(self, name, tensor)
        return tensor


def skill(error: float, baseline: float) -> float:
    """1 − error / baseline: 1 is perfect, 0 as good as the baseline, below 0 worse."""
    return 1 - error / max(baseline, 1e-12)
