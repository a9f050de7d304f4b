"""From text to a tree: layers after commas, branches in brackets, repetitions.

    net    := item {"," item}
    item   := (layer | block) ["x3"]          three times, one after the other
    layer  := kind {option}                   conv 64 k3 s2 p1
    block  := "[" branches "]"
    branches := net                           a group, to be repeated
              | net {"|" net}                 branches whose results are added
              | net {"&" net}                 branches whose results stand side by side along the channels
    option := number | letter number | word   64, k3, k3x5, same, nobias

``6c`` for a number of filters is six times the incoming channels; ``s2first`` holds in the first repetition only. What
others write, ``nn.Conv2d(3, 64, 7)``, ``Conv2D(64, 7, activation="relu")`` or ``conv 64 3x3 relu``, is read as well:
:mod:`paribus.theory.layers.spellings` says it in these words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from paribus.errors import TheoryError, nearest
from paribus.theory.layers.kinds import CELLS, KINDS, PER_AXIS, WRITTEN, Kind
from paribus.theory.layers.layer import Layer
from paribus.theory.layers.refuse import Place, unreadable
from paribus.theory.layers.spellings import (
    CONTAINERS,
    OPTIONS,
    Call,
    Word,
    arguments,
    cleaned,
    is_activation,
    kind_of,
    split_name,
    translated,
    worded,
    words_of,
)

TOKEN = re.compile(r"[\[\]|&,;()]|[^\s\[\]|&,;()]+")
STOPS = ("]", ")", "|", "&")
NUMBER = re.compile(r"(?P<value>\d+(?:x\d+)*|\d*\.\d+|\d+c)(?P<first>first)?")
TIMES = re.compile(r"[x×](\d+)")
MOST = 2_000  # layers: they are listed, counted and followed back one by one
DEEPEST = 50  # brackets in brackets
ADDED, JOINED = "|", "&"
SPOKEN = {"out": "number of outputs", "extra": "output padding"}


@dataclass(frozen=True)
class Step:
    """A layer in the text; ``first`` are the options that hold in the first repetition only.

    ``expects`` is how many channels or features it was said to take.
    """

    layer: Layer
    place: Place
    first: frozenset[str] = frozenset()
    optional: bool = False  # id?
    expects: int | None = None


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
        self.clean = cleaned(self.text)
        self.signs = [Place(self.text, *match.span()) for match in TOKEN.finditer(self.clean)]

    @property
    def over(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.signs)

    @property
    def sign(self) -> str:
        """The sign that comes next; empty at the end."""
        return "" if self.over else self.word(self.signs[self.at])

    def word(self, place: Place) -> str:
        """What stands somewhere, cleaned."""
        return self.clean[place.start : place.end]

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
        while not self.over and self.sign not in STOPS:
            if item := self.item():
                yield item
            if not self.over and self.sign not in (*STOPS, ",", ";"):
                raise unreadable("layers stand apart by commas", self.place, "put a comma before it")
            while self.sign in (",", ";"):
                self.take()

    def item(self) -> Item | None:
        """A layer or a block, and how often; None for a container without layers."""
        item = self.block() if self.sign == "[" else self.layer()
        if item is None or not (times := TIMES.fullmatch(self.sign)):
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

    def layer(self) -> Step | Block | None:
        """A layer with its options, or what a call holds."""
        name = self.take()
        called = self.clean[name.end : name.end + 1] == "("
        base = self.word(name).rpartition(".")[2].lower()
        if called and base in CONTAINERS:
            return self.container(name)
        if called and base == "bidirectional":
            return _both_ways(self.container(name))
        if called and base == "activation":
            return self.activation(name)
        word = self.word(name)
        optional, word = word.endswith("?"), word.removesuffix("?")
        kind, attached, name = self.kind(name, word)
        if not kind or (optional and kind != "id"):
            raise unreadable("there is no layer of this kind", name, nearest(name.words, WRITTEN))
        call = self.call(name, word) if called else None
        words, last = list[Word](), name.to(self.signs[self.at - 1])
        while self.sign and self.sign not in "[]|&;)" and not TIMES.fullmatch(self.sign):
            if self.sign == "," and not self.goes_on():
                break
            if self.calls() or (is_activation(self.sign) and kind_of(self.sign) != kind):
                break
            last = self.take()
            words += self.said(last)
        place = name.to(last)
        steps = _spelled(kind, call, words_of(kind, attached, name, words), place)
        if optional:
            steps = [replace(steps[0], optional=True)]
        if is_activation(self.sign):
            self.at += 1
            steps.append(Step(Layer(kind_of(self.word(self.signs[self.at - 1]))), self.signs[self.at - 1]))
        return None if not steps else steps[0] if len(steps) == 1 else Block((tuple(steps),), "", place)

    def kind(self, name: Place, word: str) -> tuple[str, str, Place]:
        """The kind that one or several words name, what is attached to them, and where they stand."""
        following = self.signs[self.at : self.at + 3]
        for more in range(len(following), 0, -1):
            words = [self.word(place) for place in following[:more]]
            if all(re.fullmatch(r"[A-Za-z-]+", one) for one in words) and (kind := kind_of("".join((word, *words)))):
                self.at += more
                return kind, "", name.to(following[more - 1])
        base, attached = split_name(word)
        return kind_of(base), attached, name

    def goes_on(self) -> bool:
        """Whether what stands behind a comma says more about the same layer: ``conv 16, kernel 3``."""
        here = self.signs[self.at : self.at + 2]
        word = self.word(here[1]) if len(here) > 1 else ""
        return bool(re.fullmatch(r"\d+(x\d+)*|/\d+", word)) or (word in OPTIONS and not kind_of(word))

    def calls(self) -> bool:
        """Whether a parenthesis follows the next sign at once, which is a layer of its own then."""
        return self.sign not in "(," and self.clean[self.place.end : self.place.end + 1] == "("

    def said(self, place: Place) -> list[Word]:
        """A word, or what stands between parentheses as one: ``(3, 3)`` → 3x3."""
        if self.word(place) != "(":
            return [] if self.word(place) == "," else [(self.word(place), place)]
        pieces, end = arguments(self.text, self.clean, place.start)
        self.at = next((i for i, sign in enumerate(self.signs) if sign.start >= end), len(self.signs))
        return [("x".join(piece for piece, _ in pieces), Place(self.text, place.start, end))] if pieces else []

    def call(self, name: Place, word: str) -> Call:
        """The arguments behind a name; in ``Conv2D(64, 3)(x)`` what it is applied to is passed over."""
        pieces, end = arguments(self.text, self.clean, name.end)
        while self.clean[end : end + 1] == "(":
            end = arguments(self.text, self.clean, end)[1]
        self.at = next((i for i, place in enumerate(self.signs) if place.start >= end), len(self.signs))
        return Call(word, pieces)

    def activation(self, name: Place) -> Step:
        """``Activation("relu")``."""
        call = self.call(name, "Activation")
        kind = is_activation(call.pieces[0][0].strip("\"'")) if call.pieces else ""
        if not kind:
            raise unreadable("an activation has a name that is known", name, 'for example Activation("relu")')
        return Step(Layer(kind), name)

    def container(self, name: Place) -> Block | None:
        """Layers between parentheses, one after the other."""
        self.take()
        inner = tuple(self.net())
        if self.sign != ")":
            raise unreadable("this parenthesis is never closed", name, "write ) where its layers end")
        place = name.to(self.take())
        return Block((inner,), "", place) if inner else None


def _both_ways(block: Block | None) -> Block | None:
    """``Bidirectional(LSTM(…))``."""
    if block is None or not isinstance(block.branches[0][0], Step | Block):
        return block
    first = block.branches[0][0]
    inner = first.branches[0] if isinstance(first, Block) else (first,)
    cell = inner[0]
    assert isinstance(cell, Step)
    turned = replace(cell, layer=replace(cell.layer, options={**cell.layer.options, "bi": True}))
    return Block(((turned, *inner[1:]),), "", block.place)


def _spelled(kind: str, call: Call | None, words: list[Word], place: Place) -> list[Step]:
    """The layers that a spelling stands for: one, and what Keras adds to it."""
    found = translated(kind, call, place) if call else {}
    separable, kind = kind == "separable", "conv" if kind == "separable" else kind
    kind, found = _fitted(kind, found, place)
    if kind == "input" and call:
        return []  # what a framework is told before its layers
    if call and kind in ("conv", "dw", "deconv", "linear") and "bias" not in found:
        found["bias"] = (True, place)  # a class has a bias, also before a batch norm
    keras = call is not None and kind in CELLS and call.base in ("LSTM", "GRU", "SimpleRNN")
    keras = keras and "in" not in found
    signs = [*worded(kind, found), *words]
    if keras and not any(word in ("nobias", "bias1", "bias2") for word, _ in signs):
        signs.append(("bias2" if kind == "gru" else "bias1", place))
    options, first = _options(kind, signs)
    for need in KINDS[kind].needs:
        if need not in options:
            rule = f"{kind} needs its {_name(KINDS[kind], need)}"
            raise unreadable(rule, place, f"for example: {KINDS[kind].example}")
    expects = found.get("in", (None, place))[0]
    steps = [Step(Layer(kind, options), place, first, expects=expects if isinstance(expects, int) else None)]
    if separable:
        point = {"out": options.pop("out"), "kernel": (1,), "bias": options.pop("bias", True)}
        steps = [Step(Layer("dw", {**options, "bias": False}), place), Step(Layer("conv", point), place)]
    if keras and not found.get("steps", (False, place))[0]:
        steps.append(Step(Layer("last"), place))
    if call and kind in ("gap", "gmp") and "Global" in call.base and "Pooling" in call.base:
        steps.append(Step(Layer("flatten"), place))
    if (name := found.get("activation", (None, place))[0]) not in (None, "linear") and not (keras and name == "tanh"):
        if isinstance(name, int | float):
            hint = f"write nn.Linear(…, {name:g}) as torch does, or linear {name:g}"
            raise unreadable("two numbers may be inputs and outputs", found["activation"][1], hint)
        if not (activation := is_activation(str(name))):
            raise unreadable("an activation has a name that is known", found["activation"][1])
        steps.append(Step(Layer(activation), place))
    return steps


def _fitted(kind: str, found: dict[str, Any], place: Place) -> tuple[str, dict[str, Any]]:
    """What is another kind here: a pooling to one value, a transposed convolution that keeps sizes."""
    if found.get("borders", ("zeros", place))[0] != "zeros":
        rule = "borders are padded with zeros here"
        raise unreadable(rule, found["borders"][1], "other values on the border change no figure: leave it out")
    if kind in ("adaptive", "gmp") and "size" in found:
        if set(_whole(*found["size"])) == {1}:
            return ("gap" if kind == "adaptive" else kind), {k: v for k, v in found.items() if k != "size"}
        if kind == "gmp":
            rule = "a maximum is taken over everything, or over windows"
            raise unreadable(rule, found["size"][1], "gmp, or pool 2")
    if kind == "deconv" and found.get("padding", ("", place))[0] == "same":
        k, s = (_whole(*found.get(name, (1, place)))[0] for name in ("kernel", "stride"))
        less = max(0, k - s)  # so that there are s times as many
        found = {**found, "padding": (-(-less // 2), place), "extra": (less % 2, place)}
    return kind, found


def _whole(value: Any, place: Place) -> tuple[int, ...]:
    sizes = value if isinstance(value, tuple | list) else (value,)
    if not sizes or not all(isinstance(size, int) for size in sizes):
        raise unreadable("a size is one whole number, or one for each axis", place)
    return tuple(sizes)


def _options(kind: str, signs: list[Word]) -> tuple[dict[str, Any], frozenset[str]]:
    """What the words behind a kind say; those marked "first" also by name."""
    rules, options, first = KINDS[kind], dict[str, Any](), set[str]()
    unnamed = iter(rules.numbers)
    for word, sign in signs:
        if word in rules.words:
            name, value = rules.words[word]
        else:
            name, value, once = _numbered(kind, rules, word, sign, unnamed)
            first |= {name} if once else set()
        if name in options:
            raise unreadable(f"{name.replace('_', ' ')} is given twice", sign, "leave one of them out")
        options[name] = value
    return options, frozenset(first)


def _numbered(kind: str, rules: Kind, word: str, sign: Place, unnamed: Iterator[str]) -> tuple[str, Any, bool]:
    """The option that a number, or a letter and a number, stands for."""
    letter = "" if word[0] in ".0123456789" else word[0]
    name = rules.letters.get(letter, "") if letter else next(unnamed, "")
    if word.lower() in WRITTEN:
        raise unreadable("layers stand apart by commas", sign, "put a comma before it")
    if not name:
        raise unreadable(f"{kind} has no such option", sign, _known(kind, rules))
    found = NUMBER.fullmatch(word[len(letter) :])
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
