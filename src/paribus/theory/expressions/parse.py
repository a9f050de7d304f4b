"""From tokens to an untyped tree, by how strongly operators bind. Every mistake points at its column."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from fractions import Fraction
from typing import Any

from paribus.errors import TheoryError
from paribus.theory.expressions.calls import checked
from paribus.theory.expressions.notation import ALIASES, EVERY, INSTEAD, MODULES
from paribus.theory.expressions.raw import Raw
from paribus.theory.expressions.symbols import GREEK
from paribus.theory.expressions.tokens import EVERYTHING, Token, pointing, tokens

LONGEST, DEEPEST, LARGEST = 2000, 60, 400  # characters, levels, nodes
SUM, PRODUCT, BESIDE, MINUS, POWER = 10, 20, 22, 25, 30  # how strongly an operator binds
BINDING = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "@": PRODUCT, "·": PRODUCT, "⊙": PRODUCT, "×": PRODUCT,
           "⊗": PRODUCT, "**": POWER, "^": POWER}  # fmt: skip
COMPARED = {">", "<", ">=", "<="}
INDEXING = {":", ",", "None", "np", "newaxis", ".", "-"}
CLOSING = {"(": ")", "{": "}", "[": "]", "⟨": "⟩"}
BOARD = {"⊤", "·", "⊙", "×", "⊗", "‖", "⟨", "𝟏", "|"}  # signs that nobody writes in a program
SAME = {"·": "juxt", "×": "juxt", "⊙": "*"}
RESERVED = {"if", "else", "for", "in", "not", "and", "or", "is", "import", "def", "return", "while", "with", "yield"}
APPLIED = {  # functions that need no brackets
    "log", "ln", "exp", "tr", "Tr", "trace", "det", "logdet", "sin", "cos", "tan", "tanh", "sinh", "cosh", "sqrt",
    "sigmoid", "relu", "softmax", "max", "min", "diag", "vec", "erf", "softplus", "logsumexp", "mean", "sum", "frac",
    "abs", "norm", "log2", "log10", "arcsin", "arccos", "arctan", "sec", "csc", "cot",
}  # fmt: skip
NUMBERS = {
    "sin",
    "cos",
    "tan",
    "exp",
    "log",
    "ln",
    "sinh",
    "cosh",
    "tanh",
    "sqrt",
    "sec",
    "csc",
    "cot",
    "det",
    "arcsin",
    "arccos",
    "arctan",
}  # of which there is no variable
WHOLE = {"tr", "sum", "mean", "diag", "vec"}  # that are taken of functions, too: tr A log B
FUNCTIONS = {"f", "g", "h", "phi", "psi", "varphi"}  # usual names of functions
ORDERS = {"1": 1, "2": 2, "F": "fro", "fro": "fro", "inf": "inf", "*": "nuc", "nuc": "nuc"}
OPERATOR_HINT = "operators are @ * / ** + - and .T; typeset signs are read too: xᵀAx, ‖Ax − b‖²"


@dataclass
class Parser:
    """The text of an expression, read from left to right.

    Args:
        text: what was typed.
        known: names of variables that are one word, so that ``Ax`` is not A x.
    """

    text: str
    known: frozenset[str]
    place: int = 0
    depth: int = 0
    count: int = 0
    board: bool = False  # written as on a blackboard: vectors stand, and signs for products may be missing
    doubts: list[str] = field(default_factory=list)
    indices: list[str] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    open_bars: list[str] = field(default_factory=list)

    @property
    def token(self) -> Token:
        """What comes next."""
        return self.tokens[self.place]

    def error(self, rule: str, column: int | None = None, hint: str = "") -> TheoryError:
        """A mistake at a column, with a caret below it."""
        return pointing(rule, self.text, self.token.column if column is None else column, hint)

    def step(self) -> Token:
        """The token, passed."""
        token = self.token
        self.place += token.kind != "end"
        return token

    def at(self, *signs: str) -> bool:
        """Whether one of some signs is next."""
        return self.token.kind == "sign" and self.token.text in signs

    def expect(self, sign: str, opened: Token) -> None:
        """Pass a closing sign."""
        if self.token.text == sign and self.token.kind == "sign":
            self.step()
        elif self.token.kind == "end":
            rule = f"the expression cannot be read: '{opened.text}' was never closed"
            raise self.error(rule, opened.column, OPERATOR_HINT)
        else:
            raise self.error(f"the expression cannot be read: {sign} is missing", hint=self.syntax_hint())

    def syntax_hint(self) -> str:
        """The next step, by what the text holds."""
        if any(token.text in ("=", "==") for token in self.tokens):
            return "write the function only, without = and what follows"
        return OPERATOR_HINT

    def node(self, op: str, args: tuple[Raw, ...], value: Any, column: int) -> Raw:
        """A node that ends where the parser stands."""
        self.count += 1
        if self.count > LARGEST:
            hint = "derive it in pieces"
            raise TheoryError(f"an expression has at most {LARGEST} parts", got=f"more than {LARGEST} parts", hint=hint)
        stop = self.tokens[self.place - 1].stop if self.place else column
        return Raw(op, args, value, column, self.text[column:stop].strip())

    # what binds operands

    def expression(self, least: int = 0) -> Raw:
        """An operand and all operators behind it that bind at least as strongly as ``least``."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.error(f"an expression is nested at most {DEEPEST} levels deep")
        left = self.prefix()
        while True:
            token = self.token
            if token.kind == "sign" and BINDING.get(token.text, -1) >= max(least, 1):
                left = self.infix(left)
            elif least <= BESIDE and self.adjacent():
                self.board = True
                if token.kind == "number" and left.op not in ("number", "frac", "/"):
                    hint = "numbers stand in front: 2 x; a vector of ones is 𝟏 or \\mathbf{1}, and a power x^2"
                    raise self.error(f"a number stands behind {left.text}", token.column, hint)
                left = self.node("juxt", (left, self.factor()), None, left.column)
            else:
                break
        self.depth -= 1
        return left

    def infix(self, left: Raw) -> Raw:
        """A binary operator and its right operand."""
        sign = self.step()
        self.board |= sign.text in BOARD
        binding = BINDING[sign.text]
        if sign.text == "^":
            self.board = True
            right = self.exponent()
            if left.value == "e" and right.op == "number" and self.token.kind == "word" and not self.token.spaced:
                power = f"{right.text}{self.token.text}"
                hint = f"write e^({power}) or e^{right.text} * {self.token.text}"
                raise self.error(
                    f"e^{power} may be e^({power}) or e^{right.text} {self.token.text}", right.column, hint
                )
        elif sign.text == "**":
            right = self.expression(POWER)
        elif sign.text == "/":
            right = self.denominator()
        else:
            right = self.expression(binding + 1)
        if sign.text in ("^", "**") and right.op == "name" and right.value in ("T", "top"):
            return self.node("T", (left,), None, left.column)
        op = SAME.get(sign.text, sign.text)
        value = sign.column if op != "juxt" else sign.text
        made = self.node("kron" if op == "⊗" else op, (left, right), value, left.column)
        return self.postfix(made) if sign.text == "^" and self.at("⊤") else made  # A⁻ᵀ

    def exponent(self) -> Raw:
        """What ``^`` raises to: a number, a name or what stands in brackets."""
        if self.at("-", "+"):
            sign = self.step()
            inside = self.postfix(self.primary())
            return self.node("neg", (inside,), None, sign.column) if sign.text == "-" else inside
        if self.at("{"):
            self.board = True
        return self.primary() if self.token.kind != "word" else self.postfix(self.primary())

    def denominator(self) -> Raw:
        """What stands below the line: 1/2 x is x/2, a/b c is a/(b c), and 1/2x is refused."""
        bracketed = self.at("(", "{")
        right = self.expression(MINUS)
        if not self.adjacent() or bracketed or (self.token.spaced and right.op not in ("number", "T")):
            return right
        if right.op == "number":
            if not self.token.spaced and self.token.kind == "word":
                one, name = right.text, self.token.text
                hint = f"write /({one}*{name}) or a factor in front: 1/{one} * {name}"
                raise self.error(f"/{one}{name} may be /({one} {name}) or (/{one}) {name}", right.column, hint)
            return right
        row = right.op == "T"  # which nothing is divided by
        while self.adjacent() and (row or not self.token.spaced):
            right, row = self.node("juxt", (right, self.factor()), None, right.column), False
        self.board = True
        if self.tokens[self.place - 1].spaced:
            return right
        self.doubts.append(f"all of {right.text} stands below the line; write (…/…) * … for less")
        return right

    def factor(self) -> Raw:
        """What may stand beside another factor without a sign."""
        left = self.prefix()
        while self.at("^", "**"):
            left = self.infix(left)
        return left

    def adjacent(self) -> bool:
        """Whether a factor follows without a sign."""
        token = self.token
        if token.kind in ("word", "sum", "number"):
            return not (token.kind == "word" and token.text in RESERVED)
        if token.kind != "sign":
            return False
        if token.text.startswith("‖") or token.text == "|":
            return token.text[0] not in self.open_bars[-1:]
        return token.text in ("(", "{", "⟨", "𝟏") or (token.text == "[" and (token.spaced or not self.indexes()))

    def indexes(self) -> bool:
        """Whether brackets hold places or axes, and no formula: x[0], b[:, None]."""
        inside = itertools.takewhile(lambda token: token.text not in ("]", ""), self.tokens[self.place + 1 :])
        return all(one.kind == "number" or one.text in INDEXING or re.fullmatch("[a-z]", one.text) for one in inside)

    def opens(self, function: str) -> bool:
        """Whether the arguments of a function follow in brackets: tr[A X] as well."""
        return self.at("(", "{") or (self.at("[") and function in APPLIED)

    def prefix(self) -> Raw:
        """A sign in front, or an operand."""
        if self.at("-", "+"):
            sign = self.step()
            inside = self.expression(MINUS)
            return self.node("neg", (inside,), None, sign.column) if sign.text == "-" else inside
        return self.postfix(self.primary())

    def postfix(self, left: Raw) -> Raw:
        """Transposes, methods and new axes behind an operand."""
        while True:
            if self.at("⊤"):
                self.step()
                self.board = True
                left = self.node("T", (left,), None, left.column)
            elif self.at("."):
                left = self.attribute(left)
            elif self.at("[") and left.op != "number" and self.indexes():
                left = self.index(left)
            elif self.lowered():
                left = self.node("at", (left,), tuple(self.step().text[1:]), left.column)
            else:
                return left

    def lowered(self) -> bool:
        """Whether an index of a sum follows: softmax(z)ₖ."""
        word = self.token.text
        return self.token.kind == "word" and word[0] == "_" and bool(word[1:]) and set(word[1:]) <= set(self.indices)

    def attribute(self, left: Raw) -> Raw:
        """``.T``, or a method: x.sum() is sum(x)."""
        self.step()
        word = self.step()
        if word.kind != "word":
            raise self.error("the expression cannot be read: a name is missing after the dot", word.column)
        called = self.at("(")
        if word.text in ("T", "mT") and not called:
            return self.node("T", (left,), None, left.column)
        name = ALIASES.get(word.text, word.text)
        if not called or name not in EVERY:
            hint = instead(word.text) if called else "the only attribute is .T; methods are called: x.sum()"
            raise self.error(f".{word.text} is no part of the notation", left.column, hint)
        return self.call(name, left.column, (left,))

    def index(self, left: Raw) -> Raw:
        """``b[:, None]`` is a column, ``b[None, :]`` a row."""
        opened = self.step()
        start = self.place
        while not self.at("]") and self.token.kind != "end":
            self.step()
        inside = "".join(token.text for token in self.tokens[start : self.place]).replace("np.newaxis", "None")
        self.expect("]", opened)
        op = {":,None": "column", "None,:": "row", "None": "row", "...,None": "column"}.get(inside)
        if op is None:
            hint = "new axes are read: b[:, None]; outer(a, b) stands for a[:, None] * b, and Σᵢ for sums over entries"
            if re.fullmatch(r"-?\w+", inside):
                hint = f"an entry is a product with a unit vector e: e.T @ ({left.text})"
            elif found := re.fullmatch(r"(:?),?(-?\d*),?(:?)", inside):
                hint = (
                    f"it is a product with a unit vector e: {f'{left.text} @ e' if found[1] else f'e.T @ {left.text}'}"
                )
            raise self.error("there are no indices here", left.column, hint)
        return self.node(op, (left,), (), left.column)

    # operands

    def primary(self) -> Raw:
        """A number, a name, a call, or what stands in brackets or between bars."""
        token = self.step()
        if token.kind == "number":
            return self.node("number", (), self.number(token), token.column)
        if token.kind == "string":
            return self.node("string", (), token.text, token.column)
        if token.kind == "sum":
            return self.summed(token)
        if token.kind == "word":
            return self.word(token)
        if token.text in CLOSING:
            return self.bracketed(token)
        if token.text.startswith("‖") or token.text == "|":
            return self.bars(token)
        if token.text == "𝟏":
            self.board = True
            return self.node("name", (), "𝟏", token.column)
        if token.kind == "end":
            raise self.error("the expression cannot be read: it ends too early", None, OPERATOR_HINT)
        raise self.error(f"the expression cannot be read at '{token.text}'", token.column, self.syntax_hint())

    def number(self, token: Token) -> Fraction:
        """An exact number."""
        value = Fraction(token.text.replace("_", ""))
        if value and not Fraction(1, 10**12) <= abs(value) <= 10**12:
            raise self.error("numbers lie between 1e-12 and 1e12, or are 0", token.column)
        return value

    def bracketed(self, opened: Token) -> Raw:
        """An expression in brackets, a comparison, or ⟨a, b⟩."""
        bars, self.open_bars = self.open_bars, []
        inside = self.compared(self.expression())
        if opened.text == "(" and self.at(","):
            raise self.error(
                "two expressions stand in one pair of brackets",
                hint=f"an inner product is ⟨{inside.text}, …⟩ or {inside.text}·…",
            )
        if opened.text == "⟨":
            self.board = True
            if not self.at(",", "|"):
                raise self.error(
                    "an inner product is ⟨a, b⟩",
                    hint=f"write ⟨{inside.text}, …⟩, or mean({inside.text}) for an average",
                )
            self.step()
            inside = self.node("inner", (inside, self.expression()), (), opened.column)
        self.expect(CLOSING[opened.text], opened)
        self.open_bars = bars
        return Raw(
            inside.op,
            inside.args,
            inside.value,
            opened.column,
            self.text[opened.column : self.tokens[self.place - 1].stop].strip(),
        )

    def compared(self, left: Raw) -> Raw:
        """``x > 0`` is 1 where it holds and 0 elsewhere."""
        if not self.at(*COMPARED):
            return left
        sign = self.step()
        right = self.expression()
        pair = (left, right) if sign.text in (">", ">=") else (right, left)
        return self.node("above", pair, (), left.column)

    def bars(self, opened: Token) -> Raw:
        """‖x‖ with its order, or |x|."""
        self.board = True
        kind = opened.text[0]
        self.open_bars.append(kind)
        inside = self.expression()
        self.open_bars.pop()
        closing = self.token
        if closing.kind != "sign" or closing.text[0] != kind:
            rule = f"the expression cannot be read: '{kind}' was never closed"
            raise self.error(rule, opened.column, "norm(x) and abs(x) are the same")
        self.step()
        if kind == "|":
            return self.node("bars", (inside,), (), opened.column)
        order = closing.text[2:] if len(closing.text) > 1 else None
        if order not in (None, *ORDERS):
            rule = f"there is no norm of the order {order}"
            raise self.error(
                rule, closing.column, "‖x‖₁, ‖x‖₂, ‖x‖_∞, ‖X‖_F and ‖X‖_* are read; a power follows with ^"
            )
        return self.node("‖", (inside,), ORDERS.get(str(order)), opened.column)

    def summed(self, token: Token) -> Raw:
        """Σᵢ and the product behind it; and the sum behind it, where i stands in it as well."""
        self.board = True
        if token.text == EVERYTHING:
            return self.node(*checked(self.text, "sum", token.column, [self.expression(PRODUCT)], {}), token.column)
        self.indices += token.text
        inside = self.expression(PRODUCT)
        while self.at("+", "-") and self.goes_on(token.text):
            inside = self.infix(inside)
            said = f"Σ is taken of all of {inside.text}, as {token.text[0]} stands in it; brackets say otherwise"
            self.doubts.append(said)
        del self.indices[-len(token.text) :]
        return self.node("Σ", (inside,), tuple(token.text), token.column)

    def goes_on(self, indices: str) -> bool:
        """Whether the next term has an index of the sum before it, and no sum of its own."""
        depth = 0
        for token in self.tokens[self.place + 1 :]:
            depth += (token.text in CLOSING) - (token.text in CLOSING.values())
            if depth < 0 or token.kind == "sum" or (not depth and token.text in ("+", "-", ",")):
                return False
            index = token.text.rpartition("_")[2] if token.kind == "word" and "_" in token.text else ""
            if index and set(index) <= set(indices):
                return True
        return False

    def word(self, token: Token) -> Raw:
        """A function, a module in front of one, or a name."""
        name = token.text
        if name in RESERVED:
            hint = "where(x > 0, a, b), relu(x) and abs(x) are the functions with a case distinction"
            raise self.error(f"{name} is no part of the notation", token.column, hint)
        while name in MODULES and self.at(".") and self.tokens[self.place + 1].text not in ("T", "mT"):
            self.step()
            token, name = self.token, self.step().text
            if token.kind != "word":
                raise self.error("the expression cannot be read: a name is missing after the dot", token.column)
        if "__" in name.rstrip("_"):
            raise self.error(f"{name} is no part of the notation", token.column, OPERATOR_HINT)
        if name[0] == "_":
            hint = "x_i within a sum over i, ‖X‖_F, x₁; an entry is a product with a unit vector: eᵀ log(softmax(z))"
            raise self.error("an index stands at a name", token.column, hint)
        function = ALIASES.get(name, name)
        called = self.opens(function) and not (self.token.spaced and self.board and function not in APPLIED)
        if function in EVERY and name not in self.known and (called or (name in APPLIED and not self.ends())):
            return self.call(function, token.column)
        if name in NUMBERS and name not in self.known:
            hint = f"write {name}(x), and its powers behind it: {name}(x)^2"
            raise self.error(f"{name} stands without what it is taken of", token.column, hint)
        opened = self.at("(") or (self.at("[") and name.isalpha() and len(name) > 2 and name not in GREEK)
        if opened and not self.token.spaced and name not in self.known and not self.entry(name):
            return self.unknown(name, token)
        return self.name(name, token)

    def ends(self) -> bool:
        """Whether no operand can follow, so that a function's name is a variable here."""
        return self.token.kind == "end" or (self.token.kind == "sign" and not self.adjacent() and not self.at("-"))

    def unknown(self, name: str, token: Token) -> Raw:
        """A name before a bracket: σ(x) is the sigmoid, A(x + y) a product; else there is no such function."""
        if name == "sigma":
            self.doubts.append("σ(…) is the logistic function; write sigma * (…) for a product")
            return self.call("sigmoid", token.column)
        if (
            name in FUNCTIONS
            and self.tokens[self.place + 1].kind == "word"
            and self.tokens[self.place + 2].text in (")", ",", "_", "(")
        ):
            hint = f"write the formula of {name}; a product is {name} * (…)"
            raise self.error(f"{name}(…) is a function that is not known", token.column, hint)
        if re.fullmatch(r"[A-Za-z](_?\d)?", name) or name.rstrip("_") in {*GREEK, "eps"}:
            self.doubts.append(f"{name}(…) is a product; a function of this name is not known")
            return self.name(name, token)
        raise self.error(f"there is no function {name}", token.column, instead(name))

    def name(self, name: str, token: Token) -> Raw:
        """A variable; within a sum over i, y_i is an entry of y or a row of Y."""
        if self.entry(name):
            stem, _, index = name.rpartition("_")
            return self.node("entry", (), (stem, tuple(index)), token.column)
        return self.node("name", (), name, token.column)

    def entry(self, name: str) -> bool:
        """Whether a name has an index of a sum around it."""
        stem, _, index = name.rpartition("_")
        return bool(stem and index) and set(index) <= set(self.indices)

    # calls

    def call(self, function: str, column: int, first: tuple[Raw, ...] = ()) -> Raw:
        """A function with its arguments, or with the product behind it: log det X."""
        if not self.opens(function):
            self.board = True
            return self.node(*checked(self.text, function, column, [self.applied(function)], {}), column)
        args, named = list(first), dict[str, Raw]()
        while self.opens(function):
            opened = self.step()
            bars, self.open_bars = self.open_bars, []
            while not self.at(CLOSING[opened.text]) and self.token.kind != "end":
                self.argument(args, named)
                if self.at(","):
                    self.step()
                elif not self.at(CLOSING[opened.text]):
                    break
            self.expect(CLOSING[opened.text], opened)
            self.open_bars = bars
            if function != "frac" or len(args) > 1:
                break
        return self.node(*checked(self.text, function, column, args, named), column)

    def argument(self, args: list[Raw], named: dict[str, Raw]) -> None:
        """One argument, by place or by name."""
        follows = self.tokens[self.place + 1] if self.token.kind == "word" else self.token
        if self.token.kind == "word" and follows.kind == "sign" and follows.text == "=":
            key = self.step()
            self.step()
            named[key.text] = self.listed()
        else:
            args.append(self.listed())

    def listed(self) -> Raw:
        """An argument, which may be a pair of sizes."""
        if self.at("(", "["):
            opened, start, count, depth = self.token, self.place, self.count, self.depth
            try:
                self.step()
                items = [self.expression()]
                while self.at(","):
                    self.step()
                    if not self.at(CLOSING[opened.text]):
                        items.append(self.expression())
                if len(items) > 1 or opened.text == "[":
                    self.expect(CLOSING[opened.text], opened)
                    return self.node("tuple", tuple(items), (), opened.column)
            except TheoryError:
                pass
            self.place, self.count, self.depth = start, count, depth
        return self.compared(self.expression())

    def applied(self, function: str) -> Raw:
        """What a function without brackets is applied to: the product behind it, up to another function."""
        left = self.factor()
        while self.adjacent() and (function in WHOLE or ALIASES.get(self.token.text, self.token.text) not in NUMBERS):
            if function in NUMBERS - {"det"} and self.at("("):  # sin x (1 + x)
                break
            left = self.node("juxt", (left, self.factor()), None, left.column)
            if function in NUMBERS and left.args[0].op == "name":
                self.doubts.append(f"{function} is taken of all of {left.text}; brackets say otherwise")
        return left


