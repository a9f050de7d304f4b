"""From text to an untyped tree, by Python's own ``ast``. Nothing is evaluated; every mistake points at its column."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from paribus.errors import TheoryError, nearest
from paribus.theory.expressions.notation import ALIASES, FILLED, FUNCTIONS, MODULES
from paribus.theory.expressions.tree import times

LONGEST, DEEPEST, LARGEST = 2000, 60, 400  # characters, levels, nodes

OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.MatMult: "@", ast.Pow: "**",
}  # fmt: skip
INSTEAD: dict[type[ast.AST], str] = {
    ast.BitXor: "write ** for a power",
    ast.FloorDiv: "write / for a quotient",
    ast.Compare: "write a function, not an equation: the expression itself is differentiated",
    ast.Subscript: "there are no indices here; outer(a, b) stands for a[:, None] * b",
    ast.Lambda: "lambda is a word of Python: write lambda_",
    ast.Tuple: "give one expression",
    ast.IfExp: "relu(x), abs(x) and heaviside(x, 0) are the functions with a case distinction",
}


@dataclass(frozen=True, eq=False)
class Raw:
    """A node as it was typed, before shapes are known.

    Args:
        op: "+", "@", "T", "neg", "name", "number", or a function's name.
        args: operands.
        value: the name, the number, or for ones, zeros, eye and K the sizes.
        column: where it stands in the text.
        text: what was typed.
    """

    op: str
    args: tuple[Raw, ...]
    value: Any
    column: int
    text: str


class Source:
    """The text of an expression, which knows how to point into itself."""

    def __init__(self, text: str) -> None:
        self.text = text

    def column(self, node: ast.AST) -> int:
        """Characters before the node; Python counts bytes."""
        return len(self.text.encode()[: getattr(node, "col_offset", 0)].decode(errors="ignore"))

    def cut(self, node: ast.AST) -> str:
        """What was typed for the node."""
        return ast.get_source_segment(self.text, node) or self.text

    def error(self, rule: str, column: int, hint: str = "") -> TheoryError:
        """A mistake at a column, with a caret below it."""
        return pointing(rule, self.text, column, hint)


def pointing(rule: str, text: str, column: int, hint: str = "") -> TheoryError:
    """An error whose ``received`` shows the text with a caret under ``column``."""
    caret = " " * (len("  received: ") + column) + "^"
    return TheoryError(rule, got=f"{text}\n{caret}", hint=hint)


def parse(text: str) -> Raw:
    """Read an expression.

    Raises:
        TheoryError: it is no expression of the notation; the message points at the column.
    """
    text = " ".join(text.split())
    source = Source(text)
    if not text:
        raise TheoryError("an expression is needed", hint="such as: x.T @ A @ x")
    if len(text) > LONGEST:
        raise TheoryError(f"an expression has at most {LONGEST} characters", got=f"{len(text)} characters")
    tree = _python(source)
    count = sum(isinstance(node, ast.expr) for node in ast.walk(tree))
    if count > LARGEST:
        raise TheoryError(
            f"an expression has at most {LARGEST} parts", got=f"{count} parts", hint="derive it in pieces"
        )
    return _read(tree, source, 0)


def _python(source: Source) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "'int' object is not callable": we say it better
            return ast.parse(source.text, mode="eval").body
    except SyntaxError as error:
        if "too many nested" in str(error.msg):
            raise TheoryError("the expression cannot be read: it is nested too deeply") from None
        hint = "lambda is a word of Python: write lambda_" if "lambda" in source.text else _syntax_hint(source.text)
        column = min(max((error.offset or 1) - 1, 0), len(source.text))
        message = (error.msg or "invalid syntax").split(". ")[0]
        raise source.error(f"the expression cannot be read: {message}", column, hint) from None
    except (ValueError, RecursionError, MemoryError):
        raise TheoryError("the expression cannot be read: it is nested too deeply, or holds a NUL character") from None


def _syntax_hint(text: str) -> str:
    if "'" in text or "^T" in text:
        return "write A.T for the transpose"
    if "=" in text:
        return "write the function only, without = and what follows"
    return "operators are @ * / ** + - and .T; products need a sign: 2 * x, A @ x"


def _read(node: ast.expr, source: Source, depth: int) -> Raw:
    if depth > DEEPEST:
        raise source.error(f"an expression is nested at most {DEEPEST} levels deep", source.column(node))
    deeper = depth + 1
    column, cut = source.column(node), source.cut(node)
    if isinstance(node, ast.Constant):
        return Raw("number", (), _number(node, source), column, cut)
    if isinstance(node, ast.Name):
        return Raw("name", (), node.id, column, cut)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        inside = _read(node.operand, source, deeper)
        return inside if isinstance(node.op, ast.UAdd) else Raw("neg", (inside,), None, column, cut)
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        left, right = _read(node.left, source, deeper), _read(node.right, source, deeper)
        return Raw(OPERATORS[type(node.op)], (left, right), None, column, cut)
    if isinstance(node, ast.Attribute):
        return _attribute(node, source, deeper)
    if isinstance(node, ast.Call):
        return _call(node, source, deeper)
    kind = type(node.op) if isinstance(node, (ast.BinOp, ast.UnaryOp)) else type(node)
    known = {"BitXor": "^", "FloorDiv": "//", "Mod": "%", "BitAnd": "&", "BitOr": "|", "Compare": "a comparison"}
    what = known.get(kind.__name__, kind.__name__)
    raise source.error(f"{what} is no part of the notation", column, INSTEAD.get(kind, _syntax_hint(source.text)))


def _number(node: ast.Constant, source: Source) -> Fraction:
    if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
        raise source.error("only real numbers can stand here", source.column(node))
    value = Fraction(source.cut(node).replace("_", "")) if isinstance(node.value, float) else Fraction(node.value)
    if value and not Fraction(1, 10**12) <= abs(value) <= 10**12:
        raise source.error("numbers lie between 1e-12 and 1e12, or are 0", source.column(node))
    return value


def _attribute(node: ast.Attribute, source: Source, depth: int) -> Raw:
    if node.attr in ("T", "mT"):
        return Raw("T", (_read(node.value, source, depth),), None, source.column(node), source.cut(node))
    raise source.error(f".{node.attr} is no part of the notation", source.column(node), "the only attribute is .T")


def _call(node: ast.Call, source: Source, depth: int) -> Raw:
    function, column, cut = _function(node.func, source), source.column(node), source.cut(node)
    if node.keywords:
        place = source.column(node.keywords[0].value)
        raise source.error(
            f"{function} takes no named arguments here", place, "sum(x), norm(x) take everything at once"
        )
    if function in FILLED:
        return Raw(function, (), tuple(_sizes(node, source)), column, cut)
    given = _fixed_arguments(function, node, source)
    takes = 2 if function in ("dot", "outer", "kron") else 1
    if len(given) != takes:
        plural = "arguments" if takes > 1 else "argument"
        raise source.error(f"{function} takes {takes} {plural}, not {len(given)}", column)
    return Raw(function, tuple(_read(arg, source, depth) for arg in given), None, column, cut)


def _fixed_arguments(function: str, node: ast.Call, source: Source) -> list[ast.expr]:
    """The arguments without those that may only have one value: heaviside(x, 0), norm(x, 2), diag(x, 0)."""
    allowed: dict[str, tuple[Any, ...]] = {
        "heaviside": (0,),
        "norm": (2, "fro"),
        "softmax": (0, -1),
        "logsumexp": (0, -1),
    }
    if function not in allowed or len(node.args) != 2:
        return node.args
    try:
        value = ast.literal_eval(node.args[1])
    except ValueError:
        value = None
    if value not in allowed[function]:
        options = " or ".join(map(repr, allowed[function]))
        raise source.error(f"the second argument of {function} is {options}", source.column(node.args[1]))
    return node.args[:1]


def _function(node: ast.expr, source: Source) -> str:
    """The name of a function, np.linalg. and torch. taken off."""
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    root: ast.expr = node
    while isinstance(root, ast.Attribute):
        root = root.value
        part = root.attr if isinstance(root, ast.Attribute) else getattr(root, "id", "")
        if part not in MODULES:
            column = source.column(node)
            raise source.error(f".{name}(…) is no part of the notation", column, f"write {name}(…) as a function")
    name = ALIASES.get(name, name)
    if name in FUNCTIONS or name in FILLED:
        return name
    hint = nearest(name, [*FUNCTIONS, *FILLED]) if name else "write * between factors"
    raise source.error(f"there is no function {name}" if name else "this is not a function", source.column(node), hint)


def _sizes(node: ast.Call, source: Source) -> list[int | str]:
    """Sizes of ones(n), ones((m, n)), eye(n): whole numbers, letters, or products of them."""
    first = node.args[0] if node.args else node
    given = list(first.elts) if isinstance(first, ast.Tuple) and len(node.args) == 1 else node.args
    name = _function(node.func, source)
    allowed = {"eye": (1,), "K": (2,)}.get(name, (1, 2))
    if len(given) not in allowed:
        raise source.error(f"{name} takes {' or '.join(map(str, allowed))} sizes", source.column(node))
    return [_size(size, source) for size in given]


def _size(node: ast.expr, source: Source) -> int | str:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return times(_size(node.left, source), _size(node.right, source))
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Constant) and type(node.value) is int and 0 < node.value <= 1000:
        return node.value
    raise source.error("a size is a letter or a whole number, 1 to 1000", source.column(node))
