"""Code of a net, as its layers and branches in the notation.

Classes, functions and loops are followed without being run (:mod:`paribus.theory.layers.python`): a value is the chain
of layers behind it. Where chains meet in a sum or a concatenation, the layers that both begin with stand before the
bracket, and what each has alone is a branch: ``id`` if that is nothing.
"""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections import ChainMap
from dataclasses import dataclass
from typing import Any

from paribus.errors import TheoryError
from paribus.theory.layers.calls import GIVEN, RUNS, Calls, Net
from paribus.theory.layers.layer import Shape
from paribus.theory.layers.python import Result
from paribus.theory.layers.spellings import kind_of
from paribus.theory.layers.steps import FREE, flat
from paribus.theory.layers.values import (
    HINT,
    Chain,
    Class,
    Function,
    Instance,
    Made,
    Row,
    Scope,
    Signal,
    words,
)

LAST = re.compile(  # whose channels come last
    r"\b(?:flax|linen|nnx|hk|haiku|keras|tensorflow|tf|stax)\b|\b(?:Dense|(?:Depthwise)?Conv[123]D|concatenate|Concatenate)\("
)


@dataclass(frozen=True)
class Followed:
    """A net in the notation, the input that its code names, channels first, and what to say about it."""

    text: str
    input: Shape = ()
    said: tuple[str, ...] = ()


def followed(text: str, inputs: int = 1, *, alone: bool = False) -> Followed | None:
    """The net of a piece of code; None where the text is no code that does more than name layers.

    Args:
        text: perhaps code.
        inputs: how many tensors go in.
        alone: also a row of layers that stands by itself, which the notation reads as well.

    Raises:
        TheoryError: code that does more than feed layers into each other.
    """
    plain = textwrap.dedent(re.sub(r"\b(\d+)x(\d+)\b", r"(\1, \2)", text)).strip()
    if re.match(r"self\.\w+ = ", plain) and re.search(r"\n[ \t]+def ", plain) and "\ndef " not in plain:
        plain = _headless(plain)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a stranger's text
            tree = _with_class(ast.parse(plain))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    code = Code(inputs=inputs, last=bool(LAST.search(text)) and "channels=" not in text)
    try:
        chain = code.net(tree, alone)
    except RecursionError:
        return None
    if chain is None:
        return None
    idle = [made.name for made in code.mades if not made.used and kind_of(made.base) and kind_of(made.base) not in FREE]
    if idle:
        code.said.append(f"made and not used, so not counted: {', '.join(idle[:4])}{' …' if len(idle) > 4 else ''}")
    return Followed(words(chain), code.input, ("code is followed from line to line, and not run", *code.said))


def _with_class(tree: ast.Module) -> ast.Module:
    """Methods without their class, as a class."""
    if {"__init__", "forward"} <= {line.name for line in tree.body if isinstance(line, ast.FunctionDef)}:
        methods = [line for line in tree.body if isinstance(line, ast.FunctionDef)]
        net = ast.ClassDef("Net", [ast.Name("Module", ast.Load())], [], list(methods), [])
        others = [line for line in tree.body if not isinstance(line, ast.FunctionDef)]
        tree.body = [ast.fix_missing_locations(ast.copy_location(net, methods[0])), *others]
    return tree


def _headless(body: str) -> str:
    """The body of a class without its first lines, as a class; its own first line may have lost its indentation."""
    first, *rest = body.splitlines()
    rest = textwrap.dedent("\n".join(rest)).splitlines()
    if not rest[0].startswith(" "):
        return body
    lines = ["def __init__(self):", f"    {first}", *rest]
    return "\n".join(["class Net(nn.Module):", *(f"    {line}" for line in lines)])


