"""How far texts are from each other: pure functions."""

from __future__ import annotations

from collections.abc import Sequence


def edits(said: str, true: str) -> int:
    """The fewest characters that are put in, taken out or exchanged to get from one text to another (Levenshtein)."""
    row = list(range(len(true) + 1))
    for number, character in enumerate(said, 1):
        before, row[0] = row[0], number
        for place, wanted in enumerate(true, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (character != wanted))
    return row[-1]


def right_places(said: str, true: str) -> list[bool]:
    """For each character of the true text, whether the other has it at the same place."""
    return [place < len(said) and said[place] == character for place, character in enumerate(true)]


def character_error_rate(said: Sequence[str], true: Sequence[str]) -> float:
    """Edits for each true character, over all texts together."""
    total = sum(map(len, true))
    return sum(edits(one, other) for one, other in zip(said, true, strict=True)) / max(1, total)
