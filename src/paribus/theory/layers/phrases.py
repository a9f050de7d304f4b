"""Tokens about nets as phrases: a number has found its noun, and a layer its whole name.

"32 and 64 filters", "stride of 2", "kernel sizes 1, 3 and 5", "a sigmoid output unit", "RGB images of 32x32".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from paribus.theory.layers.kinds import CELLS
from paribus.theory.layers.tokens import Token, Unread

VALUES = ("number", "size", "rate", "list", "same", "valid")


@dataclass
class Phrases:
    """Tokens to phrases: each number with its noun, each layer with what it is called."""

    given: Sequence[Token]
    at: int = 0
    done: list[Token] = field(default_factory=list)

    def role(self, ahead: int = 0) -> str:
        """What the token so far ahead is for."""
        return self.given[self.at + ahead].role if self.at + ahead < len(self.given) else ""

    def read(self) -> list[Token]:
        """All phrases."""
        while self.at < len(self.given):
            token = self.given[self.at]
            if token.role == "except" and self.role(1) == "no":  # but without padding
                self.at += 1
                continue
            for rule in (self._numbered, self._dropped, self._optioned, self._summed, self._adjective):
                if rule(token):
                    break
            else:
                self.done.append(token)
                self.at += 1
        return self.done

    def list(self, at: int) -> tuple[tuple[str, ...], int]:
        """The numbers of a list that begins somewhere, and where it ends: 32, 64 and 128."""
        values, joints, end = [self.given[at].values[0]], list[str](), at + 1
        while end < len(self.given):
            signs = list[str]()
            ahead = end
            while (
                ahead < len(self.given)
                and self.given[ahead].role in ("comma", "and", "slash", "then")
                and len(signs) < 2
            ):
                then = self.given[ahead].role == "then" and self.given[ahead].which not in ("|", "then")
                if then or (self.given[ahead].which == "then" and self._role(ahead + 1) != "number"):
                    signs = ["", "", ""]
                    break
                if self.given[ahead].text in ("+"):
                    signs = ["", "", ""]
                    break
                worded = self.given[ahead].which == "then" and self._role(ahead + 1) == "number"
                signs.append("and" if worded else self.given[ahead].role)
                ahead += 1
            if not signs or len(signs) > 2 or ahead >= len(self.given) or self.given[ahead].role != "number":
                break
            joints += signs
            values.append(self.given[ahead].values[0])
            end = ahead + 1
        of = self.given[at - 2] if at > 1 and self.given[at - 1].role == "open" else Token("")
        enclosed = (of.several or of.role in ("layer", "hidden")) and self._role(end) in ("close", "then")
        enclosed = enclosed or (bool(of.role) and self._role(end) == "unit" and self.given[end].several)
        loose = len(values) == 2 and joints == ["comma"] and not enclosed
        return (tuple(values[:1]), at + 1) if loose else (tuple(values), end)

    def _numbered(self, token: Token) -> bool:
        """``32 and 64 filters``, ``300 and 100 ReLU units``, ``3x3 kernel``, ``one sigmoid output``, ``120, 84``."""
        if token.role == "article":
            ahead = self.at + 1
            while self._role(ahead) in ("phi", "hidden") or (
                self._role(ahead) == "head" and self.given[ahead].which == "linear"
            ):
                ahead += 1
            named = self._role(ahead + 1) in ("layer", "head", "number", "count", "unit") or (
                self._role(ahead + 1) == "of" and self._role(ahead + 2) in ("number", "count")  # an output of 2
            )
            single = self._role(ahead) == "unit" and not self.given[ahead].several
            if not single and (self._role(ahead) != "output" or named):
                self.at += 1
                return True
            token = replace(token, role="count")
        if token.role not in ("number", "count", "size", "rate"):
            return False
        values, end = self.list(self.at) if token.role == "number" else (token.values, self.at + 1)
        between, ahead = list[Token](), end
        while ahead < len(self.given) and len(between) < 4 and (
            self.given[ahead].role in ("phi", "size", "hidden", "output", "of", "each")
            or (self.given[ahead].which == "attention" and self._role(ahead + 1) == "unit")
            or (self.given[ahead].role == "head" and self.given[ahead].which == "linear" and token.role != "size")
        ):  # fmt: skip
            between.append(self.given[ahead])
            ahead += 1
        noun = self.given[ahead] if ahead < len(self.given) else Token("")
        if (
            noun.role == "option"
            and noun.several
            and noun.text.startswith(("kernel", "noyau"))
            and token.role != "size"
        ):
            noun = Token("unit", "filters", noun.text, several=True)
        if token.role == "size" and not between and noun.role == "unit" and noun.which == "filters":
            self.at = ahead + 1
            self._put("set", "size", token, ("x".join(values),))
            return True
        if token.role in ("number", "count") and any(one.role == "of" for one in between):
            noun = Token("")
        if between and between[-1].role == "output" and noun.role not in ("unit",):
            if token.role == "count" and noun.role == "layer":
                noun = Token("")
            elif noun.role != "layer" or len(values) > 1:
                noun, ahead = Token("unit", "units"), ahead - 1
                between = between[:-1]
        if (
            values == ("1",)
            and between
            and between[0].role == "output"
            and noun.role not in ("unit", "layer", "option")
        ):
            self.at = end + 1  # and one output with sigmoid
            self._put("set", "units", token, values)
            return True
        if token.role == "size" and (pictured := self._pictured(end)):
            self.at, colour = pictured
            self._put("input", "", token, (*colour, *values))
            return True
        if (noun.role, noun.which) == ("option", "width") and self._role(ahead + 1) == "input":
            self.at = ahead + 2  # a 100-dim noise vector
            self._put("input", "", token, values)
            return True
        if noun.role == "input" and values == ("1",) and self._role(ahead + 1) == "layer":
            self.at = ahead + 2
            return True
        if noun.role == "input" or (noun.role == "of" and self._role(ahead + 1) == "input"):
            self.at = ahead + 1
            self._put("input", "", token, values)
            while self.role() in ("unit",):
                self.at += 1
            return True
        if token.role == "size" and len(values) == 2 and noun.role == "unit" and noun.which == "units":
            self.at = ahead + 1
            self._put("count", "", token, values[:1])
            self._put("head", "linear", token, ("hidden",))
            self._put("set", "units", token, values[1:])
            return True
        if (noun.role == "unit" and token.role in ("number", "count") and noun.which != "heads") or (
            noun.role == "unit" and noun.which == "heads" and (token.role == "number" or values != ("1",))
        ):  # fmt: skip
            self.at = ahead + 1
            if noun.which in ("filters", "features") and self.role() == "unit":
                noun = self.given[self.at] if noun.which == "features" else noun
                self.at += 1
            self._put("set", noun.which, token, values)
            for one in between:
                if one.role == "size":
                    self._put("set", "size", one, ("x".join(one.values),))
                elif one.role in ("phi", "each"):
                    self.done.append(one)
            return True
        if not between and noun.role == "option" and noun.which != "slope" and not self._valued(self._past(ahead + 1)):
            self.at = ahead + 1
            self._put("set", noun.which, token, ("x".join(values),) if token.role == "size" else values)
            if self.role() == "option" and self.given[self.at].text in ("size", "größe", "window", "windows", "width"):
                self.at += 1
            return True
        told = (
            noun.role == "layer" and self._role(ahead + 1) in ("number", "colon") and not between and len(values) == 1
        )
        if told and self.done and self.done[-1].which in CELLS:  # lstm 64 layers 2
            self.at = end
            self._put("number", "", token, values)
            return True
        if token.role in ("number", "count") and noun.role == "layer" and not between and len(values) == 1:
            behind = [one.which for one in self.given[ahead + 1 : ahead + 3] if one.role in ("head", "bi")]
            before = [one.which for one in self.done if one.role in ("head", "phi")][-1:]
            if {*behind} & {*CELLS} or (before and before[0] in CELLS and self._role(ahead + 1) != "of"):
                self.at = ahead + 1
                self._put("set", "layers", token, values)
                return True
            if self._role(ahead + 1) == "net" and self._role(ahead + 2) in ("colon", "chain"):
                self.at = ahead + 1
                return True
            chain = next((one for one in self.given[ahead : ahead + 4] if one.role == "chain"), None)
            if chain and int(values[0]) in (len(chain.values), len(chain.values) - 1):
                self.at = ahead + 1
                return True
            if self._role(ahead + 1) == "transformer":
                self.at = ahead + 1
                self._put("set", "layers", token, values)
                return True
            if not noun.several:
                raise Unread(token, "a number of layers")
            self._put("count", "", token, values)
            self.at = end
            return True
        if token.role == "number" and (len(values) > 1 or noun.role != "layer"):
            self.at = end
            self._put("list" if len(values) > 1 else "number", "", token, values)
            return True
        if token.role in ("size", "rate"):
            self.at = end
            self._put("set", token.role, token, values if token.role == "rate" else ("x".join(values),))
            return True
        article = self.given[self.at].role == "article"
        self.at += article
        return article

    def _pictured(self, at: int) -> tuple[int, tuple[str, ...]] | None:
        """Where words about a picture of some size end, and its channels: 64x64 RGB images."""
        start, colour = at, tuple[str, ...]()
        while self._role(at) in ("colour", "input", "image", "unit"):
            colour = (self.given[at].which[-1],) if self._role(at) == "colour" else colour
            at += 1
        told = any(one.role in ("image", "input") for one in self.given[start:at])
        return (at, colour) if told else None

    def _optioned(self, token: Token) -> bool:
        """``stride 2``, ``kernel size of 5``, ``hidden size = 128``, ``vocabulary of 5000``, ``filters: 32``."""
        if token.role == "bi" or token.role not in (
            "option",
            "unit",
            "same",
            "valid",
            "no",
            "input",
            "image",
            "colour",
        ):
            return False
        ahead = self.at + 1
        before = self.done[-1].role if self.done else ""
        if token.role == "same" and (
            self.role(1) in ("again", "block", "layer", "except")
            or (before in ("", "then", "stop", "colon") and self.role(1) == "unit")
            or (before in ("", "then", "stop", "comma", "and", "colon") and self.role(1) == "number")
        ):
            self.at += 1 + (self.role(1) == "except")
            self._put("again", "again", token, ())
            return True
        if token.role in ("same", "valid"):
            self.at += 1 + (self.role(1) == "option" and self.given[self.at + 1].which == "padding")
            self._put("set", "padding", token, (token.role,))
            return True
        if token.role == "no":
            while self._role(ahead) in ("each", "article", "layer") or (
                self._role(ahead) == "head" and {self._role(ahead + 1), self._role(ahead + 2)} & {"bias"}
            ):
                ahead += 1
            follows = self.given[ahead] if ahead < len(self.given) else Token("")
            if follows.role == "bias" or token.text in ("unbiased", "nobias"):
                told = [one for one in self.given[self.at : ahead] if one.role == "head"]
                self.at = ahead + (follows.role == "bias")
                self._put("set", "bias", token, ("nobias",))
                self.done += [replace(one, several=True) for one in told]  # no conv has a bias
                return True
            if follows.role == "act":
                self.at = ahead + 1
                return True
            if (follows.role, follows.which) == ("option", "padding"):
                self.at = ahead + 1
                self._put("set", "padding", token, ("valid",))
                return True
            raise Unread(token)
        if token.role in ("input", "image", "colour"):
            return self._fed(token)
        which = token.which
        if token.text in ("dilated", "atrous") and self.role(1) in ("head", "size", "number"):
            if not any(
                one.role == "option" and one.which in ("rate", "dilation")
                for one in self.given[self.at + 1 : self.at + 12]
            ):
                raise Unread(token, "how far it is dilated")
            self.at += 1
            return True
        if token.role == "unit" and which == "words" and self._role(ahead) == "option":
            ahead += 1
        while self._role(ahead) == "option" and self.given[ahead].which in ("kernel", "width", "rate"):
            which = self.given[ahead].which if which in ("units", "features") else which
            ahead += 1
        while self._role(ahead) in ("colon", "of", "slash"):
            ahead += 1
        if ahead < len(self.given) and self._valued(ahead):
            value = self.given[ahead]
            values, end = self.list(ahead) if value.role == "number" else (value.values, ahead + 1)
            if len(values) > 1 and token.role == "option" and which not in ("kernel", "dilation", "width"):
                values, end = values[:1], ahead + 1
            if (
                self._role(end) in ("unit", "option")
                and len(values) == 1
                and token.role == "unit"
                and value.role == "number"
            ):
                return False
            if self._role(end) in ("unit", "layer") and len(values) > 1 and token.role == "option":
                values, end = values[:1], ahead + 1
            counted = value.role == "number" and self._role(end) == "unit"
            if token.role == "option" and counted and self._role(ahead - 1) not in ("colon", "of"):
                raise Unread(value)
            values = ("x".join(values),) if value.role == "size" else values or (value.role,)
            self.at = end
            self._put("set", which, token, values)
            if which in ("kernel", "width") and self.role() == "option" and self.given[self.at].which == which:
                self.at += 1
            return True
        if (
            token.role == "option"
            and token.which in ("width", "kernel")
            and token.text in ("size", "d", "dimension", "dim")
        ):
            raise Unread(token)
        return False

    def _fed(self, token: Token) -> bool:
        """``input: 784 features``, ``RGB images of 32x32``: what goes in."""
        at, colour = self.at, tuple[str, ...]()
        while self._role(at) in ("colon", "of", "input", "image", "colour", "option", "layer", "open"):
            colour = (self.given[at].which[-1],) if self._role(at) == "colour" else colour
            at += 1
        if self._role(at) not in ("number", "size"):
            return False
        value = self.given[at]
        more, end = self.list(at) if value.role == "number" else (value.values, at + 1)
        depth = sum((one.role == "open") - (one.role == "close") for one in self.given[self.at : end])
        whole = depth or value.role == "size" or len(more) == 3
        more, end = (
            (more, end + (1 if depth and self._role(end) == "close" else 0)) if whole else (value.values, at + 1)
        )
        if depth and self._role(end - 1) != "close":
            return False
        while self._role(end) in ("unit", "image", "colour", "option"):
            colour = (self.given[end].which[-1],) if self._role(end) == "colour" else colour
            end += 1
        self.at = end
        self._put("input", "", token, (*colour, *more))
        return True

    def _dropped(self, token: Token) -> bool:
        """Words for a net as a whole, and nouns that nothing counts: "the feature map"."""
        valued = self._valued(self._past(self.at + 1)) or self.role(1) == "option"
        told = self.done[-1] if self.done else Token("")
        if token.role == "unit" and not valued and (told.role == "pair" or told.which == "out"):
            self.at += 1  # 1024 -> 43 logits
            return True
        if token.role == "unit" and token.text in ("map", "maps", "feature", "features", "channels") and not valued:
            self.at += 1
            return True
        if token.role == "option" and token.which == "inner" and self.role(1) == "net":
            self.at += 2
            return True
        return False

    def _summed(self, token: Token) -> bool:
        """``+ x``, ``+ identity``: a sum with what goes in."""
        follows = self.given[self.at + 1] if self.at + 1 < len(self.given) else Token("")
        if token.text == "+" and (follows.role in ("skip", "input") or follows.text == "x" or follows.which == "id"):
            self.at += 2
            self._put("sum", "sum", token, ())
            return True
        return False

    def _adjective(self, token: Token) -> bool:
        """``hidden layer``, ``output layer:``, ``conv layers``: the layer that is meant; ``hidden size`` its option."""
        if token.role in ("hidden", "output"):
            follows = self.given[self.at + 1] if self.at + 1 < len(self.given) else Token("")
            if token.text == "out" and follows.text == "=" and self._role(self.at + 2) == "number":
                self._put("set", "out", token, self.given[self.at + 2].values)
                self.at += 3
                return True
            cell = any(one.which in CELLS for one in self.done[-5:])
            if (
                token.role == "hidden"
                and follows.role == "option"
                and follows.which in ("width", "kernel")
                and not cell
            ):
                ahead = self._past(self.at + 2)
                if self._role(ahead) == "number":
                    values, self.at = self.list(ahead)
                    self._put("head", "linear", token, (token.role,))
                    self._put("set", "units", token, values)
                    return True
            if token.role == "output" and follows.role == "option" and follows.which in ("width", "kernel"):
                self.at = self._past(self.at + 2)
                if self.role() != "number":
                    raise Unread(follows)
                self._put("head", "linear", token, (token.role,))
                self._put("set", "units", token, self.given[self.at].values)
                self.at += 1
                return True
            if follows.role in ("unit", "option") and follows.which != "padding":
                self.at += 1
                if (
                    follows.role == "unit"
                    and not self._valued(self.at + 1)
                    and self._role(self.at + 1) not in ("colon", "of")
                ):
                    self._put("head", "linear", token, (token.role,))
                    if not follows.several and token.role == "output":
                        self._put("set", "units", token, ("1",))
                    self.at += 1
                return True
            if follows.role == "option" and token.role == "output":
                self.at += 2
                if not self._valued(self.at):
                    raise Unread(follows)
                self._put("set", "extra", token, self.given[self.at].values)
                self.at += 1
                return True
            if follows.role == "head":
                self.at += 1
                return True
            opened = self.done and self.done[-1].role == "open" and len(self.done) > 1 and self.done[-2].role == "head"
            ahead = self.at + 1 + (follows.text == "=")
            if token.role == "hidden" and (follows.text == "=" or opened) and self._role(ahead) == "number":
                self._put("set", "units", token, self.given[ahead].values)
                self.at = ahead + 1
                return True
            several = follows.several if follows.role == "layer" else token.text.endswith("s")
            self.at += 1 + (follows.role == "layer")
            self.done.append(replace(token, role="head", which="linear", values=(token.role,), several=several))
            return True
        if token.role == "chain" and self.role(1) == "unit" and not (self.done and self.done[-1].role == "head"):
            self.at += 1 + (self.given[self.at + 1].which == "units")
            if self.given[self.at - 1].which == "units":
                self.done.append(token)  # 784-300-10 neurons
                return True
            self.at -= 1
        if token.role == "chain" and self.role(1) == "unit":
            self.at += 2
            self._put("set", self.given[self.at - 1].which, token, token.values)
            return True
        if token.role == "act" and self.role(1) == "colon":
            self.at += 2
            return True
        if token.role == "act" or (token.role == "again" and self.role(1) == "then"):
            self.at += 1
            return True
        if token.role == "net" or (token.role == "head" and self.role(1) == "net"):
            self.at += 1 + (token.role == "head")  # a fully connected network
            return True
        if (
            token.role == "layer"
            and any(one.which in CELLS for one in self.done[-4:])
            and self._role(self._past(self.at + 1)) == "number"
        ):
            self.at = self._past(self.at + 1) + 1
            self._put("set", "layers", token, self.given[self.at - 1].values)
            return True
        if token.role == "head" and self.role(1) == "layer":
            several = self.given[self.at + 1].several
            self.at += 2
            self.done.append(replace(token, several=several))
            return True
        return False

    def _past(self, at: int) -> int:
        while self._role(at) in ("colon", "of"):
            at += 1
        return at

    def _role(self, at: int) -> str:
        return self.given[at].role if at < len(self.given) else ""

    def _valued(self, at: int) -> bool:
        return self._role(at) in VALUES

    def _put(self, role: str, which: str, token: Token, values: Sequence[str]) -> None:
        self.done.append(Token(role, which, token.text, token.start, tuple(values)))
