"""N13: norms, spectra, zeros and dead units, against torch and against what was planted."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from paribus.analysis.weights import weights
from paribus.errors import RecipeError
from paribus.inference.trained import batches, load
from paribus.plots.weights import histograms, spectra
from paribus.reports.weights import weights_page


@pytest.fixture
def trained(run):
    return load(run)


def test_norms_and_spectra_are_those_of_torch(trained):
    found = weights(trained, most=50)
    named = {name: it for name, it in trained.network.model.named_parameters() if it.ndim > 1}
    assert [one.name for one in found.matrices] == [*named]
    for one in found.matrices:
        matrix = named[one.name].detach().flatten(1).double()
        assert one.norm == pytest.approx(float(matrix.norm()))
        assert one.singular == pytest.approx(torch.linalg.svdvals(matrix).tolist())
        assert sum(one.counts) == matrix.numel()
        assert 1 <= one.stable_rank <= min(matrix.shape)
    assert found.matrices[0].penalty.word != "L1"
    assert found.penalised == "no penalty"
    assert [one.channels for one in found.scales] == [8, 8]


def test_n13_what_was_planted_is_found(trained):
    """A unit of batch norm without scale and with a negative shift never fires; small weights cut to 0 are an L1's."""
    model = trained.network.model
    norm = model.stages[0].layers[0].norm
    with torch.no_grad():
        norm.weight[3], norm.bias[3] = 0.0, -1.0
        output = model.output.weight
        output.copy_(torch.sign(output) * (output.abs() - output.abs().mean()).clamp(min=0))
        output[4] = 0
    found = weights(trained, most=100)
    assert found.units[0].dead == 1
    assert found.scales[0].small == 1
    last = found.matrices[-1]
    assert (last.penalty.word, last.dead_rows) == ("L1", 1)
    assert found.matrices[0].penalty.word != "L1"


def test_units_are_counted_over_all_examples(trained):
    found = weights(trained, most=70)
    seen = []
    layer = trained.network.model.stages[1].layers[0].activation
    hook = layer.register_forward_hook(lambda _, __, output: seen.append(output))
    for batch in batches(trained, "val", 70):
        trained.network(batch.inputs)
    hook.remove()
    outputs = torch.cat(seen)
    assert found.examples == len(outputs) == 70
    assert found.units[1].zero == pytest.approx(float((outputs == 0).double().mean()))
    assert found.units[1].dead == int((outputs.amax((0, 2, 3)) == 0).sum())


def test_the_page_says_what_it_could_not_check(trained):
    found = weights(trained, most=20)
    assert histograms(found).svg()
    assert spectra(found).svg()
    page = weights_page(replace(found, units=(), activations=("Sigmoid",)))
    assert "cannot be checked: the activations are Sigmoid, no ReLU" in page.answers[1].finding
    many = replace(found, matrices=found.matrices * 10)
    assert "the first and the last of 30 layers" in histograms(many).spec["title"]["text"]


def test_a_split_that_there_is_not(trained):
    with pytest.raises(RecipeError, match="no such split"):
        weights(trained, split="tset")
