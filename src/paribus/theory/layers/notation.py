"""From text to a tree: layers after commas, branches in brackets, repetitions.

    net    := item {"," item}
    item   := (layer | block) ["x3"]          three times, one after the other
    layer  := kind {option}                   conv 64 k3 s2 p1
    block  := "[" branches "]"
    branches := net                           a group, to be repeated
              | net {"|" net}                 branches whose results are added
              | net {"&" net}                 branches whose results stand side by side along the channels
              | net {"*" net}                 branches whose results are multiplied
              | net {"~" net}                 branches that are results, at the end of a net that has several
    option := number | letter number | word   64, k3, k3x5, same, nobias

``6c`` for a number of filters is six times the incoming channels; ``s2first`` holds in the first repetition only. What
others write, ``nn.Conv2d(3, 64, 7)``, ``Conv2D(64, 7, activation="relu")`` or ``conv 64 3x3 relu``, is read as well:
:mod:`paribus.theory.layers.spellings` says it in these words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

from paribus.errors import TheoryError
from paribus.theory.layers.kinds import CELLS, KINDS, SEVERAL, WRITTEN, Kind
from paribus.theory.layers.layer import Layer
from paribus.theory.layers.refuse import Place, unreadable
from paribus.theory.layers.spellings import (
    CONTAINERS,
    NAMES,
    OPTIONS,
    POINTWISE,
    Call,
    Word,
    arguments,
    is_activation,
    kind_of,
    split_name,
    translated,
    worded,
    words_of,
)
from paribus.theory.layers.wording import cleaned

TOKEN = re.compile(r"[\[\]|&,;()]|[^\s\[\]|&,;()]+")
STOPS = ("]", ")", "|", "&", "*", "~")
NUMBER = re.compile(r"(?P<value>\d+(?:\.\d+)?%|\d+(?:x\d+)*|\d*\.\d+|\d+c)(?P<first>first)?")
TIMES = re.compile(r"[x×*](\d+)")
MOST = 2_000  # layers: they are listed, counted and followed back one by one
DEEPEST = 50  # brackets in brackets
ADDED, JOINED, RESULTS = "|", "&", "~"
JOINTS = {ADDED: "add", JOINED: "cat", "*": "mul"}
BESIDE = {**dict.fromkeys(("residual", "resblock", "shortcut", "skip"), ADDED),
          **dict.fromkeys(("concat", "concatenate", "cat", "inception"), JOINED)}  # fmt: skip
UNITS = {"units", "unit", "neurons", "hidden", "outputs", "output", "out", "nodes", "classes", "features"}
PIXELWISE = {"LayerNormalization", "LayerNorm2d"}  # Keras's and ConvNeXt's layer norm, of the channels of each pixel
PAIRS = re.compile(r"\(\((\d+),\1\),\((\d+),\2\)\)")  # as many on either side of an axis
BEHIND = {"bn", "instance", "ln", "phi"}  # what may follow a layer without a comma: norms and activations
SAMPLE = "say it in layers, such as conv 16 k3 p1, relu, pool 2, flatten, linear 10, or give a module: --plugin FILE.py"
FLATTENS = re.compile(r"(?:L|chainer\.links|gluon)\.")  # whose fully connected layers take pictures
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
    plain: bool = True  # in words, not as a class of a framework
    expects: int | None = None
    turns: bool = False  # a class of Keras, whose steps come before channels
    words: bool = False  # no call of a class


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

    def net(self, split: Sequence[str] = ()) -> Iterator[Item]:
        """Items up to the end of the text or of the branch."""
        apart = tuple(sign for sign in ((",", ";") if self.depth else (",", ";", "|")) if sign not in split)
        stops = (*(stop for stop in STOPS if stop not in apart), *split)
        while self.sign in apart:
            self.take()
        while not self.over and self.sign not in stops:
            if self.called():
                continue
            if item := self.item():
                yield item
            calls = (self.at and self.word(self.signs[self.at - 1]) in (")", "]")) or (not self.over and self.calls())
            if (
                not self.over
                and self.sign not in (*stops, *apart)
                and not (calls and (self.sign == "[" or kind_of(self.sign)))
            ):
                raise unreadable("layers stand apart by commas", self.place, "put a comma before it")
            while self.sign in apart:
                self.take()

    def called(self) -> bool:
        """Whether a name of a layer was passed: ``('conv1', nn.Conv2d(…))``."""
        if re.fullmatch(r"(['\"])\w+\1:?", self.sign):
            self.take()
            if self.sign in (",", ":"):
                self.take()
            return True
        return False

    def item(self) -> Item | None:
        """A layer or a block, and how often; None for a container without layers."""
        before = self.repeated()
        if self.sign == "[":
            item: Item | None = self.block()
        elif self.sign == "(" or (before and self.sign == "["):
            item = self.container(self.place)
        else:
            item = self.layer()
        if item is not None and not before and (times := TIMES.fullmatch(self.sign)):
            before = (int(times[1]), self.take())
        if item is None or not before:
            return item
        if not self.over and "+" in self.text[self.signs[self.at - 1].end : self.place.start]:
            raise unreadable("what happens several times stands in brackets", before[1], "write [conv 8 k3, relu] x2")
        if before[0] < 1:
            raise unreadable("a repetition happens at least once", before[1], "write x2, x3, …")
        assert not isinstance(item, Repeat)
        return Repeat(item, before[0])

    def repeated(self) -> tuple[int, Place] | None:
        """``3x [conv 8 k3, relu]``: how often what follows in brackets happens, gone past."""
        words = [self.word(place) for place in self.signs[self.at : self.at + 3]]
        follows = len(words) > 1 and (words[1] in ("[", "(") or kind_of(words[1]) or words[1].lower() == "transformer")
        if follows and (found := re.fullmatch(r"(\d+)[x*]", words[0])):
            return int(found[1]), self.take()
        held = len(words) > 2 and (words[2] in ("[", "(") or words[2].lower().startswith("transformer"))
        if held and words[0].isdigit() and words[1] in ("x", "*"):
            place = self.take()
            self.take()
            return int(words[0]), place
        return None

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
            if self.word(one) != self.word(other):
                raise unreadable(
                    "branches are results (~), or a block multiplies (*) or either adds (|) or joins (&) its branches",
                    other,
                    "nest two blocks",
                )
        place = start.to(self.take())
        self.depth -= 1
        if not any(branches):
            raise unreadable("a block needs layers between its brackets", place)
        return Block(tuple(branches), self.word(joints[0]) if joints else "", place)

    def layer(self) -> Step | Block | None:
        """A layer with its options, or what a call holds."""
        left_out = self.turned()
        name = self.take()
        if self.word(name).lower() == "hidden" and self.sign.lower() in ("size", "dim", "state", "dimension"):
            raise unreadable("a hidden size is no layer", name, "write its number behind its layer: lstm 64")
        called = self.clean[name.end : name.end + 1] == "("
        base = self.word(name).rpartition(".")[2].lower()
        if called and base in CONTAINERS:
            return self.container(name)
        if base in BESIDE and (called or self.sign in ("[", "(")):
            return self.beside(name, base)
        if called and base == "transformerencoder":
            return self.encoder(name)
        if base == "transformerencoderlayer" or (base == "transformer" and self.sign.lower() in PIECES):
            return self.transformer(name, called)
        if called and base == "bidirectional":
            return _both_ways(self.container(name))
        if called and base == "activation":
            return self.activation(name)
        word = self.word(name)
        optional, word = word.endswith("?"), word.removesuffix("?")
        kind, attached, name = (left_out, word, name) if left_out else self.kind(name, word)
        if not kind or (optional and kind != "id"):
            spelt = [one for one in (word.lower(), word.lower() + self.sign.lower()) if len(one) > 3]
            near = [one for said in spelt for one in get_close_matches(said, NAMES, 1, 0.75)
                    if kind_of(one) and abs(len(one) - len(said)) < 2]  # fmt: skip
            raise unreadable("there is no layer of this kind", name, f"write {kind_of(near[0])}" if near else SAMPLE)
        call = self.call(name, word) if called else None
        words, last = list[Word](), name.to(self.signs[self.at - 1])
        if kind == "up" and word.lower().startswith("bilinear"):
            words.append(("linear", name))
        if kind in CELLS and word.lower().startswith("bi"):
            words.append(("bi", name))
        while self.sign and self.sign not in "[]|&*~;)" and not TIMES.fullmatch(self.sign):
            if self.sign == "," and not self.goes_on(kind, attached, words):
                break
            behind = is_activation(self.sign) or kind_of(self.sign) in BEHIND
            if self.calls() or (call and self.names(self.sign)) or (behind and kind_of(self.sign) != kind):
                break
            last = self.take()
            words += self.said(last)
        place = name.to(last)
        if word.lower().startswith(POINTWISE) and "1x1" not in [one for one, _ in words]:
            words.insert(0, ("k1", name))
        steps = _spelled(kind, call, words_of(kind, attached, name, words), place)
        if optional:
            steps = [replace(steps[0], optional=True)]
        while BEHIND & {kind_of(self.sign), is_activation(self.sign) and "phi"} and not self.calls():
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

    def goes_on(self, kind: str, attached: str, words: list[Word]) -> bool:
        """Whether what stands behind a comma says more about the same layer: ``conv 16, kernel 3``."""
        here = self.signs[self.at : self.at + 2]
        word = self.word(here[1]) if len(here) > 1 else ""
        behind = [self.word(place) for place in self.signs[self.at + 1 : self.at + 6]]
        behind = behind[: next((i for i, one in enumerate(behind) if one in (*STOPS, "[", "(", ",", ";")), None)]
        if any(map(self.names, behind)) or (
            UNITS & set(behind) and "out" not in KINDS.get(kind, KINDS["conv"]).numbers
        ):
            return False
        if {"filters", "kernels", "maps"} & set(behind) and "out" not in KINDS.get(kind, KINDS["conv"]).numbers:
            return False
        if word.isdigit():  # its number, or a layer of so many units
            has = any(re.fullmatch(r"[\d.]+%?", one) for one, _ in [*words, (attached, here[1])])
            return bool(KINDS.get(kind, KINDS["conv"]).letters) or (bool(KINDS[kind].needs) and not has)
        return bool(re.fullmatch(r"\d+(x\d+)*|/\d+", word)) or (
            (word in OPTIONS or word.lower() in KINDS.get(kind, KINDS["conv"]).words) and not kind_of(word)
        )

    def calls(self) -> bool:
        """Whether a parenthesis follows the next sign at once, which is a layer of its own then."""
        return self.sign not in "(," and self.clean[self.place.end : self.place.end + 1] == "("

    def said(self, place: Place) -> list[Word]:
        """A word, or what stands between parentheses as one: ``(3, 3)`` → 3x3."""
        if self.word(place) != "(":
            return [] if self.word(place) == "," else [(self.word(place), place)]
        pieces, end = arguments(self.text, self.clean, place.start)
        self.at = next((i for i, sign in enumerate(self.signs) if sign.start >= end), len(self.signs))
        if any(" " in piece or "=" in piece or piece.isalpha() for piece, _ in pieces):
            return [(word, where) for piece, where in pieces for word in piece.split()]
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

    def turned(self) -> str:
        """``8 3x3 convolutions`` as conv 8 3x3: the kind comes first. The kind, where ``32 elu`` leaves it out."""
        end = self.at
        while end < len(self.signs) and self.word(self.signs[end]) not in (*STOPS, "[", "(", ",", ";"):
            end += 1
        here = self.signs[self.at : end]
        words = [self.word(place) for place in here]
        if not words or not re.match(r"\d|l\d", words[0]) or words[1:2] in (["x"], ["*"]):
            return ""
        pairs = [i for i in range(1, len(words) - 1) if kind_of(words[i] + words[i + 1])]  # 2x2 avg pool
        named = (
            here[pairs[0] : pairs[0] + 2] if pairs else [place for place in here if self.names(self.word(place))][:1]
        )
        if named:
            self.signs[self.at : end] = [*named, *(place for place in here if place not in named)]
        elif words[0].isdigit() and {"filters", "filter", "kernels", "maps"} & set(words):
            return "conv"
        elif len(words) > 1 and words[0].isdigit() and re.fullmatch(r"(\d+)x\1", words[1]):
            return "conv"  # 6@5x5
        elif words[0].isdigit() and all(is_activation(word) or word in UNITS for word in words[1:]):
            self.signs[self.at : end] = [here[0], *(place for place in here[1:] if is_activation(self.word(place)))]
            return "linear"
        return ""

    def names(self, word: str) -> bool:
        """Whether a word names a layer that is no activation."""
        named = kind_of(word) or kind_of(split_name(word)[0])
        return bool(named) and not is_activation(word) and word.lower() not in UNITS

    def beside(self, name: Place, base: str) -> Block:
        """``residual(…)`` adds what it holds to its input, ``concat(a, b)`` joins its arguments."""
        split = [";", "|"] if BESIDE[base] == JOINED and self.splits() else []
        block = self.container(name, split)
        if block is None or (split and not all(block.branches)):
            raise unreadable("a block needs layers between its parentheses", name)
        if split:
            return Block(block.branches, JOINED, block.place)
        if BESIDE[base] == ADDED:
            return Block((*block.branches, (Step(Layer("id"), name),)), ADDED, block.place)
        return Block(tuple((item,) for item in block.branches[0]), JOINED, block.place)

    def transformer(self, name: Place, called: bool) -> Block:
        """torch's encoder layer, its norms behind the sums (Vaswani et al. 2017) or before its halves."""
        if called:
            pieces = [piece for piece, _ in self.call(name, self.word(name)).pieces]
        else:
            pieces = []
            while not self.over and (self.sign not in (*STOPS, "[", ",", ";") or self.says_more()):
                pieces += [word for word, _ in self.said(self.take())]
            pieces = _keyed([piece for piece in pieces if piece.lower() not in PIECES])
        times = [piece.partition("=")[2] for piece in pieces if piece.startswith("layers=")]
        pieces = [piece for piece in pieces if not piece.startswith("layers=")]
        given = dict(ENCODER)
        for piece, key in zip(pieces, [*ENCODER, *[""] * len(pieces)], strict=False):
            word, sign, value = piece.partition("=")
            full = {"heads": "nhead", "num_heads": "nhead", "width": "d_model", "dim": "d_model", "d": "d_model",
                    **dict.fromkeys(("ff", "ffn", "d_ff", "mlp", "dff"), "dim_feedforward")}  # fmt: skip
            word = full.get(word.strip(), word.strip()) if sign else key
            if word not in ENCODER:
                raise unreadable("an encoder layer has no such argument", name, f"it has {', '.join(ENCODER)}")
            given[word] = (value if sign else piece).strip("\"' ")
        if not all(given[key].isdigit() for key in ("d_model", "nhead", "dim_feedforward")):
            raise unreadable(
                "an encoder layer has a width and heads", name, "transformer layer d_model=64 heads=4 ff=256"
            )
        text = _encoder(given, name)
        place = name.to(self.signs[self.at - 1])
        layers = Block((parse(text),), "", place)
        return Block(((Repeat(layers, int(times[0])),),), "", place) if times and times[0].isdigit() else layers

    def says_more(self) -> bool:
        """Whether words behind a comma still speak of the same encoder: ``3 layers``, ``d_ff=192``."""
        words = [self.word(place).lower() for place in self.signs[self.at + 1 : self.at + 3]]
        return self.sign == "," and any(
            re.match(r"(heads|layers|d_model|dim|ff|ffn|d_ff|mlp|dropout)\b", w) for w in words
        )

    def encoder(self, name: Place) -> Block:
        """``nn.TransformerEncoder(layer, num_layers=3)``."""
        pieces = self.call(name, self.word(name)).pieces
        found = [re.fullmatch(r"(?:num_layers\s*=\s*)?(\d+)", piece) for piece, _ in pieces[1:]]
        times = next((int(one[1]) for one in found if one), 0)
        if not times:
            raise unreadable(
                "an encoder says how many layers it has", name, "nn.TransformerEncoder(layer, num_layers=3)"
            )
        layers = Block((parse(re.sub(r"^encoder_layer\s*=\s*", "", pieces[0][0])),), "", name)
        return Block(((Repeat(layers, times),),), "", name)

    def splits(self) -> bool:
        """Whether branches stand apart by other signs than layers: ``concat(conv 8 k1; conv 4 k1, conv 8 k3 p1)``."""
        depth = 0
        for place in self.signs[self.at :]:
            depth += (self.word(place) in ("(", "[")) - (self.word(place) in (")", "]"))
            if depth < 1:
                return False
            if depth == 1 and self.word(place) in (";", "|"):
                return True
        return False

    def container(self, name: Place, split: Sequence[str] = ()) -> Block | None:
        """Layers between parentheses, one after the other, or in branches."""
        ends = {"[": "]"}.get(self.word(self.take()), ")")
        self.depth += 1
        if self.depth > DEEPEST:
            raise unreadable(f"brackets stand in each other at most {DEEPEST} deep", name)
        branches = [tuple(self.net(split))]
        while self.sign in split:
            self.take()
            branches.append(tuple(self.net(split)))
        self.depth -= 1
        if self.sign != ends:
            raise unreadable("this parenthesis is never closed", name, f"write {ends} where its layers end")
        place = name.to(self.take())
        return Block(tuple(branches), "", place) if any(branches) else None


