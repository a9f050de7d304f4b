"""Several layers at once: blocks that are repeated, branches, sums with what goes in, encoder layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from paribus.theory.layers.brackets import STRONG, closing, outer, split
from paribus.theory.layers.gathered import MOST
from paribus.theory.layers.kinds import ACTIVATIONS, CELLS
from paribus.theory.layers.part import Part, walk
from paribus.theory.layers.repeats import wide
from paribus.theory.layers.scopes import Scoped
from paribus.theory.layers.tokens import Token, Unread

CONVS, POOLS = ("conv", "deconv", "dw"), ("pool", "avgpool")
ENCODING = ("transformer", "set", "count", "number", "layer", "block", "and", "open", "close", "comma", "of", "colon",
            "head", "each")  # fmt: skip
SIZED = ("conv", "deconv", "linear", *CELLS)


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
        widths, more, used = self._settings(after, times)
        own = next((i for i, one in enumerate(inside) if not widths and wide(one, times)), -1)
        if own >= 0:  # conv 3x3 (64, 128, 256)
            widths, alone = inside[own], [one.role for one in inside[own - 1 : own + 2]] == ["open", "list", "close"]
            inside = [*inside[: own - alone], *inside[own + 1 + alone :]]
            inside = inside[1:] if inside and inside[0].role in ("then", "comma") else inside
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
        self.recent = []
        for turn in range(times):
            copies = [one.copy() for one in body.parts]
            layers = walk([part for one in copies for part in (one, *one.behind)])
            if widths:
                open_ = [one for one in layers if one.kind in SIZED and "out" not in one.options]
                if not open_:
                    raise Unread(widths)
                for one in open_:
                    one.options["out"] = (widths.values * times)[turn]
            for kinds, token in more:
                found = [one for one in layers if one.kind in kinds and one.fits(token.which, token.values[0])]
                if not found:
                    raise Unread(token)
                self.share(found, token)
            copies[-1].ends = True
            self.parts += copies
            self.recent = [*self.recent, copies[-1]]
        self.fresh = self.fresh or (times > 1 and len(body.parts) == 1)
        return used

    def _settings(self, after: list[Token], times: int) -> tuple[Token | None, list[tuple[Sequence[str], Token]], int]:
        """What stands behind a block: its filters, what is set of its layers, and how many phrases these are.

        "with 32 and 64 filters, 3x3", "(32, 64 filters, pools 2x2)".
        """
        widths: Token | None = None
        more = list[tuple[Sequence[str], Token]]()
        at, depth, used = 0, 0, 0
        while at < len(after):
            one = after[at]
            pooled = [role for role in after[max(0, at - 1) : at + 2] if role.which in POOLS]
            if one.role == "open" and not depth:
                inside = after[at + 1 : closing(after, at)]
                if {role.role for role in inside} - {"set", "list", "chain", "comma", "then", "head", "and", "number"}:
                    break
                if any(role.role == "head" and role.which not in (*CONVS, *POOLS) for role in inside):
                    break
            if one.role == "close" and not depth:
                break
            if one.role in ("open", "close"):
                depth += 1 if one.role == "open" else -1
                used = used if depth else at + 1
            elif (one.role == "set" and one.which in ("filters", "units")) or (
                depth and one.role in ("list", "chain") and len(one.values) == times
            ):
                if widths:
                    break
                widths = one
            elif one.role == "set" and (depth or widths) and len(one.values) == 1:
                more.append((POOLS if depth and pooled else CONVS, one))
            elif depth and one.role == "number" and pooled:
                more.append((POOLS, Token("set", "kernel", one.text, one.start, one.values)))
            elif one.role not in (("comma", "and", "then", "head") if depth else ("and", "of", "colon")):
                break
            at += 1
            if not depth and one.role in ("set", "close"):
                used = at
        if depth:
            raise Unread(after[at])
        return widths, more if used else [], used

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
        before = self.parts[self.sentence :] or self.parts[self.previous :]
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

    def rejoined(self, phrases: list[Token], name: Token) -> None:
        """``concatenate with e1``: what stands behind a name, side by side with it or added to it."""
        roles = {one.role for one in phrases}
        sign = "&" if "join" in roles else "|" if "sum" in roles else ""
        at = self.names.pop(name.text, -1)
        if (
            not sign
            or roles - {"join", "sum", "name", "and", "of", "output", "input", "skip"}
            or at < 0
            or not self.parts[at:]
        ):
            raise Unread(name, "a name that joins nothing before")
        self.parts[at:] = [Part("", sign=sign, branches=[[], self.parts[at:]])]
        self.names = {key: many for key, many in self.names.items() if many <= at}
        self.recent = self.parts[-1:]

    def meet(self, phrases: list[Token]) -> None:
        """A sum with the input, or branches side by side."""
        phrases = [
            replace(one, role="output") if one.role == "head" and "output" in one.values else one for one in phrases
        ]
        if phrases[0].role == "count" and phrases[0].values == ("1",):
            phrases = phrases[1:]
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
            and {*roles[1 : roles.index("open")]}
            <= {"of", "block", "skip", "and", "colon", "around", "input", "output"}
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
            self.announced()
            self.around = "around" in roles
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
        if self.abreast and {"join", "sum"} & {*roles} and not {"head", "set"} & {*roles}:
            self.parts = self.parts[: -len(self.abreast)]
            self.parts.append(Part("", sign="&" if "join" in roles else "|", branches=[[one] for one in self.abreast]))
            self.recent, self.abreast = self.parts[-1:], []
            return
        wraps = {"sum", "skip", "input", "and", "of", "block", "output"}
        if {*roles} <= wraps and self.parts and {"sum", "skip"} & {*roles}:
            at, self.begin = self.begin, 0
            self.parts[at:] = [Part("", sign="|", branches=[self.parts[at:], []], asks=True)]
            self.recent, self.sum = self.parts[at:], False
            return
        raise Unread(phrases[0])

    def announced(self, width: str = "") -> None:
        """A residual block begins here."""
        self.sum, self.begin, self.width = True, len(self.parts), width or self.width

    def summed(self) -> None:
        """A residual block that ends with its sentence, where that says its sum or leaves no doubt about it."""
        body = self.parts[self.begin :]
        several = len([one for one in body if one.kind in (*CONVS, "linear", "attention")]) > 1
        if self.sum and body and (self.around or (several and body[-1].kind not in ACTIVATIONS)):
            if not self.around:
                self.said.append("residual block: what goes in is added at its end")
            self.meet([Token("sum")])

    def encoder(self, phrases: list[Token]) -> None:
        """An encoder layer of torch, so many times."""
        said = {one.which: one.values[0] for one in phrases if one.role == "set"}
        times = [int(one.values[0]) for one in phrases if one.role in ("count", "number") and one.values != ("1",)]
        wide = next((said.pop(name) for name in ("width", "features", "kernel", "units") if name in said), "")
        for one in reversed(walk(self.parts)):
            wide = wide or one.options.get("width", one.options.get("out", ""))
        many = [*times, *([int(said.pop("layers"))] if "layers" in said else [])]
        strange = [one for one in phrases if one.role not in ENCODING]
        strange += [
            one
            for one in phrases
            if one.role == "head" and not (one.which in ("attention", "dropout") or "hidden" in one.values)
        ]
        if strange or "heads" not in said or not wide or {*said} - {"heads", "inner", "rate"} or len(many) > 1:
            raise Unread(strange[0] if strange else phrases[0])
        words = f"transformer layer heads={said['heads']} d_model={wide}"
        words += f" ff={said['inner']}" if "inner" in said else ""
        words += f" dropout={said['rate']}" if "rate" in said else ""
        self.parts.append(Part("", sign="whole", whole=words + (f" layers={many[0]}" if many and many[0] > 1 else "")))
        self.recent = self.parts[-1:]

    def read(self, phrases: Sequence[Token]) -> None:
        """All clauses."""
        raise NotImplementedError
