"""From text to a tree: layers after commas, branches in brackets, repetitions.

    net    := item {"," item}
    item   := (layer | block) ["x3"]          three times, one after the other
    layer  := kind {option}                   conv 64 k3 s2 p1
    block  := "[" branches "]"
    branches := net                           a group, to be repeated
              | net {"|" net}                 branches whose results are added
              | net {"&" net}                 branches whose results stand side by side along the channels
    option := number | letter number | word   64, k3, k3x5, same, nobias

``6c`` for a number of filters is six times the incoming channels; ``s2first`` holds in the first repetition only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from paribus.errors import TheoryError, nearest
from paribus.theory.layers.kinds import ALIASES, KINDS, PER_AXIS, WRITTEN, Kind
from paribus.theory.layers.layer import Layer
from paribus.theory.layers.refuse import Place, unreadable

TOKEN = re.compile(r"[\[\]|&,;]|[^\s\[\]|&,;]+")
NUMBER = re.compile(r"(?P<value>\d+(?:x\d+)*|\d*\.\d+|\d+c)(?P<first>first)?")
TIMES = re.compile(r"[x×](\d+)")
MOST = 2_000  # layers: they are listed, counted and followed back one by one
DEEPEST = 50  # brackets in brackets
ADDED, JOINED = "|", "&"
SPOKEN = {"out": "number of outputs", "extra": "output padding"}


@dataclass(frozen=True)
class Step:
    """A layer in the text; ``first`` are the options that hold in the first repetition only."""

    layer: Layer
    place: Place
    first: frozenset[str] = frozenset()
    optional: bool = False  # id?


@dataclass(frozen=True)
class Block:
    """Branches between brackets; one alone is a group."""

    branches: tuple[tuple[Item, ...], ...]
    joint: str
    place: Place


@dataclass(frozen=True)
class Repeat:
    """An item several times, one after the other."""

    item: Step | Block
    times: int


Item = Step | Block | Repeat


def parse(text: str) -> tuple[Item, ...]:
    """The tree of a text.

    Raises:
        TheoryError: pointing at the column that breaks the grammar.
    """
    reader = Reader(text)
    items = tuple(reader.net())
    if not reader.over:
        raise unreadable("a bracket closes that was never opened", reader.place)
    if (count := _count(items)) > MOST:
        rule = f"a network in text has at most {MOST:,} layers"
        raise TheoryError(rule, got=f"{count:,} layers", hint="look at a part of it, and repeat that less often")
    if not items:
        hint = "for example: conv 64 k3 s2 p1, bn, relu, flatten, linear 10"
        raise unreadable("a network has at least one layer", Place(text, 0, len(text)), hint)
    return items


def _count(items: Iterable[Item]) -> int:
    """How many layers stand one after the other or side by side, repetitions included."""
    total = 0
    for item in items:
        if isinstance(item, Repeat):
            total += item.times * _count([item.item])
        else:
            total += sum(map(_count, item.branches)) if isinstance(item, Block) else 1
    return total


@dataclass
class Reader:
    """Goes through the signs of a text from left to right."""

    text: str
    at: int = 0
    depth: int = 0  # of brackets
    signs: list[Place] = field(init=False)

    def __post_init__(self) -> None:
        self.signs = [Place(self.text, *match.span()) for match in TOKEN.finditer(self.text)]

    @property
    def over(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.signs)

    @property
    def sign(self) -> str:
        """The sign that comes next; empty at the end."""
        return "" if self.over else self.signs[self.at].words

    @property
    def place(self) -> Place:
        """Where the next sign stands."""
        return Place(self.text, len(self.text), len(self.text)) if self.over else self.signs[self.at]

    def take(self) -> Place:
        """The next sign, gone past."""
        self.at += 1
        return self.signs[self.at - 1]

    def net(self) -> Iterator[Item]:
        """Items up to the end of the text or of the branch."""
        while self.sign in (",", ";"):
            self.take()
        while not self.over and self.sign not in ("]", ADDED, JOINED):
            yield self.item()
            if not self.over and self.sign not in ("]", ADDED, JOINED, ",", ";"):
                raise unreadable("layers stand apart by commas", self.place, "put a comma before it")
            while self.sign in (",", ";"):
                self.take()

    def item(self) -> Item:
        """A layer or a block, and how often."""
        item = self.block() if self.sign == "[" else self.step()
        if not (times := TIMES.fullmatch(self.sign)):
            return item
        place = self.take()
        if int(times[1]) < 1:
            raise unreadable("a repetition happens at least once", place, "write x2, x3, …")
        return Repeat(item, int(times[1]))

    def block(self) -> Block:
        """Branches between brackets."""
        start, branches, joints = self.take(), [], []
        self.depth += 1
        if self.depth > DEEPEST:
            raise unreadable(f"brackets stand in each other at most {DEEPEST} deep", start)
        while True:
            branches.append(tuple(self.net()))
            if self.over:
                raise unreadable("this bracket is never closed", start, "write ] where the block ends")
            if self.sign == "]":
                break
            joints.append(self.take())
        for one, other in pairwise(joints):
            if one.words != other.words:
                raise unreadable("a block either adds (|) or joins (&) its branches", other, "nest two blocks")
        place = start.to(self.take())
        self.depth -= 1
        if not any(branches):
            raise unreadable("a block needs layers between its brackets", place)
        return Block(tuple(branches), joints[0].words if joints else "", place)

    def step(self) -> Step:
        """A layer with its options."""
        name = self.take()
        word = name.words.lower()
        optional, word = word.endswith("?"), word.removesuffix("?")
        kind = ALIASES.get(word, word)
        if kind not in WRITTEN or (optional and kind != "id"):
            raise unreadable("there is no layer of this kind", name, nearest(name.words, WRITTEN))
        signs, last = [], name
        while self.sign and self.sign not in "[]|&,;" and not TIMES.fullmatch(self.sign):
            last = self.take()
            signs.append(last)
        place = name.to(last)
        options, first = _options(kind, signs)
        for need in KINDS[kind].needs:
            if need not in options:
                rule = f"{kind} needs its {_name(KINDS[kind], need)}"
                raise unreadable(rule, place, f"for example: {KINDS[kind].example}")
        return Step(Layer(kind, options), place, first, optional)


def _options(kind: str, signs: list[Place]) -> tuple[dict[str, Any], frozenset[str]]:
    """What the words behind a kind say; those marked "first" also by name."""
    rules, options, first = KINDS[kind], dict[str, Any](), set[str]()
    unnamed = iter(rules.numbers)
    for sign in signs:
        if sign.words in rules.words:
            name, value = rules.words[sign.words]
        else:
            name, value, once = _numbered(kind, rules, sign, unnamed)
            first |= {name} if once else set()
        if name in options:
            raise unreadable(f"{name.replace('_', ' ')} is given twice", sign, "leave one of them out")
        options[name] = value
    return options, frozenset(first)


def _numbered(kind: str, rules: Kind, sign: Place, unnamed: Iterator[str]) -> tuple[str, Any, bool]:
    """The option that a number, or a letter and a number, stands for."""
    letter = "" if sign.words[0] in ".0123456789" else sign.words[0]
    name = rules.letters.get(letter, "") if letter else next(unnamed, "")
    if sign.words.lower() in WRITTEN:
        raise unreadable("layers stand apart by commas", sign, "put a comma before it")
    if not name:
        raise unreadable(f"{kind} has no such option", sign, _known(kind, rules))
    found = NUMBER.fullmatch(sign.words[len(letter) :])
    if not found:
        wanted = _name(rules, name)
        raise unreadable(f"{wanted} is a number, as in {letter or ''}3", sign, f"for example: {rules.example}")
    return name, _value(name, found["value"], sign), bool(found["first"])


def _value(name: str, text: str, sign: Place) -> Any:
    """A number for one option: sizes per axis as a tuple, shares as a fraction, "6c" as it is."""
    if name == "rate":
        share = float(text) if re.fullmatch(r"[\d.]+", text) else -1.0
        if not 0 <= share < 1:
            raise unreadable("dropout sets a share from 0 up to, not including, 1 to zero", sign, "write dropout 0.5")
        return share
    if text.endswith("c") and name == "out" and int(text[:-1]) > 0:
        return text
    if not re.fullmatch(r"\d+(x\d+)*", text) or ("x" in text and name not in PER_AXIS):
        raise unreadable(f"the {SPOKEN.get(name, name)} must be one whole number of at least 1", sign)
    sizes = tuple(int(size) for size in text.split("x"))
    if min(sizes) < 1 and name not in ("padding", "extra"):
        raise unreadable(f"the {SPOKEN.get(name, name)} must be at least 1", sign)
    return sizes if name in PER_AXIS else sizes[0]


def _name(rules: Kind, option: str) -> str:
    """An option by name, with the letter that gives it."""
    letters = [letter for letter, name in rules.letters.items() if name == option]
    plain = SPOKEN.get(option, option)
    return f"{plain} ({letters[0]}3)" if letters and option not in rules.numbers else plain


def _known(kind: str, rules: Kind) -> str:
    letters = [f"{letter} {name}" for letter, name in rules.letters.items()]
    words = [*letters, *rules.words]
    return f"{kind} knows {', '.join(words) if words else 'no options'}; for example: {rules.example}"