@dataclass
class Code(Calls):
    """Finds the net that a text is about."""

    def net(self, tree: ast.Module, alone: bool) -> Chain | None:
        """The net that a text is about: the last value, or net, or class, or function of it."""
        scope: Scope = ChainMap({"self": Instance(None)})
        lines = [inner for line in tree.body for inner in (line.body if isinstance(line, ast.With) else [line])]
        plain = {ast.unparse(target) for line in lines if isinstance(line, ast.Assign) for target in line.targets}
        lines.sort(key=lambda line: _order(line, plain))
        nets: list[Any] = []
        several = (
            alone or len(lines) > 1 or not all(isinstance(line, ast.Expr) and not _sent(line.value) for line in lines)
        )
        for line in lines:
            made = self.top(line, scope)
            if isinstance(made, Signal) and made.chain:
                self.flow = made
            elif isinstance(made, Net | Instance) or (isinstance(made, Row) and made.layers and several):
                nets.append(made)
        if self.flow is not None:
            return self.flow.chain
        nets = [one for one in nets if not getattr(one, "used", False)] or nets
        rows = [one for one in scope.values() if isinstance(one, Row) and one.layers and several]
        held = [one for row in rows for one in row.layers]
        rows = [row for row in dict.fromkeys([*nets, *rows]) if isinstance(row, Row) and row not in held]
        if nets and not isinstance(nets[-1], Row):
            return self.run(nets[-1], tree)
        if rows:
            self.said += ["rows of layers that no line joins are taken one after the other"] * (len(rows) > 1)
            return self.run(Row(rows), tree)
        parts = [one for one in scope.values() if isinstance(one, Class | Function)]
        lists = [one for one in scope.values() if isinstance(one, list) and len(one) > 1 and _layers(one)]
        if len(lists) == 1 and not parts:
            return self.run(Row(lists[0]), tree)
        free = [one for one in parts if not (isinstance(one, Class) and one.used)]
        return self.alone(free, parts, scope, tree)

    def top(self, line: ast.stmt, scope: Scope) -> Any:
        """What a statement at the top makes."""
        if isinstance(line, ast.Expr):
            found = self.value(line.value, scope)
            if isinstance(found, Signal) and isinstance(line.value, ast.Call):
                scope |= dict.fromkeys(GIVEN & scope.keys(), found)  # one layer a line
            return found if isinstance(found, Signal | Net | Row | Instance) else None
        result = self.body([line], scope)
        if isinstance(result, Result):
            return result.value
        if isinstance(line, ast.Assign | ast.AugAssign | ast.For | ast.With):
            target = line.targets[0] if isinstance(line, ast.Assign) else getattr(line, "target", None)
            if isinstance(line, ast.For | ast.With):
                return next((scope[name] for name in ("x", "net", "h") if isinstance(scope.get(name), Signal)), None)
            if isinstance(target, ast.Tuple):
                target = target.elts[0]
            return self.value(target, scope) if isinstance(target, ast.Name) else None
        return None

    def alone(self, free: list[Any], parts: list[Any], scope: Scope, tree: ast.Module) -> Chain | None:
        """The last class or function that no other uses."""
        runs = [one for one in parts if isinstance(one, Function) and one.node.name in RUNS]  # type: ignore[union-attr]
        if runs:
            return self.run(Instance(None, {"self": scope["self"], "forward": runs[-1]}), tree)
        free = free or [one for one in parts if isinstance(one, Class)]
        names = {node.id for part in free for node in ast.walk(part.node) if isinstance(node, ast.Name)}
        kinds = [one for one in free if isinstance(one, Class) and any(name in one.methods for name in RUNS)]
        kinds = [one for one in kinds if one.node.name not in names] or kinds
        if len(kinds) > 1:
            several = ", ".join(one.node.name for one in kinds)
            raise TheoryError("the text has several nets, and no line says which", got=several, hint="keep one of them")
        if kinds:
            return self.run(self.instance(kinds[-1], (), {}, kinds[-1].node), tree)
        if not parts and (mades := _loose([*scope.values(), *scope["self"].parts.values()])):
            if all(isinstance(line, ast.Assign | ast.AugAssign) for line in tree.body) and any(
                isinstance(made, Row) or made.args or made.named for made in mades
            ):
                self.said.append("the layers are taken in the order in which they are made")
                return self.run(Row(mades), tree)
            return None
        makes = [one for one in free if isinstance(one, Function) and one.node.name not in names]  # type: ignore[union-attr]
        if not makes:
            return None
        spec = makes[-1].node.args.args
        given = tuple(Signal(()) for argument in spec[:1] if argument.arg in GIVEN)
        made = self.applied(makes[-1], given, {}, makes[-1].node)
        made = made[0] if isinstance(made, tuple) and made else made
        return self.run(made, tree) if isinstance(made, Net | Row | Instance | Signal) else None

    def run(self, made: Any, node: ast.AST) -> Chain:
        """What a net gives for its inputs."""
        if isinstance(made, Net | Signal):
            return made.chain
        given = [Signal(()), *(Signal(self.behind((), f"input {n}").chain) for n in range(2, self.inputs + 1))]
        found = self.meant(made, tuple(given * 3 if _looks(made) else given), {}, node)
        if isinstance(found, tuple | list | dict):
            values = [*(found.values() if isinstance(found, dict) else found)]
            several = [one for one in values if isinstance(one, Signal)]
            if len(several) < len(values):
                self.said.append("of what comes out, states and what is no value of a layer are left out")
            found = self.results(several) if several else None
        if not isinstance(found, Signal) or not found.chain or found.pixels:
            raise TheoryError("this code gives no value that is known", got=type(made).__name__.lower(), hint=HINT)
        return found.chain


def _looks(made: Any) -> bool:
    """Whether a module takes queries, keys and values, which are one value where it runs by itself."""
    run = made.kind.methods.get("forward") if isinstance(made, Instance) and made.kind else None
    return run is not None and [one.arg[0].lower() for one in run.args.args[1:4]] == ["q", "k", "v"]


def _layers(values: list[Any]) -> bool:
    """Whether all that a list holds are layers."""
    return all(isinstance(one, Made | Row) for one in values)


def _loose(values: list[Any]) -> list[Any]:
    """Layers and rows that nothing else holds."""
    found = [one for one in values if isinstance(one, Made | Row)]
    inside = [
        inner
        for one in found
        for inner in (flat((*one.args, *one.named.values())) if isinstance(one, Made) else one.layers)
    ]
    return [one for one in found if one not in inside]


def _order(line: ast.stmt, plain: set[str]) -> int:
    """Imports, classes and functions first, then the parts of a net, then what is done with them."""
    if isinstance(line, ast.Import | ast.ImportFrom | ast.ClassDef | ast.FunctionDef):
        return 0
    parts = isinstance(line, ast.Assign) and ast.unparse(line.targets[0]).startswith("self.")
    names = {node.id for node in ast.walk(line) if isinstance(node, ast.Name)} if parts else set[str]()
    parts = parts and not names & plain
    return 1 if parts or (isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant)) else 2


def _sent(node: ast.expr) -> bool:
    """Whether a net is sent somewhere as soon as it is made: ``Sequential(…).to("cuda")``."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Call)
