"""Pairs of sequences: made ones, files, and how words are cut into pieces."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paribus.data.prepare.prepared import open_dataset
from paribus.data.sources.pairs.dates import FIRST, FORMS, LAST, told
from paribus.data.sources.pairs.file import divided, parsed
from paribus.data.sources.pairs.subwords import learn, merged
from paribus.data.sources.pairs.tokens import BEGIN, END, PAD, SPECIAL, UNKNOWN, Tokens, cut
from paribus.errors import DataError, RecipeError
from paribus.records.parts import Part

WORDS = st.dictionaries(st.text("abc", min_size=1, max_size=6), st.integers(1, 9), min_size=1, max_size=12)


def sentences(dataset, side):
    tokens = Tokens(dataset.metadata.text.vocabulary, dataset.metadata.pairs.unit)
    return [tokens.decode(row) for row in side.tolist()]


@pytest.mark.parametrize(("rule", "answer"), [("copy", str), ("reverse", lambda s: s[::-1]), ("sort", sorted)])
def test_T21_made_pairs_follow_their_rule(rule, answer):
    data = open_dataset(Part("rewriting", rule=rule, pairs=200, longest=6))
    pairs = zip(sentences(data, data.inputs["source"]), sentences(data, data.targets), strict=True)
    assert all("".join(answer(read)) == written for read, written in pairs)
    before, targets = data.inputs["before"], data.targets
    assert (before[:, 0] == BEGIN).all()
    assert (before[:, 1:] == targets[:, :-1]).all()
    assert ((targets == END).sum(1) == 1).all()


def test_longer_sequences_can_be_asked_for_than_train():
    data = open_dataset(Part("rewriting", pairs=100, longest=5, asked=9))
    lengths = (data.inputs["source"] != PAD).sum(1) - 1  # without the end
    start, stop = data.official["train"]
    assert lengths[start:stop].max() == 5
    assert lengths[stop:].unique().tolist() == [9]
    with pytest.raises(RecipeError, match=r"data.shortest must not exceed data.longest"):
        open_dataset(Part("rewriting", shortest=9, longest=5))


@given(st.dates(FIRST, LAST), st.integers(0, len(FORMS) - 1))
def test_T21_dates_say_the_day_that_they_stand_for(day, form):
    said, iso = told(day, form)
    assert date.fromisoformat(iso) == day
    assert str(day.day) in said
    assert str(day.year) in said or (said.endswith(f"{day.year % 100:02d}") and 1970 <= day.year < 2070)


def test_no_day_is_in_two_splits():
    data = open_dataset(Part("dates", pairs=2000))
    days = sentences(data, data.targets)
    splits = [{*days[start:stop]} for start, stop in data.official.values()]
    assert not any(one & other for one, other in pairwise((*splits, splits[0])))


def naive(words: dict[str, int], size: int) -> list[str]:
    """Byte-pair encoding as it is told: count all pairs anew, merge the commonest, again and again."""
    pieces = {word: list(word) for word in words}
    found = sorted({sign for word in words for sign in word})
    while len(found) < size:
        counts = Counter()
        for word, times in words.items():
            for pair in pairwise(pieces[word]):
                counts[pair] += times
        if not counts or max(counts.values()) < 2:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        for word, parts in pieces.items():
            joined, place = [], 0
            while place < len(parts):
                pair = tuple(parts[place : place + 2]) == best
                joined.append("".join(best) if pair else parts[place])
                place += 1 + pair
            pieces[word] = joined
        if "".join(best) not in found:
            found.append("".join(best))
    return found


@given(WORDS, st.integers(3, 14))
def test_T21_pieces_of_words_are_those_of_counting_anew(words, size):
    assert learn(words, size) == naive(words, size)


def test_the_piece_learned_first_is_merged_first():
    numbers = {token: number for number, token in enumerate(["a", "b", "c", "bc", "ab", "abc"])}
    assert merged("bab", numbers) == ["b", "ab"]
    assert merged("abc", numbers) == ["abc"]  # by way of bc, which was learned before ab
    assert merged("abab", numbers) == ["ab", "ab"]
    assert merged("bcab", numbers) == ["bc", "ab"]


def test_sentences_come_back_from_their_pieces():
    text = "Wir sehen uns, Tom – morgen um 8.15 Uhr!"
    tokens = Tokens((*SPECIAL, *learn(Counter(cut(text, "subwords")), 60)), "subwords")
    assert tokens.decode(tokens.encode(text)) == text
    assert UNKNOWN in tokens.encode("Zebra")
    with pytest.raises(DataError, match="a character never occurred in training") as caught:
        tokens.require("Tom ß")
    assert caught.value.got == repr("ß")
    with pytest.raises(DataError, match="must not be empty"):
        tokens.require("  ")


def test_a_file_of_ones_own(tmp_path):
    lines = [f"word {number}\tWort {number}\tlicence" for number in range(60)] + ["word 3\tdas Wort 3", ""]
    (tmp_path / "pairs.tsv").write_text("\n".join(lines), encoding="utf-8")
    data = open_dataset(Part("pairs", path=str(tmp_path / "pairs.tsv"), vocabulary=40))
    assert len(data) == 61
    sources = sentences(data, data.inputs["source"])
    splits = [{*sources[start:stop]} for start, stop in data.official.values()]
    assert [*map(len, splits)] == [54, 3, 3]
    assert not any(one & other for one, other in pairwise((*splits, splits[0])))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("one\tun\njust one", "line 2 of x.tsv holds no two sentences"),
        ("one\t ", "line 1 of x.tsv holds an empty sentence"),
    ],
)
def test_lines_that_are_no_pairs_are_named(text, says):
    with pytest.raises(DataError, match=says):
        parsed(text, "x.tsv")


def test_too_few_sentences_are_refused():
    with pytest.raises(DataError, match="at least 20 different sentences"):
        divided([("a", "b")] * 30)
