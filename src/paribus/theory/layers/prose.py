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
from itertools import pairwise

from paribus.theory.layers.draft import Draft
from paribus.theory.layers.kinds import ACTIVATIONS, CELLS, DEFAULTS, KINDS
from paribus.theory.layers.layer import Shape
from paribus.theory.layers.references import dissolved
from paribus.theory.layers.tokens import NEEDS_OUT, Token, Tokens, Unreadable
from paribus.theory.layers.wording import prepared

PICTURE = re.compile(
    r"(?i)(?:the |an? )?(?:(?:input(?: is|s)?|eingabe):? ?)?(?:the |an? |of )*(?P<size>\d+x\d+(?:x\d+)?)[ -]?"
    r"(?:pixels? )?(?P<colour>rgb|colou?r|farb|gr[ea]y[- ]?scale|gr[ea]y|grau(?:stufen)?)?[ -]?(?:input )?"
    r"(?:images?|pictures?|inputs?|bild(?:er)?)\b"
)
INPUTS = re.compile(
    r"(?i)(?:^|,|:|\b(?:with|mit|of|from|and))? ?\b(\d+) (?:input (?:features|units|neurons|nodes|values)|inputs?|"
    r"eingang|eingänge|eingängen|eingabewerten?|eingabeneuronen|eingabemerkmalen?)\b,?"
    r"|(?:^|with )(\d+) features\b(?! maps),?"
)
MOST = 7  # a window behind a pooling; a larger number is one of units
MANY = 100  # layers that are counted at once
FIRST = re.compile(r"(?i)^\s*(?:x|z|latent|noise|inputs?|in|eingabe(?:schicht)?|entrée)\b(?: layer| shape| size)?"
                   r"\s*[:=]?\s*(?:of )?"
                   r"[(\[]?(?P<sizes>\d+(?:\s*[x,]\s*\d+)*)[)\]]?(?P<rest>[a-z \-]*)(?=[,;.\n]|->|→|=>|$)")  # fmt: skip


def phrased(text: str) -> tuple[str, Shape] | None:
    """A net in words, in the notation, and the input that it names; None where a word has no role."""
    if "⟦" in text:
        return None
    try:
        text, ready = dissolved(text, _inner)
        plain = prepared(text)
    except Unreadable:
        return None
    given: Shape = ()
    if found := FIRST.search(plain):
        given, plain = _shape(found["sizes"], found["rest"]), plain[: found.start()] + plain[found.end() :]
    for found in PICTURE.finditer(plain):
        given = given or _shape(found["size"], found["colour"] or "")
    plain = PICTURE.sub(" ", plain)
    if found := INPUTS.search(plain):
        given = given or (int(found[1] or found[2]),)
        plain = plain[: found.start()] + ", " + plain[found.end() :]
    try:
        items = Phrases(ready=ready).read(plain)
    except Unreadable:
        return None
    return (", ".join(items), given) if items else None


def _inner(text: str) -> str:
    """What stands in a branch, in the notation."""
    if (found := phrased(text)) is None:
        raise Unreadable(text)
    return found[0]


def _shape(sizes: str, colour: str) -> Shape:
    """The input that a text names, channels first; nothing where it leaves its channels open."""
    found = tuple(int(size) for size in re.findall(r"\d+", sizes))
    if len(found) == 2:
        low = colour.lower()
        return (3, *found) if re.search("rgb|colo|farb", low) else (1, *found) if "gr" in low else ()
    return (found[-1], *found[:-1]) if len(found) == 3 and found[-1] in (1, 3, 4) and found[0] > 4 else found


