"""What may be written on a plate: patterns of sets of characters, each in a small YAML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from paribus.errors import DataError, nearest
from paribus.records import yaml

ROOM = "paribus.data"
FOLDER = "grammars"
ENTRIES = ("about", "sets", "patterns", "separators", "proportions")

State = frozenset[tuple[int, int]]  # pattern and place in it: all ways in which what was read so far can go on


@dataclass(frozen=True)
class Grammar:
    """Texts of some patterns.

    Args:
        name: of the file.
        about: in a sentence.
        sets: sign → the characters that it stands for.
        patterns: signs → how common texts of this pattern are.
        separators: what may stand between groups and is not read.
        proportions: least and largest width of a plate, in its heights.
    """

    name: str
    about: str
    sets: Mapping[str, str]
    patterns: Mapping[str, float]
    separators: tuple[str, ...] = ("",)
    proportions: tuple[float, float] = (2.0, 5.0)

    @property
    def alphabet(self) -> str:
        """All characters, each once, in their order."""
        return "".join(sorted({*"".join(self.sets.values())}))

    @property
    def longest(self) -> int:
        """Characters of the longest text."""
        return max(map(len, self.patterns))

    @cached_property
    def choices(self) -> tuple[tuple[frozenset[str], ...], ...]:
        """For each pattern the characters that may stand at each of its places."""
        return tuple(tuple(frozenset(self.sets[sign]) for sign in pattern) for pattern in self.patterns)

    @property
    def start(self) -> State:
        """Before the first character."""
        return frozenset((number, 0) for number in range(len(self.choices)))

    def after(self, state: State, character: str) -> State:
        """How it can go on behind one more character; empty where it cannot."""
        return frozenset(
            (number, place + 1)
            for number, place in state
            if place < len(self.choices[number]) and character in self.choices[number][place]
        )

    def ends(self, state: State) -> bool:
        """Whether the text may end here."""
        return any(place == len(self.choices[number]) for number, place in state)

    def accepts(self, text: str) -> bool:
        """Whether a text is of one of the patterns."""
        state = self.start
        for character in text:
            state = self.after(state, character)
        return self.ends(state)

    def draw(self, chance: np.random.Generator) -> str:
        """A random text: a pattern by how common it is, and each character alike."""
        weights = np.array(list(self.patterns.values()), float)
        pattern = list(self.patterns)[chance.choice(len(weights), p=weights / weights.sum())]
        return "".join(str(chance.choice(list(self.sets[sign]))) for sign in pattern)


def shipped() -> list[str]:
    """Names of the grammars that come with paribus."""
    folder = resources.files(ROOM).joinpath(FOLDER)
    return sorted(Path(entry.name).stem for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def load(source: str) -> Grammar:
    """A grammar by its name, or from a file of one's own that ends in .yaml.

    Raises:
        DataError: for one that is not there, or says something else than a grammar may.
    """
    try:
        if source.endswith((".yaml", ".yml")):
            raw, name = yaml.parse_file(Path(source)), Path(source).stem
        elif source in shipped():
            text = resources.files(ROOM).joinpath(FOLDER, f"{source}.yaml").read_text(encoding="utf-8")
            raw, name = yaml.parse(text, where=source), source
        else:
            hint = f"{nearest(source, shipped())}; or give a file that ends in .yaml"
            raise DataError("there is no such grammar", got=source, hint=hint)
    except OSError as error:
        raise DataError(f"the grammar cannot be read: {error.strerror}", got=source) from None
    return read(name, raw)


def read(name: str, raw: Mapping[str, Any]) -> Grammar:
    """A grammar from the content of its file.

    Raises:
        DataError: if it is none, with what is wrong.
    """
    if unknown := raw.keys() - {*ENTRIES}:
        entry = sorted(map(str, unknown))[0]
        raise DataError(f"the grammar {name} has an unknown entry", got=entry, hint=nearest(entry, ENTRIES))
    patterns = raw.get("patterns")
    patterns = dict.fromkeys(patterns, 1) if isinstance(patterns, list) else patterns
    sets = raw.get("sets")
    if not isinstance(sets, dict) or not isinstance(patterns, dict) or not patterns:
        hint = "write sets: {L: ABC, D: 0123456789} and patterns: [LLDDDLL]"
        raise DataError(f"the grammar {name} needs sets and patterns", got=", ".join(map(str, raw)), hint=hint)
    sets = {str(sign): str(characters) for sign, characters in sets.items()}
    for pattern in map(str, patterns):
        if missing := sorted({*pattern} - sets.keys()):
            raise DataError(
                f"a pattern of the grammar {name} uses a sign without a set", got=f"{missing[0]} in {pattern}"
            )
    try:
        weights = {str(pattern): float(weight) for pattern, weight in patterns.items()}
        low, high = map(float, raw.get("proportions", (2.0, 5.0)))
    except (TypeError, ValueError) as error:
        raise DataError(f"the grammar {name} has a number that is none: {error}") from None
    separators: Sequence[Any] = raw.get("separators", [""])
    return Grammar(name, str(raw.get("about", "")), sets, weights, tuple(map(str, separators)), (low, high))


def choose(name: str) -> Grammar | None:
    """A grammar by its name, or none of the name none."""
    return None if name == "none" else load(name)
