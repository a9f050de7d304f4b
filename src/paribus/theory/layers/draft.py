"""A layer while words about it are read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from paribus.theory.layers.kinds import CELLS, KINDS
from paribus.theory.layers.tokens import NEEDS_OUT, VALUES, Token, Unreadable


@dataclass
class Draft:
    """A layer while words about it are read."""

    kind: str
    options: dict[str, str] = field(default_factory=dict)
    behind: list[str] = field(default_factory=list)  # activations and norms that go with it
    group: int = 0  # which counted phrase it belongs to
    counted: bool = False
    whole: str = ""  # a piece of the notation, where words cannot say it

    def give(self, option: str, value: str) -> bool:
        """Set an option, once, where the kind has it."""
        kind = KINDS[self.kind]
        known = {*kind.numbers, *kind.letters.values()} | ({"same"} if "same" in kind.words else set())
        known |= {"bi"} if self.kind in CELLS else {"bias"} if "nobias" in kind.words else set()
        if option not in known or self.options.get(option, value) != value:
            return False
        self.options[option] = value
        return True

    def __str__(self) -> str:
        if self.whole:
            return ", ".join([self.whole, *self.behind])
        kind = KINDS[self.kind]
        words = [self.kind, *(self.options[name] for name in kind.numbers if name in self.options)]
        for letter, name in kind.letters.items():
            if name in self.options and name not in kind.numbers:
                words.append(letter + self.options[name])
        words += [self.options[name] for name in ("same", "bias", "bi") if name in self.options]
        return ", ".join([" ".join(words), *self.behind])

    def attributes(self, rest: list[Token]) -> list[str]:
        """What is said about a layer; several numbers of outputs, where it is counted."""
        outs: list[str] = []
        at = 0
        while at < len(rest):
            what, word = rest[at]
            following = rest[at + 1] if at + 1 < len(rest) else ("", "")
            after = rest[at + 2][0] if at + 2 < len(rest) else ""
            used = 1
            if what == "option" and following[0] in VALUES:
                option = word
                if word == "kernel" and "factor" in KINDS[self.kind].numbers:
                    option = "factor"
                used, ok = 2, self.option(option, following[1])
            elif (
                what in ("number", "size", "share")
                and following[0] == "option"
                and (after not in VALUES or following[1] == "layers")
            ):
                used, ok = 2, self.option(following[1], word)
            elif (
                what == "noun" and following[0] == "number" and word in ("filters", "words", "heads", "units", "groups")
            ):
                used, ok = 2, self.noun(word, following[1])
            elif what in ("number", "count") and following[0] == "noun":
                used, ok = 2, self.noun(following[1], word)
            elif what == "list" and (following[0] == "noun" or self.kind in NEEDS_OUT):
                outs, ok = word.split("&"), not outs
                used = 2 if following[0] == "noun" else 1
            elif what in ("no", "without", "ohne", "sans"):
                used, ok = 2, following in (("option", "padding"), ("bias", "bias"))
                if following == ("bias", "bias"):
                    ok = self.give("bias", "nobias")
            elif what in ("same", "valid"):
                used = 2 if following == ("option", "padding") else 1
                ok = self.option("padding", word)
            elif what == "bias":
                ok = self.give("bias", "bias")
            elif what == "bidirectional":
                ok = self.give("bi", "bi")
            elif what == "pair":
                ok = self.give("out", re.findall(r"\d+", word)[1])
            elif what == "letter":
                ok = self.letter(word)
            elif what == "noun" and word in ("units", "classes", "filters") and "out" in self.options:
                ok = True  # 10 softmax classes
            else:
                ok = self.bare(what, word)
            if not ok:
                raise Unreadable(word)
            at += used
        return outs

    def option(self, option: str, value: str) -> bool:
        """A named number."""
        if option == "padding" and self.kind == "dropout":
            option = "rate"  # p=0.5
        if value in ("same", "valid"):
            return value == "valid" or (
                self.give("same", "same") if "padding" in KINDS[self.kind].letters.values() else False
            )
        if option == "kernel" and self.kind in (*CELLS, "linear"):
            option = "out"
        if option == "kernel" and self.kind == "embedding":
            option = "width"
        if option == "width" and self.kind in (*CELLS, "linear"):
            option = "out"
        if option == "rate" and KINDS[self.kind].window and value.isdigit():
            option = "dilation"
        if option == "rate":
            value = f"{float(value.strip(' %')) / 100:g}" if "%" in value else value
        return self.give(option, value)

    def noun(self, noun: str, value: str) -> bool:
        """A number of something."""
        name = {"filters": "out", "units": "out", "classes": "out"}.get(noun, noun)
        fits = self.kind in ("conv", "deconv") if noun == "filters" else self.kind != "conv"
        return fits and self.give(name, value)

    def letter(self, word: str) -> bool:
        """``k3``, ``/2``."""
        letters = {**KINDS[self.kind].letters, "/": "stride"}
        return word[0] in letters and self.give(letters[word[0]], word[1:])

    def bare(self, what: str, word: str) -> bool:
        """A number without a name, by its place."""
        names = KINDS[self.kind].numbers
        three = word.split("x")
        if what == "size" and len(three) == 3 and self.kind in ("conv", "deconv"):
            if three[0] == three[1] != three[2]:
                return self.give("kernel", three[0]) and self.give("out", three[2])
            return three[1] == three[2] and self.give("out", three[0]) and self.give("kernel", three[1])
        if what == "size":
            square = three[0] if len(set(three)) == 1 else word
            if self.kind == "embedding" and len(three) == 2:
                return self.give("words", three[0]) and self.give("width", three[1])
            if self.kind == "linear" and len(three) == 2:
                return self.give("out", three[1])
            return self.give("kernel", square) or self.give("factor", square) or self.give("shape", word)
        if what == "share":
            return self.option("rate", word)
        if what == "number":
            free = [name for name in (*names, *KINDS[self.kind].letters.values()) if name not in self.options]
            return (
                bool(free)
                and free[0] in ("out", "kernel", "words", "width", "factor", "size", "groups", "heads")
                and self.give(free[0], word)
            )
        return False
