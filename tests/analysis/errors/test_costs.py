"""Costs in words and in files, and what they mean for answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from paribus.analysis.errors.costs import costs, read_table, read_words
from paribus.errors import DataError
from paribus.evidence.detection import Price

CLASSES = ("cat", "dog", "ankle boot")


def test_words_are_prices_or_tables():
    assert read_words("fn=10 fp=1", CLASSES) == Price(10, 1)
    assert read_words("fp=1 fn=2 tp=.5 tn=0", CLASSES) == Price(2, 1, 0.5, 0)
    assert read_words("cat=10 cat>dog=3 'ankle boot>cat=.5'", CLASSES).tolist() == [[0, 3, 10], [1, 0, 1], [0.5, 1, 0]]
    assert read_words("cat>dog=3 cat=10", CLASSES).tolist()[0] == [0, 3, 10]  # in any order


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fn=10", "costs name classes, or fn and fp"),
        ("fn=1 fp=0", "a mistake costs more"),
        ("cat", "costs are words NAME=NUMBER"),
        ("cat=dear", "a cost is a number"),
        ("cats=3", "did you mean 'cat'"),
        ("cat>mouse=3", "costs name classes"),
        ("'cat=3", "close the quotation"),
        ("cat=nan", "a cost is a number"),
    ],
)
def test_other_words_are_refused(text, said):
    with pytest.raises(DataError, match=said):
        read_words(text, CLASSES)


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(DataError, match=r"there is no such file(.|\n)*costs.csv"):
        read_table(tmp_path / "costs.csv", CLASSES)


def test_a_file_holds_a_table_in_any_order(tmp_path: Path):
    path = tmp_path / "costs.csv"
    path.write_text("true,dog,cat,ankle boot\nankle boot,1,2,0\ncat,5,0,6\ndog,0,3,4\n")
    assert read_table(path, CLASSES).tolist() == [[0, 5, 6], [3, 0, 4], [2, 1, 0]]
    for text in ("", "true,dog,cat\ncat,1,0\ndog,0,1\n", "true,dog,cat,ankle boot\ncat,5,0\n"):
        path.write_text(text)
        with pytest.raises(DataError, match="a table of costs has the classes in its first line"):
            read_table(path, CLASSES)
    with pytest.raises(DataError, match="words or in a file"):
        costs("cat=2", path, torch.ones(9, 3) / 3, torch.zeros(9).long(), CLASSES, 0.95)
    assert costs("", None, torch.ones(9, 3) / 3, torch.zeros(9).long(), CLASSES, 0.95) is None


def test_the_answer_of_least_expected_cost_costs_least_where_probabilities_are_true():
    draw = torch.Generator().manual_seed(0)
    shares = (1.5 * torch.randn(2000, 3, generator=draw, dtype=torch.float64)).softmax(1)
    labels = shares.multinomial(1, generator=draw)[:, 0]
    found = costs("cat=10", None, shares, labels, CLASSES, 0.95).decisions
    table = np.array(found.table)
    expected = (shares.numpy() @ table).min(1).mean()
    assert found.least.value == pytest.approx(expected, abs=4 * found.least.se)
    assert found.saved.low > 0
    assert found.saved.value == pytest.approx(found.likeliest.value - found.least.value)
    paid = table[labels.numpy(), shares.argmax(1).numpy()].mean()
    assert found.likeliest.value == pytest.approx(paid)
