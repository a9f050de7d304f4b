"""Texts: their tokens, their passages, and what was never seen."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from paribus.chance import Seeds
from paribus.data.deliver.loader import Loader
from paribus.data.deliver.passages import Passages
from paribus.data.prepare import cache
from paribus.data.sources.text.lookahead import Lookahead
from paribus.data.sources.text.markov import Markov, entropy, stationary, walk
from paribus.data.sources.text.own import Text
from paribus.data.sources.text.tokens import UNKNOWN, join, number, split
from paribus.errors import DataError
from paribus.records.recipe import Split

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
    letters = passages.dataset.about["vocabulary"]
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


@pytest.mark.parametrize(("place", "part"), [(1400, "val"), (1700, "test")])
def test_a_letter_never_seen_is_refused_with_its_place(text, place, part):
    content = TEXT[:place] + "ß" + TEXT[place:]
    with pytest.raises(DataError, match=f"token {place + 1:,} of the text, in the {part} part") as error:
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


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"abc\xff\xfe")
    with pytest.raises(DataError, match=r"byte 4 of a\.txt is not UTF-8"):
        cache.load(Text(str(tmp_path / "a.txt")))


def test_words_and_signs():
    tokens = split("Speak, speak.\nWe know't!", "words")
    assert tokens == ["Speak", ",", "speak", ".", "\n", "We", "know", "'", "t", "!"]
    assert join(tokens[:6], "words") == "Speak, speak.\nWe"
    numbers, vocabulary = number(list("abcab"))
    assert (numbers.tolist(), vocabulary) == ([0, 1, 2, 0, 1], ["a", "b", "c"])


def test_passages_take_no_room(text):
    short, long = text(length=2), text(length=200)
    assert short.nbytes == long.nbytes
    assert long.take(torch.tensor([0]))[0].shape == (1, 200)


def test_the_entropy_of_a_chain_by_hand():
    chances = np.array([[0.9, 0.1], [0.5, 0.5]])  # π = (5/6, 1/6)
    np.testing.assert_allclose(stationary(chances), [5 / 6, 1 / 6], rtol=1e-12)
    rows = -(0.9 * np.log(0.9) + 0.1 * np.log(0.1)), np.log(2)
    assert entropy(chances) == pytest.approx(5 / 6 * rows[0] + 1 / 6 * rows[1], rel=1e-12)
    assert entropy(np.full((4, 4), 0.25)) == pytest.approx(np.log(4), rel=1e-12)
    assert entropy(np.eye(3)[[1, 2, 0]]) == 0


def test_a_walk_follows_its_chances():
    chances = np.array([[0.9, 0.1], [0.5, 0.5]])
    states = np.array(walk(chances, np.random.default_rng(0).random(100_000)))
    moved = [states[1:][states[:-1] == i].mean() for i in (0, 1)]
    assert moved == pytest.approx([0.1, 0.5], abs=0.01)  # standard errors 0.001 and 0.004


def test_a_markov_text_knows_its_entropy():
    data = cache.load(Markov(tokens=200_000, letters=5))
    tokens = data.inputs.long()
    counts = (tokens[:-1] * 5 + tokens[1:]).bincount(minlength=25).view(5, 5).double()
    shares = counts / counts.sum(1, keepdim=True)
    measured = -(counts / counts.sum() * shares.clamp(min=1e-12).log()).sum()
    assert float(measured) == pytest.approx(data.about["entropy"], abs=0.01)  # about 2 standard errors


@pytest.mark.parametrize(("ahead", "stay"), [(1, 0.6), (2, 0.6), (3, 0.0), (2, 0.25)])
def test_the_ceiling_is_that_of_the_best_guess(ahead, stay):
    source = Lookahead(sequences=20_000, length=8, ahead=ahead, stay=stay)
    data = cache.load(source)
    tokens, labels = data.inputs, data.targets
    assert torch.equal(labels[:, : 8 - ahead], tokens[:, ahead:])
    assert torch.equal(labels[:, 8 - ahead :], tokens[:, 8 - ahead :])
    best = 0
    for place in range(8):  # what the letter read last says of the label, counted
        pairs = (tokens[:, place] * 4 + labels[:, place]).bincount(minlength=16).view(4, 4)
        best += int(pairs.max(1).values.sum())
    # counting picks the luckiest of equals: with 5,000 of each letter that is worth less than 0.01
    assert best / labels.numel() == pytest.approx(source.ceiling(), abs=0.012)