@dataclass
class Phrases:
    """Goes through the words of a text, and gathers its layers."""

    done: list[Draft] = field(default_factory=list)
    groups: int = 0
    ready: list[str] = field(default_factory=list)  # pieces of the notation behind the signs ⟦0⟧ …
    wraps: list[tuple[int, str]] = field(default_factory=list)  # where sums and products with the input end

    def read(self, text: str) -> list[str]:
        """All layers."""
        for sentence in Tokens().sentences(text):
            self.sentence(sentence)
        sums = [end for end, sign in self.wraps if sign == "|"]
        for draft in self.done[: max(sums, default=0)]:  # what a sum with the input asks of them
            kernel = draft.options.get("kernel", "")
            if (
                draft.kind == "conv"
                and kernel.isdigit()
                and int(kernel) % 2
                and not {"padding", "same", "stride"} & {*draft.options}
            ):
                draft.options["padding"] = str(int(kernel) // 2)
        items = [str(draft) for draft in _flattened(self.settled())]
        for end, sign in self.wraps:
            items = [f"[{', '.join(items[:end])} {sign} id]", *items[end:]]
        return items

    def sentence(self, tokens: list[Token]) -> None:
        """Pieces between commas; a label before them may name their layer."""
        tokens = _single([token for token in tokens if token[0]])
        twice = [("kind", "linear") == (a[0], a[1][:6]) == (b[0], b[1][:6]) for a, b in pairwise([*tokens, ("", "")])]
        tokens = [
            token for token, named in zip(tokens, twice, strict=True) if not named
        ]  # an output layer is fully connected
        label = ""
        if (":" in [word for _, word in tokens[:4]]) or (
            "=" in [word for _, word in tokens[:3]] and tokens[0][0] == "kind" and tokens[1][0] != "option"
        ):
            end = next(i for i, (_, word) in enumerate(tokens) if word in ":=")
            label = next((word for what, word in tokens[:end] if what in ("kind", "phi")), "")
            if any(
                what not in ("kind", "phi", "number", "count", "sign", "word", "and", "noun")
                for what, _ in tokens[:end]
            ):
                raise Unreadable(":")
            tokens = tokens[end + 1 :]
            if label and not any(what == "kind" for what, word in tokens):
                tokens = [("kind" if label.split()[0] not in ACTIVATIONS else "phi", label), *tokens]
        self.groups += 1
        pieces: list[list[Token]] = [[]]
        for token in tokens:
            if token[0] == "comma" or (token[0] == "each" and pieces[-1]):
                pieces.append([token] if token[0] == "each" else [])
            elif token[0] != "sign" or token[1] == "@":
                pieces[-1].append(token)
        each = False
        for piece in filter(None, pieces):
            if piece[0][0] == "sum":
                self.wraps.append((len(self.done), piece[0][1] or "|"))
                piece = piece[1:]
            if piece and piece[0][0] == "each":
                self.repeated(piece[1:])
                each = True
                continue
            ends = any(what == "and" for what, _ in piece) and len(pieces) > 2 and piece is pieces[-1]
            if each and ends and not any(word.startswith("linear ") for _, word in piece):
                raise Unreadable("each")
            for part in _parts(piece):
                self.piece(part)

    def piece(self, tokens: list[Token]) -> None:
        """One layer with its attributes, attributes of the last one, or activations."""
        times, tokens = _counted(tokens)
        kinds = [i for i, (what, _) in enumerate(tokens) if what == "kind"]
        phis = [word.split()[0] for what, word in tokens if what == "phi"]
        which = next((int(word) for what, word in tokens if what == "ordinal"), 0)
        rest = [token for token in tokens if token[0] not in ("kind", "phi", "and", "sign", "ordinal")]
        if which and self.told(which, rest, phis, [tokens[i][1].split()[0] for i in kinds]):
            return
        if which and not kinds and self.done and self.done[-1].counted:
            raise Unreadable("one of several")
        if {"leaky_relu", "elu"} & {*phis} and not kinds:
            rest = [token for token in rest if token[0] != "share"]  # its slope
        said = {what for what, _ in rest}
        rest = [token for token in rest if token[0] not in ("all", "except", "between")]
        bare = [one for one in self.done if one.kind in ("conv", "deconv") and "kernel" not in one.options]
        sized = {"size"} & said or ("option", "kernel") in rest
        if bare and sized and not {"number", "list"} & {what for what, _ in _unnamed(rest)}:
            self.throughout(rest, bare)
            said, rest, kinds = {*said, "all"}, [], []
        if not kinds and "all" in said and not rest:
            self.activated(phis, "except" in said)
            return
        if not kinds:
            self.more(rest, phis, times, "between" in said)
            return
        kind, name = tokens[kinds[0]][1].split(maxsplit=1)
        if kind.startswith("⟦"):
            if rest or times > 1:
                raise Unreadable(kind)
            self.done.append(Draft("id", behind=phis, group=self.groups, whole=self.ready[int(kind[1:-1])]))
            return
        draft = Draft(kind, group=self.groups)
        if kind in ("linear",) and name.startswith(("output", "ausgabe")) and times and not rest:
            draft.options["out"], times = str(times), 0
        outs = draft.attributes(rest)
        draft.behind += phis
        if name.startswith("bi") and kind in CELLS:
            draft.options["bi"] = "bi"
        self.put(draft, times, outs)
        if "between" in said:
            self.done[-1].behind = []

    def throughout(self, rest: list[Token], bare: list[Draft]) -> None:
        """``3x3 kernels with same padding``: of all convolutions that have no kernel yet."""
        for one in bare:
            if one.attributes([token for token in rest if token[0] != "noun"]):
                raise Unreadable("several numbers for all")

    def activated(self, phis: list[str], inner: bool) -> None:
        """An activation behind every layer with weights that has none; not behind the last, if it is said so."""
        weighted = [i for i, one in enumerate(self.done) if one.kind in ("conv", "deconv", "dw", "linear")]
        for at in weighted[:-1] if inner else weighted:
            while at + 1 < len(self.done) and self.done[at + 1].kind == "bn":
                at += 1
            following = self.done[at + 1].kind if at + 1 < len(self.done) else ""
            if not {following, *self.done[at].behind} & {*ACTIVATIONS}:
                self.done[at].behind += phis

    def told(self, which: int, rest: list[Token], phis: list[str], kinds: list[str]) -> bool:
        """Whether words speak of one of several layers that were announced: "the first one has 20 filters"."""
        last = self.done[-1] if self.done else None
        if last is None or not last.counted or kinds not in ([], [last.kind]):
            return False
        members = [one for one in self.done if one.group == last.group and one.kind == last.kind]
        open_ = [one for one in members if any(need not in one.options for need in KINDS[one.kind].needs)]
        if not open_ or which > len(members) or members[which - 1] not in open_:
            return False
        if members[which - 1].attributes(rest):
            raise Unreadable("several numbers for one layer")
        members[which - 1].behind += phis
        return True

    def put(self, draft: Draft, times: int, outs: list[str]) -> None:
        """A layer, or several with numbers of their own."""
        if (times and outs and len(outs) != times) or (outs and "out" in draft.options) or times > MANY:
            raise Unreadable("as many numbers as layers")
        many = outs or [draft.options.get("out", "")] * max(1, times)
        for out in many:
            options = {**draft.options, **({"out": out} if out else {})}
            self.done.append(replace(draft, options=options, behind=list(draft.behind), counted=len(many) > 1))

    def more(self, rest: list[Token], phis: list[str], times: int, between: bool) -> None:
        """Words without a layer: of the last one, or of one that is not named."""
        nouns = [word for what, word in rest if what == "noun"]
        last = self.done[-1] if self.done else None
        numbers = [word for what, word in rest if what == "number"]
        new = ""
        if "filters" in nouns and (last is None or last.kind not in ("conv", "deconv") or "out" in last.options):
            new = "conv"
        elif {"units", "classes"} & {*nouns} and (
            last is None or last.kind not in ("linear", *CELLS) or "out" in last.options
        ):
            new = "linear"
            if last and last.kind == "linear" and last.options.get("out") in numbers and "classes" in nouns:
                new, rest = "", []  # softmax over the classes that a layer gave
        elif (
            last
            and [what for what, _ in rest] == ["number"]
            and (last.kind == "linear" or int(numbers[0]) > MOST or phis)
            and (last.kind != "linear" or "out" in last.options)
            and last.kind in ("linear", "pool", "avgpool", "flatten", "gap", "dropout", "bn", *ACTIVATIONS)
        ):
            new = "linear"  # 120, 84, 10
        elif any(what == "size" for what, _ in rest) and numbers and (last is None or last.group != self.groups):
            new = "conv"  # 6@5x5
        if new:
            draft = Draft(new, group=self.groups)
            outs = draft.attributes(rest)
            draft.behind += phis
            self.put(draft, times, outs)
            return
        if times or (rest and last is None):
            raise Unreadable("a number of nothing")
        if last is None:
            self.done += [Draft(phi, group=self.groups) for phi in phis]
            return
        members = [one for one in self.done if one.group == last.group and one.kind == last.kind]
        members = members if last.counted else [last]
        windows = [one for one in self.done if one.kind in ("conv", "dw")]
        told = {"padding", "same", "kernel", "no", "without", "size"} & {
            what if what != "option" else word for what, word in rest
        }
        if told and last.kind in ("bn", "dropout", "gap", "flatten", "id", *ACTIVATIONS) and windows:
            members = windows  # (same padding), behind all
        found = [one.attributes(rest) for one in members]
        if any(found):
            if len(found[0]) != len(members):
                raise Unreadable("as many numbers as layers")
            for one, out in zip(members, found[0], strict=True):
                one.options["out"] = out
        if self.wraps and self.wraps[-1][0] == len(self.done) and not rest:  # behind a sum with the input
            self.done += [Draft(phi, group=self.groups) for phi in phis]
            return
        for one in members[:-1] if between else members:
            one.behind += phis

    def repeated(self, tokens: list[Token]) -> None:
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

    def settled(self) -> list[Draft]:
        """All layers, each with what it needs."""
        for draft in self.done:
            kind = KINDS[draft.kind]
            if draft.kind in ("pool", "avgpool"):
                draft.options.setdefault("kernel", "2")
            if draft.kind == "up":
                draft.options.setdefault("factor", "2")
            if any(need not in draft.options and need not in DEFAULTS.get(draft.kind, {}) for need in kind.needs):
                raise Unreadable(draft.kind)
        return self.done


def _flattened(drafts: list[Draft]) -> list[Draft]:
    """Flat before the first fully connected layer behind pictures, which sentences seldom say."""
    for at, draft in enumerate(drafts):
        if "flatten" in draft.whole or "transformer" in draft.whole:
            break
        if draft.kind in ("flatten", "gap", "gmp", *CELLS, "last", "attention", "embedding", "transpose"):
            break
        if draft.kind == "linear":
            windows = any(KINDS[one.kind].window or "conv" in one.whole for one in drafts[:at])
            return [*drafts[:at], Draft("flatten"), *drafts[at:]] if windows else drafts
    return drafts


def _parts(tokens: list[Token]) -> list[list[Token]]:
    """A piece apart into layers: at "and" or "with" where a layer follows, and before a second layer."""
    parts: list[list[Token]] = [[]]
    for at, token in enumerate(tokens):
        ahead = tokens[at + 1 :]
        kind = next((i for i, (what, _) in enumerate(ahead) if what == "kind"), None)
        held = any(what in ("kind", "phi") for what, _ in parts[-1])
        between = [what for what, _ in ahead[: kind or 0]]
        loose = token[1] in ("and", "und", "et") or not {"number", "list", "noun"} & {*between}
        ahead_of = [what for what, _ in ahead if what not in ("count", "and")][:3]
        counted = (
            (ahead_of[:2] == ["number", "noun"] or ahead_of in (["phi", "number", "noun"], ["number", "phi", "noun"]))
            and kind is None
            and token[1] in ("and", "und")
        )
        last = next((word.split()[0] for what, word in parts[-1] if what == "kind"), "")
        given = any(what in ("noun", "list") for what, _ in parts[-1])
        if (token[0] == "and" and counted and (given if last in ("", *NEEDS_OUT) else True)) or (
            token[0] == "and" and kind is not None and held and loose and "and" not in between
        ):
            parts.append([])
        elif (token[0] == "kind" and any(what == "kind" for what, _ in parts[-1])) or (
            token[0] == "kind" and parts[-1] and parts[-1][0][0] == "phi" and len(parts) > 1
        ):
            parts.append([token])
        else:
            parts[-1].append(token)
    return [part for part in parts if any(what != "and" for what, _ in part)]


def _unnamed(tokens: list[Token]) -> list[Token]:
    """Tokens without the numbers of options: stride 2."""
    return [token for before, token in pairwise([("", ""), *tokens]) if before[0] not in ("option", "letter")]


def _single(tokens: list[Token]) -> list[Token]:
    """``a sigmoid output unit`` as 1 unit."""
    plain = [token for token in tokens if token[0] != "phi"]
    ones = [one for one, noun in pairwise(plain) if (one, noun) == (("count", "1"), ("noun", "units"))]
    return [("number", "1") if any(token is one for one in ones) else token for token in tokens]


def _counted(tokens: list[Token]) -> tuple[int, list[Token]]:
    """How often a layer stands there, in words or as ``2 x``, and the other tokens."""
    times, kept = 0, list[Token]()
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
