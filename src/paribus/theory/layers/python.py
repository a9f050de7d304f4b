"""A small part of Python, followed step by step: numbers, lists, loops, functions and classes of a net's code.

Nothing is run: a text has no names but its own, no imports, and so many steps. What it does not say, ``Unsaid``, may be
handed on but not decided by: a case that depends on it is refused.
"""

from __future__ import annotations

import ast
import math
import operator
from collections import ChainMap
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from paribus.errors import TheoryError
from paribus.theory.layers.values import (
    HINT,
    PLAIN,
    Bound,
    Class,
    Function,
    Instance,
    Made,
    Name,
    Row,
    Scope,
    Signal,
    State,
    Unsaid,
)

MOST, DEEPEST, LARGEST = 20_000, 30, 10**12  # steps, calls in calls, numbers
MADE_BY = ("__init__", "setup")
ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv, ast.Mod: operator.mod, ast.Pow: operator.pow,
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not,
    ast.In: lambda one, many: one in many, ast.NotIn: lambda one, many: one not in many,
}  # fmt: skip
BUILTIN: dict[str, Callable[..., Any]] = {
    "len": len, "int": int, "float": float, "str": str, "bool": bool, "abs": abs, "round": round,
    "sum": sum, "max": max, "min": min, "sorted": sorted, "tuple": tuple, "list": list, "set": set, "dict": dict,
    "range": lambda *ends: list(range(*ends)), "zip": lambda *many: list(zip(*many, strict=False)),
    "enumerate": lambda many, start=0: list(enumerate(many, start)), "reversed": lambda many: list(many)[::-1],
    "prod": math.prod, "sqrt": math.sqrt, "ceil": math.ceil, "floor": math.floor, "log2": math.log2,
}  # fmt: skip
METHODS = {
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
class Python:
    """Goes through statements; what calls on a net's values mean is said by ``Code``."""

    steps: int = 0
    depth: int = 0
    made: list[Any] = field(default_factory=list)  # nets that the text made, in their order

    def body(self, lines: list[ast.stmt], scope: Scope) -> Result | None:
        """Statements in their order, up to one that returns."""
        for line in lines:
            self.steps += 1
            if self.steps > MOST:
                raise TheoryError(f"code is followed for at most {MOST:,} steps", got=_shown(line), hint=HINT)
            step = getattr(self, f"on_{type(line).__name__.lower()}", None)
            if step is None:
                raise beyond(line)
            if (found := step(line, scope)) is not None:
                return found  # type: ignore[no-any-return]
        return None

    # statements

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
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr.endswith("_"):
            if isinstance(call.func.value, ast.Name) and isinstance(value, Signal):
                scope[call.func.value.id] = value  # in place: x.squeeze_(-1)

    def on_return(self, line: ast.Return, scope: Scope) -> Result:
        """What a function gives."""
        return Result(None if line.value is None else self.value(line.value, scope))

    def on_for(self, line: ast.For, scope: Scope) -> Result | None:
        """A loop over what is known."""
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
                owner.parts[target.attr] = value
        elif isinstance(target, ast.Subscript):
            owner, key = self.value(target.value, scope), self.value(target.slice, scope)
            if isinstance(owner, list | dict) and isinstance(key, PLAIN):
                owner[key] = value  # type: ignore[index]
        elif isinstance(target, ast.Tuple | ast.List):
            self.unpacked(target.elts, value, scope, target)
        else:
            raise beyond(target)

    def unpacked(self, targets: list[ast.expr], value: Any, scope: Scope, line: ast.AST) -> None:
        """The parts of a value, each under its name."""
        if isinstance(value, Signal):  # a layer that gives several: the first is its output
            parts: list[Any] = [Signal(value.chain), value.state or Unsaid("a state")]
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

    # expressions

    def value(self, node: ast.expr, scope: Scope) -> Any:
        """What an expression stands for."""
        step = getattr(self, f"of_{type(node).__name__.lower()}", None)
        return Unsaid(ast.unparse(node)) if step is None else step(node, scope)

    def of_constant(self, node: ast.Constant, scope: Scope) -> Any:
        """A number or a word."""
        return node.value if isinstance(node.value, PLAIN) else Unsaid(ast.unparse(node))

    def of_name(self, node: ast.Name, scope: Scope) -> Any:
        """What a name stands for."""
        return scope.get(node.id, Name(node.id))

    def of_attribute(self, node: ast.Attribute, scope: Scope) -> Any:
        """A part, a method, or a longer name."""
        owner = self.value(node.value, scope)
        if isinstance(owner, Name):
            return Name(f"{owner.path}.{node.attr}")
        if isinstance(owner, Instance):
            return self.part(owner, node.attr)
        if isinstance(owner, Unsaid) or (
            isinstance(owner, Signal) and node.attr in ("shape", "ndim", "device", "dtype")
        ):
            return Unsaid(ast.unparse(node))
        if isinstance(owner, Made) and node.attr in ("in_features", "out_features", "in_channels", "out_channels"):
            return owner.named.get(node.attr, (*owner.args, None, None)[node.attr.startswith("out")])
        return Bound(owner, node.attr)

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

    def of_binop(self, node: ast.BinOp, scope: Scope) -> Any:
        """Two values and a sign."""
        return self.operated(node.op, self.value(node.left, scope), self.value(node.right, scope), node)

    def operated(self, sign: ast.AST, left: Any, right: Any, node: ast.AST) -> Any:
        """A sign between two values."""
        if not all(isinstance(side, (*PLAIN, list, tuple, set, dict)) for side in (left, right)):
            return Unsaid(ast.unparse(node))
        sizes = [
            abs(side) if isinstance(side, int | float) else len(side) for side in (left, right) if side is not None
        ]
        if isinstance(sign, ast.Pow | ast.Mult) and (
            max(sizes) > LARGEST or (isinstance(sign, ast.Pow) and sizes[1] > 64)
        ):
            raise beyond(node)
        if (
            isinstance(sign, ast.Mult)
            and math.prod(sizes) > MOST
            and not all(isinstance(s, int | float) for s in (left, right))
        ):
            raise beyond(node)
        try:
            return ARITHMETIC[type(sign)](left, right)
        except (TypeError, ValueError, ZeroDivisionError, OverflowError, KeyError):
            raise beyond(node) from None

    def of_unaryop(self, node: ast.UnaryOp, scope: Scope) -> Any:
        """A sign before a value."""
        if isinstance(node.op, ast.Not):
            return not self.truth(node.operand, scope)
        value = self.value(node.operand, scope)
        if isinstance(value, int | float):
            return -value if isinstance(node.op, ast.USub) else value
        return value if isinstance(value, Signal) else Unsaid(ast.unparse(node))

    def of_boolop(self, node: ast.BoolOp, scope: Scope) -> Any:
        """``and``, ``or``."""
        value: Any = None
        for side in node.values:
            value = self.value(side, scope)
            if self.decided(value, side) is isinstance(node.op, ast.Or):
                return value
        return value

    def of_compare(self, node: ast.Compare, scope: Scope) -> Any:
        """Whether values compare as it says."""
        left = self.value(node.left, scope)
        for sign, side in zip(node.ops, node.comparators, strict=True):
            right = self.value(side, scope)
            if isinstance(sign, ast.Is | ast.IsNot) and None in (left, right) and not isinstance(left, Unsaid):
                found: Any = (left is right) is isinstance(sign, ast.Is)
            else:
                found = self.operated(sign, left, right, node)
            if isinstance(found, Unsaid) or not found:
                return found
            left = right
        return True

    def of_ifexp(self, node: ast.IfExp, scope: Scope) -> Any:
        """One of two values."""
        return self.value(node.body if self.truth(node.test, scope) else node.orelse, scope)

    def of_lambda(self, node: ast.Lambda, scope: Scope) -> Any:
        """A function without a name."""
        return Function(node, scope)

    def of_list(self, node: ast.List | ast.Tuple, scope: Scope) -> Any:
        """Several values."""
        found: list[Any] = []
        for one in node.elts:
            many = isinstance(one, ast.Starred)
            value = self.value(one.value if isinstance(one, ast.Starred) else one, scope)
            found += self.items(value, node) if many else [value]
        return found if isinstance(node, ast.List) else tuple(found)

    of_tuple = of_list

    def of_dict(self, node: ast.Dict, scope: Scope) -> Any:
        """Values by their names."""
        keys = [None if key is None else self.value(key, scope) for key in node.keys]
        keys = [key.path if isinstance(key, Name) else key for key in keys]
        if not all(isinstance(key, PLAIN) for key in keys):
            raise beyond(node)
        return {key: self.value(value, scope) for key, value in zip(keys, node.values, strict=True)}

    def of_listcomp(self, node: ast.ListComp | ast.GeneratorExp, scope: Scope) -> Any:
        """A list by a loop."""
        return [self.value(node.elt, inner) for inner in self.turns(node.generators, scope, node)]

    of_generatorexp = of_listcomp

    def turns(self, loops: list[ast.comprehension], scope: Scope, node: ast.AST) -> Iterator[Scope]:
        """The names in each turn of nested loops."""
        if not loops:
            yield scope
            return
        for item in self.items(self.value(loops[0].iter, scope), node):
            self.steps += 1
            inner = scope.new_child()
            self.bind(loops[0].target, item, inner)
            if self.steps < MOST and all(self.truth(test, inner) for test in loops[0].ifs):
                yield from self.turns(loops[1:], inner, node)

    def of_joinedstr(self, node: ast.JoinedStr, scope: Scope) -> Any:
        """Words with values in them."""
        parts = [
            self.value(part.value if isinstance(part, ast.FormattedValue) else part, scope) for part in node.values
        ]
        return "".join(map(str, parts)) if all(isinstance(part, PLAIN) for part in parts) else Unsaid(ast.unparse(node))

    def of_subscript(self, node: ast.Subscript, scope: Scope) -> Any:
        """One of several, or a part."""
        owner = self.value(node.value, scope)
        if isinstance(owner, Row):
            owner = owner.layers
        if not isinstance(owner, list | tuple | dict | str):
            return self.picked(owner, node, scope)
        if isinstance(node.slice, ast.Slice):
            ends = [
                None if end is None else self.value(end, scope)
                for end in (node.slice.lower, node.slice.upper, node.slice.step)
            ]
            key: Any = slice(*ends) if all(end is None or isinstance(end, int) for end in ends) else None
        else:
            key = self.value(node.slice, scope)
        try:
            return owner[key]
        except (TypeError, KeyError, IndexError, ValueError):
            raise beyond(node) from None

    def of_call(self, node: ast.Call, scope: Scope) -> Any:
        """A call with its arguments."""
        called = self.value(node.func, scope)
        args: list[Any] = []
        for argument in node.args:
            value = self.value(argument.value if isinstance(argument, ast.Starred) else argument, scope)
            args += self.items(value, node) if isinstance(argument, ast.Starred) else [value]
        named: dict[str, Any] = {}
        for keyword in node.keywords:
            value = self.value(keyword.value, scope)
            named |= {keyword.arg: value} if keyword.arg else value if isinstance(value, dict) else {}
        return self.call(called, tuple(args), named, node)

    # calls

    def call(self, called: Any, args: tuple[Any, ...], named: dict[str, Any], node: ast.AST) -> Any:
        """What a call gives."""
        if isinstance(called, Function):
            return self.applied(called, args, named, node)
        if isinstance(called, Class):
            return self.instance(called, args, named, node)
        if isinstance(called, Name) and called.base in BUILTIN and not any(isinstance(one, Signal) for one in args):
            return self.builtin(called.base, args, named, node)
        if isinstance(called, Bound) and type(called.owner) in METHODS and called.name in METHODS[type(called.owner)]:
            found = self.guarded(getattr(called.owner, called.name), args, named, node)
            return list(found) if called.name in ("items", "keys", "values") else found
        return self.meant(called, args, named, node)

    def builtin(self, name: str, args: tuple[Any, ...], named: dict[str, Any], node: ast.AST) -> Any:
        """``range``, ``zip``, ``len`` …"""
        given = [self.items(one, node) if isinstance(one, Row | Instance) else one for one in args]
        if any(isinstance(one, Unsaid) for one in (*given, *named.values())):
            return Unsaid(ast.unparse(node))
        if name == "range" and any(isinstance(one, int) and abs(one) > MOST for one in given):
            raise beyond(node)
        return self.guarded(BUILTIN[name], tuple(given), named, node)

    def guarded(self, function: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any], node: ast.AST) -> Any:
        """A function of Python's own; what it cannot do is no step that is known."""
        try:
            return function(*args, **named)
        except (TypeError, ValueError, IndexError, KeyError, AttributeError, ArithmeticError):
            raise beyond(node) from None

    def applied(self, function: Function, args: tuple[Any, ...], named: dict[str, Any], node: ast.AST) -> Any:
        """What a function of the text gives."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise TheoryError(f"code is followed at most {DEEPEST} calls deep", got=_shown(node), hint=HINT)
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
        for argument, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True):
            if default is not None:
                scope[argument.arg] = self.value(default, function.scope)
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

    # what is asked of values

    def truth(self, test: ast.expr, scope: Scope) -> bool:
        """Whether a case holds."""
        return self.decided(self.value(test, scope), test)

    def decided(self, value: Any, node: ast.AST) -> bool:
        if isinstance(value, Unsaid | Name | Signal):
            raise beyond(node)
        return bool(value)

    def items(self, value: Any, node: ast.AST) -> list[Any]:
        """What a loop goes over."""
        if isinstance(value, Row):
            return value.layers
        if isinstance(value, Instance) and value.row:
            return value.row
        if isinstance(value, list | tuple | dict | set | str):
            return list(value)
        raise beyond(node)

    def picked(self, owner: Any, node: ast.Subscript, scope: Scope) -> Any:
        """A part of what is no list."""
        raise NotImplementedError

    def meant(self, called: Any, args: tuple[Any, ...], named: dict[str, Any], node: ast.AST) -> Any:
        """What a call on a net's values means."""
        raise NotImplementedError


def beyond(node: ast.AST) -> TheoryError:
    """A step that says which layers run only when it runs, or that is none of them."""
    rule = "this step of the code is none of the layers that are known, or a loop or case"
    return TheoryError(rule, got=_shown(node), hint=HINT)


def _shown(node: ast.AST) -> str:
    return ast.unparse(node).strip().splitlines()[0]
