"""Several layers at once: blocks that are repeated, branches, sums with what goes in, encoder layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from paribus.theory.layers.brackets import STRONG, closing, outer, split
from paribus.theory.layers.gathered import MOST
from paribus.theory.layers.kinds import CELLS
from paribus.theory.layers.part import Part, walk
from paribus.theory.layers.scopes import Scoped
from paribus.theory.layers.tokens import Token, Unread


class Blocks(Scoped):
    """Layers, and blocks and branches of them."""

    def block(self, inside: list[Token], times: int, after: list[Token]) -> int:
        """A net so many times, with filters of its own each time; how many phrases behind it were used."""
        if [one.role for one in inside] == ["set"] and after and after[0].role == "input" and not self.parts:
            self.named(inside[0], inside[0].values[0].split("x"), inside)
            return 1
        if [one.role for one in inside] == ["sum"]:
            self.meet(inside)
            return 0
        widths, used = self._widths(after)
        if (
            inside
            and widths is None
            and inside[0].role == "set"
            and inside[0].which == "filters"
            and len(inside[0].values) == times
        ):
            widths, inside = inside[0], inside[1:]
        sign = next(
            (one.text.strip() for one in inside if one.text.strip() in ("|", "&") and one.role in (*STRONG, "and")), ""
        )
        if sign:
            return self.beside(inside, sign, times)
        body = type(self)()
        body.read(inside)
        for scope, parts, said, _ in body.later:
            body.attach(body.targets(scope), parts, said)
        body.later.clear()
        self.heard(body)
        times = len(widths.values) if widths and times == 1 else times
        if widths and len(widths.values) not in (1, times):
            raise Unread(widths, "as many numbers as blocks")
        if not body.parts or times > MOST:
            raise Unread(inside[0] if inside else None)
        more = list[Token]()
        while (
            widths
            and used < len(after)
            and after[used].role == "set"
            and after[used].which in ("size", "kernel", "padding", "stride")
        ):
            more.append(after[used])
            used += 1
        self.recent = []
        for turn in range(times):
            copies = [one.copy() for one in body.parts]
            if widths:
                open_ = [
                    one
                    for one in copies
                    if one.kind in ("conv", "deconv", "linear", *CELLS) and "out" not in one.options
                ]
                if not open_:
                    raise Unread(widths)
                for one in open_:
                    one.options["out"] = (
                        (widths.values * times)[turn] if len(widths.values) == 1 else widths.values[turn]
                    )
            for token in more:
                found = [
                    one for one in copies if one.kind in ("conv", "deconv") and one.fits(token.which, token.values[0])
                ]
                self.share(found, token) if found else self.share(copies[:1], token)
            copies[-1].ends = True
            self.parts += copies
            self.recent = [*self.recent, copies[-1]]
        return used

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
            end = closing(phrases, at)
            return end + 1 + self.block(phrases[at + 1 : end], max(1, times), phrases[end + 1 :])
        if not times:
            return 0
        raise Unread(phrases[at])

    def beside(self, inside: list[Token], sign: str, times: int) -> int:
        """Branches apart by | or &."""
        if times != 1:
            raise Unread(inside[0])
        self.branches(split(inside, ("then", "and"), sign), sign)
        return 0

    def branches(self, pieces: Sequence[Sequence[Token]], sign: str) -> None:
        """Nets side by side, whose results meet."""
        found = list[list[Part]]()
        for piece in pieces:
            if {one.role for one in piece} <= {"skip", "input", "then", "and", "comma"}:
                found.append([])
                continue
            net = type(self)()
            net.read([one for one in piece if one is not piece[-1] or one.role not in ("then", "and", "comma")])
            net.finish(flat=False)
            net.later.clear()
            self.heard(net)
            found.append([] if [one.kind for one in net.parts] == ["id"] else net.parts)
        if len(found) < 2:
            raise Unread(None, "branches")
        self.parts.append(Part("", sign=sign, branches=found))
        self.recent = self.parts[-1:]

    def again(self, phrases: list[Token]) -> bool:
        """``the same again with 64 filters``: the sentence before, with another number of filters."""
        if any(one.role == "head" for one in phrases):
            return False
        before = self.parts[self.sentence :] or self.parts
        widths = next((one.values for one in phrases if one.role == "set" and one.which in ("filters", "units")), ())
        copies = [one.copy() for _ in range(max(1, len(widths))) for one in before]
        for at, width in enumerate(widths):
            kinds = [
                one
                for one in copies[at * len(before) : (at + 1) * len(before)]
                if one.kind in ("conv", "deconv", "linear", *CELLS)
            ]
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
        phrases = [
            replace(one, role="output") if one.role == "head" and "output" in one.values else one for one in phrases
        ]
        roles = [one.role for one in phrases]
        if {*roles} <= {"output", "join", "input", "and"} and {"join", "input"} <= {*roles} and self.parts:
            self.parts = [Part("", sign="&", branches=[self.parts, []])]
            self.recent = self.parts[:]
            return
        first = next((i for i, one in enumerate(phrases) if one.role in ("skip", "sum") and one in outer(phrases)), 0)
        ends = {"sum", "skip", "input", "and", "of", "block", "output"}
        if first and {*roles[first:]} <= ends and "head" in roles[:first] and "skip" not in roles[:first]:
            self.piece(phrases[:first])
            phrases, roles = phrases[first:], roles[first:]
        if (
            roles[0] in ("join", "skip", "sum")
            and "open" in roles
            and {*roles[1 : roles.index("open")]} <= {"of", "block", "skip", "and", "colon", "around"}
        ):
            at = roles.index("open")
            end = closing(phrases, at)
            inside = phrases[at + 1 : end]
            if roles[0] != "join" and self.parts and all(one.several for one in inside if one.role == "head"):
                self.meet(phrases[:at])
                self.piece(inside)
                return
            if roles[0] == "join" or (roles[0] == "sum" and "skip" not in roles):
                apart = next((sign for sign in ("then", "comma") if len(split(inside, (sign,))) > 1), "")
                self.branches(split(inside, (apart,)), "&" if roles[0] == "join" else "|")
            else:
                self.branches([inside, []], "|")
            if end + 1 < len(phrases):
                self.piece(phrases[end + 1 :])
            return
        if roles[0] == "open" and roles[-1] == "sum" and closing(phrases, 0) == len(phrases) - 2:
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

    def encoder(self, phrases: list[Token]) -> None:
        """An encoder layer of torch, so many times."""
        said = {one.which: one.values[0] for one in phrases if one.role == "set"}
        times = [int(one.values[0]) for one in phrases if one.role in ("count", "number")]
        wide = next((said.pop(name) for name in ("width", "features", "kernel") if name in said), "")
        for one in reversed(walk(self.parts)):
            wide = wide or one.options.get("width", one.options.get("out", ""))
        many = [*times, *([int(said.pop("layers"))] if "layers" in said else [])]
        roles = {one.role for one in phrases}
        known = {
            "transformer",
            "set",
            "count",
            "number",
            "layer",
            "block",
            "and",
            "open",
            "close",
            "comma",
            "of",
            "colon",
            "head",
        }
        if "heads" not in said or not wide or {*said} - {"heads", "inner"} or len(many) > 1 or roles - known:
            raise Unread(phrases[0])
        if any(one.role == "head" and one.which != "attention" for one in phrases):
            raise Unread(phrases[0])
        words = f"transformer layer heads={said['heads']} d_model={wide}" + (
            f" ff={said['inner']}" if "inner" in said else ""
        )
        self.parts.append(Part("", sign="whole", whole=words + (f" layers={many[0]}" if many and many[0] > 1 else "")))
        self.recent = self.parts[-1:]

    def read(self, phrases: Sequence[Token]) -> None:
        """All clauses."""
        raise NotImplementedError
