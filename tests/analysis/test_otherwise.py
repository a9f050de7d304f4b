"""A trained network under other settings of its task, held against the same figures computed by hand."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

import paribus as pb
from paribus.analysis.kept import analyse
from paribus.analysis.otherwise import asked_otherwise
from paribus.data.grammar import load as grammar
from paribus.errors import DataError, RecipeError
from paribus.inference.trained import batches, load
from paribus.reports.otherwise import otherwise_page


@pytest.fixture(scope="module")
def reader(tmp_path_factory) -> pb.Run:
    """A reader that has taken one step."""
    small = {"data.plates": 24, "budget.steps": 1, "budget.epochs": 1, "split.val": 0.3, "training.batch_size": 8}
    run = pb.Run("plates/made", {**small, "model.widths": [4, 4, 8, 8]}, runs=tmp_path_factory.mktemp("runs"))
    run.train(threads=1, signals=False)
    return run


def test_another_smoothing_gives_the_loss_that_torch_gives(run):
    trained = load(run)
    logits, labels = (torch.cat(found) for found in zip(*_seen(trained), strict=True))
    record = analyse(run, "otherwise", task={"label_smoothing": 0.3})
    before, now = record.figures["loss"]
    assert before == pytest.approx(float(functional.cross_entropy(logits, labels)), rel=1e-5)
    assert now == pytest.approx(float(functional.cross_entropy(logits, labels, label_smoothing=0.3)), rel=1e-5)
    assert record.changed == {"label_smoothing": ("0", "0.3")}
    assert record.figures["accuracy"][0] == record.figures["accuracy"][1]
    assert (record.paired["accuracy"].gained, record.paired["accuracy"].lost) == (0, 0)
    assert record.examples == len(labels)


def _seen(trained):
    with torch.inference_mode():
        return [(trained.network(batch.inputs), batch.targets) for batch in batches(trained, "val")]


def test_T16_a_reader_is_asked_under_another_grammar(reader):
    record = analyse(reader, "otherwise", **{"task.search": "beam", "task.grammar": "us", "task.beams": 2})
    assert record.changed == {"grammar": ("none", "us"), "search": ("greedy", "beam"), "beams": ("8", "2")}
    held = asked_otherwise(load(reader), {"search": "beam", "grammar": "us", "beams": 2})
    with torch.inference_mode():
        said = [one.text for batch in batches(held, "val") for one in held.task.read(held.network, batch.inputs)]
    assert len(said) == record.examples > 3
    assert all(not text or grammar("us").accepts(text) for text in said)
    assert record.paired["exact"].gained - record.paired["exact"].lost == round(
        len(said) * (record.figures["exact"][1] - record.figures["exact"][0])
    )
    assert "task.grammar: none → us" in otherwise_page(record).summary


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"way": "positions"}, RecipeError, "decide what the network gives"),
        ({"use": "classification"}, RecipeError, "asked for what its task was"),
        ({"gramar": "us"}, RecipeError, "there is no task.gramar"),
        ({"grammar": "us"}, RecipeError, "a grammar constrains a search"),
        ({"search": "greedy"}, DataError, "the settings that the network was trained with"),
    ],
)
def test_what_cannot_be_asked_otherwise_is_refused(reader, options, error, says):
    with pytest.raises(error, match=says):
        asked_otherwise(load(reader), options)
