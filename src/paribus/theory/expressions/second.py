"""A second reading, to hold the first one against: the text becomes Python by rewriting, and Python computes it.

Nothing here is shared with the reader but the signs of other languages that ``dialects`` puts into ours. There is no
tree of our own, no inference and no normal form: Python's grammar decides what binds, and the arrays themselves decide
at each product what it is. On a blackboard vectors are columns, so that x xᵀ is a matrix because its numbers are; a sum
over i is a loop.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

CALLED = {
    "log", "exp", "ln", "tr", "Tr", "trace", "det", "logdet", "sin", "cos", "tan", "tanh", "sinh", "cosh", "sqrt",
    "sigmoid", "softmax", "relu", "max", "min", "mean", "sum", "erf", "softplus", "norm", "diag", "vec", "abs",
    "logsumexp", "log2", "log10", "sec", "csc", "cot", "arcsin", "arccos", "arctan",
}  # fmt: skip
SUMMED = {"tr", "Tr", "trace", "sum", "mean", "diag", "vec"}  # of products with functions in them
SIGNS = {
    "−": "-", "–": "-", "⋅": "·", "∙": "·", "∥": "‖", "\\|": "‖", "ᵀ": "⊤", "′": "⊤", "’": "⊤", "÷": "/", "∘": "⊙",
    "∗": "*", "∞": "inf", "½": "0.5", "¼": "0.25", "∣": "|", "√": "sqrt ", "∑": "Σ",
}  # fmt: skip
LATEX = {
    "top": "⊤", "intercal": "⊤", "prime": "⊤", "cdot": "·", "odot": "⊙", "circ": "⊙", "times": "·", "otimes": "⊗",
    "lVert": "‖", "rVert": "‖", "Vert": "‖", "lvert": "|", "rvert": "|", "vert": "|", "mid": "|", "sum": "Σ",
    "ast": "*", "infty": "inf", "lambda": "lambda_", "varepsilon": "epsilon", "varphi": "phi", "langle": "⟨",
    "rangle": "⟩", "ell": "l", "ln": "log", "dfrac": "frac", "tfrac": "frac", "quad": " ",
    **dict.fromkeys(["left", "right", "big", "Big", "bigl", "bigr", "Bigl", "Bigr", "displaystyle", "limits"], ""),
}  # fmt: skip
FACES = r"mathbf|boldsymbol|bm|mathrm|mathit|mathsf|mathcal|mathbb|operatorname\*?|text\w*|vec"
FONT = rf"\\(?:{FACES})\s*(?:\{{\s*(\\?\w+)\s*\}}|(\\?\w))"
BINDS = set("*/@·⊙")  # between products that stand without a sign
METHODS = (  # of arrays: x.sum() is sum(x)
    "clamp", "clip", "sum", "mean", "dot", "exp", "log", "norm", "trace", "det", "inverse", "abs", "relu", "sigmoid",
    "tanh",
    "softmax", "logsumexp", "var", "std", "pow", "square", "sqrt", "cumsum", "transpose", "outer", "diag", "t",
    "mm", "mv", "ravel", "flatten", "max", "min", "logdet",
)  # fmt: skip
IN_NUMPY = (
    "exp", "log", "sin", "cos", "tan", "tanh", "sinh", "cosh", "arctan", "outer", "dot", "ones", "zeros", "eye",
    "tril", "sqrt", "square", "cumsum", "trace", "diag", "log1p", "expm1", "prod", "transpose", "matmul",
    "multiply", "divide", "add", "subtract", "negative", "reciprocal", "ones_like", "zeros_like", "einsum", "log2",
    "log10", "identity", "inner", "arcsin", "arccos", "arcsinh", "arccosh", "arctanh",
)  # fmt: skip
PRODUCTS = frozenset("+-*/@,)]·⊙%•<>")
WORD = r"[A-Za-z_]\w*"


class Unreadable(Exception):
    """The second reading does not know how to write this in Python."""


class Second:
    """A text as a function of arrays.

    Args:
        text: what was typed.
        board: vectors are columns, and products may stand without a sign.
        split: words that are products of their letters.
        names: the variables.
        linear: how far ``*`` is the product of linear algebra.
    """

    def __init__(self, text: str, board: bool, split: frozenset[str], names: frozenset[str], linear: int = 0) -> None:
        self.board, self.names, self.star = board, names, {"STAR": STARS[linear]}
        if "sigma" not in names:  # σ(x) is the logistic function
            text = re.sub(r"(?:σ|\\sigma|\bsigma)(?=\()", " sigmoid", text)
        source = blackboard(text, split, names) if board else program(text)
        try:
            self.code = compile(_harmless(ast.parse(source, mode="eval")), "<expression>", "eval")
        except (SyntaxError, ValueError, RecursionError) as error:
            raise Unreadable(source) from error

    def __call__(self, env: Mapping[str, Any], sizes: Mapping[str, int]) -> Any:
        """The value, complex where the arrays are.

        Raises:
            Unreadable: Python does not compute it.
        """
        known = {name: value for name, value in env.items() if name in self.names}
        space = {
            **(BLACKBOARD | self.star if self.board else PROGRAM),
            **{str(size): number for size, number in sizes.items() if str(size) not in known},
        }
        if self.board:
            known = {name: Board(column(value)) for name, value in known.items()}
        try:
            with np.errstate(all="ignore"):
                found = eval(self.code, {"__builtins__": {}, **space, **known})  # only harmless nodes are left
        except (NameError, TypeError, ValueError, AttributeError, IndexError, KeyError, SyntaxError) as error:
            raise Unreadable(str(error)) from error
        value = found.array if isinstance(found, Board) else np.asarray(found)
        if value.dtype == object:
            raise Unreadable(type(found).__name__)
        return value


def _harmless(tree: ast.Expression) -> ast.Expression:
    """The tree, if it holds arithmetic and calls by name only."""
    for node in ast.walk(tree):
        if not isinstance(node, HARMLESS) or (isinstance(node, ast.Attribute) and "_" in node.attr[:1]):
            raise ValueError(type(node).__name__)
    return tree


HARMLESS = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.Call, ast.Name, ast.Constant, ast.Attribute, ast.keyword, ast.Compare,
    ast.operator, ast.unaryop, ast.cmpop, ast.expr_context, ast.Tuple, ast.List, ast.Subscript, ast.Slice, ast.Lambda,
    ast.arguments, ast.arg,
)  # fmt: skip


def program(text: str) -> str:
    """NumPy or PyTorch as it is, with modules taken off."""
    text = _signs(text)
    text = re.sub(
        r"\b(?:np|numpy|torch|jnp|jax|linalg|nn|functional|special|scipy|sympy|sp|math|F|tf)\.(?=\w+[.(])(?!T\b)",
        "",
        text,
    )
    text = re.sub(r"\b(?:np|numpy|torch|linalg|nn|functional|special|scipy)\.", "", text)
    text = text.replace("newaxis", "None")
    for method in METHODS:
        text = _unmethod(text, method)
    return re.sub(r"\blambda\b", "lambda_", text).strip()


def _unmethod(text: str, method: str) -> str:
    """``x.sum(0)`` as ``sum(x, 0)``."""
    while found := re.search(rf"\.{method}\(", text):
        stop = found.start()
        start = _operand_start(text, stop)
        comma = "" if re.match(r"\s*\)", text[found.end() :]) else ", "
        text = f"{text[:start]}{method}({text[start:stop]}{comma}{text[found.end() :]}"
    return text


def _operand_start(text: str, stop: int) -> int:
    """Where the operand that ends at a place begins: a name, a call, or brackets."""
    place = stop
    while True:
        if place and text[place - 1] in ")]":
            depth = 0
            while place:
                place -= 1
                depth += (text[place] in ")]") - (text[place] in "([")
                if not depth:
                    break
        while place and (text[place - 1].isalnum() or text[place - 1] == "_"):
            place -= 1
        if not place or text[place - 1] != ".":
            return place
        place -= 1


def _signs(text: str) -> str:
    for sign, plain in SIGNS.items():
        text = text.replace(sign, plain)
    found = []
    for letter in text:
        words = unicodedata.name(letter, "").split()
        if words[:1] == ["GREEK"] and "LETTER" in words:
            name = {"LAMDA": "lambda_" if words[1] == "SMALL" else "Lambda", "FINAL": "sigma"}.get(
                words[words.index("LETTER") + 1], words[words.index("LETTER") + 1]
            )
            name = name if name in ("lambda_", "Lambda") else name.lower() if words[1] == "SMALL" else name.title()
            found.append("Σ" if letter == "Σ" else f" {name} ")
        elif "SYMBOL" in words and words[:1] == ["GREEK"]:
            found.append(f" {words[1].lower()} ")
        else:
            found.append(letter)
    return "".join(found)


def blackboard(text: str, split: frozenset[str], names: frozenset[str]) -> str:
    """LaTeX and typeset text in Python: ``*`` is the product of linear algebra, ``%`` the one entry by entry."""
    text = re.sub(r"∑(?!\s*[_ᵢⱼₖₙ])", "∑_{} ", re.sub(r"'(fro|nuc|inf)'", r'"\1"', text))
    text = re.sub(r"\\[,;:! ]|~", " ", text).replace("\\{", "(").replace("\\}", ")")
    text = re.sub(FONT, lambda m: f" {m[1] or m[2]} ", text)
    text = re.sub(
        r"\\(?:wide)?(hat|bar|tilde)\s*(?:\{\s*\\?(\w+)\s*\}|\\?(\w))", lambda m: f" {m[2] or m[3]}_{m[1]} ", text
    )
    text = text.replace("\\|", "‖")
    text = re.sub(r"\\[dt]?frac\s*(\d)\s*(\d)", r"(\1/\2)", text)
    text = re.sub(r"\\([A-Za-z]+)", lambda m: f" {LATEX.get(m[1], m[1])} ", text)
    text = _signs(text)
    text = re.sub(r"\^\s*(?:\{\s*(?:T|⊤)\s*\}|T|⊤)|(?<=[\w)\]}⊤|‖])\s?'", "⊤", text)
    text = re.sub(r"⁻⊤|\^\s*\{?\s*-\s*(?:T|⊤)\s*\}?", "^(-1)⊤", text)
    text = re.sub(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁻ⁿᵏ]+", lambda m: f"^({unicodedata.normalize('NFKC', m[0]).replace('−', '-')})", text)
    text = re.sub(r"Σ\s*(?:_\s*\{\s*([\w, ]*?)\s*(?:=[^}]*)?\}|_\s*(\w)|([ᵢⱼₖ]+))\s*(?:\^\s*(?:\{[^}]*\}|\(?\w\)?))?",
                  lambda m: f" §{_indices(m[1] or m[2] or m[3] or '_')} ", text)  # fmt: skip
    text = text.replace("Σ", " Sigma ")
    text = re.sub(r"[₀-₉ᵢⱼₖₙₘₜ]+", lambda m: f"_{unicodedata.normalize('NFKC', m[0])} ", text)
    text = re.sub(r"\blambda\b", "lambda_", text)
    text = re.sub(r"(?<=[A-Za-z])\s+(?=_\w)", "", text).replace("lambda__", "lambda_")
    text = re.sub(
        r"(?<=[\w)\]])\s*_\s*\{\s*([\w, ]+?)\s*\}(?=\w)", lambda m: "_" + re.sub("[, ]", "", m[1]) + " ", text
    )
    text = re.sub(r"(?<=[\w)\]])\s*_\s*\{\s*([\w, ]+?)\s*\}", lambda m: "_" + re.sub("[, ]", "", m[1]), text)
    text = re.sub(
        r"/\s*([A-Za-z_]\w*)((?:\^\(?\d\)?)?)\s+(?=[\w(‖§|])",
        lambda m: m[0] if m[1] in CALLED else f"/{m[1]}{m[2]} • ",
        text,
    )
    text = re.sub(r"/\s*(\w+\([^()]*\))\s+(?=[\w(])", r"/\1 • ", text)
    text = _brackets(_bars(_fractions(text)))
    if split:
        text = re.sub(rf"(?<![A-Za-z_])({'|'.join(sorted(split))})(?![A-Za-z])", lambda m: " ".join(m[1]), text)
    return _python(_pieces(program(text)), frozenset(names))


def _indices(text: str) -> str:
    return re.sub("[, ]", "", unicodedata.normalize("NFKC", text))


def _fractions(text: str) -> str:
    """Braces from the inside out: those of a fraction, of an exponent, and all others as brackets."""
    for _ in range(100):
        made = re.sub(r"frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r"((\1)/(\2))", text, count=1)
        if made == text:
            made = re.sub(r"(?<!frac)(?<!\} )(?<!\})\{([^{}]*)\}(?!\s*\{)", r"(\1)", text, count=1)
        if made == text:
            return text.replace("{", "(").replace("}", ")")
        text = made
    return text


def _bars(text: str) -> str:
    """‖x‖ and |x| as calls, the innermost first."""
    word = "1|2|F|inf|\\*|fro|nuc"
    order = rf"\s*_\s*(?:\(\s*({word})\s*\)|({word}))"
    text = re.sub(rf"‖([^‖]*)‖(?:{order})?", lambda m: f" NORM(({m[1]}), {_order(m[2] or m[3])}) ", text)
    return re.sub(r"\|([^|]*)\|", r" BAR((\1)) ", text)


def _brackets(text: str) -> str:
    """Square brackets as round ones, where they hold no new axis and no list."""
    made = ""
    while made != text:
        made, text = (
            text,
            re.sub(r"(?<!\()\[([^\[\]:,]*)\](?!\s*,)", lambda m: m[0] if "None" in m[1] else f"({m[1]})", text),
        )
    return text


def _order(word: str | None) -> str:
    return {None: "None", "1": "1", "2": "2", "inf": "inf", "F": "'fro'", "fro": "'fro'"}.get(word, "'nuc'")


def _pieces(text: str) -> list[str]:
    """Numbers, words, strings and signs."""
    pattern = rf"'[^']*'|\"[^\"]*\"|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|§\w+|{WORD}|\*\*|->|>=|<=|[^\s]"
    return re.findall(pattern, text)


def _python(pieces: list[str], names: frozenset[str]) -> str:
    """Python, with the products that stand without a sign written out."""
    source, place = _until(pieces, 0, frozenset(), names)
    if place < len(pieces):
        raise Unreadable(pieces[place])
    return source


def _until(
    pieces: list[str], place: int, stops: frozenset[str], names: frozenset[str], indices: str = ""
) -> tuple[str, int]:
    """What stands before one of some signs, written in Python, and where it ends."""
    out: list[str] = []
    while place < len(pieces) and not (
        pieces[place] in stops
        and (out or pieces[place] in ")],⟩")
        and not (pieces[place] == "(" and _function(out[-1], names))
    ):
        piece = pieces[place]
        lowered = piece[0] == "_" and piece[1:] and set(piece[1:]) <= set(indices)
        if (
            out
            and not lowered
            and _factor(piece)
            and _closed(out[-1])
            and not (piece == "(" and _function(out[-1], names))
        ):
            out.append("*")
        if piece == "[" and not (out and _closed(out[-1])):  # brackets like any others
            inside, place = _group(pieces, place, names, indices)
            out.append(f"({inside[1:-1]})")
        elif piece in "([⟨" and piece:
            inside, place = _group(pieces, place, names, indices)
            out.append(inside)
        elif piece == "§_":
            inside, place = _until(pieces, place + 1, stops | {"+", "-", ")", "]", ","}, names, indices)
            out.append(f"sum({inside})")
            place -= 1
        elif piece.startswith("§"):
            deeper = indices + piece[1:]
            ends = {")", "]", ","} if _reaches(pieces, place + 1, piece[1:]) else {"+", "-", ")", "]", ","}
            inside, place = _until(pieces, place + 1, stops - {"+", "-"} | ends, names, deeper)
            for index in reversed(piece[1:]):
                inside = f"SUM(lambda {index}: {inside})"
            out.append(inside)
            place -= 1
        elif piece == "⊤":
            out.append(".T")
        elif lowered and out:
            out.append(f".at({', '.join(piece[1:])})")
        elif piece == "^":
            if pieces[place + 1] == "(":
                inside, place = _group(pieces, place + 1, names, indices)
            else:
                sign = pieces[place + 1] in "+-"
                inside, place = "".join(pieces[place + 1 : place + 2 + sign]), place + 1 + sign
            out.append(f"**P({inside})")
        elif piece in CALLED and _function(piece, names) and pieces[place + 1 : place + 2] not in ([], ["("]):
            inner = stops | PRODUCTS | (frozenset() if piece in SUMMED else CALLED - SUMMED)
            inner |= {"("} if piece not in SUMMED | {"det", "logdet"} else set()
            inside, place = _until(pieces, place + 1, inner, names, indices)
            out.append(f"{piece}({inside})")
            place -= 1
        elif (
            piece in BINDS and place + 1 < len(pieces) and not (piece == "/" and pieces[place + 1][0] in "0123456789(")
        ):
            inside, place = _until(pieces, place + 1, stops | PRODUCTS, names, indices)
            out += [_name(piece, indices, names), f"({inside})"]
            place -= 1
        else:
            out.append(_name(piece, indices, names))
        place += 1
    return " ".join(out).replace(" .T", ".T").replace(" .at(", ".at("), place


def _reaches(pieces: list[str], place: int, indices: str) -> bool:
    """Whether a term behind the first one has an index of the sum, before a bracket closes or another sum begins."""
    depth, terms = 0, 0
    for piece in pieces[place:]:
        depth += (piece in "([⟨") - (piece in ")]⟩")
        if depth < 0 or piece[0] == "§":
            return False
        terms += not depth and piece in "+-"
        index = piece.rpartition("_")[2] if "_" in piece else ""
        if terms == 1 and index and set(index) <= set(indices):
            return True
        if terms > 1:
            return False
    return False


def _group(pieces: list[str], place: int, names: frozenset[str], indices: str) -> tuple[str, int]:
    """What stands in brackets, commas included; the place of the closing one."""
    opened = pieces[place]
    closed = {"(": ")", "[": "]", "⟨": "⟩"}[opened]
    parts, place = list[str](), place + 1
    while place < len(pieces) and pieces[place] != closed:
        if pieces[place] in (",", "=", ":"):
            parts.append(pieces[place])
            place += 1
            continue
        inside, place = _until(pieces, place, frozenset({closed, ",", "=", ":"}), names, indices)
        parts.append(inside)
    made = " ".join(parts)
    return (f"INNER({made})" if opened == "⟨" else f"{opened}{made}{closed}"), place


def _name(piece: str, indices: str, names: frozenset[str]) -> str:
    signs = {"*": "*STAR*", "⊙": "%", "·": "*DOT*", "⊗": "*KRON*", "×": "*", "•": "*", "𝟏": "ONES"}
    stem, _, index = piece.rpartition("_")
    if stem and index and set(index) <= set(indices) and piece[0].isalpha():
        return f"AT({stem}, {', '.join(index)})"
    return signs.get(piece, piece)


def _factor(piece: str) -> bool:
    return bool(re.match(r"[\w(§⟨𝟏]", piece)) and piece != "⊤"


def _closed(piece: str) -> bool:
    return bool(re.search(r"[\w)\]]$|\.T$", piece)) and piece not in BINDS


def _function(piece: str, names: frozenset[str]) -> bool:
    return bool(re.fullmatch(WORD, piece)) and piece not in names and callable(BLACKBOARD.get(piece))


# numbers


def column(value: Any) -> Any:
    """A vector as a column; anything else as it is."""
    return np.reshape(value, (-1, 1)) if np.ndim(value) == 1 else np.asarray(value)


class Power:
    """An exponent that was written with ^, perhaps with a transpose behind it."""

    def __init__(self, value: Any, turned: bool = False) -> None:
        self.value, self.turned = value, turned

    @property
    def T(self) -> Power:  # noqa: N802
        """The exponent of a power that is transposed."""
        return Power(self.value, not self.turned)

    def __rpow__(self, base: Any) -> Board:
        return board(base) ** self


class Infix:
    """A sign between two factors: ``a * DOT * b``."""

    def __init__(self, function: Callable[[Any, Any], Any], left: Any = None) -> None:
        self.function, self.left = function, left

    def __rmul__(self, left: Any) -> Infix:
        return Infix(self.function, left)

    def __mul__(self, right: Any) -> Any:
        return self.function(self.left, right)


class Board:
    """A number, a column or a matrix, and what its products are."""

    __array_ufunc__ = None  # so that 2 * x comes here

    def __init__(self, array: Any) -> None:
        self.array = np.asarray(array)

    @property
    def T(self) -> Board:  # noqa: N802
        """The transpose."""
        return Board(self.array.T)

    def at(self, *places: int) -> Board:
        """An entry, or a row, which stands."""
        return _at(self, *places)

    @property
    def single(self) -> bool:
        """Whether it is one number."""
        return self.array.size == 1

    def __neg__(self) -> Board:
        return Board(-self.array)

    def __pos__(self) -> Board:
        return self

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Infix):
            return Infix(other.function, self)
        if isinstance(other, (Identity, Ones)):
            return NotImplemented
        other = board(other)
        if self.single or other.single:
            return _fitted(np.multiply, self, other)
        return Board(self.array @ other.array)

    def __rmul__(self, other: Any) -> Any:
        if isinstance(other, Infix):
            return other.function(other.left, self)
        return board(other) * self

    def __matmul__(self, other: Any) -> Any:
        columns = isinstance(other, Board) and self.array.shape == other.array.shape and self.array.shape[1:] == (1,)
        return Board(self.array.T @ other.array) if columns else self * other

    __rmatmul__ = __rmul__

    def __mod__(self, other: Any) -> Board:
        return _fitted(np.multiply, self, board(other))

    def __rmod__(self, other: Any) -> Board:
        return _fitted(np.multiply, board(other), self)

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Identity):
            return NotImplemented
        return _fitted(np.add, self, board(other))

    def __radd__(self, other: Any) -> Board:
        return _fitted(np.add, board(other), self)

    def __sub__(self, other: Any) -> Any:
        if isinstance(other, Identity):
            return NotImplemented
        return _fitted(np.subtract, self, board(other))

    def __rsub__(self, other: Any) -> Board:
        return _fitted(np.subtract, board(other), self)

    def __truediv__(self, other: Any) -> Board:
        return _fitted(np.divide, self, board(other))

    def __rtruediv__(self, other: Any) -> Board:
        return _fitted(np.divide, board(other), self)

    def __gt__(self, other: Any) -> Board:
        return _fitted(lambda a, b: (np.real(a) > np.real(b)) * 1.0, self, board(other))

    def __lt__(self, other: Any) -> Board:
        return _fitted(lambda a, b: (np.real(a) < np.real(b)) * 1.0, self, board(other))

    __ge__, __le__ = __gt__, __lt__

    def __pow__(self, exponent: Any) -> Board:
        if isinstance(exponent, Power) and exponent.turned:
            return (self**exponent.T).T
        if isinstance(exponent, Power):
            power = board(exponent.value).array
            rows = self.array.shape
            if len(rows) == 2 and rows[0] == rows[1] > 1 and power.size == 1 and float(np.real(power)).is_integer():
                return Board(np.linalg.matrix_power(self.array, int(np.real(power.reshape(())))))
            exponent = power
        return Board(_power(self.array, board(exponent).array))

    def __rpow__(self, base: Any) -> Board:
        return board(base) ** self

    def __getitem__(self, key: Any) -> Board:
        return Board(self.array if key[1] is None else self.array.T)


class Ones:
    """A column of ones as long as it must be, or, transposed, a row."""

    __array_ufunc__ = None

    def __init__(self, lies: bool = False) -> None:
        self.lies = lies

    @property
    def T(self) -> Ones:  # noqa: N802
        """Lying if it stood."""
        return Ones(not self.lies)

    def __mul__(self, other: Any) -> Any:
        return Board(np.sum(other.array, axis=0, keepdims=True)) if self.lies else NotImplemented

    def __rmul__(self, other: Any) -> Any:
        return Board(np.sum(other.array, axis=1, keepdims=True))


class Identity:
    """A multiple of I, which has the size of what stands beside it."""

    __array_ufunc__ = None

    def __init__(self, scale: Any = 1.0) -> None:
        self.scale = scale

    def _beside(self, other: Any) -> Any:
        if isinstance(other, Board):
            return Board(self.scale * np.eye(len(other.array)))
        return self.scale * np.eye(len(other))

    @property
    def T(self) -> Identity:  # noqa: N802
        """Itself."""
        return self

    def __neg__(self) -> Identity:
        return Identity(-self.scale)

    def __add__(self, other: Any) -> Any:
        return Identity(self.scale + other.scale) if isinstance(other, Identity) else self._beside(other) + other

    def __radd__(self, other: Any) -> Any:
        return other + self._beside(other)

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Identity):
            return Identity(self.scale * other.scale)
        array = board(other).array
        return Identity(self.scale * np.reshape(array, ())) if np.size(array) == 1 else self._beside(other) * other

    def __rmul__(self, other: Any) -> Any:
        array = board(other).array
        return Identity(self.scale * np.reshape(array, ())) if np.size(array) == 1 else other * self._beside(other)

    def __truediv__(self, other: Any) -> Any:
        return Identity(self.scale / np.reshape(board(other).array, ()))

    def __matmul__(self, other: Any) -> Any:
        return other * np.reshape(self.scale, ()) if not isinstance(other, Identity) else self * other

    def __rmatmul__(self, other: Any) -> Any:
        return other * np.reshape(self.scale, ())


def board(value: Any) -> Board:
    """A number or an array on the blackboard."""
    return value if isinstance(value, Board) else Board(value)


def _fitted(function: Callable[[Any, Any], Any], a: Board, b: Board) -> Board:
    """Two of equal shape, one of them one number, or a matrix and a vector for all its rows."""
    left, right = (one.array.reshape(()) if one.single else one.array for one in (a, b))
    if left.ndim == right.ndim == 2 and left.shape != right.shape:
        if right.shape == (left.shape[1], 1):
            right = right.T
        elif left.shape == (right.shape[1], 1):
            left = left.T
    found = function(left, right)
    return Board(np.reshape(found, (1, 1)) if np.ndim(found) == 0 and max(a.array.ndim, b.array.ndim) else found)


def _power(base: Any, exponent: Any) -> Any:
    exponent = np.asarray(exponent)
    if exponent.ndim == 0 and np.isrealobj(exponent) and float(exponent).is_integer() and 0 <= exponent <= 16:
        return np.prod([base] * int(exponent), axis=0) if exponent else np.ones_like(base)
    return np.asarray(base, dtype=np.result_type(base, exponent, float)) ** exponent


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """np.linalg.norm by functions that a complex step goes through."""
    x = np.asarray(x)
    matrix = x.ndim == 2 and axis is None and 1 not in x.shape
    vector = x.ndim == 2 and axis is None and not matrix
    x = np.ravel(x) if vector and x.size else x
    if matrix and ord in (2, "nuc"):
        return _spectral(x) if ord == 2 else _nuclear(x)
    if matrix and ord in (1, INF):
        return _max(np.sum(_abs(x), axis=0 if ord == 1 else 1))
    if ord == 1:
        return np.sum(_abs(x), axis=axis, keepdims=keepdims)
    if ord == INF:
        return _max(_abs(x))
    return np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims))


def _spectral(x: Any) -> Any:
    """The square root of the largest eigenvalue of x x⊤, by squaring until only its projector is left."""
    gram = x @ x.T
    power = gram
    for _ in range(60):
        power = power @ power
        power = power / np.trace(power)
    return np.sqrt(np.trace(gram @ power))


def _nuclear(x: Any) -> Any:
    """The trace of the root of x x⊤, by the iteration of Denman and Beavers."""
    gram = x @ x.T if x.shape[0] <= x.shape[1] else x.T @ x
    root, inverse = gram, np.eye(len(gram))
    for _ in range(40):
        root, inverse = (root + np.linalg.inv(inverse)) / 2, (inverse + np.linalg.inv(root)) / 2
    return np.trace(root)


def _abs(x: Any) -> Any:
    return x * np.sign(np.real(x))


def _max(x: Any, axis: Any = None) -> Any:
    if axis is not None:
        raise TypeError("max along an axis")
    return np.ravel(x)[np.argmax(np.real(np.ravel(x)))]


def _softmax(z: Any, axis: Any = None, dim: Any = None) -> Any:
    axis = dim if axis is None else axis
    weights = np.exp(z - np.max(np.real(z)))
    return weights / np.sum(weights, axis=axis, keepdims=True)


def _logsumexp(z: Any, axis: Any = None, keepdims: bool = False, dim: Any = None) -> Any:
    top = np.max(np.real(z))
    return top + np.log(np.sum(np.exp(z - top), axis=dim if axis is None else axis, keepdims=keepdims))


def _var(x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
    axis = tuple(range(np.ndim(x))) if axis is None else axis
    centred = x - np.mean(x, axis=axis, keepdims=True)
    count = np.size(x) / np.size(np.sum(centred, axis=axis))
    return np.sum(centred * centred, axis=axis, keepdims=keepdims) / (count - ddof)


def _log_of_det(x: Any) -> Any:
    sign, size = np.linalg.slogdet(x)
    if np.real(sign) <= 0:
        return np.nan
    return size + (1j * np.angle(sign) if np.iscomplexobj(x) else 0.0)


def _erf(x: Any) -> Any:
    import scipy.special

    return scipy.special.erf(x)


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def _above(x: Any) -> Any:
    return np.asarray(np.real(x) > 0) * 1.0


def _kron(a: Any, b: Any) -> Any:
    return np.kron(np.atleast_2d(a), b)


def _dim(function: Callable[..., Any]) -> Callable[..., Any]:
    """PyTorch's names of options for NumPy's."""

    def called(*args: Any, **options: Any) -> Any:
        names = {"dim": "axis", "keepdim": "keepdims", "p": "ord", "correction": "ddof"}
        if "unbiased" in options:
            options["ddof"] = int(options.pop("unbiased"))
        return function(*args, **{names.get(key, key): value for key, value in options.items()})

    return called


def _mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.mean(x, axis=axis, keepdims=keepdims)


def _higher(a: Any, b: Any) -> Any:
    return b + (a - b) * _above(a - b)


def _between(x: Any, low: Any, high: Any, **named: Any) -> Any:
    low, high = (next((named[key] for key in keys if key in named), value) for keys, value in (
        (("min", "a_min"), low), (("max", "a_max"), high)))  # fmt: skip
    x = x if low is None else _higher(x, low)
    return x if high is None else -_higher(-x, -high)


def _larger(a: Any, b: Any = None, **options: Any) -> Any:
    return _max(a, **options) if b is None else _higher(a, b)


def _smaller(a: Any, b: Any = None, **options: Any) -> Any:
    return -_max(-a, **options) if b is None else -_higher(-a, -b)


INF = float("inf")
GELU = 2**0.5
PROGRAM: dict[str, Any] = {
    "inf": INF,
    "pi": np.pi,
    "e": np.e,
    "I": Identity(),
    "ONES": Ones(),
    **{name: getattr(np, name) for name in IN_NUMPY},
    "sum": _dim(np.sum),
    "mean": _dim(_mean),
    **dict.fromkeys(["norm", "vector_norm", "matrix_norm"], _dim(_norm)),
    **{f"a{name}": getattr(np, f"arc{name}") for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    "sec": lambda x: 1 / np.cos(x),
    "csc": lambda x: 1 / np.sin(x),
    "cot": lambda x: 1 / np.tan(x),
    "coth": lambda x: 1 / np.tanh(x),
    "sech": lambda x: 1 / np.cosh(x),
    "cbrt": lambda x: _power(x, 1 / 3),
    "var": _dim(_var),
    "tr": np.trace,
    "Tr": np.trace,
    "std": _dim(lambda *args, **options: np.sqrt(_var(*args, **options))),
    "ln": np.log,
    "abs": _abs,
    "absolute": _abs,
    "softmax": _softmax,
    "log_softmax": lambda z, axis=None, dim=None: np.log(_softmax(z, axis, dim)),
    "logsumexp": _dim(_logsumexp),
    "det": np.linalg.det,
    "inv": np.linalg.inv,
    "inverse": np.linalg.inv,
    "logdet": _log_of_det,
    "solve": lambda a, b=None: np.linalg.inv(a) if b is None else np.linalg.solve(a, b),
    "matrix_power": lambda x, n: np.linalg.matrix_power(x, int(np.real(n))),
    "sigmoid": _sigmoid,
    "expit": _sigmoid,
    "relu": lambda x: x * _above(x),
    "sign": lambda x: np.sign(np.real(x)),
    "heaviside": lambda x, half=0: np.heaviside(np.real(x), half),
    "erf": _erf,
    "softplus": lambda x: np.log(1 + np.exp(x)),
    "logsigmoid": lambda x: -np.log(1 + np.exp(-x)),
    "silu": lambda x: x * _sigmoid(x),
    "gelu": lambda x: x * (1 + _erf(x / GELU)) / 2,
    "Phi": lambda x: (1 + _erf(x / GELU)) / 2,
    "kron": _kron,
    "vec": lambda x: np.reshape(np.transpose(x), -1),
    "max": _larger,
    "min": _smaller,
    "maximum": _higher,
    "minimum": lambda a, b: -_higher(-a, -b),
    "where": lambda condition, a, b: np.where(condition, a, b),
    **dict.fromkeys(["clip", "clamp"], lambda x, low=None, high=None, **named: _between(x, low, high, **named)),
    "leaky_relu": lambda x, slope=0.01: x * _above(x) + slope * x * _above(-x),
    "power": _power,
    "pow": _power,
    "K": lambda m, n: np.eye(m * n)[np.arange(m * n).reshape(n, m).T.ravel()],
    "cosine_similarity": lambda a, b, dim=None: np.sum(a * b) / np.sqrt(np.sum(a * a) * np.sum(b * b)),
    **dict.fromkeys(["mm", "mv", "matvec", "bmm"], np.matmul),
    "reduce_sum": _dim(np.sum),
    "reduce_mean": _dim(_mean),
    **dict.fromkeys(["ravel", "flatten"], np.ravel),
    "t": np.transpose,
    "vdot": lambda a, b: np.sum(np.ravel(a) * np.ravel(b)),  # conjugates nothing: a complex step goes through
    "len": len,
    "transpose": lambda x, *axes: np.transpose(x),
    "logabsdet": lambda x: np.log(_abs(np.linalg.det(x))),
}


def _lifted(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of arrays as one of what stands on the blackboard."""

    def called(*args: Any, **options: Any) -> Any:
        return Board(column(function(*(arg.array if isinstance(arg, Board) else arg for arg in args), **options)))

    return called


