"""Expressions of a small part of Python: numbers, lists, names, comparisons.

What the code does not say, ``Unsaid``, may be handed on but not decided by: a case that depends on it is refused.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from paribus.errors import TheoryError
from paribus.theory.layers.values import (
    HINT,
    MOST,
    PLAIN,
    Alike,
    Bound,
    Class,
    Function,
    Instance,
    Made,
    Name,
    Row,
    Scope,
    Signal,
    Unsaid,
)

LARGEST = 10**12  # number that is multiplied
ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv, ast.Mod: operator.mod, ast.Pow: operator.pow,
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not,
    ast.In: lambda one, many: one in many, ast.NotIn: lambda one, many: one not in many,
}  # fmt: skip


@dataclass
class Expressions:
    """What expressions stand for."""

    steps: int = 0

    def stepped(self, node: ast.AST) -> None:
        """Count a step.

        Raises:
            TheoryError: where there are too many.
        """
        self.steps += 1
        if self.steps > MOST:
            raise TheoryError(f"code is followed for at most {MOST:,} steps", got=shown(node), hint=HINT)

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
        if (isinstance(owner, Unsaid) and not isinstance(owner, Alike)) or (
            isinstance(owner, Signal) and node.attr in ("shape", "ndim", "device", "dtype")
        ):
            return Unsaid(ast.unparse(node))
        if isinstance(owner, Class) and owner.fields.get(node.attr) is not None:
            return self.value(owner.fields[node.attr], owner.scope)  # type: ignore[arg-type]
        if isinstance(owner, Made) and node.attr in ("in_features", "out_features", "in_channels", "out_channels"):
            return owner.named.get(node.attr, (*owner.args, None, None)[node.attr.startswith("out")])
        return Bound(owner, node.attr)

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
        if isinstance(sign, ast.Mod) and isinstance(left, str):
            return Unsaid(ast.unparse(node))  # a width of a thousand million is quickly written
        try:
            return bounded(ARITHMETIC[type(sign)](left, right), node)
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
            self.stepped(node)
            inner = scope.new_child()
            self.bind(loops[0].target, item, inner)
            if all(self.truth(test, inner) for test in loops[0].ifs):
                yield from self.turns(loops[1:], inner, node)

    def of_joinedstr(self, node: ast.JoinedStr, scope: Scope) -> Any:
        """Words with values in them."""
        parts = [
            self.value(part.value if isinstance(part, ast.FormattedValue) else part, scope) for part in node.values
        ]
        plain = all(isinstance(part, PLAIN) for part in parts)
        return bounded("".join(map(str, parts)), node) if plain else Unsaid(ast.unparse(node))

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

    def truth(self, test: ast.expr, scope: Scope) -> bool:
        """Whether a case holds."""
        return self.decided(self.value(test, scope), test)

    def decided(self, value: Any, node: ast.AST) -> bool:
        """Whether a value is true, if the code says so."""
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

    # what calls, parts and names mean is said elsewhere

    def picked(self, owner: Any, node: ast.Subscript, scope: Scope) -> Any:
        """A part of what is no list."""
        raise NotImplementedError

    def call(self, called: Any, args: tuple[Any, ...], named: dict[str, Any], node: ast.AST) -> Any:
        """What a call gives."""
        raise NotImplementedError

    def bind(self, target: ast.expr, value: Any, scope: Scope) -> None:
        """A value under a name."""
        raise NotImplementedError

    def part(self, owner: Instance, name: str) -> Any:
        """What an instance holds under a name."""
        raise NotImplementedError


def bounded(value: Any, node: ast.AST) -> Any:
    """A value, if it has not grown beyond what the code of a net holds.

    Raises:
        TheoryError: of a text or a list that has.
    """
    if isinstance(value, str | list | tuple | dict | set) and len(value) > MOST:
        raise TheoryError(f"texts and lists of code have at most {MOST:,} parts", got=shown(node), hint=HINT)
    return value


def beyond(node: ast.AST) -> TheoryError:
    """A step that says which layers run only when it runs, or that is none of them."""
    rule = "this step of the code is none of the layers that are known, or a loop or case"
    return TheoryError(rule, got=shown(node), hint=HINT)


def shown(node: ast.AST) -> str:
    """The first line of a piece of code."""
    return ast.unparse(node).strip().splitlines()[0]
