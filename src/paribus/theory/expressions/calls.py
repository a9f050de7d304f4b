"""Calls of functions: their arguments, options and sizes, checked where they are read."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from paribus.theory.expressions.notation import ENTRYWISE, FILLED, OPTIONS, OTHERS
from paribus.theory.expressions.raw import Raw
from paribus.theory.expressions.tokens import pointing
from paribus.theory.expressions.tree import Size, times

SPELLINGS = {"dim": "axis", "keepdim": "keepdims", "p": "ord", "correction": "ddof", "negative_slope": "slope"}
BOUNDS = ("a_min", "min", "low", "a_max", "max", "high")
ORDERS = (None, 1, 2, "inf", "fro", "nuc")
CHOICES: dict[str, tuple[str, tuple[Any, ...]]] = {  # option: what may stand there, in words and as values
    "axis": ("0, 1, -1 or None", (None, 0, 1, 2, -1, -2)),
    "keepdims": ("True or False", (True, False)),
    "ddof": ("0 or 1", (0, 1)),
    "half": ("0", (0, 1, Fraction(1, 2))),
    "offset": ("0", (0,)),
    "ord": ("1, 2, inf, 'fro' or 'nuc'", ORDERS),
}
Call = tuple[str, tuple[Raw, ...], Any]


def checked(text: str, function: str, column: int, args: list[Raw], named: dict[str, Raw]) -> Call:
    """Operator, operands and options of a call.

    Raises:
        TheoryError: wrong number of arguments, or an option that the function does not have.
    """
    if function in FILLED:
        return function, (), _sizes(text, function, column, args)
    if function == "einsum":
        return _einsum(text, column, args)
    if function in ("max", "min") and _of_two(args, named):
        function += "imum"
    takes = ENTRYWISE[function][0] if function in ENTRYWISE else OTHERS.get(function, 1)
    places = OPTIONS.get(function, ())
    options = {SPELLINGS.get(key, key): value for key, value in named.items()}
    if function == "clip":
        named_bounds = {key: options.pop(key) for key in BOUNDS if key in options}
        args = [*args, *named_bounds.values()]
        if len(args) == 2 or (len(args) == 3 and None in map(literal, args[1:])):  # clamp(x, min=0), clip(x, 0, None)
            lower = set(named_bounds) & {*BOUNDS[:3]} or (not named_bounds and literal(args[1]) is not None)
            return "maximum" if lower else "minimum", (args[0], args[1 if lower else -1]), ()
    if function == "cosine_similarity":
        options.pop("axis", None)  # of vectors there is one
    if "unbiased" in options:
        options["ddof"] = Raw("number", (), Fraction(literal(options.pop("unbiased")) is True), column, "")
    if function == "leaky_relu" and len(args) == 1:
        args = [*args, options.pop("slope", Raw("number", (), Fraction(1, 100), column, "0.01"))]
    if function == "transpose" and len(args) == 3 and all(type(literal(arg)) is int for arg in args[1:]):
        args = args[:1]  # x.transpose(-2, -1), of a matrix
    if function == "solve" and len(args) == 1:
        function, takes = "inv", 1  # R
    if not takes <= len(args) <= takes + len(places):
        plural = "arguments" if takes > 1 else "argument"
        called = f"{function}({', '.join('xyzabc'[:takes])})"
        hint = f"it is called {called}" + "".join(f", {one}=…" for one in (*places, "keepdims")[: 2 * bool(places)])
        raise pointing(f"{function} takes {takes} {plural}, not {len(args)}", text, column, hint)
    if function == "matrix_power":
        args = [*args, *(options.pop(key) for key in ("n", "power") if key in options)]
    given = dict(zip(places, args[takes:], strict=False)) | options
    allowed = {*places, *(["keepdims"] if "axis" in places else [])}
    for key, raw in given.items():
        if key not in allowed:
            hint = f"it takes {', '.join(sorted(allowed))}" if allowed else f"leave {key} out"
            raise pointing(f"{function} takes no named arguments {key}", text, raw.column, hint)
    return function, tuple(args[:takes]), tuple((key, _value(text, function, key, raw)) for key, raw in given.items())


def _of_two(args: list[Raw], named: dict[str, Raw]) -> bool:
    """max(0, x) is one of two; max(X, 0) is along an axis, but max(x, 0) that of two for anything but an axis."""
    return len(args) == 2 and not named


def _value(text: str, function: str, key: str, raw: Raw) -> Any:
    """A literal option: an axis, an order, whether axes are kept."""
    value = literal(raw)
    if key == "axis" and raw.op == "tuple":
        return None  # both axes of a matrix: all of it
    if key == "ord":
        value = {"F": "fro", "f": "fro", "*": "nuc"}.get(str(value), value)
    said, allowed = CHOICES[key]
    if value not in allowed:
        what = "second argument" if key == "ord" else f"option {key}"
        p = raw.text
        hints = {
            "ord": f"any other is written out: sum(abs(x)**{p})**(1/{p}), and how many are not 0 has no derivative",
            "axis": "axes are counted from 0: of a matrix 0 goes down the columns, 1 along the rows",
        }
        raise pointing(f"the {what} of {function} is {said}", text, raw.column, hints.get(key, f"leave {key} out"))
    return value


def literal(raw: Raw) -> Any:
    """The value of a number, None, True, False or a string; ``()`` for anything else."""
    if raw.op == "number":
        return int(raw.value) if raw.value.denominator == 1 else raw.value
    if raw.op == "neg" and raw.args[0].op == "number":
        return -literal(raw.args[0])
    words = {"None": None, "True": True, "False": False}
    return words.get(raw.value, raw.value) if raw.op in ("name", "string") else ()


def _einsum(text: str, column: int, args: list[Raw]) -> Call:
    """einsum("bij,bjk->bik", A, B)."""
    if not args or args[0].op != "string":
        raise pointing("einsum takes its indices first", text, column, "einsum('ij,jk->ik', A, B)")
    inputs, arrow, output = args[0].value.replace(" ", "").partition("->")
    if not arrow:  # what stands there once, in the order of letters
        output = "".join(sorted(letter for letter in set(inputs) - {","} if inputs.count(letter) == 1))
    parts = tuple(inputs.split(","))
    fits = len(parts) == len(args) - 1 <= 4 and all(part.isalpha() for part in parts) and set(output) <= set(inputs)
    if not fits or any(len(part) > len(set(part)) for part in (*parts, output)):
        hint = "one part for each of at most four arguments, and no letter twice in a part"
        raise pointing("the indices of einsum do not fit its arguments", text, args[0].column, hint)
    return "einsum", tuple(args[1:]), (parts, output)


def _sizes(text: str, function: str, column: int, args: list[Raw]) -> tuple[Size, ...]:
    """Sizes of ones(n), ones((m, n)), eye(n)."""
    given = tuple(one for arg in args for one in (arg.args if arg.op == "tuple" else (arg,)))
    allowed = {"eye": (1,), "tril": (1,), "K": (2,)}.get(function, (1, 2, 3))
    if function == "eye" and len(given) == 2 and given[0].text == given[1].text:
        given = given[:1]
    if len(given) not in allowed:
        raise pointing(
            f"{function} takes {' or '.join(map(str, allowed))} sizes", text, column, f"such as {function}(n)"
        )
    return tuple(_size(text, one) for one in given)


def _size(text: str, raw: Raw) -> Size:
    if raw.op in ("*", "juxt"):
        return times(_size(text, raw.args[0]), _size(text, raw.args[1]))
    if raw.op == "name":
        return str(raw.value)
    if raw.op == "number" and raw.value.denominator == 1 and 0 < raw.value <= 1000:
        return int(raw.value)
    raise pointing("a size is a letter or a whole number, 1 to 1000", text, raw.column, "such as ones(n), eye(3)")
