"""Nets in sentences, bullets and cells of tables: one grammar of words, whose layers come out in the notation.

    text    := sentence {mark sentence}            mark: line end, full stop, arrow, "then", "followed by", +
    sentence:= [label ":"] piece {"," piece}
    piece   := [count] {attribute} layer {attribute} [activation] {"and" …}
    attribute := number noun | noun number | size | "same padding" …        32 filters, stride 2, of size 3x3

A piece without a layer says more about the one before it, or means a convolution ("16 filters of 5x5") or a fully
connected layer ("10 classes"). Every word has a role or is one of those that say nothing; with any other word, and with
an attribute that no layer takes, the text is not read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from paribus.theory.layers.kinds import ACTIVATIONS, CELLS, DEFAULTS, KINDS
from paribus.theory.layers.layer import Shape
from paribus.theory.layers.spellings import is_activation, kind_of

# fmt: off
COUNTS = {word: n for n, words in enumerate((
    "a an one single ein eine einem einer un une", "two both zwei deux", "three drei trois", "four vier quatre",
    "five fünf cinq", "six sechs", "seven", "eight"), 1) for word in words.split()}
NOUNS = {  # what a number counts
    **dict.fromkeys(("filter", "filters", "kernels", "channels", "channel", "maps", "map", "ch", "filtern", "kanälen",
                     "kanäle", "filtres", "canaux"), "filters"),
    **dict.fromkeys(("unit", "units", "neuron", "neurons", "node", "nodes", "cells", "neuronen", "neurones", "unités",
                     "einheiten"), "units"),
    **dict.fromkeys(("class", "classes", "klassen", "logits", "way"), "classes"),
    **dict.fromkeys(("heads", "head"), "heads"), **dict.fromkeys(("groups",), "groups"),
    **dict.fromkeys(("words", "tokens", "vocab", "vocabulary"), "words"),
}
OPTIONS = {  # what stands before or behind its number
    **dict.fromkeys(("kernel", "window", "width", "size", "length", "kern", "kerngröße", "noyau", "taille", "k", "fenster"),
                    "kernel"),
    **dict.fromkeys(("stride", "strides", "schrittweite", "pas", "s"), "stride"),
    **dict.fromkeys(("padding", "pad", "zeropadding", "auffüllung"), "padding"),
    **dict.fromkeys(("dilation", "dilated", "atrous"), "dilation"),
    **dict.fromkeys(("rate", "probability", "prob", "p"), "rate"),
    **dict.fromkeys(("dim", "dimension", "dimensions", "dimensional", "d"), "width"), "factor": "factor",
}
SILENT = set("""
with of the and to in is has are that which for by at from it its this then into mit und der die das den dem je avec et
de des du la le les layer layers schicht schichten couche couches stage block bloc each using uses use used apply applied
applies contains consists having fully network net model cnn mlp nn feedforward feed forward perceptron multilayer
function functions activation activations nonlinearity aktivierung operation value rows followed dann gefolgt von suivi
per output-only final another respectively also where whose size on over give gives produces producing out verdeckte
hidden-only here our we finally again convolves convolve image images set one-only first second third fourth last-only next after that come comes add-on deep simple small
convnet classifier head features feature-only body backbone encoder decoder autoencoder be as d 1d 2d 3d an regularisation
regularization downsampling one-only up-only probability class scores linearly spatial
""".split()) - {"d"}
# fmt: on
TOKEN = re.compile(
    r"(?P<pair>\d+ *(?:->|=>|→) *\d+(?![\dx.]))|(?P<size>\d+(?:x\d+)+)|(?P<share>\d+(?:\.\d+)? ?%|\d*\.\d+)"
    r"|(?P<list>\d+(?:&\d+)+)|(?P<number>\d+)|(?P<letter>\b[kspdg]\d+\b|/\d+)|(?P<mark>->|=>|>>|→|⇒|↓|\n|;| - |\.(?=\s|$)|\||\+|>)"
    r"|(?P<comma>,|\(|\))|(?P<word>[^\W\d_]+)|(?P<sign>[=:@#-])|(?P<other>\S)"
)
VALUES = ("number", "size", "share", "same", "valid")
MARKS = {"then", "dann", "puis", "followed"}
PICTURE = re.compile(
    r"(?i)(?:the |an? )?(?:input(?: is|s)?:? ?)?(?:the |an? |of )*(?P<size>\d+x\d+(?:x\d+)?) ?(?:pixels? )?"
    r"(?P<colour>rgb|colou?r|gr[ea]y[- ]?scale|gr[ea]y)? ?(?:input )?(?:images?|pictures?|inputs?)\b"
)
INPUTS = re.compile(r"(?i),? with (\d+) inputs?\b")
FIRST = re.compile(r"(?i)^\s*(?:x|inputs?|eingabe|entrée)\b(?: layer| shape| size)?\s*[:=]?\s*(?:of )?[(\[]?"
                   r"(?P<sizes>\d+(?:\s*[x,]\s*\d+)*)[)\]]?(?P<rest>[a-z \-]*)(?=[,;.\n]|->|→|=>|$)")  # fmt: skip
NEEDS_OUT = ("conv", "deconv", "linear", *CELLS)


@dataclass
class Draft:
    """A layer while words about it are read."""

    kind: str
    options: dict[str, str] = field(default_factory=dict)
    behind: list[str] = field(default_factory=list)  # activations and norms that go with it
    group: int = 0  # which counted phrase it belongs to
    counted: bool = False

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
        kind = KINDS[self.kind]
        words = [self.kind, *(self.options[name] for name in kind.numbers if name in self.options)]
        for letter, name in kind.letters.items():
            if name in self.options and name not in kind.numbers:
                words.append(letter + self.options[name])
        words += [self.options[name] for name in ("same", "bias", "bi") if name in self.options]
        return ", ".join([" ".join(words), *self.behind])


class Unreadable(Exception):
    """A word without a role, or an attribute that no layer takes."""


def phrased(text: str) -> tuple[str, Shape] | None:
    """A net in words, in the notation, and the input that it names; None where a word has no role."""
    plain = prepared(text)
    given: Shape = ()
    if found := FIRST.search(plain):
        given, plain = _shape(found["sizes"], found["rest"]), plain[: found.start()] + plain[found.end() :]
    for found in PICTURE.finditer(plain):
        given = given or _shape(found["size"], found["colour"] or "")
    plain = PICTURE.sub(" ", plain)
    if found := INPUTS.search(plain):
        given, plain = given or (int(found[1]),), plain[: found.start()] + " with " + plain[found.end() :]
    try:
        items = Phrases().read(plain)
    except Unreadable:
        return None
    return (", ".join(items), given) if items else None


def prepared(text: str) -> str:
    """A text in few signs: sizes without spaces, no stress, no comments between parentheses, no shapes behind arrows."""
    text = text.replace("×", "x").replace("–", "-").replace("—", "-").replace("✕", "x")
    text = re.sub(r"\s•\s", "\n", text)
    text = re.sub(r"\s/\s", " ", text)
    text = re.sub(r"(?mi)^\s*(?:1 input layer\s*$|(?:layer|block|step|stage)\s*\d+\s*[-.]\s+)", "", text)
    text = re.sub(r"\bF\d+ (?=\d)", "fc ", text)
    text = re.sub(r"\b[CS]\d+ (?=\d+@|max|avg|pool|conv)", "", text)
    text = re.sub(r"(?m)^\s*(?:\w+ = )?([A-Z]?\w*[A-Za-z]):(?=\s|$)", _headed, text)
    text = re.sub(r"\*\*|__|`|<br ?/?>|\\\\|\"|'", lambda found: ", " if found[0].startswith("<") else " ", text)
    text = re.sub(r"(?<=\d) ?[xX*] ?(?=\d)", "x", text)
    text = re.sub(r"^\s*x\s*(?:->|→|=>)", "", text)
    text = re.sub(r"^\s*(\d+)@(\d+x\d+)\s*(?:->|→|=>)", r"input \1x\2, ", text)
    text = re.sub(r"(?m)^\s*[A-Z]\d+\s+(?=[A-Za-z])", "", text)
    text = re.sub(r"(?:(\d+) ?[xX*] ?)[\[(]([^\[\]()]+(?:\([^()]*\)[^\[\]()]*)*)[\])]", _again, text)
    text = re.sub(r"[\[(]([^\[\]()]+(?:\([^()]*\)[^\[\]()]*)*)[\])] ?[xX*] ?(\d+)", _again, text)
    text = re.sub(r"(?i)\b((?:leaky ?|p|log ?)?(?:re|s?e)lu|(?:log ?)?softmax) ?\( ?(?:dim|axis|slope|alpha)? ?=? ?-?[\d.]+ ?\)", r"\1", text)
    text = re.sub(r"\)[-+](?=[A-Za-z])", ") ; ", text)
    text = re.sub(r"(?m)(^|;|\. )\s*F\d+\s*:", r"\1 fc:", text)
    text = re.sub(r"(?m)(^|;|\. )\s*[A-Z]\d+\s*:", r"\1 ", text)
    text = re.sub(r"(\d+) by (\d+)", r"\1x\2", text)
    text = re.sub(r"(?:->|→|=>)\s*[(\[]\s*\d+(?:\s*[,x]\s*\d+)*\s*,?[)\]](?=\s*(?:$|\n|,))", "", text)
    text = re.sub(r"(?m)(?:->|→|=>)\s*\d+x\d+(?:x\d+)?\s*$", "", text)
    text = re.sub(r"\b(conv|avg|max|norm|act|dim|deconv|approx)\.", r"\1", text, flags=re.IGNORECASE)
    text = re.sub(r"(?m)^\s*(?:[-*•◦]|\(?\d+[.)])\s+", "", text)
    text = re.sub(r"(?<!\d)(\d+), (?=(?:\d+, )*\d+,? (?:and|und|et) \d+)", r"\1&", text)
    text = re.sub(r"(\d+),? (?:and|und|et) (\d+)(?= *(?:filters?|units?|neurons?|channels?|nodes|kernels|feature maps|hidden))",
                  r"\1&\2", text)  # fmt: skip
    return re.sub(r"(?<=\s)\([^()\d=]*\)", _aside, text)


def _headed(found: re.Match[str]) -> str:
    """A heading of one word, unless it names a layer or the input."""
    low = found[1].lower()
    return found[0] if kind_of(low) or low in ("x", "input", "inputs", "hidden", "residual") else ""


def _again(found: re.Match[str]) -> str:
    """What stands between brackets, as often as it says."""
    times, inner = (found[1], found[2]) if found[1].isdigit() else (found[2], found[1])
    return "\n".join([inner] * min(int(times), 50)) + "\n"


def _aside(found: re.Match[str]) -> str:
    """What stands between parentheses, unless no word of it has a role."""
    names = re.findall(r"[^\W\d_]+", found[0].lower())
    told = any(kind_of(name) or name in OPTIONS or name in ("same", "valid") for name in names)
    return found[0] if told or not names else " "


def _shape(sizes: str, colour: str) -> Shape:
    """The input that a text names, channels first; nothing where it leaves its channels open."""
    found = tuple(int(size) for size in re.findall(r"\d+", sizes))
    if len(found) == 2:
        low = colour.lower()
        return (3, *found) if re.search("rgb|colo", low) else (1, *found) if "gr" in low else ()
    return (found[-1], *found[:-1]) if len(found) == 3 and found[-1] in (1, 3, 4) and found[0] > 4 else found


@dataclass
class Phrases:
    """Goes through the words of a text, and gathers its layers."""

    done: list[Draft] = field(default_factory=list)
    groups: int = 0
    seen: list[tuple[str, str]] = field(default_factory=list)
    wraps: list[int] = field(default_factory=list)  # where sums with the input end

    def read(self, text: str) -> list[str]:
        """All layers."""
        for sentence in self.sentences(text):
            self.sentence(sentence)
        items = [str(draft) for draft in _flattened(self.settled())]
        for end in self.wraps:
            items = [f"[{', '.join(items[:end])} | id]", *items[end:]]
        return items

    def sentences(self, text: str) -> list[list[tuple[str, str]]]:
        """Tokens between marks, with what each is; the names of several words as one."""
        found: list[list[tuple[str, str]]] = [[]]
        tokens = [(match.lastgroup or "", match[0]) for match in TOKEN.finditer(_split(text))]
        at = 0
        while at < len(tokens):
            what, word = tokens[at]
            if what == "mark" or (what == "word" and word.lower() in MARKS and not (found[-1] and found[-1][-1] == ("each", ""))):
                if word == "+" and at + 1 < len(tokens) and tokens[at + 1][1].lower() in ("x", "input", "identity", "shortcut"):
                    found += [[("sum", "")], []]
                    self.seen.append(("sum", ""))
                    at += 2
                    continue
                found.append([])
            elif what == "word":
                more, token = self.named(tokens, at)
                if found[-1] and self.seen and self.seen[-1][0] == "count" and found[-1][-1][0] == "number":
                    found[-1][-1] = self.seen[-1]
                found[-1].append(token)
                self.seen.append(token)
                at += more
                continue
            else:
                found[-1].append((what, word))
                self.seen.append((what, word))
            at += 1
        if any(what == "residual" for what, _ in self.seen) and not any(what == "sum" for what, _ in self.seen):
            raise Unreadable("residual")
        return [[token for token in sentence if token[0] != "residual"] for sentence in found]

    def named(self, tokens: list[tuple[str, str]], at: int) -> tuple[int, tuple[str, str]]:
        """The token that one or several words make, and how many they are."""
        words = [word.lower() if what == "word" else "-" if word == "-" else "" for what, word in tokens[at : at + 7]]
        word, following = words[0], words[1] if len(words) > 1 else ""
        before = next((token for token in reversed(self.seen) if token[0]), ("", ""))
        if word in ("output", "outputs", "hidden") and (following in NOUNS or before[0] in ("number", "list", "count")):
            if following in NOUNS:
                return 1, ("", word)
            if before[0] != "count" and not following.startswith(("layer", "schicht")):
                return 1, ("noun", "units")
        if word == "hidden" and following in ("size", "dim", "dimension"):
            return 2, ("option", "kernel")
        if word == "stacked":
            return 1, ("", word)
        if word == "output" and following == "padding":
            return 2, ("option", "extra")
        if word in OPTIONS and following in ("size", "width", "length", "rate", "factor"):
            return 2, ("option", OPTIONS[word])
        if word == "layers" and before[0] == "number":
            return 1, ("option", "layers")
        if word in ("filter", "pool", "pooling") and following == "size":
            return 2, ("option", "kernel")
        if word in ("dilated", "atrous", "strided") and kind_of(following):
            return 1, ("", word)
        if word in ("residual", "skip", "shortcut"):
            return 1 + (following in ("block", "connection", "unit")), ("residual", word)
        if word in ("each", "both", "jeweils", "all") and "followed" in words[1:4]:
            return 1 + words.index("followed"), ("each", "")
        if word in ("add", "sum") and {"input", "identity", "shortcut", "skip", "x"} & set(words[1:3]):
            return 2 + (words[1] == "the"), ("sum", "")
        if word == "linear" and before[0] in ("number", "noun", "pair", "list") and not re.match(r"layer|\d", following):
            return 1, ("", "linear")  # no activation
        for count in range(min(5, len(words)), 0, -1):
            part = [one for one in words[:count] if one != "-"]
            if "" in words[:count] or words[count - 1] == "-" or not part:
                continue
            name = "".join(part)
            name = re.sub(r"(?:layers?|schichte?n?|activations?|operations?)$", "", name) or name
            if (kind := kind_of(name)) and kind not in ("input", "add", "cat", "op", "own") and name not in ("norm", "c", "do"):
                if kind == "separable":
                    raise Unreadable(kind)
                if words[count - 1] in ("layers", "convolutions", "convs", "schichten") and before[0] == "number":
                    self.seen[-1] = ("count", before[1])  # 2 hidden layers
                return count, ("phi" if kind in ACTIVATIONS else "kind", f"{kind} {name}")
        if word in ("same", "valid", "no", "without", "ohne", "sans", "bidirectional", "stacked", "bias"):
            return 1, (word, word)
        for roles, what in ((NOUNS, "noun"), (OPTIONS, "option"), (COUNTS, "count")):
            if word in roles:
                return 1, (what, str(roles[word]))
        if word in SILENT or word in ("x", "times"):
            return 1, ("and" if word in ("and", "with", "und", "mit", "et", "avec") else "times" if word in ("x", "times") else "", word)
        raise Unreadable(word)

    def sentence(self, tokens: list[tuple[str, str]]) -> None:
        """Pieces between commas; a label before them may name their layer."""
        tokens = [token for token in tokens if token[0]]
        label = ""
        if (":" in [word for _, word in tokens[:4]]) or ("=" in [word for _, word in tokens[:3]] and tokens[0][0] == "kind"):
            end = next(i for i, (_, word) in enumerate(tokens) if word in ":=")
            label = next((word for what, word in tokens[:end] if what in ("kind", "phi")), "")
            if any(what not in ("kind", "phi", "number", "count", "sign", "word", "and", "noun") for what, _ in tokens[:end]):
                raise Unreadable(":")
            tokens = tokens[end + 1 :]
            if label and not any(what == "kind" for what, word in tokens):
                tokens = [("kind" if label.split()[0] not in ACTIVATIONS else "phi", label), *tokens]
        self.groups += 1
        pieces: list[list[tuple[str, str]]] = [[]]
        for token in tokens:
            if token[0] == "comma" or (token[0] == "each" and pieces[-1]):
                pieces.append([token] if token[0] == "each" else [])
            elif token[0] != "sign" or token[1] == "@":
                pieces[-1].append(token)
        each = False
        for piece in filter(None, pieces):
            if piece[0][0] == "sum":
                self.wraps.append(len(self.done))
                piece = piece[1:]
            if piece and piece[0][0] == "each":
                self.repeated(piece[1:])
                each = True
                continue
            if each and any(what == "and" for what, _ in piece) and len(pieces) > 2 and piece is pieces[-1]:
                raise Unreadable("each")
            for part in _parts(piece):
                self.piece(part)

    def piece(self, tokens: list[tuple[str, str]]) -> None:
        """One layer with its attributes, attributes of the last one, or activations."""
        kinds = [i for i, (what, _) in enumerate(tokens) if what == "kind"]
        times, tokens = _counted(tokens)
        kinds = [i for i, (what, _) in enumerate(tokens) if what == "kind"]
        phis = [word.split()[0] for what, word in tokens if what == "phi"]
        rest = [token for token in tokens if token[0] not in ("kind", "phi", "and", "sign")]
        if not kinds:
            self.more(rest, phis, times)
            return
        kind, name = tokens[kinds[0]][1].split(maxsplit=1)
        draft = Draft(kind, group=self.groups)
        if kind in ("linear",) and name.startswith("output") and times and not rest:
            draft.options["out"], times = str(times), 0
        outs = self.attributes(draft, rest)
        draft.behind += phis
        if name.startswith("bi") and kind in CELLS:
            draft.options["bi"] = "bi"
        if kind in ("bn", "gn", "ln") and self.done and not rest and not phis:
            pass
        self.put(draft, times, outs)

    def put(self, draft: Draft, times: int, outs: list[str]) -> None:
        """A layer, or several with numbers of their own."""
        if times and outs and len(outs) != times:
            raise Unreadable("as many numbers as layers")
        many = outs or [draft.options.get("out", "")] * max(1, times)
        for out in many:
            options = {**draft.options, **({"out": out} if out else {})}
            self.done.append(replace(draft, options=options, behind=list(draft.behind), counted=len(many) > 1))

    def more(self, rest: list[tuple[str, str]], phis: list[str], times: int) -> None:
        """Words without a layer: of the last one, or of one that is not named."""
        nouns = [word for what, word in rest if what == "noun"]
        last = self.done[-1] if self.done else None
        numbers = [word for what, word in rest if what == "number"]
        new = ""
        if "filters" in nouns and (last is None or last.kind not in ("conv", "deconv") or "out" in last.options):
            new = "conv"
        elif {"units", "classes"} & {*nouns} and (last is None or last.kind not in ("linear", *CELLS) or "out" in last.options):
            new = "linear"
            if last and last.kind == "linear" and last.options.get("out") in numbers and "classes" in nouns:
                new, rest = "", []  # softmax over the classes that a layer gave
        elif any(what == "size" for what, _ in rest) and numbers and (last is None or last.group != self.groups):
            new = "conv"  # 6@5x5
        if new:
            draft = Draft(new, group=self.groups)
            outs = self.attributes(draft, rest)
            draft.behind += phis
            self.put(draft, times, outs)
            return
        if times or (rest and last is None):
            raise Unreadable("a number of nothing")
        members = [one for one in self.done if last and one.group == last.group and one.kind == last.kind] if last and last.counted else [last]
        if rest and last:
            outs: list[str] = []
            for one in members:
                if one is not None:
                    outs = self.attributes(one, rest)
            if outs:
                if len(outs) != len(members):
                    raise Unreadable("as many numbers as layers")
                for one, out in zip(members, outs, strict=True):
                    if one is not None:
                        one.options["out"] = out
        for phi in phis:
            if last is None:
                self.done.append(Draft(phi, group=self.groups))
            else:
                for one in members:
                    if one is not None:
                        one.behind.append(phi)

    def repeated(self, tokens: list[tuple[str, str]]) -> None:
        """``each followed by relu and 2x2 max pooling``: behind every layer of the last counted phrase."""
        if not self.done:
            raise Unreadable("each")
        inner = Phrases(groups=self.groups)
        for part in _parts(tokens):
            inner.piece(part)
        last = self.done[-1]
        words = [str(draft) for draft in inner.settled()]
        for one in self.done:
            if one.group == last.group and one.kind == last.kind:
                one.behind += words

    def attributes(self, draft: Draft, rest: list[tuple[str, str]]) -> list[str]:
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
                if word == "kernel" and "factor" in KINDS[draft.kind].numbers:
                    option = "factor"
                used, ok = 2, self.option(draft, option, following[1])
            elif what in ("number", "size", "share") and following[0] == "option" and after not in VALUES:
                used, ok = 2, self.option(draft, following[1], word)
            elif what == "noun" and following[0] == "number" and word in ("filters", "words", "heads", "units", "groups"):
                used, ok = 2, self.noun(draft, word, following[1])
            elif what in ("number", "count") and following[0] == "noun":
                used, ok = 2, self.noun(draft, following[1], word)
            elif what == "list" and (following[0] == "noun" or draft.kind in NEEDS_OUT):
                outs, ok = word.split("&"), not outs
                used = 2 if following[0] == "noun" else 1
            elif what in ("no", "without", "ohne", "sans"):
                used, ok = 2, following in (("option", "padding"), ("bias", "bias"))
                if following == ("bias", "bias"):
                    ok = draft.give("bias", "nobias")
            elif what in ("same", "valid"):
                used = 2 if following == ("option", "padding") else 1
                ok = self.option(draft, "padding", word)
            elif what == "bias":
                ok = draft.give("bias", "bias")
            elif what == "bidirectional":
                ok = draft.give("bi", "bi")
            elif what == "pair":
                ok = draft.give("out", re.findall(r"\d+", word)[1])
            elif what == "letter":
                ok = self.letter(draft, word)
            elif what == "noun" and word in ("units", "classes", "filters") and "out" in draft.options:
                ok = True  # 10 softmax classes
            else:
                ok = self.bare(draft, what, word)
            if not ok:
                raise Unreadable(word)
            at += used
        return outs

    def option(self, draft: Draft, option: str, value: str) -> bool:
        """A named number."""
        if value in ("same", "valid"):
            return value == "valid" or (draft.give("same", "same") if "padding" in KINDS[draft.kind].letters.values() else False)
        if option == "kernel" and draft.kind in (*CELLS, "linear"):
            option = "out"
        if option == "kernel" and draft.kind == "embedding":
            option = "width"
        if option == "width" and draft.kind in (*CELLS, "linear"):
            option = "out"
        if option == "rate" and draft.kind == "conv":
            option = "dilation"
        if option == "rate":
            value = f"{float(value.strip(' %')) / 100:g}" if "%" in value else value
        return draft.give(option, value)

    def noun(self, draft: Draft, noun: str, value: str) -> bool:
        """A number of something."""
        name = {"filters": "out", "units": "out", "classes": "out"}.get(noun, noun)
        fits = draft.kind in ("conv", "deconv") if noun == "filters" else draft.kind != "conv"
        return fits and draft.give(name, value)

    def letter(self, draft: Draft, word: str) -> bool:
        """``k3``, ``/2``."""
        letters = {**KINDS[draft.kind].letters, "/": "stride"}
        return word[0] in letters and draft.give(letters[word[0]], word[1:])

    def bare(self, draft: Draft, what: str, word: str) -> bool:
        """A number without a name, by its place."""
        names = KINDS[draft.kind].numbers
        three = word.split("x")
        if what == "size" and len(three) == 3 and draft.kind in ("conv", "deconv"):
            if three[0] == three[1] != three[2]:
                return draft.give("kernel", three[0]) and draft.give("out", three[2])
            return three[1] == three[2] and draft.give("out", three[0]) and draft.give("kernel", three[1])
        if what == "size":
            square = three[0] if len(set(three)) == 1 else word
            if draft.kind == "linear" and len(three) == 2:
                return draft.give("out", three[1])
            return draft.give("kernel", square) or draft.give("factor", square)
        if what == "share":
            return self.option(draft, "rate", word)
        if what == "number":
            free = [name for name in (*names, *KINDS[draft.kind].letters.values()) if name not in draft.options]
            return bool(free) and free[0] in ("out", "kernel", "words", "width", "factor", "size", "groups", "heads") and draft.give(free[0], word)
        return False

    def settled(self) -> list[Draft]:
        """All layers, each with what it needs."""
        for draft in self.done:
            kind = KINDS[draft.kind]
            if draft.kind in ("pool", "avgpool"):
                draft.options.setdefault("kernel", "2")
            if any(need not in draft.options and need not in DEFAULTS.get(draft.kind, {}) for need in kind.needs):
                raise Unreadable(draft.kind)
        return self.done


def _flattened(drafts: list[Draft]) -> list[Draft]:
    """Flat before the first fully connected layer behind pictures, which sentences seldom say."""
    for at, draft in enumerate(drafts):
        if draft.kind in ("flatten", "gap", "gmp", *CELLS, "last", "attention", "embedding", "transpose"):
            break
        if draft.kind == "linear":
            windows = any(KINDS[one.kind].window for one in drafts[:at])
            return [*drafts[:at], Draft("flatten"), *drafts[at:]] if windows else drafts
    return drafts


def _split(text: str) -> str:
    """Names apart from the numbers at them: ``conv3x3`` → conv 3x3, ``C64`` stays."""
    text = re.sub(r"\b([123])-?[dD]\b", " ", text)
    text = re.sub(r"(?i)(?<=[a-z])[123]d\b", "", text)
    text = re.sub(r"(?<=[a-zA-Z]{2})[-_]?(?=\d)", lambda found: "" if False else " ", text)
    text = text.replace("relu 6", "relu6").replace("ReLU 6", "relu6")
    return re.sub(r"(?<=\d)-(?=[A-Za-z])|_", " ", text)


def _parts(tokens: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """A piece apart into layers: at "and" or "with" where a layer follows, and before a second layer."""
    parts: list[list[tuple[str, str]]] = [[]]
    for at, token in enumerate(tokens):
        ahead = tokens[at + 1 :]
        kind = next((i for i, (what, _) in enumerate(ahead) if what == "kind"), None)
        held = any(what in ("kind", "phi") for what, _ in parts[-1])
        between = [what for what, _ in ahead[: kind or 0]]
        loose = token[1] in ("and", "und", "et") or not {"number", "list"} & {*between}
        counted = [what for what, _ in ahead[:2]] == ["number", "noun"] and kind is None and token[1] == "and"
        last = next((word.split()[0] for what, word in parts[-1] if what == "kind"), "")
        if token[0] == "and" and counted and last and last not in NEEDS_OUT:
            parts.append([])
        elif token[0] == "and" and kind is not None and held and loose and "and" not in between:
            parts.append([])
        elif token[0] == "kind" and any(what == "kind" for what, _ in parts[-1]):
            parts.append([token])
        elif token[0] == "kind" and parts[-1] and parts[-1][0][0] == "phi" and len(parts) > 1:
            parts.append([token])
        else:
            parts[-1].append(token)
    return [part for part in parts if any(what != "and" for what, _ in part)]


def _counted(tokens: list[tuple[str, str]]) -> tuple[int, list[tuple[str, str]]]:
    """How often a layer stands there, in words or as ``2 x``, and the other tokens."""
    times, kept = 0, list[tuple[str, str]]()
    seen = False
    for at, (what, word) in enumerate(tokens):
        before, following = tokens[at - 1][0] if at else "", tokens[at + 1][0] if at + 1 < len(tokens) else ""
        seen = seen or what == "kind"
        if what == "number" and following == "times" and not seen:
            times = int(word)
        elif what == "times" and not (before == "number" and not seen) and following != "number":
            raise Unreadable("x")
        elif what == "count" and following != "noun":
            times = int(word) if word != "1" or (at == 0 and following == "kind") else times
        elif what != "times":
            kept.append((what, word))
    return times, kept
