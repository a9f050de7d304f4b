"""Nets in plain words: what is said of several layers, in which order they come, and what meets.

    text   := clause {then clause}                   then: arrows, full stops, line ends, "followed by"
    clause := [label ":"] piece {"," piece}
    piece  := [count] {attribute} layer {attribute}  | attributes of the layers before, or of a layer not named
            | layers or attributes, and of which layers that is said: "after each convolution", "all convs are …"
            | [count] "blocks of" net ["with 32 and 64 filters"]

Every word has a role or says nothing. What is left over makes the text unread: nothing is passed over in silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from paribus.theory.layers.blocks import POOLS, Blocks
from paribus.theory.layers.brackets import STRONG, branched, closing, outer, parted, shared, split
from paribus.theory.layers.gathered import Scope
from paribus.theory.layers.layer import Shape
from paribus.theory.layers.part import NORMS, WEIGHTED, Part
from paribus.theory.layers.phrases import Phrases
from paribus.theory.layers.repeats import WIDTHS, blocked, enumerated, repeated
from paribus.theory.layers.tokens import Token, Unread, tokens

ASIDE = ("dropout", *NORMS)
MANY = ("list", "chain", "set")
FEW = 8  # a bare number before layers counts them up to here


def worded(text: str) -> tuple[str, Shape, list[str]]:
    """A net in plain words, in the notation, with the input that it names and what is to be said about the reading.

    Raises:
        Unread: a word without a role, or one that no layer takes.
    """
    net = Net()
    net.read(branched(blocked(repeated(enumerated(Phrases(tokens(text)).read())))))
    net.finish()
    if not net.parts:
        raise Unread(None, "no layer")
    return ", ".join(map(str, net.parts)), net.given, net.said


class Net(Blocks):
    """Goes through phrases, and gathers layers."""

    def read(self, phrases: Sequence[Token]) -> None:
        """All clauses."""
        for clause in split(phrases, STRONG):
            if clause and clause[0].role == "stop":
                continue
            ends = clause[-1] if clause and clause[-1].role in STRONG else None
            clause = clause[:-1] if ends else clause
            while clause and clause[0].role in STRONG:
                clause = clause[1:]
            if (
                [one.role for one in clause] in (["layer", "number"], ["block", "number"])
                and ends
                and ends.which == "-"
            ):
                continue  # Layer 1 - …
            if (
                not self.parts
                and clause
                and clause[0].text in ("x", "z")
                and (len(clause) == 1 or clause[1].role in ("number", "set"))
            ):
                clause = [Token("input", "", "input", 0, clause[min(1, len(clause) - 1)].values), *clause[2:]]
            self.clause(clause)
            if ends and (ends.role == "stop" or ends.which in (";", "line")):
                self.summed()
                self.previous, self.sentence = self.sentence, len(self.parts)
        self.summed()
        if self.abreast:
            raise Unread(None, "how parallel layers meet")
        if self.sum:
            raise Unread(None, "where the sum is")

    def clause(self, phrases: list[Token]) -> None:
        """Pieces between commas, behind a label."""
        self.fresh = False
        if [one.role for one in phrases[:2]] == ["name", "colon"]:
            self.clause(phrases[2:])
            self.names[phrases[0].text] = len(self.parts)
            return
        pieces = list[list[Token]]()
        for piece in split(phrases, ("comma",)):
            told = {one.role for one in piece} <= {
                "set",
                "number",
                "and",
                "comma",
                "count",
                "layer",
                "block",
                "head",
                "each",
            }
            told = told and all(
                "hidden" in one.values or one.which == "attention" for one in piece if one.role == "head"
            )
            if pieces and told and any(one.role == "transformer" for one in pieces[-1]):
                pieces[-1] += piece
            else:
                pieces.append(piece)
        for piece in shared(pieces):
            said = [one for at, one in enumerate(piece) if at < len(piece) - 1 or one.role != "comma"]
            bare = self.unlabelled(said)
            self.decoding = len(bare) < len(said) and bool(self.parts)
            if bare:
                self.piece(bare)

    def unlabelled(self, phrases: list[Token]) -> list[Token]:
        """A clause without its label: a layer's name ("conv1:", "Hidden 1:"), or that of a net or a block."""
        named = [one.role for one in phrases[:1]] == ["colon"] or [one.role for one in phrases[1:3]] == [
            "colon",
            "head",
        ]
        at = next((i for i, one in enumerate(phrases[:9]) if one.role == "colon" and (one.text == ":" or named)), -1)
        if at < 0:
            if any(one.role == "colon" for one in phrases):
                raise Unread(next(one for one in phrases if one.role == "colon"))
            return phrases
        label, rest = phrases[:at], phrases[at + 1 :]
        if (
            [one.role for one in label] == ["times"]
            and [one.role for one in rest] == ["open", "list", "close"]
            and not self.parts
        ):
            self.named(rest[1], rest[1].values, rest)
            return []
        if [one.role for one in label] == ["skip", "open", "number", "close"]:
            self.announced(label[2].values[0])
            return rest
        if any(
            one.role in ("set", "open", "close", "again", "join", "sum", "branch", "parallel", "word") for one in label
        ):
            raise Unread(label[0])
        if any(one.role == "transformer" for one in label):
            return [*label, *rest]
        if any(one.role == "skip" for one in label):
            self.announced()
        heads = [one for one in label if one.role in ("head", "phi")]
        counts = [one for one in label if one.role in ("count", "times", "list") and one.values != ("1",)]
        counts += [
            one
            for one, after in pairwise(label)
            if one.role == "number" and after.role in ("head", "layer") and after.several
        ]
        if counts and (len(heads) != 1 or label[-1] is not heads[0] or any(one.role == "head" for one in rest)):
            raise Unread(counts[0])
        if counts:
            rest = [*counts, heads[0], *rest]
        elif heads and not any(one.role == "head" for one in rest):
            if strange := next((one for one in label if one.role == "unknown"), None):
                raise Unread(strange)  # grouped conv: …
            rest = [replace(heads[-1], several=False), *rest]
        if any(one.role == "input" for one in label) and rest and rest[0].role in ("number", "set"):
            sizes = [one for one in rest if one.role in ("number", "set")]
            self.named(sizes[0], sizes[0].values[0].split("x"), rest)
            rest = [one for one in rest if one not in sizes and one.role not in ("image", "colour", "unit")]
        return self.unlabelled(rest) if any(one.role == "colon" for one in rest) else rest

    def piece(self, phrases: list[Token]) -> None:
        """Layers, attributes, or either and of which layers it is said."""
        phrases = [one for one in phrases if one.role != "slash"]
        if phrases and phrases[-1].role == "name" and not {one.role for one in phrases} & {"join", "sum"}:
            if phrases[:-1]:
                self.piece(phrases[:-1])
            self.names[phrases[-1].text] = len(self.parts)
            return
        ordinals = [i for i, one in enumerate(phrases) if one.role in ("first", "second", "third")]
        if self.counted and len(ordinals) > 1 and not any(one.role == "open" for one in phrases):
            for start, end in pairwise([0, *ordinals[1:], len(phrases)]):
                self.piece(
                    [one for i, one in enumerate(phrases[start:end]) if i < end - start - 1 or one.role != "and"]
                )
            return
        betweens = [i for i, one in enumerate(phrases[:-2]) if one.role == "between" and phrases[i + 1].role == "and"]
        if betweens and phrases[betweens[0] + 2].role in ("after", "last"):  # relu between and after the sum
            self.piece(phrases[: betweens[0] + 1])
            self.piece([*phrases[: betweens[0]], *phrases[betweens[0] + 2 :]])
            return
        afters = [i for i, one in enumerate(phrases) if one.role in ("after", "between")]
        ands = [
            i for i, one in enumerate(phrases) if one.role == "and" and len(afters) == 2 and afters[0] < i < afters[1]
        ]
        if len(ands) == 1 and phrases[ands[0] + 1].role in ("phi", "head", "set"):
            self.piece(phrases[: ands[0]])  # relu after the first and sigmoid after the last
            self.piece(phrases[ands[0] + 1 :])
            return
        if (at_end := self._where(phrases)) is not None:
            self.apply_to(*at_end, phrases[0])
            return
        scope, rest = self.scoped(phrases)
        sized = any(one.which in WIDTHS for one in rest) and all("out" in one.options for one in self.recent)
        if scope is not None and scope.which == "last" and not scope.inserted and sized:
            scope, rest = None, [one for one in phrases if one.role != "last"]  # and a last layer with 10 units
        if scope is not None:
            self.apply_to(scope, rest, phrases[0])
            return
        pooled = [one.role for one in rest] == ["head", "set"] or [one.role for one in rest] == ["set", "head"]
        if pooled and self.parts and self.parts[-1].kind == "linear" and any(one.which in POOLS for one in rest):
            sizes = [one for one in rest if one.role == "set"]  # … fc 10, pooling 2x2
            self.later.append((Scope(next(one.which for one in rest if one.role == "head")), [], sizes, rest[0]))
            return
        roles = {one.role for one in outer(rest)}
        if not self.parts and [one.text for one in rest] == ["x"]:
            return
        if (names := [one for one in rest if one.role == "name"]) and {"join", "sum"} & {one.role for one in rest}:
            self.rejoined(rest, names[0])
            return
        if "transformer" in {one.role for one in rest}:
            self.encoder(rest)
            return
        phrases = rest
        if roles & {"sum", "skip", "join"}:
            self.meet(phrases)
            return
        if "again" in roles and self.again(phrases):
            return
        self.plain([one for one in phrases if one.role not in ("of", "again", "parallel")])
        if "parallel" in roles:
            if len(self.recent) < 2:
                raise Unread(next(one for one in phrases if one.role == "parallel"))
            self.abreast = self.recent

    def _where(self, phrases: list[Token]) -> tuple[Scope, list[Token]] | None:
        """``dropout .5 on the hidden layers``, ``am Ausgang Sigmoid``: what is said of layers that stand already."""
        named = [
            i for i in sorted({0, len(phrases) - 1}) if phrases and phrases[i].role == "head" and phrases[i].values
        ]
        if named == [len(phrases) - 1] and phrases[0].role == "chain" and len(phrases) > 2:
            self.piece(phrases[:1])
            return self._where(phrases[1:])
        rest = [one for i, one in enumerate(phrases) if i not in named]
        beside = all(one.role in ("phi", "and", "each") or one.which in ASIDE
                     or (before.which == "dropout" and one.role in ("number", "set")) or one.which == "rate"
                     for before, one in pairwise([Token(""), *rest]))  # fmt: skip
        if len(named) != 1 or not beside or not self.parts or not any(one.role in ("phi", "head") for one in rest):
            return None
        head = phrases[named[0]]
        return (Scope(head.values[0]), rest) if head.several or self.chain else None

    def plain(self, phrases: list[Token]) -> None:
        """Layers with their attributes, in the order in which they stand."""
        head: Token | None = None
        leading: Token | None = None  # an activation before its layer: a sigmoid output of 1 unit
        held, times, apart, at = list[Token](), 0, True, 0
        while at < len(phrases):
            one = phrases[at]
            if one.role == "open":
                end = closing(phrases, at)
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
                if head is not None and not times and not any(len(told.values) > 1 for told in held):
                    many = next((told for told in inside if len(told.values) > 1 and told.role in MANY), None)
                    times = len(many.values) if many and head.several and many.which in ("", *WIDTHS) else 0
                targets = self.put(head, held, times, one)
                self.led(leading)
                leading = None
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
            if (
                one.role == "last"
                and ahead.role != "layer"
                and not any(ahead.role == "head" for ahead in phrases[at + 1 : at + 2])
            ):
                held, head = self.putting(head, held, times, one), replace(one, role="head", which="last")
                times, at = 0, at + 1
                while (at < len(phrases) and phrases[at].role in ("output", "hidden", "layer")) or (
                    at < len(phrases) and phrases[at].role == "head" and {"output", "hidden"} & {*phrases[at].values}
                ):
                    at += 1
                continue
            if one.role == "head" and one.text == "linear" and head is not None and held and ahead.role in ("", "and"):
                at += 1  # no activation
                continue
            if (
                one.role == "phi"
                and ahead.role == "head"
                and ahead.which in WEIGHTED
                and at + 2 < len(phrases)
                and leading is None
            ):
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
                joined = any(before.role == "and" for before in phrases[:at])
                if joined and self.fresh and self.counted and one.which in ("pool", "avgpool", "dropout"):
                    if one.which != "dropout" and len({told.options.get("out") for told in self.recent}) == 1:
                        raise Unread(one, "behind each of them, or once?")
                    cut = max(i for i in range(at) if phrases[i].role == "and")
                    if cut and (before := [told for told in held if told not in phrases[cut:at]]) + (
                        [head] if head else []
                    ):
                        self.put(head, before, times, one)
                    self.said.append(f"{one.text}: behind each of the {len(self.recent)} layers")
                    self.apply_to(Scope("", "each", 1, True), phrases[cut + 1 :], one)
                    return
                if (
                    head is not None
                    and head.which == one.which == "linear"
                    and not [ahead for ahead in held if ahead.role != "and"]
                ):
                    one, held = (
                        replace(one, values=head.values or one.values),
                        [],
                    )  # the output layer is fully connected
                    head = None
                elif (
                    head is not None
                    and head.which == "dw"
                    and one.which == "conv"
                    and not apart
                    and all(a.which == "size" for a in held)
                ):
                    one, head = head, None  # depthwise 3x3 convolution
                if head is not None:
                    given, held = (held, []) if not apart or one.role == "phi" or one.which in NORMS else parted(held)
                    self.put(head, given, times, one)
                    self.led(leading)
                    leading = None
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
            elif one.role in ("set", "number", "list", "chain", "pair", "bi", "steps"):
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
            self.led(leading)
        elif times > 1:
            raise Unread(phrases[-1])

    def _counts(self, phrases: list[Token], at: int) -> bool:
        """Whether a bare number counts layers: 2 hidden layers of 16."""
        ahead = next((one for one in phrases[at + 1 :] if one.role in ("head", "block")), None)
        if ahead and ahead.several and phrases[at + 1] is ahead and int(phrases[at].values[0]) <= FEW:
            return True
        bare = [one.role for one in phrases] == ["number", "head", "number"] and at == 0  # 2 conv 64
        if bare and phrases[1].which in WEIGHTED and int(phrases[0].values[0]) <= FEW:
            return True
        near = (
            all(one.role in ("set", "phi", "layer", "bi") for one in phrases[at + 1 : phrases.index(ahead)])
            if ahead
            else False
        )
        told = any(one.role == "list" or (one.role == "set" and one.which in ("filters", "units")) for one in phrases)
        return bool(
            ahead and near and ahead.several and (told or ahead.role == "block") and int(phrases[at].values[0]) <= FEW
        )

    def aside(self, phrases: list[Token], targets: list[Part]) -> None:
        """What stands between parentheses behind layers is said of each of them."""
        roles = [one.role for one in phrases]
        if roles == ["name"]:
            self.names[phrases[0].text] = len(self.parts)
            return
        if roles in (["count", "of", "unit"], ["count", "unit"]) or (
            {*roles} <= {"unknown", "count", "of"} and "unknown" in roles
        ):
            self.said.append(f"passed over: ({' '.join(one.text for one in phrases)})")
            return
        if len(targets) == 1 and targets[0].kind == "conv" and any(one.which in ("size", "kernel") for one in phrases):
            bare = [one for one in self.parts if one.kind == "conv" and "kernel" not in one.options]
            targets = bare if targets[0] in bare else targets
        net = type(self)(loose=[])
        for piece in split(phrases, ("comma", *STRONG)):
            said = [one for one in piece if one.role not in ("comma", *STRONG)]
            if not any(one.role != "and" for one in said):
                continue
            scope, rest = self.scoped(said)
            if scope is not None:
                self.apply_to(scope, rest, said[0])
            else:
                net.plain(said)
        self.heard(net)
        self.attach(targets, net.parts, net.loose or [])
