"""A small part of Python, followed step by step: numbers, lists, loops, functions and classes of a net's code.

Nothing is run: a text has no names but its own, no imports, and so many steps. What it does not say, ``Unsaid``, may be
handed on but not decided by: a case that depends on it is refused.
"""

from __future__ import annotations

import ast
import math
import re
from collections import ChainMap
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from paribus.errors import TheoryError
from paribus.theory.layers.expressions import Expressions, beyond, bounded, shown
from paribus.theory.layers.values import (
    HINT,
    MOST,
    PLAIN,
    Bound,
    Class,
    Function,
    Instance,
    Name,
    Row,
    Scope,
    Signal,
    State,
    Unsaid,
)

DEEPEST = 30  # calls in calls
MADE_BY = ("__init__", "setup")
INITIAL = re.compile(r"\.(?:named_)?(?:modules|parameters)\(")  # what a loop freezes, or gives its first values
WORDS = 200  # characters of a text in which some are replaced
SIMPLE = re.compile(r"[^{}]*(?:\{\w*\}[^{}]*)*")  # a text that others are put into as they are
BUILTIN: dict[str, Callable[..., Any]] = {
    "len": len, "int": int, "float": float, "str": str, "bool": bool, "abs": abs, "round": round,
    "sum": sum, "max": max, "min": min, "sorted": sorted, "tuple": tuple, "list": list, "set": set, "dict": dict,
    "range": lambda *ends: list(range(*ends)), "zip": lambda *many: list(zip(*many, strict=False)),
    "enumerate": lambda many, start=0: list(enumerate(many, start)), "reversed": lambda many: list(many)[::-1],
    "prod": math.prod, "sqrt": math.sqrt, "ceil": math.ceil, "floor": math.floor, "log2": math.log2,
}  # fmt: skip
METHODS: dict[type, tuple[str, ...]] = {
    list: ("append", "extend", "insert", "pop", "copy", "index", "reverse"),
    dict: ("items", "keys", "values", "get", "update", "pop"),
    str: ("lower", "upper", "split", "strip", "format", "startswith", "endswith", "replace", "isdigit"),
}


@dataclass(frozen=True)
class Result:
    """What a function returns, or a loop's break and continue."""

    value: Any
    leaves: str = "return"