def _at(array: Board, *places: int) -> Board:
    """An entry of a column, or a row of a matrix, which stands."""
    found = array.array[places[0]] if array.array.shape[1:] != (1,) or len(places) > 1 else array.array[places[0], 0]
    for place in places[1:]:
        found = found[place]
    return Board(column(found))


def _sum(term: Callable[[int], Any]) -> Any:
    """A sum over all places that there are."""
    terms = list[Any]()
    with suppress(IndexError):
        while len(terms) < 1000:
            terms.append(term(len(terms)))
    total = terms[0]
    for one in terms[1:]:
        total = total + one
    return total


def _star(linear: int) -> Infix:
    """What ``*`` is between two arrays: by their sizes."""

    def times(a: Board, b: Board) -> Board:
        (rows, inner), (other, columns) = a.array.shape[-2:] or (1, 1), b.array.shape[-2:] or (1, 1)
        fits = inner == other and not a.single and not b.single and not rows == inner == 1
        product = fits and (linear == 2 or columns == 1)
        return Board(a.array @ b.array) if product and linear else _fitted(np.multiply, a, b)

    def either(a: Any, b: Any) -> Any:
        open_sized = isinstance(a, (Identity, Ones)) or isinstance(b, (Identity, Ones))
        return a * b if open_sized else times(board(a), board(b))

    return Infix(either)


