"""Nets in plain words: what is said of several layers, in which order they come, and what meets.

    text   := clause {then clause}                   then: arrows, full stops, line ends, "followed by"
    clause := [label ":"] piece {"," piece}
    piece  := [count] {attribute} layer {attribute}  | attributes of the layers before, or of a layer not named
            | layers or attributes, and of which layers that is said: "after each convolution", "all convs are …"
            | [count] "blocks of" net ["with 32 and 64 filters"]

Every word has a role or says nothing. What is left over makes the text unread: nothing is passed over in silence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from paribus.theory.layers.kinds import ACTIVATIONS, CELLS, KINDS
from paribus.theory.layers.layer import Shape
from paribus.theory.layers.part import NORMS, WEIGHTED, Part, walk
from paribus.theory.layers.phrases import Phrases, Token, Unread, tokens

MOST = 64  # layers that one phrase makes
FEW = 8  # a bare number before layers counts them up to here
STRONG = ("then", "stop")


@dataclass(frozen=True)
class Scope:
    """Of which layers something is said: of a kind, or of the phrase before (""), all or the first so many."""

    kind: str = ""  # a kind, layer, hidden, output, block, sum
    which: str = "each"  # each, between, first, second, third, last
    many: int = 1
    inserted: bool = False  # "after each": what follows comes behind it


def worded(text: str) -> tuple[str, Shape, list[str]]:
    """A net in plain words, in the notation, with the input that it names and what is to be said about the reading.

    Raises:
        Unread: a word without a role, or one that no layer takes.
    """
    net = Net()
    net.read(branched(blocked(Phrases(tokens(text)).read())))
    net.finish()
    if not net.parts:
        raise Unread(None, "no layer")
    return ", ".join(map(str, net.parts)), net.given, net.said


@dataclass
class Net:
    """Goes through phrases, and gathers layers."""

    parts: list[Part] = field(default_factory=list)
    recent: list[Part] = field(default_factory=list)  # of the last phrase
    sentence: int = 0  # where the layers of this sentence begin
    given: Shape = ()
    said: list[str] = field(default_factory=list)
    later: list[tuple[Scope, list[Part], list[Token], Token]] = field(default_factory=list)
    loose: list[Token] | None = None  # attributes without a layer, where they are wanted
    inner: bool = False  # of a block: numbers of filters may come later
    chain: list[Part] = field(default_factory=list)  # of sizes: 784-300-10
    decoding: bool = False  # a label was passed in this clause
    around: bool = False  # a sum goes around all that follows
    width: str = ""  # the filters of a block's convolutions
    sum: bool = False  # a residual block was announced

    # from the whole to pieces

    def read(self, phrases: Sequence[Token]) -> None:
        """All clauses."""
        for clause in _split(phrases, STRONG):
            if clause and clause[0].role == "stop":
                continue
            ends = clause[-1] if clause and clause[-1].role in STRONG else None
            clause = clause[:-1] if ends else clause
            while clause and clause[0].role in STRONG:
                clause = clause[1:]
            if [one.role for one in clause] in (["layer", "number"], ["block", "number"]) and ends and ends.which == "-":
                continue  # Layer 1 - …
            if not self.parts and clause and clause[0].text in ("x", "z") and (len(clause) == 1 or clause[1].role != "colon"):
                clause = [Token("input", "", "input", 0, clause[1].values if clause[1:] else ()), *clause[2:]]
            self.clause(clause)
            if ends and (ends.role == "stop" or ends.which in (";", "line")):
                self.sentence = len(self.parts)
        if self.sum and self.around and self.parts:
            self.meet([Token("sum")])
        if self.sum:
            raise Unread(None, "where the sum is")

    def clause(self, phrases: list[Token]) -> None:
        """Pieces between commas, behind a label."""
        pieces = list[list[Token]]()
        for piece in _split(phrases, ("comma",)):
            told = {one.role for one in piece} <= {"set", "number", "and", "comma"}
            if pieces and told and any(one.role == "transformer" for one in pieces[-1]):
                pieces[-1] += piece
            else:
                pieces.append(piece)
        for piece in pieces:
            said = [one for at, one in enumerate(piece) if at < len(piece) - 1 or one.role != "comma"]
            bare = self.unlabelled(said)
            self.decoding = len(bare) < len(said) and bool(self.parts)
            if bare:
                self.piece(bare)

    def unlabelled(self, phrases: list[Token]) -> list[Token]:
        """A clause without its label: a layer's name ("conv1:", "Hidden 1:"), or that of a net or a block."""
        at = next((i for i, one in enumerate(phrases[:9]) if one.role == "colon" and one.text == ":"), -1)
        if at < 0:
            if any(one.role == "colon" for one in phrases):
                raise Unread(next(one for one in phrases if one.role == "colon"))
            return phrases
        label, rest = phrases[:at], phrases[at + 1 :]
        if [one.role for one in label] == ["times"] and [one.role for one in rest] == ["open", "list", "close"] and not self.parts:
            self.named(rest[1], rest[1].values, rest)
            return []
        if [one.role for one in label] == ["skip", "open", "number", "close"]:
            self.sum, self.width = True, label[2].values[0]
            return rest
        if any(one.role in ("set", "open", "close", "again", "join", "sum", "branch", "parallel", "word") for one in label):
            raise Unread(label[0])
        if any(one.role == "skip" for one in label):
            self.sum = True
        heads = [one for one in label if one.role in ("head", "phi")]
        counts = [one for one in label if one.role in ("count", "times", "list") and one.values != ("1",)]
        counts += [one for one, after in pairwise(label) if one.role == "number" and after.role in ("head", "layer") and after.several]
        if counts and (len(heads) != 1 or label[-1] is not heads[0] or any(one.role == "head" for one in rest)):
            raise Unread(counts[0])
        if counts:
            rest = [*counts, heads[0], *rest]
        elif heads and not any(one.role == "head" for one in rest):
            rest = [replace(heads[-1], several=False), *rest]
        if any(one.role == "input" for one in label) and rest and rest[0].role in ("number", "set"):
            sizes = [one for one in rest if one.role in ("number", "set")]
            self.named(sizes[0], sizes[0].values[0].split("x"), rest)
            rest = [one for one in rest if one not in sizes and one.role not in ("image", "colour", "unit")]
        return self.unlabelled(rest) if any(one.role == "colon" for one in rest) else rest

    # one piece

    def piece(self, phrases: list[Token]) -> None:
        """Layers, attributes, or either and of which layers it is said."""
        phrases = [one for one in phrases if one.role != "slash"]
        ordinals = [i for i, one in enumerate(phrases) if one.role in ("first", "second", "third")]
        if self.counted and len(ordinals) > 1 and not any(one.role == "open" for one in phrases):
            for start, end in pairwise([0, *ordinals[1:], len(phrases)]):
                self.piece([one for i, one in enumerate(phrases[start:end]) if i < end - start - 1 or one.role != "and"])
            return
        scope, rest = self.scoped(phrases)
        if scope is not None:
            self.apply_to(scope, rest, phrases[0])
            return
        outer = {one.role for one in _outer(rest)}
        if not self.parts and [one.text for one in rest] == ["x"]:
            return
        if "transformer" in {one.role for one in rest}:
            self.encoder(rest)
            return
        phrases = rest
        if outer & {"sum", "skip", "join"}:
            self.meet(phrases)
            return
        if "again" in outer and self.again(phrases):
            return
        self.plain([one for one in phrases if one.role not in ("of", "again", "parallel")])

    def scoped(self, phrases: list[Token]) -> tuple[Scope | None, list[Token]]:
        """Of which layers a piece speaks, and the rest of it."""
        roles = [one.role for one in phrases]
        if "between" in roles:
            at = roles.index("between")
            kinds = [one for one in phrases[at + 1 :] if one.role in ("head", "layer")]
            kind = "hidden" if any("hidden" in one.values for one in kinds) else ""
            before = phrases[:at]
            if any(one.which in WEIGHTED for one in before):
                cut = max((i for i, one in enumerate(before) if one.role in ("phi", "head") and one.which not in WEIGHTED), default=0)
                self.piece([one for i, one in enumerate(before[:cut]) if i < cut - 1 or one.role != "and"])
                return Scope("", "between"), before[cut:]
            kind = kind or ("" if len(self.recent) > 1 and any(one.role in ("head", "set") for one in phrases) else "layer")
            return Scope(kind, "between"), [one for one in phrases[:at] if one.role != "of"] or phrases[at + 1 + len(kinds) :]
        depth = 0
        kinds = [i for i, one in enumerate(phrases) if one.role == "head" and one.several and not one.values]
        if len(kinds) == 1 and len(phrases) > 1 and kinds[0] in (0, len(phrases) - 1) and walk(self.parts):
            rest = [one for i, one in enumerate(phrases) if i != kinds[0] and one.role not in ("of", "each")]
            if rest and all(one.role == "set" and one.which in ("bias", "padding") for one in rest):
                return Scope(phrases[kinds[0]].which), rest
        for at, role in enumerate(roles):
            depth += (role == "open") - (role == "close")
            if depth or role not in ("each", "after", "first", "last", "second", "third", "except"):
                continue
            end = at
            inserted, which, kind, many = False, "", "", 1
            while end < len(phrases) and phrases[end].role in (
                "after", "each", "of", "first", "last", "second", "third", "layer", "block", "count", "number", "sum", "except", "head", "then"
            ):  # fmt: skip
                one = phrases[end]
                known = {part.kind for part in walk(self.parts)}
                if one.role == "head" and which == "each" and not one.values and one.which not in known and not kind:
                    break
                if one.role == "head" and (one.which in NORMS or not (which or inserted)):
                    break
                if one.role == "head":
                    kind = "hidden" if "hidden" in one.values else "output" if "output" in one.values else one.which
                elif one.role in ("layer", "block", "sum"):
                    kind = kind or one.role
                elif one.role in ("after", "then"):
                    inserted = inserted or one.role == "after" or (one.role == "then" and bool(which))
                elif one.role in ("count", "number"):
                    if not (which or inserted):
                        break
                    many = int(one.values[0])
                elif one.role == "except":
                    which = "between"
                elif one.role != "of":
                    which = which if which == "between" else one.role
                end += 1
                if one.role == "head":
                    break
            if role == "after" and kind in ("flatten", "gap", "") and not which:
                continue
            if role in ("first", "second", "third", "last") and (kind or not inserted) and at == 0 and not self.counted:
                continue  # the first layer has …
            valued = ("set", "number", "list")
            if role == "each" and end == at + 1 and at and phrases[at - 1].role in (*valued, "phi"):
                return self.scoped(phrases[:at] + phrases[end:])  # 64 filters each
            told = phrases[end] if end < len(phrases) else Token("")
            if role == "each" and end == at + 1 and at and (told.role in ("number", "list") or told.which in ("filters", "units")):
                return self.scoped(phrases[:at] + phrases[end:])
            before, behind = phrases[:at], phrases[end:]
            before = [one for one in before if one.role not in ("and", "of")] if behind == [] else before
            if before and behind and role == "each" and any(one.role == "head" for one in before):
                self.piece(before)
                before = []
            if before and behind:
                return None, phrases
            if role == "last" and not kind and not inserted and any(one.role == "head" for one in before):
                continue
            if not kind and phrases[at].text in ("all", "alle", "throughout", "everywhere", "überall"):
                kind = "any"
            return Scope(kind, which or "each", many, inserted), behind or before
        return None, phrases

    def plain(self, phrases: list[Token]) -> None:
        """Layers with their attributes, in the order in which they stand."""
        head: Token | None = None
        leading: Token | None = None  # an activation before its layer: a sigmoid output of 1 unit
        held, times, apart, at = list[Token](), 0, True, 0
        while at < len(phrases):
            one = phrases[at]
            if one.role == "open":
                end = _closing(phrases, at)
                inside, after = phrases[at + 1 : end], phrases[end + 1 :]
                if head is None and not held and [one.role for one in inside] == ["list"]:
                    held, at = inside, end + 1
                    continue
                if head is None and not held:
                    at = end + 1
                    if len(after) > 1 and after[0].role == "times" and after[1].role in ("number", "count"):
                        times, at = int(after[1].values[0]), end + 3
                    at += self.block(inside, max(1, times), phrases[at:])
                    times = 0
                    continue
                targets = self.put(head, held, times, one)
                leading = self.led(leading) if leading is not None else None
                head, held, times, at = None, [], 0, end + 1
                self.aside(inside, targets)
                if len(after) > 1 and after[0].role == "times" and after[1].role == "number":
                    self.repeat(targets, int(after[1].values[0]), one)
                    at += 2
                continue
            if one.role in ("count", "number") and at + 1 < len(phrases) and phrases[at + 1].role == "times":
                times, at = int(one.values[0]), at + 2
                continue
            if one.role == "times" and head is not None and head.which == "up" and not held:
                at += 1
                continue
            ahead = phrases[at + 1] if at + 1 < len(phrases) else Token("")
            lasts = (one.role == "last" and ahead.role != "layer") or (one.role == "head" and one.which == "last")
            if lasts and head is not None and head.which == "linear" and not (held and held[-1].role == "and"):
                made = self.put(head, held, times, one)  # dense 1 on the last step
                self.parts[len(self.parts) - len(made) : len(self.parts) - len(made)] = [Part("last")]
                head, held, times, at = None, [], 0, at + 1
                continue
            if one.role == "last" and ahead.role != "layer" and not any(ahead.role == "head" for ahead in phrases[at + 1 : at + 2]):
                held, head = self.putting(head, held, times, one), replace(one, role="head", which="last")
                times, at = 0, at + 1
                while at < len(phrases) and phrases[at].role in ("output", "hidden", "layer") or (
                    at < len(phrases) and phrases[at].role == "head" and {"output", "hidden"} & {*phrases[at].values}
                ):
                    at += 1
                continue
            if one.role == "head" and one.text == "linear" and head is not None and held and ahead.role in ("", "and"):
                at += 1  # no activation
                continue
            if one.role == "phi" and ahead.role == "head" and ahead.which in WEIGHTED and at + 2 < len(phrases) and leading is None:
                held = self.putting(head, held, times, one) if head is not None or held else held
                head, leading, times, at = None, one, times if head is None else 0, at + 1
                continue
            if one.role == "phi" and ahead.role == "head" and ahead.values and at + 2 == len(phrases) and self.parts:
                self.later.append((Scope(ahead.values[0]), [Part(one.which)], [], one))
                at += 2
                continue
            if one.role == "count":
                if head is not None or held:
                    self.put(head, held, times, one)
                    head, held = None, []
                times = int(one.values[0])
            elif one.role == "number" and head is None and self._counts(phrases, at):
                times = int(one.values[0])
            elif one.role == "block":
                if head is not None or held:
                    raise Unread(one)
                at += 1 + self.block_of(phrases[at + 1 :], times)
                head, held, times = None, [], 0
                continue
            elif one.role in ("head", "phi"):
                if head is not None and head.which == one.which == "linear" and not [ahead for ahead in held if ahead.role != "and"]:
                    one, held = replace(one, values=head.values or one.values), []  # the output layer is fully connected
                    head = None
                elif head is not None and head.which == "dw" and one.which == "conv" and not apart and all(a.which == "size" for a in held):
                    one, head = head, None  # depthwise 3x3 convolution
                if head is not None:
                    given, held = (held, []) if not apart or one.role == "phi" or one.which in NORMS else _parted(held)
                    self.put(head, given, times, one)
                    if leading is not None and head is not leading:
                        leading = self.led(leading)
                    times = 0
                elif held and one.role == "phi":
                    bare = [ahead.role for ahead in held if ahead.role != "and"] == ["number"]
                    self.put(Token("head", "linear", one.text, one.start) if bare else None, held, times, one)
                    held, times = [], 0
                elif held and held[-1].role == "and" and self.recent and all(self._fit(one) for one in held[:-1]):
                    self.put(None, held, 0, one)
                    held = []
                head, apart = one, False
            elif one.role == "and":
                apart = True
                held.append(one)
            elif one.role in ("set", "number", "list", "chain", "pair", "bi"):
                held.append(one)
            elif one.role == "input":
                self.named(one, one.values, phrases)
            elif one.role == "after" and at == 0 and ahead.role == "head":
                pass  # after flattening
            elif one.role in ("layer", "first", "second", "third", "last", "of", "image", "colour", "bias", "each"):
                pass
            else:
                raise Unread(one)
            at += 1
        if head is not None or any(one.role != "and" for one in held):
            self.put(head, held, times, phrases[-1])
            if leading is not None:
                self.led(leading)
        elif times > 1:
            raise Unread(phrases[-1])

    def led(self, leading: Token) -> None:
        """The activation that was said before its layer."""
        self.styled(Part(leading.which), 0)

    def putting(self, head: Token | None, held: list[Token], times: int, near: Token) -> list[Token]:
        """Put the layer that is open, if there is one; nothing is held then."""
        if head is not None or held:
            self.put(head, held, times, near)
        return []

    def _counts(self, phrases: list[Token], at: int) -> bool:
        """Whether a bare number counts layers: 2 hidden layers of 16."""
        ahead = next((one for one in phrases[at + 1 :] if one.role in ("head", "block")), None)
        if ahead and ahead.several and phrases[at + 1] is ahead and int(phrases[at].values[0]) <= FEW:
            return True
        near = all(one.role in ("set", "phi", "layer", "bi") for one in phrases[at + 1 : phrases.index(ahead)]) if ahead else False
        told = any(one.role == "list" or (one.role == "set" and one.which in ("filters", "units")) for one in phrases)
        return bool(ahead and near and ahead.several and (told or ahead.role == "block") and int(phrases[at].values[0]) <= FEW)

    def repeat(self, made: list[Part], times: int, near: Token) -> None:
        """A layer with what goes with it again."""
        if len(made) != 1 or self.parts[-1] is not made[0] or not 0 < times <= MOST:
            raise Unread(near)
        self.parts += [made[0].copy() for _ in range(times - 1)]
        self.recent = self.parts[-times:]

    @property
    def counted(self) -> bool:
        """Whether several layers were just named, of which one may be told apart."""
        return len(self.recent) > 1

    def aside(self, phrases: list[Token], targets: list[Part]) -> None:
        """What stands between parentheses behind layers is said of each of them."""
        if {one.role for one in phrases} <= {"unknown", "count", "of"} and any(one.role == "unknown" for one in phrases):
            self.said.append(f"passed over: ({' '.join(one.text for one in phrases)})")
            return
        if len(targets) == 1 and targets[0].kind == "conv" and any(one.which in ("size", "kernel") for one in phrases):
            bare = [one for one in self.parts if one.kind == "conv" and "kernel" not in one.options]
            targets = bare if targets[0] in bare else targets
        net = Net(loose=[])
        for piece in _split(phrases, ("comma", *STRONG)):
            said = [one for one in piece if one.role not in ("comma", *STRONG)]
            if not any(one.role != "and" for one in said):
                continue
            scope, rest = self.scoped(said)
            if scope is not None:
                self.apply_to(scope, rest, said[0])
            else:
                net.plain(said)
        self.attach(targets, net.parts, net.loose or [])

    def attach(self, targets: list[Part], parts: list[Part], said: list[Token]) -> None:
        """Attributes and layers that go with each of several layers."""
        if any(part.kind in (*WEIGHTED, *CELLS) for part in parts):
            raise Unread(None, "a layer that goes with others")
        if not targets and (parts or said):
            raise Unread(said[0] if said else None, "nothing it can be said of")
        for token in said:
            wide = token.role == "set" and token.which in ("padding", "bias") and len(token.values) == 1
            if not (wide and not all(one.fits(token.which, token.values[0]) for one in targets) and self.everywhere([token])):
                self.share(targets, token)
        for one in targets:
            held = {part.kind for part in one.behind}
            one.behind += [part.copy() for part in parts if part.kind not in held or part.kind not in ACTIVATIONS]
            one.behind.sort(key=lambda part: not part.style)

    def share(self, targets: list[Part], token: Token) -> None:
        """What a phrase says, for each of several layers; a list has a value for each."""
        if token.role == "bi":
            for one in targets:
                one.give(token, "bi", "bi")
        elif token.role in ("number", "list", "set"):
            values = token.values if len(token.values) > 1 else token.values * len(targets)
            if len(values) != len(targets):
                raise Unread(token, "as many numbers as layers")
            for one, value in zip(targets, values, strict=True):
                if token.role == "set":
                    one.give(token, token.which, value)
                else:
                    one.number(token, value)
        elif token.role == "pair":
            for one in targets:
                if one.kind == "embedding":
                    one.give(token, "words", token.values[0])
                one.give(token, "filters" if one.kind in ("conv", "deconv") else "units", token.values[1])
        elif token.role != "and":
            raise Unread(token)

    def put(self, head: Token | None, said: list[Token], times: int, near: Token) -> list[Part]:
        """One layer, or several with numbers of their own; or what is said of those before: of which layers it was."""
        outs = [i for i, one in enumerate(said) if one.role == "set" and one.which in ("filters", "units", "classes")]
        first = said[0].role if said else ""
        takes = head is None or head.role == "phi" or "out" in KINDS[head.which].numbers
        joint = next((i for i in outs[takes:] if i and said[i - 1].role == "and"), 0)
        if joint:  # … of 64 units and 10 outputs
            self.put(head, said[:joint], times, near)
            return self.put(Token("head", "linear", near.text, near.start), said[joint:], 0, near)
        said = [one for one in said if one.role != "and"]
        if head is not None and head.role == "phi" and outs and first == "and":
            if not self.parts:  # softmax regression with 10 classes
                self.unnamed([one for one in said if one.role != "and"], 0, near)
                return self.styled(Part(head.which), times)
            made = self.styled(Part(head.which), times)
            return self.unnamed(said, 0, near) or made
        if head is not None and head.which in ("softmax", "log_softmax") and [one.role for one in said] == ["number"]:
            size = said[0].values[0]
            self.said.append(f"softmax {size}: a linear layer of {size} outputs, and a softmax over them")
            made = self.put(Token("head", "linear", near.text, near.start), said, times, near)
            self.styled(Part(head.which), 0)
            return made
        if head is not None and head.role == "phi" and [one.role for one in said] == ["number"] and self.recent:
            last = self.recent[-1]  # fc | ReLU | 256
            if len(self.recent) == 1 and last.kind in ("linear", "conv") and "out" not in last.options:
                last.number(said[0], said[0].values[0])
                return self.styled(Part(head.which), times)
        if head is not None and head.role == "phi" and not said:
            return self.styled(Part(head.which), times)
        if head is None:
            return self.unnamed(said, times, near)
        if head.role == "phi" and any(one.role == "set" and one.which in ("units", "classes", "filters") for one in said):
            self.unnamed(said, times, near)
            return self.styled(Part(head.which), 0)
        if said and said[0].role == "chain":
            self.chained(said.pop(0))
            if not said and head.which == "linear":
                return self.recent
        last = self.parts[-1] if self.parts else None
        if last and last.kind == head.which == "embedding" and "width" not in last.options:
            for one in said:  # vocabulary 5000, embedding dim 64
                self.share([last], one)
            return [last]
        lists = [one for one in said if len(one.values) > 1 and one.role in ("list", "set")]
        if lists and head.which == "embedding" and lists[0].role == "list":
            said = [replace(one, role="number", values=(value,)) for one in said for value in one.values]
            lists = []
        many = times or max([len(one.values) for one in lists], default=1)
        if many > MOST or (lists and any(len(one.values) != many for one in lists)):
            raise Unread(lists[0] if lists else near, "as many numbers as layers")
        filters = any(one.role == "set" and one.which == "filters" for one in said)
        same = [one for one in walk(self.parts) if one.kind == head.which]
        if head.several and not times and not lists and same and said and not head.values:
            told = {one.which for one in said if one.role == "set"}
            if not told & {"filters", "units", "classes"} and not any(one.role == "number" for one in said):
                self.later.append((Scope(head.which), [], said, near))  # pools are 2x2
                return same
        part = Part("conv" if head.values and filters else head.which, role=next(iter(head.values), ""))
        if head.text.startswith("bi") and head.which in CELLS:
            part.options["bi"] = "bi"
        made = [part.copy() for _ in range(many)]
        if part.style and not said:
            return self.styled(part, times)
        for token in sorted(said, key=lambda one: one.role in ("number", "list")):
            if token.role == "set" and token.which == "layers" and head.which in CELLS:
                made[0].options["layers"] = token.values[0]
            else:
                self.share(made, token)
        self.parts += made
        self.recent = self.recent if part.style else made
        return made

    def styled(self, part: Part, times: int) -> list[Part]:
        """An activation or a norm behind the layers of the phrase before, each of them if they are several."""
        if times:
            raise Unread(None, "a number of activations")
        if part.kind in ACTIVATIONS and self.recent and self.recent is self.chain:
            bare = [one for one in self.recent[:-1] if not one.behind] or self.recent[-1:]
            for one in bare:
                one.behind.append(part.copy())
            return [one.behind[-1] for one in bare]
        if len(self.recent) > 1 and all(one in self.parts for one in self.recent) and self.parts[-1] is self.recent[-1]:
            copies = [part.copy() for _ in self.recent]
            for one, copy in zip(self.recent, copies, strict=True):
                one.behind.append(copy)
            return copies
        self.parts.append(part)
        if not part.style:
            self.recent = [part]
        return [part]

    def unnamed(self, said: list[Token], times: int, near: Token) -> list[Part]:
        """Attributes without a layer: of those before, or of a layer that goes without its name."""
        if self.loose is not None:
            self.loose += said
            return []
        if said and (said[0].role == "chain" or (
            len(said[0].values) > 2 and not self.parts and not self.given
            and (said[0].role == "list" or (said[0].role == "set" and said[0].which in ("kernel", "width")))
        )):  # fmt: skip
            self.chained(said[0])
            said = said[1:]
        if said and said[0].role == "pair" and not self.parts:
            self.named(said[0], said[0].values[:1], said)
            return self.put(Token("head", "linear", near.text, near.start), said, times, near)
        if [one.role for one in said] == ["pair"] and self.parts and self.parts[-1].options.get("out") == said[0].values[0]:
            return self.put(Token("head", self.parts[-1].kind, near.text, near.start), said, times, near)
        names = {one.which for one in said if one.role == "set"}
        if names == {"filters", "size"} and not self.parts and not self.given and said[0].values[0] in ("1", "3"):
            sizes = said[-1].values[0].split("x")
            if int(sizes[0]) > 15:
                self.named(said[0], [said[0].values[0], *sizes], said)
                return []
        if names == {"size"} and len(said) == 1 and not self.parts and not self.given and said[0].values[0].count("x") == 2:
            self.named(said[0], said[0].values[0].split("x"), said)
            return []
        bare = [one for one in said if one.role in ("number", "list")]
        if not said and not times:
            return self.recent
        if self.recent and not times and all(self._fit(one) for one in said):
            for one in said:
                self.share(self.recent, one)
            return self.recent
        if names and names <= {"padding", "bias"} and not times and len(said) == len(names) and self.everywhere(said):
            return []
        kind = ""
        if "filters" in names or (bare and names & {"size", "kernel"}):
            kind = "conv"
        elif names & {"units", "classes"} or (bare and not names):
            kind = "linear"
        elif "words" in names:
            kind = "embedding"
        if not kind or (bare and not names and not (self.parts or self.given)):
            if "features" in names and not self.parts and not self.given:
                self.named(said[0], said[0].values, said)
                return []
            if bare and not self.parts and not self.given and len(said) == 1 and len(bare[0].values) == 1:
                self.named(bare[0], bare[0].values, said)
                return []
            raise Unread(said[0] if said else near, "nothing it can be said of")
        if bare and not names and self.parts and self.parts[-1].kind == "linear" and len(said) == 1:
            if self.parts[-1].options.get("out") == bare[0].values[0] and self.decoding:
                return []
        return self.put(Token("head", kind, near.text, near.start), said, times, near)

    def everywhere(self, said: list[Token]) -> bool:
        """Padding or no bias, said where no layer takes it: of all convolutions, if none says otherwise."""
        found = [one for one in walk(self.parts) if one.kind in ("conv", "deconv", "dw")]
        if not found or not all(one.fits(token.which, token.values[0]) for one in found for token in said):
            return False
        for token in said:
            self.share(found, token)
        return True

    def _fit(self, token: Token) -> bool:
        """Whether the layers before can take what a phrase says."""
        if token.role == "bi":
            return self.recent[0].kind in CELLS
        if token.role in ("number", "list", "pair") and self.parts and self.parts[-1] is self.recent[-1]:
            open_ = all(one.kind in ("conv", "deconv", *CELLS) and "out" not in one.options for one in self.recent)
            if token.role == "pair":
                return all(one.kind in ("linear", "conv", "deconv") and "out" not in one.options for one in self.recent)
            return open_ and len(token.values) in (1, len(self.recent))
        if token.role != "set" or (len(token.values) > 1 and len(token.values) != len(self.recent)):
            return False
        values = token.values * len(self.recent) if len(token.values) == 1 else token.values
        return all(one.fits(token.which, value) for one, value in zip(self.recent, values, strict=True))

    def chained(self, token: Token) -> None:
        """784-300-10: what goes in, and linear layers."""
        first, *sizes = map(str, token.values)
        last = self.parts[-1] if self.parts else None
        if last and last.kind == "linear" and last.options.get("out") == first and self.decoding:
            self.chain += [Part("linear", {"out": size}) for size in sizes]
            self.parts += self.chain[-len(sizes) :]
            self.recent = self.chain
            return
        if last and last.kind != "flatten":
            raise Unread(token)
        if not self.parts:
            self.given = (int(first),)
        self.recent = self.chain = [Part("linear", {"out": size}) for size in sizes]
        self.parts += self.recent

    def named(self, token: Token, values: Sequence[str], phrases: Sequence[Token]) -> None:
        """The input that a text names; its channels last if they are few."""
        sizes = tuple(int(value) for value in values if value.isdigit())
        colours = [one.which for one in phrases if one.role == "colour"]
        if len(sizes) == 2 and colours:
            sizes = (int(colours[0][-1]), *sizes)
        elif len(sizes) == 3 and sizes[-1] in (1, 3, 4) and sizes[0] > 4:
            sizes = (sizes[-1], *sizes[:-1])
        if len(sizes) != 2:
            self.given = self.given or sizes

    # several at once

    def apply_to(self, scope: Scope, phrases: list[Token], near: Token) -> None:
        """What is said of some layers: at once of those just named, at the end of those of a kind."""
        net = Net(loose=[])
        net.plain([one for one in phrases if one.role not in ("of", "between", "after")])
        if not net.parts and not net.loose:
            raise Unread(near)
        if scope.kind in ("", "block", "sum", "one") and (scope.which != "between" or not scope.kind):
            targets = self.targets(scope)
            if not targets:
                raise Unread(near, "nothing it can be said of")
            self.attach(targets, net.parts, net.loose or [])
        else:
            self.later.append((scope, net.parts, net.loose or [], near))

    def targets(self, scope: Scope) -> list[Part]:
        """The layers of a scope."""
        if scope.kind == "block":
            found = [one for one in self.parts if one.ends]
        elif scope.kind == "sum":
            found = [one for one in self.parts if one.sign == "|"]
        elif scope.kind == "any":
            found = [one for one in walk(self.parts) if one.kind in WEIGHTED]
            found = [one for one in found if one.kind != "linear"] or found
        elif scope.kind in ("layer", "hidden", "output"):
            found = [one for one in walk(self.parts) if one.kind in (*WEIGHTED, *CELLS)]
            if scope.kind == "hidden":
                found = [one for one in found if one.kind == "linear"]
                found = [one for one in found if one.role == "hidden"] or found[:-1]
            found = found[-1:] if scope.kind == "output" else found
        elif scope.kind:
            kinds = ("conv", "deconv", "dw") if scope.kind == "conv" else (scope.kind,)
            found = [one for one in walk(self.parts) if one.kind in kinds]
        else:
            found = self.recent
            if scope.which == "each" and len(found) == 1:  # first conv …, second conv …, both followed by …
                found = [one for one in self.parts if one.kind == found[0].kind]
                found = found if len(found) > 1 else []
        if scope.which == "between":
            return found[:-1]
        at = {"first": 0, "second": 1, "third": 2}.get(scope.which)
        if at is not None:
            return found[at : at + (scope.many if at == 0 else 1)]
        return found[-1:] if scope.which == "last" else found

    def block(self, inside: list[Token], times: int, after: list[Token]) -> int:
        """A net so many times, with filters of its own each time; how many phrases behind it were used."""
        if [one.role for one in inside] == ["set"] and after and after[0].role == "input" and not self.parts:
            self.named(inside[0], inside[0].values[0].split("x"), inside)
            return 1
        if [one.role for one in inside] == ["sum"]:
            self.meet(inside)
            return 0
        widths, used = self._widths(after)
        if inside and widths is None and inside[0].role == "set" and inside[0].which == "filters" and len(inside[0].values) == times:
            widths, inside = inside[0], inside[1:]
        sign = next((one.text.strip() for one in inside if one.text.strip() in ("|", "&") and one.role in STRONG + ("and",)), "")
        if sign:
            return self.beside(inside, sign, times)
        body = Net(inner=True)
        body.read(inside)
        for scope, parts, said, _ in body.later:
            body.attach(body.targets(scope), parts, said)
        times = len(widths.values) if widths and times == 1 else times
        if widths and len(widths.values) not in (1, times):
            raise Unread(widths, "as many numbers as blocks")
        if not body.parts or times > MOST:
            raise Unread(inside[0] if inside else None)
        more = list[Token]()
        while widths and used < len(after) and after[used].role == "set" and after[used].which in ("size", "kernel", "padding", "stride"):
            more.append(after[used])
            used += 1
        self.recent = []
        for turn in range(times):
            copies = [one.copy() for one in body.parts]
            if widths:
                open_ = [one for one in copies if one.kind in ("conv", "deconv", "linear", *CELLS) and "out" not in one.options]
                if not open_:
                    raise Unread(widths)
                for one in open_:
                    one.options["out"] = (widths.values * times)[turn] if len(widths.values) == 1 else widths.values[turn]
            for token in more:
                found = [one for one in copies if one.kind in ("conv", "deconv") and one.fits(token.which, token.values[0])]
                self.share(found, token) if found else self.share(copies[:1], token)
            copies[-1].ends = True
            self.parts += copies
            self.recent = [*self.recent, copies[-1]]
        return used

    def beside(self, inside: list[Token], sign: str, times: int) -> int:
        """Branches apart by | or &."""
        if times != 1:
            raise Unread(inside[0])
        self.branches(_split(inside, ("then", "and"), sign), sign)
        return 0

    def branches(self, pieces: Sequence[Sequence[Token]], sign: str) -> None:
        """Nets side by side, whose results meet."""
        found = list[list[Part]]()
        for piece in pieces:
            if {one.role for one in piece} <= {"skip", "input", "then", "and", "comma"}:
                found.append([])
                continue
            net = Net()
            net.read([one for one in piece if one is not piece[-1] or one.role not in ("then", "and", "comma")])
            net.finish(flat=False)
            found.append([] if [one.kind for one in net.parts] == ["id"] else net.parts)
        if len(found) < 2:
            raise Unread(None, "branches")
        self.parts.append(Part("", sign=sign, branches=found))
        self.recent = self.parts[-1:]

    def _widths(self, after: list[Token]) -> tuple[Token | None, int]:
        """Numbers of filters behind a block."""
        for at, one in enumerate(after[:4]):
            if one.role == "set" and one.which in ("filters", "units"):
                return one, at + 1
            if one.role not in ("and", "of", "colon"):
                break
        return None, 0

    def block_of(self, phrases: list[Token], times: int) -> int:
        """``blocks of …``: what they hold, up to the numbers of filters; how many phrases were used."""
        at = next((i for i, one in enumerate(phrases) if one.role not in ("of", "colon")), len(phrases))
        if at == len(phrases):
            return at
        if phrases[at].role == "open":
            end = _closing(phrases, at)
            return end + 1 + self.block(phrases[at + 1 : end], max(1, times), phrases[end + 1 :])
        if not times:
            return 0
        raise Unread(phrases[at])

    def encoder(self, phrases: list[Token]) -> None:
        """An encoder layer of torch, so many times."""
        said = {one.which: one.values[0] for one in phrases if one.role == "set"}
        times = [int(one.values[0]) for one in phrases if one.role in ("count", "number")]
        wide = next((said.pop(name) for name in ("width", "features", "kernel") if name in said), "")
        for one in reversed(walk(self.parts)):
            wide = wide or one.options.get("width", one.options.get("out", ""))
        many = [*times, *([int(said.pop("layers"))] if "layers" in said else [])]
        roles = {one.role for one in phrases}
        known = {"transformer", "set", "count", "number", "layer", "block", "and", "open", "close", "comma", "of", "colon", "head"}
        if "heads" not in said or not wide or {*said} - {"heads", "inner"} or len(many) > 1 or roles - known:
            raise Unread(phrases[0])
        if any(one.role == "head" and one.which != "attention" for one in phrases):
            raise Unread(phrases[0])
        words = f"transformer layer heads={said['heads']} d_model={wide}" + (f" ff={said['inner']}" if "inner" in said else "")
        self.parts.append(Part("", sign="whole", whole=words + (f" layers={many[0]}" if many and many[0] > 1 else "")))
        self.recent = self.parts[-1:]

    def again(self, phrases: list[Token]) -> bool:
        """``the same again with 64 filters``: the sentence before, with another number of filters."""
        if any(one.role == "head" for one in phrases):
            return False
        before = self.parts[self.sentence :] or self.parts
        widths = next((one.values for one in phrases if one.role == "set" and one.which in ("filters", "units")), ())
        copies = [one.copy() for _ in range(max(1, len(widths))) for one in before]
        for at, width in enumerate(widths):
            kinds = [one for one in copies[at * len(before) : (at + 1) * len(before)] if one.kind in ("conv", "deconv", "linear", *CELLS)]
            if not kinds or len({one.options.get("out") for one in kinds}) != 1:
                raise Unread(phrases[0])
            for one in kinds:
                one.options["out"] = width
        for token in phrases:
            if token.role == "set" and token.which in ("filters", "units"):
                continue
            if token.role not in ("again", "and", "of", "block", "layer", "same"):
                raise Unread(token)
        self.parts += copies
        self.recent = copies[-1:]
        return True

    def meet(self, phrases: list[Token]) -> None:
        """A sum with the input, or branches side by side."""
        phrases = [replace(one, role="output") if one.role == "head" and "output" in one.values else one for one in phrases]
        roles = [one.role for one in phrases]
        if {*roles} <= {"output", "join", "input", "and"} and {"join", "input"} <= {*roles} and self.parts:
            self.parts = [Part("", sign="&", branches=[self.parts, []])]
            self.recent = self.parts[:]
            return
        first = next((i for i, one in enumerate(phrases) if one.role in ("skip", "sum") and one in _outer(phrases)), 0)
        ends = {"sum", "skip", "input", "and", "of", "block", "output"}
        if first and {*roles[first:]} <= ends and "head" in roles[:first] and "skip" not in roles[:first]:
            self.piece(phrases[:first])
            phrases, roles = phrases[first:], roles[first:]
        if roles[0] in ("join", "skip", "sum") and "open" in roles and {*roles[1 : roles.index("open")]} <= {"of", "block", "skip", "and", "colon", "around"}:
            at = roles.index("open")
            end = _closing(phrases, at)
            inside = phrases[at + 1 : end]
            if roles[0] != "join" and self.parts and all(one.several for one in inside if one.role == "head"):
                self.meet(phrases[:at])
                self.piece(inside)
                return
            if roles[0] == "join" or (roles[0] == "sum" and "skip" not in roles):
                apart = next((sign for sign in ("then", "comma") if len(_split(inside, (sign,))) > 1), "")
                self.branches(_split(inside, (apart,)), "&" if roles[0] == "join" else "|")
            else:
                self.branches([inside, []], "|")
            if end + 1 < len(phrases):
                self.piece(phrases[end + 1 :])
            return
        if roles[0] == "open" and roles[-1] == "sum" and _closing(phrases, 0) == len(phrases) - 2:
            self.branches([phrases[1:-2], []], "|")
            return
        if roles[0] == "skip" and {*roles} & {"head", "set"} and not {*roles[1:]} & {"sum", "skip", "join"}:
            start = next(i for i, role in enumerate(roles) if role not in ("skip", "block", "of", "colon", "around"))
            self.sum, self.around = True, "around" in roles
            self.piece(phrases[start:])
            return
        if roles[-1] == "sum" and len(roles) > 1 and "head" in roles:
            self.piece(phrases[:-1])
            phrases = phrases[-1:]
            roles = ["sum"]
        if "join" in roles and len(self.recent) > 1 and not any(role in ("head", "set") for role in roles):
            branches = self.recent
            self.parts = [*self.parts[: -len(branches)], Part("", sign="&", branches=[[one] for one in branches])]
            self.recent = self.parts[-1:]
            return
        wraps = {"sum", "skip", "input", "and", "of", "block", "output"}
        if {*roles} <= wraps and self.parts and {"sum", "skip"} & {*roles}:
            self.parts = [Part("", sign="|", branches=[self.parts, []], asks=True)]
            self.recent, self.sum = self.parts[:], False
            return
        raise Unread(phrases[0])

    def finish(self, flat: bool = True) -> None:
        """Say of layers what was said of all of a kind, and see that each has what it needs."""
        for scope, parts, said, near in self.later:
            targets = self.targets(scope)
            if not targets:
                raise Unread(near, "nothing it can be said of")
            held = [one for one in targets if not any(part.kind in ACTIVATIONS for part in one.behind) and not self._active(one)]
            self.attach(targets if not any(part.kind in ACTIVATIONS for part in parts) else held, parts, said)
        for part in walk(self.parts) if self.width else []:
            if part.kind == "conv":
                part.options.setdefault("out", self.width)
        for part in self.parts:
            part.settled()
            for one in walk([part]) if part.asks else []:  # a sum asks for sizes that agree
                kernel = one.options.get("kernel", "")
                if one.kind == "conv" and kernel.isdigit() and int(kernel) % 2 and not {"padding", "same", "stride"} & {*one.options}:
                    one.options["padding"] = str(int(kernel) // 2)
        if flat:
            self.flatten()

    def _active(self, part: Part) -> bool:
        """Whether an activation follows a layer, perhaps behind a norm."""
        if not any(one is part for one in self.parts):
            return False
        at = next(i for i, one in enumerate(self.parts) if one is part) + 1
        while at < len(self.parts) and self.parts[at].kind in NORMS:
            at += 1
        return at < len(self.parts) and self.parts[at].kind in ACTIVATIONS

    def flatten(self) -> None:
        """Flat before the first fully connected layer behind pictures, which sentences seldom say."""
        for at, part in enumerate(self.parts):
            if part.whole or part.kind in ("flatten", "gap", "gmp", "last", "attention", "embedding", "transpose", *CELLS):
                return
            following = self.parts[at + 1].kind if at + 1 < len(self.parts) else ""
            if part.kind == "avgpool" and part.unsized and following in ("linear", "flatten"):
                raise Unread(None, "a mean over everything, or over windows of 2")
            if part.kind == "linear":
                windows = any(KINDS[one.kind].window for one in walk(self.parts[:at]))
                self.parts[at:at] = [Part("flatten")] if windows else []
                return


def blocked(phrases: list[Token]) -> list[Token]:
    """Phrases in which what a counted block holds stands in parentheses: "two blocks of …", "two conv-relu-pool blocks"."""
    for at, one in enumerate(phrases):
        start = next((i for i in range(at - 1, max(-1, at - 7), -1) if phrases[i].role in ("count", "number")), -1)
        if one.role != "block" or start < 0 or any(ahead.role not in ("head", "phi", "set", "layer") for ahead in phrases[start + 1 : at]):
            continue
        times, named = int(phrases[start].values[0]), phrases[start + 1 : at]
        begin = at + 1
        while begin < len(phrases) and phrases[begin].role in ("of", "colon"):
            begin += 1
        said = begin > at + 1
        if begin < len(phrases) and phrases[begin].role == "open":
            if len(named) > 1:
                raise Unread(one)
            return [*phrases[: start + 1], one, *blocked(phrases[begin:])]
        if named and (len(named) > 1 or not said):
            body, begin = named, at + 1
        elif said:
            end = begin
            while end < len(phrases) and phrases[end].role != "stop" and phrases[end].which not in ("line", ";"):
                told = phrases[end]
                if told.role == "set" and told.which in ("filters", "units") and len(told.values) == times > 1:
                    break
                end += 1
            body, begin = phrases[begin:end], end
        else:
            continue
        while body and body[-1].role in ("and", "comma"):
            body = body[:-1]
        marks = [Token("open", "", "("), *body, Token("close", "", ")")]
        return [*phrases[: start + 1], one, *marks, *blocked(phrases[begin:])]
    return phrases


def branched(phrases: list[Token]) -> list[Token]:
    """Phrases in which branches that are said in words stand in parentheses, apart by | or &."""
    start = next((i for i, one in enumerate(phrases) if one.role == "branch"), -1)
    end = next((i for i in range(start + 1, len(phrases)) if phrases[i].role in ("join", "sum")), -1)
    if start < 0 and any(one.role == "skip" for one in phrases) and any(one.role == "sum" for one in phrases):
        at = next(i for i, one in enumerate(phrases) if one.role == "skip")
        till = next((i for i in range(at, len(phrases)) if phrases[i].role == "sum"), -1)
        two = till > at > 0 and any(one.role == "head" for one in phrases[at:till]) and any(one.role == "head" for one in phrases[:at])
        marked = phrases[at - 1].role == "stop" or phrases[at - 1].which in (";", "line")
        if two and marked and phrases[at + 1].role not in ("open", "block", "of"):
            colon = next((i + 1 for i, one in enumerate(phrases[:at]) if one.role == "colon"), 0)
            inside = [Token("open", "", "("), *_trim(phrases[colon:at]), Token("then", "|", "|"), *_trim(phrases[at + 1 : till])]
            return [*inside, Token("close", "", ")"), *phrases[till + 1 :]]
    if start >= 0 and end >= 0:
        body = phrases[start:end]
        skips = [i for i, one in enumerate(body) if one.role == "skip"]
        if skips and phrases[end].role == "sum" and not any(one.role in ("open", "colon") and one.text == "|" for one in body):
            main = [one for one in body[1 : skips[0]]]
            short = body[skips[0] + 1 :]
            while short and short[0].role in ("branch", "colon", "skip"):
                short = short[1:]
            while main and main[0].role == "colon":
                main = main[1:]
            if not any(one.role == "head" for one in main) or not any(one.role == "head" for one in short):
                raise Unread(body[0])
            cut = start
            while cut and phrases[cut - 1].role not in ("stop",) and not any(o.role in ("head",) for o in phrases[cut - 1 : cut]):
                cut -= 1
            inside = [Token("open", "", "("), *_trim(main), Token("then", "|", "|"), *_trim(short), Token("close", "", ")")]
            after = phrases[end + 1 :]
            return [*phrases[:cut], *inside, *after]
        if len(body) > 2 and body[1].role == "number" and body[2].role == "colon":
            marks = [i for i, one in enumerate(body) if one.role == "branch"]
            pieces = [body[i + 3 : j] for i, j in pairwise([*marks, len(body)])]
        elif any(one.role == "open" for one in body[:3]):
            pieces, at = [], next(i for i, one in enumerate(body) if one.role == "open")
            while at < len(body):
                if body[at].role == "open":
                    close = _closing(body, at)
                    pieces.append(body[at + 1 : close])
                    at = close
                elif body[at].role not in ("and", "comma", "then"):
                    raise Unread(body[at])
                at += 1
        else:
            at = next((i for i, one in enumerate(body) if one.role == "colon"), len(body) - 1)
            pieces = _split(body[at + 1 :], ("then",))
        sign = "&" if phrases[end].role == "join" else "|"
        before = phrases[:start]
        while before and before[-1].role in ("count", "number", "parallel", "block", "of"):
            before = before[:-1]
    else:
        start = next((i for i, one in enumerate(phrases) if one.role == "join"), -1)
        if start < 0 or phrases[start - 1 : start] and phrases[start - 1].role not in ("then", "stop") or start + 1 == len(phrases):
            return phrases
        end = next((i for i in range(start, len(phrases)) if phrases[i].role == "stop" or phrases[i].which in ("line", ";")), len(phrases))
        at = next((i for i in range(start + 1, end) if phrases[i].role not in ("output", "of", "colon")), end)
        if at == end or phrases[at].role == "open" or not any(one.role == "head" for one in phrases[at:end]):
            return phrases
        if phrases[at].role == "head" and "output" in phrases[at].values:
            at += 1
        pieces = [[]]
        for one in phrases[at:end]:
            if one.role in ("comma", "and") and any(ahead.role == "head" for ahead in pieces[-1]):
                pieces.append([])
            elif one.role not in ("of", "comma", "and"):
                pieces[-1].append(one)
        sign, before, end = "&", phrases[:start], end - 1
    pieces = [[one for i, one in enumerate(piece) if one.role not in STRONG or 0 < i < len(piece) - 1] for piece in pieces]
    pieces = [piece for piece in pieces if piece]
    made = [Token("open", "", "(")]
    for piece in pieces:
        made += [Token("then", sign, sign)] * (len(made) > 1) + piece
    after = phrases[end + 1 :]
    while after and after[0].role in ("of", "unit", "block"):
        after = after[1:]
    return [*before, *made, Token("close", "", ")"), *after]


def _trim(phrases: Sequence[Token]) -> list[Token]:
    """Phrases without signs at their ends."""
    found = list(phrases)
    signs = (*STRONG, "comma", "and", "colon")
    while found and found[0].role in signs:
        found = found[1:]
    while found and found[-1].role in signs:
        found = found[:-1]
    return found


def _outer(phrases: Sequence[Token]) -> list[Token]:
    """Phrases that stand in no parentheses."""
    found, depth = list[Token](), 0
    for one in phrases:
        depth += one.role == "open"
        if not depth:
            found.append(one)
        depth -= one.role == "close"
    return found


def _split(phrases: Sequence[Token], roles: Sequence[str], sign: str = "") -> list[list[Token]]:
    """Phrases apart behind tokens of some roles that stand in no parentheses."""
    found, depth = [list[Token]()], 0
    for at, one in enumerate(phrases):
        depth += (one.role == "open") - (one.role == "close")
        told = one.role == "then" and found[-1] and _announced(phrases[:at])
        found[-1].append(one)
        if one.role in roles and not depth and not told and sign in ("", one.text.strip()):
            found.append([])
    return found


def _announced(before: Sequence[Token]) -> bool:
    """Whether "followed by" belongs to "each (convolution) …"."""
    for one in reversed(before[-4:]):
        if one.role == "each":
            return True
        if one.role not in ("head", "layer", "of", "block"):
            return False
    return False


def _closing(phrases: Sequence[Token], at: int) -> int:
    """Where a parenthesis closes."""
    depth = 0
    for end in range(at, len(phrases)):
        depth += (phrases[end].role == "open") - (phrases[end].role == "close")
        if not depth:
            return end
    raise Unread(phrases[at], "never closed")


def _parted(held: list[Token]) -> tuple[list[Token], list[Token]]:
    """Attributes before and behind the last "and": of the layer before, and of the next one."""
    at = max((i for i, one in enumerate(held) if one.role == "and"), default=len(held))
    return held[:at], held[at + 1 :]
