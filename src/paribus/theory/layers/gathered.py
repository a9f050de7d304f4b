"""The layers of a net while words about it are read: one or several at a time, with what is said of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import prod

from paribus.theory.layers.kinds import ACTIVATIONS, CELLS, KINDS
from paribus.theory.layers.layer import Shape, ends_in_colours
from paribus.theory.layers.part import MOST_KERNEL, WEIGHTED, Part, walk
from paribus.theory.layers.spellings import POINTWISE
from paribus.theory.layers.tokens import Token, Unread

WINDOWS = ("padding", "bias", "stride", "kernel", "size")
MOST = 64  # layers that one phrase makes


@dataclass(frozen=True)
class Scope:
    """Of which layers something is said: of a kind, or of the phrase before (""), all or the first so many."""

    kind: str = ""  # a kind, layer, hidden, output, block, sum
    which: str = "each"  # each, between, first, second, third, last
    many: int = 1
    inserted: bool = False  # "after each": what follows comes behind it


@dataclass
class Gathered:
    """The layers so far, and what is to be said of them."""

    parts: list[Part] = field(default_factory=list)
    recent: list[Part] = field(default_factory=list)  # of the last phrase
    sentence: int = 0  # where the layers of this sentence begin
    previous: int = 0  # where those of the sentence before begin
    given: Shape = ()
    said: list[str] = field(default_factory=list)
    later: list[tuple[Scope, list[Part], list[Token], Token]] = field(default_factory=list)  # said of all of a kind
    loose: list[Token] | None = None  # attributes without a layer, where they are wanted
    names: dict[str, int] = field(default_factory=dict)  # of what is joined again, and how many layers stand before it
    abreast: list[Part] = field(default_factory=list)  # parallel layers that have not met
    chain: list[Part] = field(default_factory=list)  # of sizes: 784-300-10
    decoding: bool = False  # a label was passed in this clause
    fresh: bool = False  # this clause has named several layers
    around: bool = False  # a sum goes around all that follows
    width: str = ""  # the filters of a block's convolutions
    sum: bool = False  # a residual block was announced
    begin: int = 0  # where it begins

    @property
    def counted(self) -> bool:
        """Whether several layers were just named, of which one may be told apart."""
        return len(self.recent) > 1

    def share(self, targets: list[Part], token: Token) -> None:
        """What a phrase says, for each of several layers; a list has a value for each."""
        if token.role in ("bi", "steps"):
            for one in targets:
                one.give(token, token.role, token.role)
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

    def heard(self, net: Gathered) -> None:
        """Take over what a part of the text says of the whole.

        Raises:
            Unread: it says something of layers that are not there.
        """
        if net.later:
            raise Unread(net.later[0][3])
        self.given = self.given or net.given
        self.said += net.said

    def attach(self, targets: list[Part], parts: list[Part], said: list[Token]) -> None:
        """Attributes and layers that go with each of several layers."""
        if any(part.kind in (*WEIGHTED, *CELLS) for part in parts):
            raise Unread(None, "a layer that goes with others")
        if not targets and (parts or said):
            raise Unread(said[0] if said else None, "nothing it can be said of")
        for token in said:
            wide = token.role == "set" and token.which in ("padding", "bias") and len(token.values) == 1
            if not (
                wide and not all(one.fits(token.which, token.values[0]) for one in targets) and self.everywhere([token])
            ):
                self.share(targets, token)
        for one in targets:
            held = {part.kind for part in one.behind}
            one.behind += [part.copy() for part in parts if part.kind not in held or part.kind not in ACTIVATIONS]
            one.behind.sort(key=lambda part: not part.style)

    def repeat(self, made: list[Part], times: int, near: Token) -> None:
        """A layer with what goes with it again."""
        if len(made) != 1 or self.parts[-1] is not made[0] or not 0 < times <= MOST:
            raise Unread(near)
        self.parts += [made[0].copy() for _ in range(times - 1)]
        self.recent = self.parts[-times:]

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
        if head is not None and head.role == "phi" and self.recent and all(one.which in WINDOWS for one in said):
            self.unnamed(said, 0, near)  # with relu and same padding
            said = []
        if head is not None and head.role == "phi" and not said:
            return self.styled(Part(head.which), times)
        if head is None:
            return self.unnamed(said, times, near)
        if head.role == "phi" and any(
            one.role == "set" and one.which in ("units", "classes", "filters") for one in said
        ):
            self.unnamed(said, times, near)
            return self.styled(Part(head.which), 0)
        if said and said[0].role == "chain" and head.which in ("conv", "deconv"):
            said = [replace(said[0], role="list"), *said[1:]]
        if said and said[0].role == "chain":
            self.chained(said.pop(0))
            if not said and head.which == "linear":
                return self.recent
        open_ = self.parts[-1:] if head.which == "embedding" else []
        if open_ and open_[0].kind == "embedding" and "width" not in open_[0].options:
            for one in said:  # vocabulary 5000, embedding dim 64
                self.share(open_, one)
            return open_
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
        if head.text.startswith("group") and part.kind == "conv" and not any(one.which == "groups" for one in said):
            raise Unread(head, "in how many groups")
        if head.text.startswith(POINTWISE):
            part.options["kernel"] = "1"
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
        self.fresh = self.fresh or len(made) > 1
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

    def led(self, leading: Token | None) -> None:
        """The activation that was said before its layer, behind it."""
        if leading is not None:
            self.styled(Part(leading.which), 0)

    def putting(self, head: Token | None, held: list[Token], times: int, near: Token) -> list[Token]:
        """Put the layer that is open, if there is one; nothing is held then."""
        if head is not None or held:
            self.put(head, held, times, near)
        return []

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
        if (
            [one.role for one in said] == ["pair"]
            and self.parts
            and self.parts[-1].options.get("out") == said[0].values[0]
        ):
            return self.put(Token("head", self.parts[-1].kind, near.text, near.start), said, times, near)
        names = {one.which for one in said if one.role == "set"}
        if names == {"filters", "size"} and not self.parts and not self.given and said[0].values[0] in ("1", "3"):
            sizes = said[-1].values[0].split("x")
            if int(sizes[0]) > MOST_KERNEL:
                self.named(said[0], [said[0].values[0], *sizes], said)
                return []
        if (
            names == {"size"}
            and len(said) == 1
            and not self.parts
            and not self.given
            and said[0].values[0].count("x") == 2
        ):
            self.named(said[0], said[0].values[0].split("x"), said)
            return []
        bare = [one for one in said if one.role in ("number", "list")]
        if not said and not times:
            return self.recent
        if self.recent and not times and all(self._fit(one) for one in said):
            for one in said:
                self.share(self.recent, one)
            return self.recent
        if (
            names
            and names <= {"padding", "bias", "kernel", "size"}
            and not times
            and len(said) == len(names)
            and self.everywhere(said)
        ):
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
        told = self.parts[-1].options.get("out") if self.parts and self.parts[-1].kind == "linear" else None
        if bare and not names and len(said) == 1 and told == bare[0].values[0] and self.decoding:
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
        if token.role in ("bi", "steps"):
            return self.recent[0].kind in CELLS
        if token.role in ("number", "list", "pair") and self.parts and self.parts[-1] is self.recent[-1]:
            open_ = all(one.kind in ("conv", "deconv", *CELLS) and "out" not in one.options for one in self.recent)
            if token.role == "pair":
                return all(one.kind in ("linear", "conv", "deconv") and "out" not in one.options for one in self.recent)
            return open_ and len(token.values) in (1, len(self.recent))
        if token.role != "set" or (len(token.values) > 1 and len(token.values) != len(self.recent)):
            return False
        if (
            token.which in ("filters", "units")
            and self.recent[-1] is not self.parts[-1]
            and "out" in self.recent[-1].options
        ):
            return False  # 24 neurons, elu, 24 neurons
        values = token.values * len(self.recent) if len(token.values) == 1 else token.values
        return all(one.fits(token.which, value) for one, value in zip(self.recent, values, strict=True))

    def chained(self, token: Token) -> None:
        """784-300-10: what goes in, and linear layers."""
        first, *sizes = map(str, token.values)
        last = self.parts[-1] if self.parts else None
        if last and last.kind == "linear" and last.options.get("out") == first:
            self.chain += [Part("linear", {"out": size}) for size in sizes]
            self.parts += self.chain[-len(sizes) :]
            self.recent = self.chain
            return
        if last and last.kind != "flatten":
            raise Unread(token)
        if self.given and prod(self.given) != int(first):
            sizes = [first, *sizes]  # z (100) -> 256 -> 784
        elif len(self.given) > 1:
            self.parts.append(Part("flatten"))
        elif not self.parts:
            self.given = (int(first),)
        self.recent = self.chain = [Part("linear", {"out": size}) for size in sizes]
        self.parts += self.recent

    def named(self, token: Token, values: Sequence[str], phrases: Sequence[Token]) -> None:
        """The input that a text names; its channels last if they are few."""
        sizes = tuple(int(value) for value in values if value.isdigit())
        colours = [one.which for one in phrases if one.role == "colour"]
        if len(sizes) == 2 and colours:
            sizes = (int(colours[0][-1]), *sizes)
        elif len(sizes) == 3 and ends_in_colours(sizes):
            sizes = (sizes[-1], *sizes[:-1])
        if len(sizes) != 2:
            self.given = self.given or sizes