def instead(function: str) -> str:
    """What to write for a function that there is not."""
    alike = get_close_matches(function, [name for name in EVERY if name[0] == function[0]], 1, 0.75)
    if alike and function not in INSTEAD:
        return f"did you mean '{alike[0]}'?"
    return INSTEAD.get(function) or f"write the formula of {function} in its place, or a letter for what is constant"


def parse(text: str, known: frozenset[str] = frozenset(), split: frozenset[str] = frozenset()) -> tuple[Raw, Parser]:
    """Read an expression.

    Args:
        text: NumPy notation, LaTeX, or as it is typeset.
        known: names of variables that are one word.
        split: words that are products of their letters.

    Raises:
        TheoryError: it is no expression of the notation; the message points at the column.
    """
    text = " ".join(text.split())
    if not text:
        raise TheoryError("an expression is needed", hint="such as: x.T @ A @ x")
    if len(text) > LONGEST:
        raise TheoryError(f"an expression has at most {LONGEST} characters", got=f"{len(text)} characters")
    parser = Parser(text, known)
    parser.tokens = tokens(text, split)
    parser.board = "\\" in text
    try:
        raw = parser.expression()
    except RecursionError:
        raise TheoryError("the expression cannot be read: it is nested too deeply") from None
    if parser.at(*COMPARED, "=", "=="):
        hint = "write the function only, without = and what follows: the expression itself is differentiated"
        raise parser.error("a comparison is no part of the notation here", hint=hint)
    if parser.token.kind != "end":
        if parser.token.text in RESERVED:
            parser.word(parser.step())
        raise parser.error(f"the expression cannot be read at '{parser.token.text}'", hint=parser.syntax_hint())
    return raw, parser
