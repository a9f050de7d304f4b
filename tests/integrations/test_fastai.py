"""What fastai trains, logged; skipped where fastai is not installed."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

import paribus as pb

learner = pytest.importorskip("fastai.learner", reason="fastai is not installed: pip install fastai")
pytestmark = [pytest.mark.usefixtures("here"), pytest.mark.filterwarnings("ignore")]


def mean_error(predicted, target):
    return (predicted - target).abs().mean()


def fit(run, lr: float, seed: int) -> None:
    from fastai.data.core import DataLoaders

    from paribus.integrations.fastai import ParibusCallback

    torch.manual_seed(seed)
    inputs = torch.randn(48, 2)
    targets = inputs.sum(1, keepdim=True)
    loaders = DataLoaders.from_dsets(
        TensorDataset(inputs[:32], targets[:32]), TensorDataset(inputs[32:], targets[32:]), bs=8
    )
    trained = learner.Learner(loaders, nn.Linear(2, 1), nn.MSELoss(), lr=lr, metrics=[mean_error])
    with trained.no_logging():
        trained.fit(3, cbs=ParibusCallback(run))


def test_S25_epochs_of_fastai_are_rows_of_a_run():
    for seed in (0, 1, 2):
        for lr in (1e-4, 0.1):
            with pb.log(arm={"lr": lr}, seed=seed, study="lines") as run:
                fit(run, lr, seed)
    rows = pb.RunFolder(run.path).history
    assert len(rows) == 3
    assert {"train_loss", "valid_loss", "mean_error"} <= {*rows.columns}
    result = pb.Study.open("runs/lines").result
    assert (result.metric_name, result.complete) == ("valid_loss", True)
    assert result.effects[0].estimate.value < 0
