r"""From the text of a formula to print: ``W2.T @ delta2 * (1 - h1**2)`` → ``W_2^\top \delta_2 \odot (1 - h_1^2)``.

Whether ``*`` is a product of numbers or of arrays element by element is found by evaluating both sides once.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from paribus.theory.derivations.record import Formula
from paribus.theory.expressions.symbols import GREEK
from paribus.theory.networks.numbers import DUST

# fmt: off
STRENGTH = {  # how tightly an operator binds
    ast.Compare: 0, ast.Add: 1, ast.Sub: 1, ast.Mult: 2, ast.MatMult: 2, ast.Div: 2, ast.USub: 2, ast.Pow: 4,
}
FUNCTIONS = {  # {0}, {1}: the arguments in print
    "sigmoid": r"\sigma({0})",        "tanh": r"\tanh({0})",             "log": r"\log({0})",
    "exp": r"e^{{{0}}}",              "sqrt": r"\sqrt{{{0}}}",           "sum": r"\sum \left({0}\right)",
    "mean": r"\operatorname{{mean}}({0})",
    "Phi": r"\Phi({0})",               "normal": r"\varphi({0})",
    "diag": r"\operatorname{{diag}}({0})",
    "ones_like": r"\mathbf{{1}}",     "prod": r"\left|{0}\right|",       "shape": r"{0}",
    "largest": r"\max {0}",           "one_hot": r"e_{{{0}}}",
}
RELATIONS = {ast.Gt: ">", ast.GtE: r"\ge", ast.Lt: "<", ast.LtE: r"\le", ast.Eq: "="}
LETTERS = {"stride": "s", "padding": "p", "dilation": "d", "groups": "g"}
# fmt: on
ATOM = 5
_NAME = re.compile(r"^(?P<stem>[A-Za-z]+?)(?P<hat>hat)?(?P<upper>\d*)(?:_(?P<lower>[\d_]+))?$")


class Writer:
    """Prints formulas.

    Args:
        symbols: LaTeX of names that do not simply print as they are.
        value: what a piece of text comes to, for telling arrays from numbers.
    """

    def __init__(self, symbols: Mapping[str, str], value: Callable[[str], Any]) -> None:
        self._symbols, self._value = symbols, value

    def formula(self, text: str, latex: str = "") -> Formula:
        """Both notations of a piece of mathematics."""
        return Formula(text, latex or self.latex(text))

    def latex(self, text: str) -> str:
        """``text`` in print."""
        return self._print(ast.parse(text, mode="eval").body)[0]

    def name(self, name: str) -> str:
        r"""A name in print: ``dW1`` → ``\frac{\partial L}{\partial W_1}``, ``yhat`` → ``\hat{y}``."""
        name = name.partition("'")[0]
        if name in self._symbols:
            return self._symbols[name]
        if name[0] == "d" and self._is_variable(name[1:]):
            return rf"\frac{{\partial L}}{{\partial {self.name(name[1:])}}}"
        return _plain(name)

    def _is_variable(self, name: str) -> bool:
        """Whether a name with a d before it is a gradient, not a word that starts with d: one letter, or Greek."""
        letters = re.sub(r"hat|[\d_]", "", name)
        return name in self._symbols or len(letters) == 1 or letters in GREEK

    def _print(self, node: ast.expr) -> tuple[str, int]:
        """A node in print, and how tightly it holds together."""
        match node:
            case ast.Name():
                return self.name(node.id), ATOM
            case ast.Constant():
                return _constant(node.value), ATOM
            case ast.BinOp():
                return self._operation(node)
            case ast.UnaryOp():
                return f"-{self._bracketed(node.operand, 2)}", 1
            case ast.Compare():
                right = self._bracketed(node.comparators[0], 1)
                return f"[{self._bracketed(node.left, 1)} {RELATIONS[type(node.ops[0])]} {right}]", ATOM
            case ast.Attribute(attr="T"):
                return f"{self._base(node.value, '{', '}')}^{{\\top}}", 4
            case ast.Subscript():
                return self._part(node)
            case ast.Call():
                return self._call(node)
            case ast.Tuple():
                return f"({', '.join(self._print(item)[0] for item in node.elts)})", ATOM
        return rf"\texttt{{{_escape(ast.unparse(node))}}}", ATOM

    def _bracketed(self, node: ast.expr, least: int) -> str:
        text, strength = self._print(node)
        return text if strength >= least else rf"\left({text}\right)"

    def _base(self, node: ast.expr, left: str = r"\left(", right: str = r"\right)") -> str:
        """What something is raised to: a second exponent beside the first would be an error in LaTeX."""
        text, strength = self._print(node)
        simple = strength == ATOM and "^" not in text and not text.startswith(r"\frac")
        return text if simple else f"{left}{text}{right}" if "^" in text else rf"\left({text}\right)"

    def _operation(self, node: ast.BinOp) -> tuple[str, int]:
        match node.op:
            case ast.Div():
                return rf"\frac{{{self._print(node.left)[0]}}}{{{self._print(node.right)[0]}}}", 3
            case ast.Pow():
                return f"{self._base(node.left)}^{{{self._print(node.right)[0]}}}", 4
            case ast.Add() | ast.Sub():
                sign = "+" if isinstance(node.op, ast.Add) else "-"
                return f"{self._bracketed(node.left, 1)} {sign} {self._bracketed(node.right, 2)}", 1
        sign = self._sign(node)
        mixed = sign == r"\odot" and isinstance(node.left, ast.BinOp) and isinstance(node.left.op, ast.MatMult)
        return f"{self._bracketed(node.left, 3 if mixed else 2)} {sign} {self._bracketed(node.right, 3)}", 2

    def _sign(self, node: ast.BinOp) -> str:
        if isinstance(node.op, ast.MatMult):
            return r"\,"
        both = all(np.ndim(self._value(ast.unparse(side))) for side in (node.left, node.right))
        numbers = isinstance(node.right, ast.Constant)
        return r"\odot" if both else r"\cdot" if numbers else r"\,"

    def _part(self, node: ast.Subscript) -> tuple[str, int]:
        """An index; axes that are only added for broadcasting are not printed."""
        items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        kept = [item for item in items if not _is_broadcast(item)]
        whole = self._bracketed(node.value, ATOM)
        index = ", ".join(ast.unparse(item) for item in kept)
        return (f"{whole}_{{{_escape(index)}}}", 4) if kept else (whole, ATOM)

    def _call(self, node: ast.Call) -> tuple[str, int]:
        name = ast.unparse(node.func)
        arguments = [self._print(argument)[0] for argument in node.args]
        settings = [f"{LETTERS.get(word.arg or '', word.arg)}={self._print(word.value)[0]}" for word in node.keywords]
        below = f"_{{{', '.join(settings)}}}" if settings else ""
        if name == "correlate":
            return rf"{self._bracketed(node.args[0], 3)} \star{below} {self._bracketed(node.args[1], 3)}", 2
        if name == "outer":
            return rf"{self._bracketed(node.args[0], 3)}\, {self._base(node.args[1], '{', '}')}^{{\top}}", 2
        if name in FUNCTIONS:
            return FUNCTIONS[name].format(*arguments), 4 if name == "exp" else 2 if name == "sum" else ATOM
        return rf"\operatorname{{{_escape(name)}}}{below}({', '.join(arguments)})", ATOM


def inlined(definitions: Mapping[str, str], name: str) -> str:
    """The formula of ``name`` with every defined name replaced by its own formula."""

    class Inline(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            if node.id not in definitions or node.id == name:
                return node
            return ast.parse(inlined(definitions, node.id), mode="eval").body

    return ast.unparse(Inline().visit(ast.parse(definitions[name], mode="eval").body))


def substituted(text: str, values: Mapping[str, Any]) -> str:
    """A formula of numbers with the numbers put in: ``w * x`` → ``0.5·(-2)``."""

    class Substitute(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return ast.Constant(Number(values[node.id])) if node.id in values else node

    written = ast.unparse(Substitute().visit(ast.parse(text, mode="eval").body))
    written = written.replace(" * ", "·").replace(" ** ", "**")
    written = re.sub(r"(^|\()\((-[\d.e+-]+)\)(?!\*\*)", r"\1\2", written)  # what stands first needs no brackets
    return re.sub(r"(?<![\w.])-0(?![.\de])", "0", written)


class Number(float):
    """A number that prints with six digits, in brackets where it is negative."""

    def __repr__(self) -> str:
        value = float(self) if abs(self) > DUST else 0.0  # never -0, nor what rounding leaves of 0
        return f"{value:.6g}" if value >= 0 else f"({value:.6g})"


def _plain(name: str) -> str:
    """``W1`` → ``W_{1}``, ``h1_2`` → ``h^{(1)}_{2}``, ``lambda`` → ``\\lambda``."""
    found = _NAME.match(name)
    if found is None:
        return rf"\mathit{{{_escape(name)}}}"
    stem, upper, lower = found["stem"], found["upper"], found["lower"]
    letter = f"\\{stem}" if stem in GREEK else stem if len(stem) == 1 else rf"\mathit{{{stem}}}"
    letter = rf"\hat{{{letter}}}" if found["hat"] else letter
    if lower:
        return f"{letter}^{{({upper})}}_{{{lower.replace('_', ',')}}}" if upper else f"{letter}_{{{lower}}}"
    return f"{letter}_{{{upper}}}" if upper else letter


def _constant(value: Any) -> str:
    if isinstance(value, float) and 0 < abs(value) < 1e-4:
        digits, _, exponent = f"{value:.6g}".partition("e")
        factor = "" if digits == "1" else rf"{digits} \cdot "
        return f"{factor}10^{{{int(exponent)}}}" if exponent else digits
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _is_broadcast(item: ast.expr) -> bool:
    return ast.unparse(item) in (":", "None", "...")


def _escape(text: str) -> str:
    return re.sub(r"([#$%&_{}])", r"\\\1", text)
