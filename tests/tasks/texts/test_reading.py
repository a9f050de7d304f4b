"""Reading: figures by hand, both ways of learning, and what is refused before training."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import paribus as pb
from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.data.metadata import TextInfo
from paribus.errors import DataError, RecipeError
from paribus.tasks.texts.reading import Reading, columns_needed

ALPHABET = tuple("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
INFO = DataInfo(
    (1, 48, 64), ALPHABET, {"train": 4}, (1,) * 36, (100.0,), (50.0,), {"size": [48, 64], "colour": "grey"}, (8,),
    text=TextInfo(ALPHABET, ignore=36),
)  # fmt: skip
TEXTS = ["AB1", "ZZ", "7"]


class Says(nn.Module):
    """A network that gives the same answers for every batch."""

    def __init__(self, answers: Tensor) -> None:
        super().__init__()
        self.answers = answers

    def forward(self, x: Tensor) -> Tensor:
        return self.answers


def targets(texts=TEXTS) -> Tensor:
    rows = torch.full((len(texts), 8), 36)
    for row, text in zip(rows, texts, strict=True):
        row[: len(text)] = torch.tensor([ALPHABET.index(one) for one in text], dtype=torch.int64)
    return rows


def batch() -> Batch:
    return Batch(torch.zeros(3, 1, 48, 64, dtype=torch.uint8), targets(), torch.arange(3))


def saying(texts, way) -> Says:
    """Columns (two for each character, blanks between) or places that say these texts, each surely."""
    answers = torch.zeros(len(texts), 16 if way == "ctc" else 8, 37)
    answers[..., 36] = 20
    for row, text in zip(answers, texts, strict=True):
        for place, character in enumerate(text):
            row[2 * place if way == "ctc" else place, [36, ALPHABET.index(character)]] = torch.tensor([0.0, 20.0])
    return Says(answers)


@pytest.mark.parametrize("way", ["ctc", "positions"])
def test_T16_figures_by_hand(way):
    task = Reading(INFO, way=way)
    meter = task.meter("val")
    network = saying(["AB1", "Z", "8"], way)
    loss, outputs = task.loss("model", network, batch())
    meter.update("model", loss, outputs, batch())
    figures = meter.figures()
    assert figures["exact"] == pytest.approx(1 / 3)
    assert figures["characters"] == pytest.approx(4 / 6)  # A, B, 1 and one Z of six
    assert figures["cer"] == pytest.approx(2 / 6)
    assert figures["slot/1"] == pytest.approx(2 / 3)
    assert figures["slot/2"] == pytest.approx(1 / 2)
    assert figures["ece"] == pytest.approx(1 / 5, abs=1e-3)  # five surely said, four of them right
    assert figures["slot_ece/1"] == pytest.approx(1 / 3, abs=1e-3)  # A and Z are right, 8 is not
    assert figures["slot_ece/2"] == figures["slot_ece/3"] == pytest.approx(0, abs=1e-3)
    again = task.meter("val")
    again.load(meter.state())
    assert again.figures() == figures


def test_the_losses_are_those_of_torch():
    draw = torch.Generator().manual_seed(0)
    columns, places = torch.randn(3, 16, 37, generator=draw), torch.randn(3, 8, 37, generator=draw)
    loss, _ = Reading(INFO).loss("model", Says(columns), batch())
    each = F.ctc_loss(columns.log_softmax(2).transpose(0, 1), targets(), (16,) * 3, (3, 2, 1), 36, "none")
    torch.testing.assert_close(loss, each.mean())
    loss, _ = Reading(INFO, way="positions").loss("model", Says(places), batch())
    torch.testing.assert_close(loss, F.cross_entropy(places.flatten(0, 1), targets().flatten()) * 8)


def test_scores_are_the_figure_example_by_example():
    assert Reading(INFO).scores(saying(["AB1", "Z", "7"], "ctc"), batch())["exact"].tolist() == [1, 0, 1]


def test_a_grammar_corrects_what_cannot_be():
    answers = saying(["0K111AB"], "positions").answers
    answers[0, 0, ALPHABET.index("O")] = 19  # nearly as likely as the nought, and a letter
    task = Reading(INFO, way="positions", grammar="eu")
    assert Reading(INFO, way="positions").readings(answers.log_softmax(2))[0].text == "0K111AB"
    assert task.readings(answers.log_softmax(2))[0].text == "OK111AB"


def test_columns_that_a_text_needs():
    assert columns_needed(targets(["AB1", "ZZ", "AAA", "7"]), 36).tolist() == [3, 3, 5, 1]


TINY = {"data.plates": 40, "budget.epochs": 1, "training.batch_size": 8}


def test_T16_a_text_that_its_picture_cannot_carry_is_refused_before_training(tmp_path):
    changes = {**TINY, "data.size": [48, 20]}
    with pytest.raises(DataError, match="CTC needs a column for each character") as caught:
        pb.Run("plates/made", changes=changes, runs=tmp_path).train()
    assert "5 columns" in str(caught.value)


@pytest.mark.parametrize("way", ["ctc", "positions"])
def test_both_ways_train_predict_and_show(way, tmp_path):
    run = pb.Run("plates/made", changes={**TINY, "task.way": way}, runs=tmp_path)
    run.train()
    found = pb.predict(run, torch.zeros(2, 1, 48, 128, dtype=torch.uint8))
    assert len(found) == 2
    assert 0 <= found[0].figures["confidence"] <= 1
    assert any(run.folder.previews.glob("final*"))


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"grammar": "eu"}, "greedy reading searches nothing"),
        ({"grammar": "persian", "search": "beam"}, "data have not"),
    ],
)
def test_grammars_that_do_not_fit_are_refused(options, rule):
    with pytest.raises(RecipeError, match=rule):
        Reading(INFO, **options)


def test_other_data_and_other_models_are_refused():
    with pytest.raises(RecipeError, match="one text each"):
        Reading(DataInfo((1, 48, 64), ("a", "b"), {"train": 1}, (1, 1), (0.0,), (1.0,)))
    with pytest.raises(RecipeError, match="columns or at places"):
        Reading(INFO).loss("model", nn.Flatten(), batch())
