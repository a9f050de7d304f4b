"""What Lightning trains, logged; skipped where Lightning is not installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import paribus as pb

lightning = pytest.importorskip("lightning.pytorch", reason="Lightning is not installed: pip install lightning")
pytestmark = [pytest.mark.usefixtures("here"), pytest.mark.filterwarnings("ignore")]


def module(lr: float, breaks: bool = False):
    class Line(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(2, 1)

        def training_step(self, batch, _):
            if breaks and self.current_epoch == 1:
                raise ArithmeticError("no")
            loss = nn.functional.mse_loss(self.layer(batch[0]), batch[1])
            self.log("train/loss", loss, on_epoch=True, on_step=False)
            return loss

        def validation_step(self, batch, _):
            self.log("val/loss", nn.functional.mse_loss(self.layer(batch[0]), batch[1]))

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr)

    return Line()


def fit(run: Any, lr: float, breaks: bool = False) -> None:
    from paribus.integrations.lightning import ParibusCallback

    inputs = torch.linspace(-1, 1, 64).reshape(32, 2)
    loader = DataLoader(TensorDataset(inputs, inputs.sum(1, keepdim=True)), 8)
    quiet = {
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    trainer = lightning.Trainer(max_epochs=3, accelerator="cpu", callbacks=[ParibusCallback(run)], **quiet)
    trainer.fit(module(lr, breaks), loader, loader)


def test_S25_epochs_of_lightning_are_rows_of_a_run():
    for seed in (0, 1, 2):
        for lr in (0.01, 0.1):
            with pb.log(arm={"lr": lr}, seed=seed, study="lines") as run:
                torch.manual_seed(seed)
                fit(run, lr)
    rows = pb.RunFolder(run.path).history
    assert [row["step"] for row in rows] == [4, 8, 12]
    assert {"train/loss", "val/loss"} <= {*rows.columns}
    assert rows["val/loss"][2] < rows["val/loss"][0]
    result = pb.Study.open("runs/lines").result
    assert (result.metric_name, result.metric.higher_is_better, result.complete) == ("val/loss", False, True)
    assert result.effects[0].estimate.value < 0


def test_a_training_that_breaks_is_written_down_with_the_epochs_before():
    with pytest.raises(ArithmeticError), pb.log(study="broken") as run:
        fit(run, 0.1, breaks=True)
    folder = pb.RunFolder(Path("runs/broken/run/seed-0"))
    assert (folder.status.state, len(folder.history)) == ("failed", 1)
