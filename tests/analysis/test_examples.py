"""Single examples of trained runs, against what the network says of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix

from paribus.analysis.examples import HEAVY, address, look
from paribus.inference.trained import batches, load
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.training import loop
from paribus.training.execution import Settings

TINY = {"budget.epochs": 1, "budget.steps": 2, "training.precision": "fp32"}
TASKS = {
    "segmentation": ("shapes/unet", {"data.pictures": 20, "model.width": 2, "model.depth": 2}, "pixels", 3),
    "denoising": (
        "textures/denoise",
        {"data.pictures": 20, "training.batch_size": 8, "model.width": 2, "model.depth": 2},
        "examples",
        3,
    ),
    "vae": ("digits/vae", {"split.limit": 100}, "examples", 2),
    "forecasting": ("seasons/linear", {"split.limit": 200}, "examples", 0),
    "language": ("markov/rnn", {}, "examples", 0),
    "labelling": ("lookahead/bilstm", {}, "tokens", 0),
}


def test_confusions_and_extremes_are_those_of_the_predictions(run):
    trained = load(run)
    found, answers = look(trained, "val", 2000, 3)
    pieces = list(batches(trained, "val"))
    shares = torch.cat([trained.predict(batch.inputs) for batch in pieces])
    true, rows = torch.cat([batch.targets for batch in pieces]), torch.cat([batch.rows for batch in pieces])
    losses = -shares[torch.arange(len(true)), true].log()
    assert np.array_equal(found.confusion, confusion_matrix(true, shares.argmax(1), labels=range(10)))
    assert answers is not None
    assert torch.equal(answers.rows, rows)
    assert torch.allclose(answers.shares, shares)
    assert [one.row for one in found.worst] == rows[losses.argsort(descending=True)[:3]].tolist()
    assert [one.row for one in found.best] == rows[losses.argsort()[:3]].tolist()
    assert found.worst[0].error == pytest.approx(float(losses.max()), rel=1e-4)
    assert found.looked == found.of == len(true)
    cells = {(cell.truth, cell.said): len(cell.examples) for cell in found.cells}
    assert all(number <= found.confusion[true][said] for (true, said), number in cells.items())
    assert all(one.pictures[0].startswith("data:image/png;base64,") for one in found.worst)


@pytest.mark.parametrize("name", TASKS)
def test_every_kind_of_task_shows_its_examples(name, tmp_path):
    recipe, changes, unit, pictures = TASKS[name]
    folder = RunFolder(tmp_path / "run")
    loop.train(folder, Recipe.load(recipe, {**TINY, **changes}), 0, Settings("cpu", 1))
    found, _ = look(load(folder), "val", 10, 2)
    assert found.unit == unit
    assert found.looked == min(10, found.of)
    assert len(found.worst[0].pictures) == pictures
    assert found.worst[0].error >= found.best[0].error
    assert found.worst[0].curves or found.worst[0].text or found.worst[0].pictures or found.worst[0].truth
    assert bool(found.confusion) == (unit != "examples")


def test_pictures_stay_small():
    noise = torch.randint(0, 256, (3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    assert address(noise[:, :20, :20]).startswith("data:image/png")
    assert address(noise).startswith("data:image/jpeg")
    assert len(address(noise)) < 2 * HEAVY
    assert len(address(noise.repeat(1, 20, 20))) < 40_000