@dataclass
class Python(Expressions):
    """Goes through statements; what calls on a net's values mean is said by ``Code``."""

    depth: int = 0
    made: list[Any] = field(default_factory=list)  # nets that the text made, in their order

    def body(self, lines: list[ast.stmt], scope: Scope) -> Result | None:
        """Statements in their order, up to one that returns."""
        for line in lines:
            self.stepped(line)
            step = getattr(self, f"on_{type(line).__name__.lower()}", None)
            if step is None:
                raise beyond(line)
            if (found := step(line, scope)) is not None:
                return found  # type: ignore[no-any-return]
        return None

    def on_classdef(self, line: ast.ClassDef, scope: Scope) -> None:
        """A class, kept."""
        scope[line.name] = Class(line, scope)

    def on_functiondef(self, line: ast.FunctionDef, scope: Scope) -> None:
        """A function, kept."""
        scope[line.name] = Function(line, scope)

    def on_import(self, line: ast.Import, scope: Scope) -> None:
        """Names of modules, by their whole paths."""
        for alias in line.names:
            scope[alias.asname or alias.name.split(".")[0]] = Name(
                alias.name if alias.asname else alias.name.split(".")[0]
            )

    def on_importfrom(self, line: ast.ImportFrom, scope: Scope) -> None:
        """Names out of modules."""
        for alias in line.names:
            scope[alias.asname or alias.name] = Name(f"{line.module}.{alias.name}" if line.module else alias.name)

    def on_assign(self, line: ast.Assign, scope: Scope) -> None:
        """A value under one or several names."""
        value = self.value(line.value, scope)
        for target in line.targets:
            self.bind(target, value, scope)

    def on_annassign(self, line: ast.AnnAssign, scope: Scope) -> None:
        """A value under a name with a type."""
        if line.value is not None:
            self.bind(line.target, self.value(line.value, scope), scope)

    def on_augassign(self, line: ast.AugAssign, scope: Scope) -> None:
        """``x += y``."""
        both = self.operated(line.op, self.value(line.target, scope), self.value(line.value, scope), line)
        self.bind(line.target, both, scope)

    def on_expr(self, line: ast.Expr, scope: Scope) -> None:
        """What is done for its effect."""
        value, call = self.value(line.value, scope), line.value
        inside = isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr.endswith("_")
        if inside and isinstance(value, Signal) and isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            self.bind(call.func.value, value, scope)  # in place: x.squeeze_(-1)

    def on_return(self, line: ast.Return, scope: Scope) -> Result:
        """What a function gives."""
        return Result(None if line.value is None else self.value(line.value, scope))

    def on_for(self, line: ast.For, scope: Scope) -> Result | None:
        """A loop over what is known; over what is not, only numbers may change."""
        if INITIAL.search(ast.unparse(line.iter)):
            return None
        if isinstance(self.value(line.iter, scope), Unsaid) and (names := _counted(line)) is not None:
            scope |= {name: Unsaid(name) for name in names}
            return None
        for item in self.items(self.value(line.iter, scope), line):
            self.bind(line.target, item, scope)
            if (found := self.body(line.body, scope)) is not None:
                if found.leaves == "break":
                    return None
                if found.leaves == "return":
                    return found
        return self.body(line.orelse, scope)

    def on_if(self, line: ast.If, scope: Scope) -> Result | None:
        """The case that holds."""
        if "__main__" in ast.unparse(line.test):
            with suppress(TheoryError):  # it names the input, or trains
                self.body(line.body, scope)
            return None
        return self.body(line.body if self.truth(line.test, scope) else line.orelse, scope)

    def on_with(self, line: ast.With, scope: Scope) -> Result | None:
        """What stands under a context, which changes no figure."""
        return self.body(line.body, scope)

    def on_break(self, line: ast.Break, scope: Scope) -> Result:
        """The end of a loop."""
        return Result(None, "break")

    def on_continue(self, line: ast.Continue, scope: Scope) -> Result:
        """The next turn of a loop."""
        return Result(None, "continue")

    def on_pass(self, line: ast.stmt, scope: Scope) -> None:
        """Nothing."""

    on_assert = on_global = on_nonlocal = on_delete = on_pass

    def bind(self, target: ast.expr, value: Any, scope: Scope) -> None:
        """A value under a name, an attribute, an entry, or its parts under several."""
        if isinstance(target, ast.Name):
            scope[target.id] = value
        elif isinstance(target, ast.Attribute):
            owner = self.value(target.value, scope)
            if isinstance(owner, Instance):
                owner.row = [value if one is owner.parts.get(target.attr) else one for one in owner.row]
                owner.parts[target.attr] = value
        elif isinstance(target, ast.Subscript):
            owner, key = self.value(target.value, scope), self.value(target.slice, scope)
            owner = owner.layers if isinstance(owner, Row) and isinstance(key, int) else owner
            if isinstance(owner, list) and isinstance(key, int) and not -len(owner) <= key < len(owner):
                raise beyond(target)
            if isinstance(owner, list | dict) and isinstance(key, PLAIN):
                owner[key] = value  # type: ignore[index]
        elif isinstance(target, ast.Tuple | ast.List):
            self.unpacked(target.elts, value, scope, target)
        else:
            raise beyond(target)

    def unpacked(self, targets: list[ast.expr], value: Any, scope: Scope, line: ast.AST) -> None:
        """The parts of a value, each under its name."""
        if isinstance(value, Signal) and value.heads:  # queries, keys and values
            parts: list[Any] = [value] * len(targets)
        elif isinstance(value, Signal):  # a layer that gives several: the first is its output
            parts = [Signal(value.chain), value.state or Unsaid("a state")]
            parts += [Unsaid("a state")] * len(targets)
            parts = parts[: len(targets)]
        elif isinstance(value, Unsaid | Name):
            parts = [Unsaid(ast.unparse(target)) for target in targets]
        elif isinstance(value, State | Row):  # (h_n, c_n), (init, apply)
            parts = [value, *[Unsaid("the cell's state")] * (len(targets) - 1)]
        else:
            parts = self.items(value, line)
        if len(parts) != len(targets):
            raise beyond(line)
        for target, part in zip(targets, parts, strict=True):
            self.bind(target, part, scope)

    def part(self, owner: Instance, name: str) -> Any:
        """What an instance holds under a name."""
        if name in owner.parts:
            return owner.parts[name]
        if owner.kind is not None and name in owner.kind.methods:
            function = owner.kind.methods[name]
            marks = [ast.unparse(mark) for mark in function.decorator_list]
            bound = Function(function, owner.kind.scope, None if "staticmethod" in marks else owner)
            return self.call(bound, (), {}, function) if "property" in marks else bound
        if owner.kind is not None and owner.kind.fields.get(name) is not None:
            return self.value(owner.kind.fields[name], owner.kind.scope)  # type: ignore[arg-type]
        if name in ("training", "device", "dtype"):
            return Unsaid(f"self.{name}")
        return Bound(owner, name)

    def call(self, called: Any, args: tuple[Any, ...], named: dict[str, Any], node: ast.AST) -> Any:
        """What a call gives."""
        if isinstance(called, Function):
            return self.applied(called, args, named, node)
        if isinstance(called, Class):
            return self.instance(called, args, named, node)
        if isinstance(called, Name) and called.base in BUILTIN and not any(isinstance(one, Signal) for one in args):
            return self.builtin(called.base, args, named, node)
        if isinstance(called, Bound) and type(called.owner) in METHODS and called.name in METHODS[type(called.owner)]:
            if called.name == "format" and not SIMPLE.fullmatch(called.owner):
                return Unsaid(ast.unparse(node))  # widths, and parts of what is given
            if called.name == "replace" and max(map(len, (called.owner, *map(str, args)))) > WORDS:
                raise beyond(node)
            found = self.guarded(getattr(called.owner, called.name), args, named, node)
            bounded(called.owner, node)  # append, extend, update
            return list(found) if called.name in ("items", "keys", "values") else found
        return self.meant(called, args, named, node)

    def builtin(self, name: str, args: tuple[Any, ...], named: dict[str, Any], node: ast.AST) -> Any:
        """``range``, ``zip``, ``len`` …"""
        given = [self.items(one, node) if isinstance(one, Row | Instance) else one for one in args]
        if any(isinstance(one, Unsaid) for one in (*given, *named.values())):
            return Unsaid(ast.unparse(node))
        if name == "range" and any(isinstance(one, int) and abs(one) > MOST for one in given):
            raise beyond(node)
        if name == "sum" and given and any(isinstance(one, list | tuple) for one in self.items(given[0], node)):
            return self.summed(given[0], node)
        return self.guarded(BUILTIN[name], tuple(given), named, node)

    def summed(self, lists: Any, node: ast.AST) -> list[Any]:
        """Lists of layers, one behind the other: ``sum(blocks, [])``."""
        if not all(isinstance(one, list | tuple) for one in lists) or sum(map(len, lists)) > MOST:
            raise beyond(node)
        return [layer for one in lists for layer in one]

    def guarded(self, function: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any], node: ast.AST) -> Any:
        """A function of Python's own; what it cannot do is no step that is known."""
        try:
            return bounded(function(*args, **named), node)
        except (TypeError, ValueError, IndexError, KeyError, AttributeError, ArithmeticError):
            raise beyond(node) from None

    def applied(self, function: Function, args: tuple[Any, ...], named: dict[str, Any], node: ast.AST) -> Any:
        """What a function of the text gives."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise TheoryError(f"code is followed at most {DEEPEST} calls deep", got=shown(node), hint=HINT)
        scope = self.given(function, args, named)
        if isinstance(function.node, ast.Lambda):
            found = self.value(function.node.body, scope)
        else:
            result = self.body(function.node.body, scope)
            found = result.value if result else None
        self.depth -= 1
        return found

    def given(self, function: Function, args: tuple[Any, ...], named: dict[str, Any]) -> Scope:
        """The names of a function with what they are given, their defaults, or nothing that is said."""
        scope: Scope = ChainMap({}, *function.scope.maps)
        spec = function.node.args
        names = [argument.arg for argument in (*spec.posonlyargs, *spec.args)]
        if function.owner is not None:
            args = (function.owner, *args)
            scope["super"] = Bound(function.owner, "super")
        scope |= {name: Unsaid(name) for name in (*names, *(argument.arg for argument in spec.kwonlyargs))}
        for name, default in zip(names[::-1], spec.defaults[::-1], strict=False):
            scope[name] = self.value(default, function.scope)
        for argument, given in zip(spec.kwonlyargs, spec.kw_defaults, strict=True):
            if given is not None:
                scope[argument.arg] = self.value(given, function.scope)
        unknown = {name for name, one in zip(names, args, strict=False) if isinstance(one, Name) and one.path in names}
        scope |= {
            name: one
            for name, one in zip(names, args, strict=False)
            if name not in unknown or isinstance(scope[name], Unsaid)
        }
        known = {*names, *(argument.arg for argument in spec.kwonlyargs)}
        scope |= {key: value for key, value in named.items() if key in known}
        if spec.vararg:
            scope[spec.vararg.arg] = tuple(args[len(names) :])
        if spec.kwarg:
            scope[spec.kwarg.arg] = {key: value for key, value in named.items() if key not in known}
        return scope

    def instance(self, kind: Class, args: tuple[Any, ...], named: dict[str, Any], node: ast.AST) -> Instance:
        """A class of the text, made."""
        kind.used = True
        made, methods = Instance(kind), kind.methods
        if "__init__" not in methods:
            names = list(kind.fields)
            made.parts |= {name: Unsaid(name) for name in names if kind.fields[name] is None}
            made.parts |= dict(zip(names, args, strict=False)) | named
        for name in MADE_BY:
            if name in methods:
                taken = (args, named) if name == "__init__" else ((), {})
                self.applied(Function(methods[name], kind.scope, made), *taken, node)
        return made

    def meant(self, called: Any, args: tuple[Any, ...], named: dict[str, Any], node: ast.AST) -> Any:
        """What a call on a net's values means."""
        raise NotImplementedError


def _counted(loop: ast.For) -> list[str] | None:
    """The names that a loop changes, if it calls nothing and keeps nothing elsewhere than in what it goes over."""
    names, over = list[str](), {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}
    for line in loop.body:
        if not isinstance(line, ast.Assign | ast.AugAssign) or any(isinstance(one, ast.Call) for one in ast.walk(line)):
            return None
        for target in line.targets if isinstance(line, ast.Assign) else [line.target]:
            if isinstance(target, ast.Name):
                names.append(target.id)
            elif not (isinstance(target, ast.Attribute) and ast.unparse(target.value) in over):
                return None
    return [*names, *over]