STARS = [_star(linear) for linear in range(3)]


def _dotted(a: Any, b: Any) -> Any:
    """a·b: of two vectors that lie alike one number, else the product."""
    boards = isinstance(a, Board) and isinstance(b, Board) and not a.single
    alike = boards and a.array.shape == b.array.shape and 1 in a.array.shape
    return Board(np.sum(a.array * b.array)) if alike else a * b


def _bar(x: Any) -> Any:
    """|x|: the determinant of a matrix, else the size of each entry."""
    array = board(x).array
    return Board(np.linalg.det(array) if array.ndim == 2 and array.shape[0] == array.shape[1] > 1 else _abs(array))


BLACKBOARD: dict[str, Any] = {
    **{name: _lifted(value) if callable(value) else value for name, value in PROGRAM.items()},
    "NORM": _lifted(_norm),
    "BAR": _bar,
    "P": Power,
    "SUM": _sum,
    "AT": _at,
    "DOT": Infix(lambda a, b: _dotted(a, b)),
    "KRON": Infix(
        lambda a, b: Board(np.kron(a.array, b.array)) if 1 not in b.array.shape[1:] else Board(a.array @ b.array.T)
    ),
    "INNER": _lifted(lambda a, b: np.sum(a * b)),
    "diag": _lifted(lambda x: np.diag(x[:, 0]) if x.shape[1] == 1 and x.shape[0] > 1 else np.diag(x)),
    "outer": _lifted(lambda a, b: np.outer(a, b)),
    "softmax": _lifted(lambda z, axis=None: _softmax(z, axis if axis is not None else 0 if z.shape[1] == 1 else -1)),
    "dot": lambda a, b: Board(np.sum(a.array * b.array)),
    "frac": lambda a, b: board(a) / b,
}
