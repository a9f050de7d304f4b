"""Regression against scikit-learn's figures and torch's losses."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from torch import nn

from paribus.chance import Seeds
from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.errors import DataError, RecipeError
from paribus.models.network import assemble
from paribus.records.parts import Part, build
from paribus.tasks.classification import Classification
from paribus.tasks.regression import Regression

GENERATOR = torch.Generator().manual_seed(0)
INPUTS = torch.randn(90, 5, generator=GENERATOR)
TARGETS = 300 + 40 * INPUTS[:, :2] + 10 * torch.randn(90, 2, generator=GENERATOR)


def info(outputs=1) -> DataInfo:
    targets = TARGETS[:, :outputs].double()
    shape = (outputs,) if outputs > 1 else ()
    moments = {"target_mean": tuple(targets.mean(0).tolist()), "target_deviation": tuple(targets.std(0).tolist())}
    return DataInfo((5,), (), {"train": 90}, (), (0.0,) * 5, (1.0,) * 5, target_shape=shape, **moments)


def batch(outputs=1) -> Batch:
    return Batch(INPUTS, TARGETS[:, 0] if outputs == 1 else TARGETS, torch.arange(90))


def metered(task, network, whole, pieces) -> dict[str, float]:
    meter = task.meter("val")
    for rows in torch.arange(90).split(pieces):
        some = whole.take(rows)
        meter.update("model", *task.loss("model", network, some), some)
    return meter.figures()


@pytest.mark.parametrize("outputs", [1, 2])
def test_figures_are_those_of_scikit_learn_in_the_unit_of_the_data(outputs):
    task = Regression(info(outputs))
    network = assemble(Part("mlp", widths=[8]), task, Seeds(0)).eval()
    with torch.no_grad():
        found = metered(task, network, batch(outputs), 37)
        said = task.predict(network, INPUTS).numpy()
    true = TARGETS[:, :outputs].numpy()
    assert said.shape == true.shape
    assert found["r2"] == pytest.approx(r2_score(true, said), rel=1e-4)
    assert found["rmse"] == pytest.approx(root_mean_squared_error(true, said), rel=1e-5)
    assert found["mae"] == pytest.approx(mean_absolute_error(true, said), rel=1e-5)
    assert 20 < found["mae"] < 400  # the unit of the data, not of the network


@pytest.mark.parametrize(
    ("options", "oracle"),
    [
        ({}, F.mse_loss),
        ({"loss": "mae"}, F.l1_loss),
        ({"loss": "huber", "delta": 0.5}, lambda said, true: F.huber_loss(said, true, delta=0.5)),
    ],
)
def test_losses_are_those_of_torch_on_standardised_targets(options, oracle):
    task = Regression(info(), **options)
    network = assemble(Part("linear"), task, Seeds(0))
    standard = (TARGETS[:, :1] - TARGETS[:, 0].mean()) / TARGETS[:, 0].double().std().float()
    loss, _ = task.loss("model", network, batch())
    assert loss.item() == pytest.approx(oracle(network(INPUTS), standard).item(), rel=1e-4)


class Flat(nn.Module):
    """Gives (B,) where (B, 1) is wanted: less (B, 1) it would be (B, B), and learn nothing without an error."""

    def __init__(self, num_outputs: int) -> None:
        super().__init__()
        self.layer = nn.Linear(5, 1)

    def forward(self, x):
        return self.layer(x)[:, 0]


def test_outputs_never_broadcast():
    task = Regression(info())
    with pytest.raises(RecipeError, match=r"one output for each number(.|\n)*\(90,\)(.|\n)*\(90, 1\)"):
        task.loss("model", assemble(Part(Flat), task, Seeds(0)), batch())


def test_who_always_says_the_mean_explains_nothing():
    task = Regression(info())

    class Mean(nn.Module):
        def forward(self, x):
            return torch.zeros(len(x), 1)

    found = metered(task, Mean(), batch(), 90)
    assert found["r2"] == pytest.approx(0, abs=1e-6)
    errors = task.errors(Mean(), batch())
    assert torch.allclose(errors["network"], errors["mean"])


def test_all_targets_the_same_explain_nothing():
    task = Regression(info())
    same = Batch(INPUTS, torch.full((90,), 300.1), torch.arange(90))
    with torch.no_grad():
        assert metered(task, assemble(Part("linear"), task, Seeds(0)), same, 90)["r2"] == 0


@torch.no_grad()
def test_a_meter_goes_on_from_its_sums():
    task = Regression(info())
    network = assemble(Part("linear"), task, Seeds(0))
    first, second = batch().take(torch.arange(40)), batch().take(torch.arange(40, 90))
    before, after = task.meter("val"), task.meter("val")
    before.update("model", *task.loss("model", network, first), first)
    after.load(before.state())
    for meter in (before, after):
        meter.update("model", *task.loss("model", network, second), second)
    assert before.figures() == after.figures()


def test_classes_whose_names_are_numbers_are_these_numbers():
    counts = (30, 50, 10)
    known = DataInfo((5,), ("2", "3.5", "10"), {"train": 90}, counts, (0.0,) * 5, (1.0,) * 5)
    task = Regression(known)
    values = np.repeat([2, 3.5, 10], counts)
    assert task.mean.item() == pytest.approx(values.mean())
    assert task.deviation.item() == pytest.approx(values.std())
    some = Batch(INPUTS[:3], torch.tensor([2, 0, 1]), torch.arange(3))
    assert task.truth(some).tolist() == [[10], [2], [3.5]]
    assert task.model_inputs()["num_classes"] == 0


def test_words_are_no_numbers_and_numbers_no_classes():
    words = DataInfo((5,), ("cat", "dog"), {"train": 2}, (1, 1), (), ())
    with pytest.raises(RecipeError, match="needs targets that are numbers"):
        Regression(words)
    with pytest.raises(DataError, match="classification needs classes"):
        Classification(info())


def test_fitting_at_once_knows_squares_only():
    with pytest.raises(RecipeError, match="minimise the squared error"):
        Regression(info(), loss="mae").fitting(batch())
    targets, weights = Regression(info()).fitting(batch())
    assert weights is None
    assert targets.mean().item() == pytest.approx(0, abs=1e-5)


def test_it_predicts_in_words():
    task = build("task", Part("regression"), info=info(2))
    network = assemble(Part("linear"), task, Seeds(0))
    with torch.inference_mode():
        found = task.predict_inputs(network, INPUTS[:2])
    assert list(found[0].figures) == ["value 1", "value 2"]
