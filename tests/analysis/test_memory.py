"""N14: who holds what in a training step of a run, predicted and measured, and what would save some."""

from __future__ import annotations

import pytest
import torch

from paribus.analysis.memory import memory
from paribus.errors import DataError
from paribus.inference.trained import load
from paribus.plots.memory import by_layer, over_step
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.reports.memory import memory_page
from paribus.training import loop
from paribus.training.execution import Settings


@pytest.fixture(scope="module")
def deep(session_cache, tmp_path_factory):
    changes = {"model.widths": [48] * 25, "training.precision": "fp32", "budget.epochs": 1, "split.limit": 512}
    folder = RunFolder(tmp_path_factory.mktemp("deep") / "run")
    loop.train(folder, Recipe.load("digits/mlp", {**changes, "training.batch_size": 256}), 0, Settings("cpu", 1))
    return load(folder)


def test_n14_layers_are_as_predicted(run):
    """Batch norm keeps means and deviations of a batch too; the loss is outside of the network."""
    found = memory(load(run), device="cpu", compare=False)
    *layers, loss = found.layers
    assert loss.path == "loss"
    for one in layers:
        assert 0 <= one.activations - one.predicted <= 2 * 4 * 8, one.path
    assert (
        sum(one.activations for one in found.layers) == {one.what: one for one in found.kinds}["activations"].measured
    )
    trained = {one.what: one.measured for one in found.kinds}
    assert sum(one.gradients for one in found.layers) == trained["gradients"]
    assert found.ways == ()


def test_n14_checkpointing_saves_and_its_gradients_are_equal(deep):
    """25 like layers in 5 segments: 5 results are kept, and 5 of a segment, so less than half of what 25 take."""
    plain, checkpointing, *pieces = memory(deep, device="cpu").ways
    assert (checkpointing.name, checkpointing.difference) == ("checkpointing", 0.0)
    assert checkpointing.peak < 0.55 * plain.peak
    assert [one.name for one in pieces] == ["accumulate=2", "accumulate=4"]
    assert all(one.difference < 1e-5 for one in pieces)
    assert pieces[1].peak < pieces[0].peak < plain.peak


def test_activations_grow_with_the_batch(deep):
    few, many = (memory(deep, batch=size, device="cpu", compare=False) for size in (64, 128))
    kept = [{one.what: one.measured for one in found.kinds}["activations"] for found in (few, many)]
    assert kept[1] == pytest.approx(2 * kept[0], rel=0.01)
    assert (few.batch, many.batch) == (64, 128)
    assert few.resident == many.resident


def test_nothing_of_the_run_changes(deep):
    before = {name: it.clone() for name, it in deep.network.state_dict().items()}
    chance, threads = torch.get_rng_state(), torch.get_num_threads()
    memory(deep, device="cpu", compare=False)
    assert all(torch.equal(it, before[name]) for name, it in deep.network.state_dict().items())
    assert torch.equal(torch.get_rng_state(), chance)
    assert torch.get_num_threads() == threads


def test_it_is_drawn_and_said(deep):
    found = memory(deep, device="cpu")
    assert "MB at its peak" in over_step(found).svg()
    assert by_layer(found).svg()
    page = memory_page(found)
    assert "hidden: 25 layers in 5 segments" in page.sections[2].notes[0]
    assert page.sections[2].tables[0].rows[1][-1] == "none: equal to the last bit"


def test_mistakes_are_explained(deep, tmp_path):
    with pytest.raises(DataError, match="cannot be larger"):
        memory(deep, batch=10_000, device="cpu")