PIECES = ("encoder", "layer", "block", "blocks", "with", "of", "and")


def _keyed(pieces: list[str]) -> list[str]:
    """``6 heads ff 192`` as heads=6 ff=192."""
    found, names = list[str](), {"heads", "layers", "ff", "ffn", "d_ff", "mlp", "d_model", "dim", "width", "dff"}
    for piece, following in zip(pieces, [*pieces[1:], ""], strict=False):
        if piece.isdigit() and following.lower() in names and not (found and found[-1] in names):
            found.append(f"{following.lower()}={piece}")
        elif piece.isdigit() and found and found[-1] in names:
            found[-1] += f"={piece}"
        elif piece.lower() not in names or not (found and found[-1].startswith(f"{piece.lower()}=")):
            found.append(piece.lower() if piece.lower() in names else piece)
    return found


ENCODER = {  # the arguments of torch's encoder layer and what they are where nothing is said
    "d_model": "", "nhead": "", "dim_feedforward": "2048", "dropout": "0.1", "activation": "relu", "layer_norm_eps": "",
    "batch_first": "", "norm_first": "False", "bias": "True",
}  # fmt: skip


def _encoder(given: dict[str, str], name: Place) -> str:
    """An encoder layer in the notation."""
    rate, bias = given["dropout"], "" if given["bias"] == "True" else " nobias"
    if not (phi := is_activation(given["activation"].rpartition(".")[2])):
        raise unreadable("an activation has a name that is known", name, "for example activation='gelu'")
    attends = f"attention h{given['nhead']}{bias}, dropout {rate}"
    thinks = f"linear {given['dim_feedforward']}{bias}, {phi}, dropout {rate}, linear {given['d_model']}{bias}"
    halves = (attends, f"{thinks}, dropout {rate}")
    if given["norm_first"] == "True":
        return ", ".join(f"[ln{bias}, {half} | id]" for half in halves)
    return ", ".join(f"[{half} | id], ln{bias}" for half in halves)


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
    several = call is not None and kind == "reshape" and all(piece.isdigit() for piece, _ in call.pieces)
    found = translated(kind, call, place) if call and not several else {}
    separable, kind = kind == "separable", "conv" if kind == "separable" else kind
    kind, found = _fitted(kind, found, place)
    normed = found.pop("shape", None) if kind == "ln" else None
    if call and several:
        found = {"shape": (tuple(int(piece) for piece, _ in call.pieces), place)}
    elif call and call.base == "Reshape" and "nn." not in call.name and len(sizes := _whole(*found["shape"])) > 2:
        found["shape"] = ((sizes[-1], *sizes[:-1]), place)  # of Keras, whose channels come last
    if kind == "input" and call:
        return []  # what a framework is told before its layers
    keras = call is not None and kind in CELLS and call.base in ("LSTM", "GRU", "SimpleRNN")
    keras = keras and "in" not in found
    signs = [*worded(kind, found), *words]
    if keras and not any(word in ("nobias", "bias1", "bias2") for word, _ in signs):
        signs.append(("bias2" if kind == "gru" else "bias1", place))
    options, first = _options(kind, signs)
    if kind in ("pool", "avgpool"):
        options.setdefault("kernel", (2,))  # as in Keras, and nearly everywhere else
    if kind == "up":
        options.setdefault("factor", (2,))
    if normed:
        options["shape"] = _whole(*normed)
    if kind == "ln" and call and (call.base in PIXELWISE or any("channels_first" in piece for piece, _ in call.pieces)):
        options["channels"] = True
    for need in KINDS[kind].needs:
        if need not in options:
            rule = f"{kind} needs its {option_name(KINDS[kind], need)}"
            raise unreadable(rule, place, f"for example: {KINDS[kind].example}")
    expects = found.get("in", (None, place))[0]
    takes = expects if isinstance(expects, int) else None
    plain = call is None or call.base not in ("Linear", "LazyLinear", "Dense") or FLATTENS.match(call.name) is not None
    turns = call is not None and (keras or bool(re.search(r"[a-z]1D$|^Dense$", call.base)))
    steps = [Step(Layer(kind, options), place, first, expects=takes, plain=plain, turns=turns, words=call is None)]
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
    if kind == "relu" and found.get("inplace", (None, place))[0] == 6:
        return "relu6", {}
    if kind in ("adaptive", "gmp") and "size" in found:
        if set(_whole(*found["size"])) == {1}:
            return ("gap" if kind == "adaptive" else kind), {k: v for k, v in found.items() if k != "size"}
        if kind == "gmp":
            rule = "a maximum is taken over everything, or over windows"
            raise unreadable(rule, found["size"][1], "gmp, or pool 2")
    if kind == "attention" and "key_dim" in found:  # Keras has heads of any width, torch shares the features
        width = _whole(*found.get("heads", (1, place)))[0] * _whole(*found.pop("key_dim"))[0]
        found = {**found, "in": (width, place)}
    if kind == "zeropad" and (around := found.get("padding", found.get("around"))):  # Keras's name, and torch's place
        sides = PAIRS.fullmatch(str(around[0]).replace(" ", ""))
        sizes = (int(sides[1]), int(sides[2])) if sides else _whole(*around)
        found = {"around": (sizes[0] if len({*sizes}) == 1 else sizes, place)}
    if kind == "glu" and found.get("axis", (0, place))[0] == -1:  # as it is without a word
        found = {}
    if kind == "flatten" and "start" in found:
        if found["start"][0] == 1:
            found = {}
        elif not isinstance(found["start"][0], int) or found["start"][0] < 1:
            raise unreadable("examples stay apart: axis 0 is the batch", found["start"][1], "flatten from axis 1 on")
    if kind == "deconv" and found.get("padding", ("", place))[0] == "same":
        k, s = (_whole(*found.get(name, (1, place)))[0] for name in ("kernel", "stride"))
        less = max(0, k - s)  # so that there are s times as many
        found = {**found, "padding": (-(-less // 2), place), "extra": (less % 2, place)}
    return kind, found


def _whole(value: Any, place: Place) -> tuple[int, ...]:
    sizes = value if isinstance(value, tuple | list) else (value,)
    if not sizes or not all(isinstance(size, int) for size in sizes):
        hint = "write each part as a layer of its own: [linear 32, relu | id], ln"
        raise unreadable("a size is one whole number, or one for each axis", place, hint)
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
    called = sign.text[: sign.start].rstrip()[-1:] in ("(", ",") and re.fullmatch(r"[A-Za-z]{3,}", word)
    if not name and (called or re.fullmatch(r"\?|[a-z]+_\w+", word)):
        raise unreadable(f"{word} is no number", sign, f"write the number that it stands for: {rules.example}")
    if not name:
        raise unreadable(f"{kind} has no such option", sign, _known(rules))
    found = NUMBER.fullmatch(word[len(letter) :])
    if not found:
        wanted = option_name(rules, name)
        raise unreadable(f"{wanted} is a number, as in {letter or ''}3", sign, f"for example: {rules.example}")
    return name, _value(name, found["value"], sign), bool(found["first"])


def _value(name: str, text: str, sign: Place) -> Any:
    """A number for one option: sizes per axis as a tuple, shares as a fraction, "6c" as it is."""
    if name == "rate":
        text = f"{float(text[:-1]) / 100:g}" if text.endswith("%") else text
        share = float(text) if re.fullmatch(r"[\d.]+", text) else -1.0
        if not 0 <= share < 1:
            raise unreadable("dropout sets a share from 0 up to, not including, 1 to zero", sign, "write dropout 0.5")
        return share
    if text.endswith("c") and name == "out" and int(text[:-1]) > 0:
        return text
    if not re.fullmatch(r"\d+(x\d+)*", text) or ("x" in text and name not in SEVERAL):
        raise unreadable(f"the {SPOKEN.get(name, name)} must be one whole number of at least 1", sign)
    sizes = tuple(int(size) for size in text.split("x"))
    if min(sizes) < 1 and name not in ("padding", "extra", "around", "shape"):
        raise unreadable(f"the {SPOKEN.get(name, name)} must be at least 1", sign)
    return sizes if name in SEVERAL else sizes[0]


def option_name(rules: Kind, option: str) -> str:
    """An option by name, with the letter that gives it."""
    letters = [letter for letter, name in rules.letters.items() if name == option]
    plain = SPOKEN.get(option, option)
    return f"{plain} ({letters[0]}3)" if letters and option not in rules.numbers else plain


def _known(rules: Kind) -> str:
    """What to write instead of a word that is none of a layer's options."""
    words = [*(f"{letter} {name}" for letter, name in rules.letters.items()), *rules.words]
    if not words:
        return f"leave it out, or put a comma before another layer; as in {rules.example}"
    return f"leave it out, or say it by {', '.join(words)}; as in {rules.example}"
