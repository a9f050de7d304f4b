"""Tokens and their numbers."""

from __future__ import annotations

from paribus.data.sources.text.tokens import join, number, split


def test_words_and_signs():
    tokens = split("Speak, speak.\nWe know't!", "words")
    assert tokens == ["Speak", ",", "speak", ".", "\n", "We", "know", "'", "t", "!"]
    assert join(tokens[:6], "words") == "Speak, speak.\nWe"
    numbers, vocabulary = number(list("abcab"))
    assert (numbers.tolist(), vocabulary) == ([0, 1, 2, 0, 1], ["a", "b", "c"])
