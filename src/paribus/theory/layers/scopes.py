"""Of which layers something is said: "after each convolution", "all convs are …", "between them"."""

from __future__ import annotations

from paribus.theory.layers.brackets import split
from paribus.theory.layers.gathered import Gathered, Scope
from paribus.theory.layers.kinds import ACTIVATIONS, CELLS, KINDS
from paribus.theory.layers.part import NORMS, WEIGHTED, Part, walk
from paribus.theory.layers.tokens import Token, Unread

WHERE = [
    "after",
    "each",
    "of",
    "first",
    "last",
    "second",
    "third",
    "layer",
    "block",
    "count",
    "number",
    "sum",
    "except",
    "head",
    "then",
]


class Scoped(Gathered):
    """Layers, of several of which something may be said at once."""

    def targets(self, scope: Scope) -> list[Part]:
        """The layers of a scope."""
        if scope.kind == "block":
            found = [one for one in self.parts if one.ends]
        elif scope.kind == "sum":
            if self.sum and self.parts[self.begin :]:
                self.meet([Token("sum")])
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
            elif scope.which == "each" and scope.inserted:  # conv 512, then convs with 256 and 128, each followed by …
                first = next((i for i, one in enumerate(self.parts) if found and one is found[0]), 0)
                while first and self.parts[first - 1].kind == found[0].kind and not self.parts[first - 1].behind:
                    first -= 1
                    found = [self.parts[first], *found]
        if scope.which == "between":
            return found[:-1]
        at = {"first": 0, "second": 1, "third": 2}.get(scope.which)
        if at is not None:
            return found[at : at + (scope.many if at == 0 else 1)]
        return found[-1:] if scope.which == "last" else found

    def scoped(self, phrases: list[Token]) -> tuple[Scope | None, list[Token]]:
        """Of which layers a piece speaks, and the rest of it."""
        roles = [one.role for one in phrases]
        if "between" in roles:
            at = roles.index("between")
            named = [one for one in phrases[at + 1 :] if one.role in ("head", "layer")]
            kind = "hidden" if any("hidden" in one.values for one in named) else ""
            before = phrases[:at]
            if any(one.which in WEIGHTED for one in before):
                return Scope("", "between"), self._behind(before)
            kind = kind or (
                "" if len(self.recent) > 1 and any(one.role in ("head", "set") for one in phrases) else "layer"
            )
            return Scope(kind, "between"), [one for one in phrases[:at] if one.role != "of"] or phrases[
                at + 1 + len(named) :
            ]
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
            while end < len(phrases) and phrases[end].role in WHERE:
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
                    follows = end < len(phrases) and phrases[end].role == "then"
                    end, inserted = end + follows, inserted or follows
                    break
            if role == "after" and kind in ("flatten", "gap", "") and not which:
                continue
            if role in ("first", "second", "third", "last") and (kind or not inserted) and at == 0 and not self.counted:
                continue  # the first layer has …
            valued = ("set", "number", "list")
            if role == "each" and end == at + 1 and at and phrases[at - 1].role in (*valued, "phi"):
                return self.scoped(phrases[:at] + phrases[end:])  # 64 filters each
            told = phrases[end] if end < len(phrases) else Token("")
            if (
                role == "each"
                and end == at + 1
                and at
                and (told.role in ("number", "list") or told.which in ("filters", "units"))
            ):
                return self.scoped(phrases[:at] + phrases[end:])
            before, behind = phrases[:at], phrases[end:]
            while before and not behind and before[-1].role in ("and", "of"):
                before = before[:-1]
            if before and behind and role == "each" and any(one.role == "head" for one in before):
                self.piece(before)
                before = []
            goes = inserted or which == "between" or (before and before[-1].role == "head")
            if before and not behind and goes and any(one.which in WEIGHTED for one in before):
                before = self._behind(before)
            if before and behind:
                return None, phrases
            if role == "last" and not kind and not inserted and any(one.role == "head" for one in before):
                continue
            if not kind and phrases[at].text in ("all", "alle", "throughout", "everywhere", "überall"):
                kind = "any"
            return Scope(kind, which or "each", many, inserted), behind or before
        return None, phrases

    def _behind(self, phrases: list[Token]) -> list[Token]:
        """What goes with layers that a piece has just named, which are put: of "four convs with 2x2 pools"."""
        last = max(i for i, one in enumerate(phrases) if one.which in WEIGHTED)
        depth, cut = 0, 0
        for at, one in enumerate(phrases):
            depth += (one.role == "open") - (one.role == "close")
            if not cut and at > last and not depth and one.role in ("phi", "head"):
                cut = at
        if cut and phrases[cut].which in ("pool", "avgpool") and phrases[cut - 1].role == "set":
            cut -= phrases[cut - 1].which == "size"
        cut = cut or max(
            (i for i, one in enumerate(phrases) if one.role in ("phi", "head") and one.which not in WEIGHTED), default=0
        )
        self.piece([one for i, one in enumerate(phrases[:cut]) if i < cut - 1 or one.role != "and"])
        return phrases[cut:]

    def apply_to(self, scope: Scope, phrases: list[Token], near: Token) -> None:
        """What is said of some layers: at once of those just named, at the end of those of a kind."""
        net = type(self)(loose=[])
        said = [one for one in phrases if one.role not in ("of", "between", "after")]
        pieces = split(said, ("and",))
        apart = any({one.role for one in piece} <= {"set", "and"} for piece in pieces)  # with relu and same padding
        for piece in pieces if apart else [said]:
            net.plain([one for one in piece if one.role != "and"] if apart else piece)
        self.heard(net)
        if not net.parts and not net.loose:
            raise Unread(near)
        if scope.kind in ("", "block", "sum", "one") and (scope.which != "between" or not scope.kind):
            targets = self.targets(scope)
            if not targets:
                raise Unread(near, "nothing it can be said of")
            self.attach(targets, net.parts, net.loose or [])
        else:
            self.later.append((scope, net.parts, net.loose or [], near))

    def finish(self, flat: bool = True) -> None:
        """Say of layers what was said of all of a kind, and see that each has what it needs."""
        for scope, parts, said, near in self.later:
            targets = self.targets(scope)
            if any(part.kind in ("pool", "avgpool") for part in parts):
                targets = [one for one in targets if one.kind != "linear"]
            if not targets:
                raise Unread(near, "nothing it can be said of")
            held = [
                one
                for one in targets
                if not any(part.kind in ACTIVATIONS for part in one.behind) and not self._active(one)
            ]
            self.attach(targets if not any(part.kind in ACTIVATIONS for part in parts) else held, parts, said)
        for part in walk(self.parts) if self.width else []:
            if part.kind == "conv":
                part.options.setdefault("out", self.width)
        cells = [one for one in walk(self.parts) if one.kind in CELLS]
        for part in (
            cells if any("steps" in one.options for one in cells) else []
        ):  # as Keras: the others give their last
            told = any(one.kind == "last" for part in self.parts for one in (part, *part.behind))
            if "steps" not in part.options and not told:
                part.behind.insert(0, Part("last"))
        for part in self.parts:
            part.settled()
            for one in walk([part]) if part.asks else []:  # a sum asks for sizes that agree
                kernel = one.options.get("kernel", "")
                if (
                    one.kind == "conv"
                    and kernel.isdigit()
                    and int(kernel) % 2
                    and not {"padding", "same", "stride"} & {*one.options}
                ):
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
            if part.whole or part.kind in (
                "flatten",
                "gap",
                "gmp",
                "last",
                "attention",
                "embedding",
                "transpose",
                *CELLS,
            ):
                return
            following = self.parts[at + 1].kind if at + 1 < len(self.parts) else ""
            if part.kind == "avgpool" and part.unsized and following in ("linear", "flatten"):
                raise Unread(None, "a mean over everything, or over windows of 2")
            if part.kind == "linear":
                windows = any(KINDS[one.kind].window for one in walk(self.parts[:at]))
                self.parts[at:at] = [Part("flatten")] if windows else []
                return

    def plain(self, phrases: list[Token]) -> None:
        """Layers with their attributes."""
        raise NotImplementedError

    def piece(self, phrases: list[Token]) -> None:
        """What stands between commas."""
        raise NotImplementedError

    def meet(self, phrases: list[Token]) -> None:
        """A sum with what goes in, or branches side by side."""
        raise NotImplementedError
