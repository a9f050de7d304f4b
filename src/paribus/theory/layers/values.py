"""What names in the code of a net stand for: values that flow, layers, rows of them, and what the code leaves open."""

from __future__ import annotations

import ast
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from paribus.errors import TheoryError
from paribus.theory.layers.spellings import PASSED

PLAIN = (int, float, str, bool, type(None))
Chain = tuple[tuple[frozenset[int], str], ...]  # layers, each with a number of its own; a bracket with all it holds
Scope = ChainMap[str, Any]
MOST = 20_000  # steps of code, and parts of its texts and lists
HINT = "give the module itself, which is followed as it runs: --plugin FILE.py NAME"


@dataclass(frozen=True)
class Signal:
    """A value of the net: the layers behind it, and the last states where a recurrent layer came last.

    ``heads`` is how many share its features, where a view has set them apart; ``pixels`` whether the channels of each
    pixel stand last, where a permutation has put them there.
    """

    chain: Chain
    state: State | None = None
    heads: int = 0
    pixels: bool = False


@dataclass(frozen=True)
class State:
    """The last states of a recurrent layer; ``half`` is that of one direction of two."""

    chain: Chain
    both: bool
    half: bool = False


@dataclass(eq=False)
class Made:
    """A layer as it was called, not yet applied."""

    name: str
    args: tuple[Any, ...] = ()
    named: dict[str, Any] = field(default_factory=dict)
    used: bool = False

    @property
    def base(self) -> str:
        """The class without the modules before it."""
        return self.name.rpartition(".")[2]

    def __str__(self) -> str:
        """As a call whose arguments are numbers and words."""
        pieces = [_argument(value) for value in self.args]
        said = {key: value for key, value in self.named.items() if key not in PASSED or isinstance(value, PLAIN)}
        pieces += [f"{key}={_argument(value)}" for key, value in said.items()]
        return f"{self.name}({', '.join(pieces)})"


@dataclass(eq=False)
class Row:
    """Layers one after the other."""

    layers: list[Any]


@dataclass(frozen=True)
class Name:
    """A name that the text itself does not explain: ``nn.Conv2d``."""

    path: str

    @property
    def base(self) -> str:
        """What stands behind the last dot."""
        return self.path.rpartition(".")[2]


@dataclass(frozen=True)
class Unsaid:
    """What the code does not say, by its source."""

    source: str


@dataclass(frozen=True)
class Alike(Unsaid):
    """A tensor as large as a value of the net, in which nothing is trained: noise, ones."""


@dataclass(frozen=True)
class Bound:
    """A method of a value of Python or of the net."""

    owner: Any
    name: str


@dataclass(eq=False)
class Function:
    """A function of the text, with the names around it and perhaps the instance that it belongs to."""

    node: ast.FunctionDef | ast.Lambda
    scope: Scope
    owner: Instance | None = None


@dataclass(eq=False)
class Class:
    """A class of the text."""

    node: ast.ClassDef
    scope: Scope
    used: bool = False

    @property
    def bases(self) -> list[str]:
        """What it derives from, without modules."""
        return [ast.unparse(base).rpartition(".")[2] for base in self.node.bases]

    @property
    def methods(self) -> dict[str, ast.FunctionDef]:
        """Its functions, those of its bases in the text too."""
        found: dict[str, ast.FunctionDef] = {}
        for base in self.bases:
            if isinstance(other := self.scope.get(base), Class) and other is not self:
                found |= other.methods
        return found | {part.name: part for part in self.node.body if isinstance(part, ast.FunctionDef)}

    @property
    def fields(self) -> dict[str, ast.expr | None]:
        """Names that its body gives values or types: the arguments of a class without a constructor."""
        found: dict[str, ast.expr | None] = {}
        for part in self.node.body:
            if isinstance(part, ast.AnnAssign):
                found[ast.unparse(part.target)] = part.value
            elif isinstance(part, ast.Assign):
                found[ast.unparse(part.targets[0])] = part.value
        return found


@dataclass(eq=False)
class Instance:
    """A module of the text, made."""

    kind: Class | None
    parts: dict[str, Any] = field(default_factory=dict)
    row: list[Any] = field(default_factory=list)  # what it holds as a Sequential
    used: bool = False


def _argument(value: Any) -> str:
    """A value as a word in a call."""
    if isinstance(value, Made):
        return value.name if not value.args and not value.named else str(value)
    if isinstance(value, Name):
        return value.path
    if isinstance(value, tuple | list):
        return f"({', '.join(map(_argument, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, PLAIN):
        return repr(value)
    raise unsaid(value)


def unsaid(value: Any) -> TheoryError:
    """A number that the code does not say."""
    name = value.source if isinstance(value, Unsaid) else type(value).__name__.lower()
    return TheoryError(
        "the code does not say a number that a layer needs",
        got=name,
        hint=f"put a line before it: {name} = …, or {HINT}",
    )


def behind(value: Chain, words: str, number: int) -> Chain:
    """A chain and one more layer, under its number."""
    return (*value, (frozenset([number]), words))


def joined(given: list[Chain], sign: str, number: int) -> Chain:
    """Chains that meet: what they share, then a bracket with what each has alone."""
    shared = 0
    while all(len(chain) > shared and chain[shared] == given[0][shared] for chain in given):
        shared += 1
    branches = [", ".join(words for _, words in chain[shared:]) or "id" for chain in given]
    held = [frozenset[int]().union(*(numbers for numbers, _ in chain[shared:])) for chain in given]
    if sum(map(len, held)) > len(frozenset[int]().union(*held)):
        rule = "a layer goes into two branches that meet again, and brackets cannot say so"
        raise TheoryError(rule, got=f" {sign} ".join(branches), hint=HINT)
    return (*given[0][:shared], (frozenset([number]).union(*held), f"[{f' {sign} '.join(branches)}]"))


def words(chain: Iterable[tuple[frozenset[int], str]]) -> str:
    """A chain in the notation."""
    return ", ".join(said for _, said in chain)


def opened(given: Iterable[Any], parts: Callable[[Any], Iterable[Any] | None]) -> Iterator[Any]:
    """What lists in lists hold, in their order; lists may hold each other more often than anybody can count.

    Args:
        given: where it begins.
        parts: what is in one of them; ``None`` for what is a thing itself.

    Raises:
        TheoryError: where there is too much.
    """
    waiting = [*given][::-1]
    for _ in range(MOST):
        if not waiting:
            return
        one = waiting.pop()
        if (inner := parts(one)) is None:
            yield one
        else:
            waiting += [*inner][::-1]
        if len(waiting) > MOST:
            break
    raise TheoryError(f"lists of code hold at most {MOST:,} things", got="more", hint=HINT)
