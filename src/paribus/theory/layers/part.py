"""A layer while words about it are read, and what of the words it can take."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field

from paribus.theory.layers.kinds import ACTIVATIONS, CELLS, DEFAULTS, KINDS
from paribus.theory.layers.tokens import Token, Unread

NORMS = ("bn", "ln", "gn", "instance")
WEIGHTED = ("conv", "deconv", "dw", "linear")
OUT = {"filters": ("conv", "deconv"), "units": ("linear", *CELLS), "classes": ("linear",), "width": ("linear", *CELLS),
       "features": ("linear", "conv", "deconv"), "kernel": ("linear", *CELLS)}  # fmt: skip
FEW = 4  # axes
MOST_KERNEL = 15  # a second number behind the filters that is larger is no kernel


@dataclass
class Part:
    """A layer, or branches that meet (``sign`` and ``branches``); ``behind`` is what goes with it."""

    kind: str
    options: dict[str, str] = field(default_factory=dict)
    behind: list[Part] = field(default_factory=list)
    role: str = ""  # hidden, output
    sign: str = ""
    branches: list[list[Part]] = field(default_factory=list)
    whole: str = ""  # a layer that the notation writes in words of its own
    asks: bool = False  # a sum whose branches are padded to agree
    unsized: bool = False  # a window that nobody sized
    ends: bool = False  # a block that is repeated ends here

    def copy(self) -> Part:
        """Another such layer."""
        return deepcopy(self)

    def give(self, token: Token, which: str, value: str) -> None:
        """Take what words say of this layer.

        Raises:
            Unread: it has no such option, or another value already.
        """
        if (name := self._name(which, value)) is None:
            raise Unread(token, f"{self.kind} takes no {which}")
        for one, held in name.items():
            if self.options.get(one, held) != held:
                raise Unread(token, f"{self.kind} has {one} {self.options[one]} already")
            self.options[one] = held

    def fits(self, which: str, value: str) -> bool:
        """Whether it can take that, and has nothing of the kind yet."""
        name = self._name(which, value)
        return name is not None and all(self.options.get(one, held) == held for one, held in name.items())

    def _name(self, which: str, value: str) -> dict[str, str] | None:
        """Its own options for what words say; None if it has none."""
        if self.sign:
            return None
        kind = KINDS[self.kind]
        known = {*kind.numbers, *kind.letters.values()}
        if which == "padding" and value in ("same", "valid"):
            if value == "same" and "same" not in kind.words:
                return None
            return (
                {}
                if value == "valid" and "padding" not in self.options
                else {"same": "same"}
                if value == "same"
                else None
            )
        if which == "bias":
            return {"bias": "nobias"} if "nobias" in kind.words else None
        if which in ("bi", "steps"):
            return {which: which} if self.kind in CELLS else None
        if self.kind in OUT.get(which, ()):
            return {"out": value} if value.isdigit() else None
        if self.kind == "embedding":
            sizes = value.split("x")
            if which in ("size", "kernel") and len(sizes) == 2:
                return {"words": sizes[0], "width": sizes[1]}
            which = {"units": "width", "kernel": "width", "features": "width"}.get(which, which)
        if self.kind == "dropout" and which in ("padding", "rate"):
            return {"rate": value} if value not in ("same", "valid") else None
        if which in ("rate", "slope") and self.kind in ("leaky_relu", "elu", "prelu", "softplus", "selu"):
            return {}
        if which == "rate" and kind.window and value.isdigit():
            which = "dilation"
        if (
            which == "size"
            and self.kind in ("conv", "deconv")
            and len(sizes := value.split("x")) == 3
            and len({*sizes}) > 1
        ):
            if sizes[0] == sizes[1]:
                return {"kernel": sizes[0], "out": sizes[2]}
            return {"out": sizes[0], "kernel": sizes[1]} if sizes[1] == sizes[2] else None
        if which == "size":
            which = next((one for one in ("kernel", "factor", "size", "shape") if one in known), "")
        sizes = value.split("x")
        value = sizes[0] if len({*sizes}) == 1 and which != "shape" else value
        return {which: value} if which in known else None

    def number(self, token: Token, value: str) -> None:
        """Take a bare number, by its place."""
        if self.kind == "flatten" and int(value) > FEW:
            return  # flattened to 784
        kind = KINDS[self.kind]
        order = [
            *kind.numbers,
            *(["kernel"] if self.kind in ("conv", "deconv", "dw") else ["heads"] * (self.kind == "attention")),
        ]
        free = [name for name in order if name not in self.options]
        if (
            not free
            or (free[0] == "kernel" and self.kind != "pool" and int(value) > MOST_KERNEL)
            or free[0] in ("rate", "axis")
        ):
            raise Unread(token, f"{self.kind} takes no other number")
        self.options[free[0]] = value

    def settled(self) -> Part:
        """It with what it needs.

        Raises:
            Unread: nothing says it.
        """
        for one in (*self.behind, *(part for branch in self.branches for part in branch)):
            one.settled()
        if self.sign:
            return self
        if self.kind in ("pool", "avgpool"):
            self.unsized = "kernel" not in self.options
            self.options.setdefault("kernel", "2")
        if self.kind == "up":
            self.options.setdefault("factor", "2")
        missing = [n for n in KINDS[self.kind].needs if n not in self.options and n not in DEFAULTS.get(self.kind, {})]
        if missing:
            raise Unread(None, f"{self.kind} needs {missing[0]}")
        return self

    def __str__(self) -> str:
        if self.whole:
            said = self.whole
        elif self.sign:
            said = f"[{f' {self.sign} '.join(', '.join(map(str, branch)) or 'id' for branch in self.branches)}]"
        else:
            kind = KINDS[self.kind]
            words = [self.kind, *(self.options[name] for name in kind.numbers if name in self.options)]
            words += [letter + self.options[name] for letter, name in kind.letters.items()
                      if name in self.options and name not in kind.numbers]  # fmt: skip
            said = " ".join([*words, *(self.options[name] for name in ("same", "bias", "bi") if name in self.options)])
        return ", ".join([said, *map(str, self.behind)])

    @property
    def style(self) -> bool:
        """Whether it says how another layer acts: an activation or a norm."""
        return self.kind in ACTIVATIONS or self.kind in NORMS


def walk(parts: list[Part]) -> list[Part]:
    """All layers with those in branches, in their order."""
    found = list[Part]()
    for part in parts:
        found += [one for branch in part.branches for one in walk(branch)] if part.sign else [part]
    return found
