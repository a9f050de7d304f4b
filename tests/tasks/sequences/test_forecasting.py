"""Forecasting against scikit-learn, and by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import mean_absolute_error, mean_pinball_loss, r2_score, root_mean_squared_error
from torch import nn

from paribus.chance import Seeds
from paribus.data.dataset import Dataset
from paribus.data.deliver.loader import Batch
from paribus.data.deliver.windows import Windows
from paribus.data.metadata import Metadata, SeriesInfo, Span
from paribus.errors import RecipeError
from paribus.models.network import assemble
from paribus.records.parts import Part
from paribus.records.sections import Split
from paribus.tasks.classification import Classification
from paribus.tasks.sequences.forecasting import Forecasting
from paribus.tasks.sequences.metrics import skill

STEPS, LENGTH, HORIZON, SEASON = 300, 10, 6, 4


def windows(targets: int = 2, scale: str = "standard", series: int = 2) -> Windows:
    """Two series of two targets and a column beside them, on a level far from 0."""
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(series * STEPS, 3, generator=generator) * torch.tensor([3.0, 10.0, 1.0]) + 500
    spans = tuple(Span(str(i), STEPS) for i in range(series))
    known = Metadata(series=SeriesInfo(("a", "b", "c"), targets, "hourly", SEASON, spans))
    dataset = Dataset(values, torch.zeros(len(values)), (), {"train": (0, len(values))}, None, metadata=known)
    return Windows(dataset, LENGTH, HORIZON, 1, scale=scale)


def setting(scale: str = "standard", **options):
    """A task, a network for it, and a batch of validation windows."""
    examples = windows(scale=scale)
    rows = examples.split(Split(val=0.3), Seeds(0))
    info = examples.info(rows, {})
    task = Forecasting(info, **options)
    network = assemble(Part("linear"), task, Seeds(0)).eval()
    inputs, targets = examples.take(rows["val"])
    return task, network, Batch(inputs, targets, rows["val"]), examples


def metered(task: Forecasting, network: nn.Module, batch: Batch, sizes: list[int]) -> dict[str, float]:
    meter = task.meter("val")
    for rows in torch.arange(len(batch)).split(sizes):
        piece = batch.take(rows)
        loss, outputs = task.loss("model", network, piece)
        meter.update("model", loss.detach(), outputs.detach(), piece)
    return meter.figures()


@pytest.mark.parametrize("anchor", ["none", "last", "season"])
@pytest.mark.parametrize("pieces", [1, 7])
def test_figures_are_those_of_scikit_learn(anchor, pieces):
    task, network, batch, examples = setting(anchor=anchor)
    n = len(batch.rows)
    sizes = [len(part) for part in torch.arange(n).tensor_split(pieces)]
    figures = metered(task, network, batch, sizes)
    truth = batch.targets.reshape(-1, 2).double().numpy()
    said = task.predict(network, batch.inputs).detach().reshape(-1, 2).double().numpy()
    baselines = examples.baselines(batch.rows)
    mae = mean_absolute_error(truth, said)
    assert figures["mae"] == pytest.approx(mae, rel=1e-6)
    assert figures["r2"] == pytest.approx(r2_score(truth, said), rel=1e-6)
    squares = np.mean([root_mean_squared_error(truth[:, k], said[:, k]) ** 2 for k in range(2)])
    assert figures["rmse"] == pytest.approx(np.sqrt(squares), rel=1e-6)
    assert figures["skill"] == pytest.approx(1 - mae / baselines["seasonal"], rel=1e-6)
    assert figures["skill_naive"] == pytest.approx(1 - mae / baselines["naive"], rel=1e-6)


def test_mase_by_hand():
    """Hyndman & Koehler (2006): each series and target in its own unit, the mean seasonal difference in training."""
    task, network, batch, examples = setting()
    values = examples.dataset.inputs[:, :2].double().numpy()
    trained = examples.split(Split(val=0.3), Seeds(0))["train"].numpy()
    said = task.predict(network, batch.inputs).detach().double().numpy()
    errors = []
    for window, row in enumerate(batch.rows.tolist()):
        series = row // STEPS
        own = trained[trained // STEPS == series]
        seen = np.arange(own[0] - LENGTH + SEASON, own[-1] + HORIZON)
        unit = np.abs(values[seen] - values[seen - SEASON]).mean(0)
        errors.append(np.abs(said[window] - batch.targets[window].numpy()) / unit)
    assert metered(task, network, batch, [len(batch.rows)])["mase"] == pytest.approx(np.mean(errors), rel=1e-6)


@pytest.mark.parametrize(
    ("loss", "of"),
    [
        ("mse", lambda e: (e**2).mean()),
        ("mae", lambda e: np.abs(e).mean()),
        ("huber", lambda e: np.where(np.abs(e) < 1, e**2 / 2, np.abs(e) - 0.5).mean()),
    ],
)
@pytest.mark.parametrize("anchor", ["none", "season"])
def test_losses_are_those_of_scaled_values(loss, of, anchor):
    task, network, batch, _ = setting(loss=loss, anchor=anchor)
    found, outputs = task.loss("model", network, batch)
    errors = ((batch.targets - outputs) / torch.tensor(task.info.deviation[:2])).double().detach().numpy()
    assert float(found.detach()) == pytest.approx(of(errors), rel=1e-4)  # float32 at a level of 500


def test_quantiles_are_those_of_scikit_learn():
    levels = (0.1, 0.5, 0.8)
    task, network, batch, _ = setting(loss="quantile", quantiles=levels)
    found, _ = task.loss("model", network, batch)
    said = task.forecast(network, batch.inputs).detach()
    scale = torch.tensor(task.info.deviation[:2])
    truth = (batch.targets / scale).reshape(-1, 2).numpy()
    losses = [
        mean_pinball_loss(truth, (said[..., place] / scale).reshape(-1, 2).numpy(), alpha=level)
        for place, level in enumerate(levels)
    ]
    assert float(found.detach()) == pytest.approx(np.mean(losses), rel=1e-4)
    assert torch.equal(task.predict(network, batch.inputs), said[..., 1])


def test_baselines_are_those_of_the_data():
    task, _, batch, examples = setting()
    found = {name: float((one - batch.targets).abs().mean()) for name, one in task.baselines(batch.inputs).items()}
    assert found == pytest.approx(examples.baselines(batch.rows), rel=1e-5)


def test_a_silent_network_with_an_anchor_is_the_baseline():
    for anchor, name in (("last", "naive"), ("season", "seasonal")):
        task, network, batch, _ = setting(anchor=anchor)
        for parameter in network.parameters():
            parameter.data.zero_()
        assert torch.equal(task.predict(network, batch.inputs), task.baselines(batch.inputs)[name])
        figures = metered(task, network, batch, [len(batch.rows)])
        assert figures["skill_naive" if anchor == "last" else "skill"] == pytest.approx(0, abs=1e-6)


def test_without_scaling_the_network_meets_stored_values():
    task, network, batch, _ = setting(scale="none")
    assert task.info.mean == ()
    torch.testing.assert_close(task.predict(network, batch.inputs).flatten(1), network.model(batch.inputs))


def test_the_meter_goes_on_from_its_state():
    task, network, batch, _ = setting()
    whole, first, second = (task.meter("val") for _ in range(3))
    pieces = [batch.take(rows) for rows in torch.arange(len(batch)).split(30)]
    for place, piece in enumerate(pieces):
        loss, outputs = task.loss("model", network, piece)
        whole.update("model", loss.detach(), outputs, piece)
        (first if place < 2 else second).update("model", loss.detach(), outputs, piece)
        if place == 1:
            second.load(first.state())
    assert second.figures() == whole.figures()


def test_previews_hold_past_truth_forecast_and_season():
    task, network, batch, _ = setting()
    curves = task.preview(network, batch.take(torch.arange(3))).curves
    assert len(curves) == 3
    assert list(curves[0]) == ["past", "truth", "forecast", "seasonal"]
    past = curves[1]["past"]
    assert past == batch.inputs[1, 0, -len(past) :].tolist()
    assert curves[1]["truth"] == [None] * len(past) + batch.targets[1, :, 0].tolist()


def test_figures_while_training_are_few():
    task, *_ = setting()
    assert not task.meter("train").baselines


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "quantile", "quantiles": (0.5, 0.1, 0.9)}, "rising"),
        ({"loss": "quantile", "quantiles": (0.1, 0.9)}, "odd"),
    ],
)
def test_bad_quantiles_are_refused(options, message):
    with pytest.raises(RecipeError, match=message):
        setting(**options)


def test_only_series_are_forecast():
    info = windows().info(windows().split(Split(), Seeds(0)), {})
    Classification(info)
    with pytest.raises(RecipeError, match="needs a series"):
        Forecasting(replace(info, series=None))
    long = replace(info.series, season=LENGTH + 1)
    with pytest.raises(RecipeError, match="past of a season"):
        Forecasting(replace(info, series=long), anchor="season")


def test_skill():
    assert skill(0, 2) == 1
    assert skill(2, 2) == 0
    assert skill(3, 2) == -0.5
