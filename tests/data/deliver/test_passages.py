"""Texts: their tokens, their passages, and what was never seen."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from paribus.chance import Seeds
from paribus.data.deliver.loader import Loader
from paribus.data.deliver.passages import Passages
from paribus.data.prepare import cache
from paribus.data.sources.text.file import Text
from paribus.data.sources.text.tokens import UNKNOWN
from paribus.errors import DataError
from paribus.records.sections import Split

TEXT = "the quick brown fox jumps over the lazy dog. " * 40


@pytest.fixture
def text(tmp_path):
    def passages(content: str = TEXT, unknown: str = "refuse", length: int = 10, **options) -> Passages:
        (tmp_path / "a.txt").write_text(content)
        source = Text(str(tmp_path / "a.txt"), length=length, unknown=unknown, **options)
        return source.to_examples(cache.load(source))

    return passages


def test_targets_are_the_tokens_that_follow(text):
    passages = text()
    inputs, targets = passages.take(torch.arange(len(passages)))
    assert torch.equal(inputs[:, 1:], targets[:, :-1])
    assert torch.equal(inputs[1:, 0], targets[:-1, -1])
    letters = passages.text.vocabulary
    assert "".join(letters[i] for i in inputs.flatten()) == TEXT[: 10 * len(passages)]
    assert (len(TEXT) - 1) // 10 == len(passages)


def test_batches_go_on_where_the_last_one_stopped(text):
    passages = text()
    rows = passages.split(Split(), Seeds(0))["train"]
    batches = list(Loader(passages, rows, 7, torch.device("cpu")).shuffled(Seeds(0), 0))
    assert sorted(torch.cat([batch.rows for batch in batches]).tolist()) == rows.tolist()
    for before, after in pairwise(batches):
        assert torch.equal(before.rows[: len(after.rows)] + 1, after.rows)


def test_the_vocabulary_is_that_of_training(text):
    passages = text()
    rows = passages.split(Split(), Seeds(0))
    info = passages.info(rows, {})
    assert info.classes == tuple(dict.fromkeys(TEXT))
    assert info.input_shape == info.target_shape == (10,)
    assert sum(info.class_counts) == 10 * len(rows["train"])


@pytest.mark.parametrize(("place", "split"), [(1400, "val"), (1700, "test")])
def test_a_letter_never_seen_is_refused_with_its_place(text, place, split):
    content = TEXT[:place] + "ß" + TEXT[place:]
    with pytest.raises(DataError, match=f"token {place + 1:,} of the text, in the {split} split") as error:
        text(content).split(Split(), Seeds(0))
    assert error.value.got == "'ß'"
    assert "data.unknown=token" in error.value.hint


def test_a_letter_never_seen_can_be_unknown(text):
    passages = text(TEXT[:1700] + "ß" + TEXT[1700:] + "é", unknown="token")
    rows = passages.split(Split(), Seeds(0))
    info = passages.info(rows, {})
    assert info.classes == (*dict.fromkeys(TEXT), UNKNOWN)
    inputs, _ = passages.take(rows["test"])
    assert int(inputs.max()) == len(info.classes) - 1
    assert info.class_counts[-1] == 0


@pytest.mark.parametrize("content", ["", "aaaa"])
def test_a_text_of_one_letter_is_refused(text, content):
    with pytest.raises(DataError, match="at least two different"):
        text(content)


def test_a_text_that_is_too_short_is_refused(text):
    with pytest.raises(DataError, match=r"no whole passage|too few"):
        text("abcabc" * 5, length=20).split(Split(), Seeds(0))


def test_passages_take_no_room(text):
    short, long = text(length=2), text(length=200)
    assert short.nbytes == long.nbytes
    assert long.take(torch.tensor([0]))[0].shape == (1, 200)
