"""``derive``: gradients, Jacobians and Hessians of matrix expressions, with worked steps, each of them checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from paribus.errors import TheoryError, nearest
from paribus.theory.calculus.differential import Line
from paribus.theory.calculus.domain import domain
from paribus.theory.calculus.draws import Draw
from paribus.theory.calculus.oracles import Oracle, Typed, find_oracle, second, second_readings, structured
from paribus.theory.calculus.steps import Setting, derivative, gradient
from paribus.theory.calculus.structures import STRUCTURES, SYMMETRIC
from paribus.theory.calculus.verify import DRAWS, Verified, answer, named, verify
from paribus.theory.derivations.derivation import Derivation
from paribus.theory.derivations.proof import Claim
from paribus.theory.derivations.record import Formula, Step
from paribus.theory.expressions.latex import latex
from paribus.theory.expressions.lets import Names, lets, written_in
from paribus.theory.expressions.powers import MEANS, exponents
from paribus.theory.expressions.reading import Reading, read, same
from paribus.theory.expressions.second import Unreadable
from paribus.theory.expressions.shapes import KINDS
from paribus.theory.expressions.text import shape_text, size_text, text
from paribus.theory.expressions.tree import Expr, Shape, name

EXPLAINED = {"differential of a matrix power": MEANS}  # steps that name what is not known to everybody


@dataclass(frozen=True)
class Work:
    """What was derived and has to be proved: answers, the lines to them, what the oracle is asked, the layout."""

    kind: str
    answers: dict[str, Expr]
    lines: list[Line]
    claims: list[Claim[Draw]]
    layout: str


def derive(
    expression: str,
    wrt: str | Sequence[str] = "",
    shapes: Mapping[str, str | Shape | None] | None = None,
    *,
    hessian: bool = False,
    symmetric: Sequence[str] = (),
    definite: Sequence[str] = (),
    diagonal: Sequence[str] = (),
    lower: Sequence[str] = (),
    orthogonal: Sequence[str] = (),
    oracle: str = "complex",
) -> Derivation:
    """Derive an expression with respect to one or several variables.

    >>> import paribus as pb
    >>> pb.derive("x.T @ A @ x", wrt="x").gradient
    '(A + A.T) @ x'

    Args:
        expression: NumPy notation, LaTeX, or as it is typeset, ``xᵀAx``. Capital letters are matrices, lower-case
            letters vectors, lower-case Greek names scalars, unless the operations around them say otherwise.
        wrt: the variable, or several; it need not be named where the expression has only one.
        shapes: what else a name is: ``{"A": "m,n", "x": "n", "a": ""}``; ``""`` is a scalar, ``"n,1"`` a column.
        hessian: second derivatives of a scalar, for each pair of variables.
        symmetric: matrices that equal their transposes. Of a variable with a structure both gradients are given: with
            all entries free, and among matrices of the structure.
        definite: symmetric positive definite matrices.
        diagonal: diagonal matrices.
        lower: lower triangular matrices.
        orthogonal: orthogonal matrices.
        oracle: against what answers are checked: "complex", "fd" or "torch".

    Returns:
        A derivation of which every step was checked in float64 at random sizes and values.

    Raises:
        TheoryError: the expression cannot be read, shapes do not fit, a name does not occur, there is no point at which
            everything is defined, or, as an internal error, a step does not stand up to its check.
    """
    asked = wrt.replace(",", " ").split() if isinstance(wrt, str) else list(wrt)
    given = {
        "symmetric": symmetric,
        "definite": definite,
        "diagonal": diagonal,
        "lower": lower,
        "orthogonal": orthogonal,
    }
    reading = read(expression, shapes, wrt=asked, square=[key for names in given.values() for key in names])
    variables = _variables(asked or reading.wrt.split(), reading)
    structures = dict(_structures(given, reading))
    find_oracle(oracle)
    setting = Setting(frozenset(key for key, structure in structures.items() if structure in SYMMETRIC))
    if hessian and reading.expr.shape:
        shape = shape_text(reading.expr.shape)
        hint = "take sum(…), a.T @ … or tr(…) of it, or leave out --hessian for its Jacobian"
        raise TheoryError(
            f"a Hessian needs a scalar function; this one has the shape {shape}", got=reading.text, hint=hint
        )
    make = _hessians if hessian else _gradients if not reading.expr.shape else _jacobians
    against = find_oracle(oracle)[0] + (", second derivatives by central differences of it" if hessian else "")
    for again in second_readings(reading):
        work = make(again, variables, setting, oracle)
        if make is _gradients:
            _restricted(work, again, variables, setting, structures)
        names = lets(work.answers, set(reading.shapes))
        work.claims.extend(
            named(key, names.short[key], work.answers[key], names.parts) for key in names.short if names.parts
        )
        try:
            found = verify(again, work.lines, work.claims, structures)
        except Unreadable:
            continue
        return _derivation(again, variables, work, names, found, structures, against)
    raise AssertionError("the last one is our own reading, which is readable")


def _variables(wrt: Sequence[str], reading: Reading) -> list[Expr]:
    names = [same(key, reading.shapes) for key in wrt] or ([*reading.shapes] if len(reading.shapes) == 1 else [])
    if not reading.shapes:
        raise TheoryError("a derivative is taken with respect to a variable", got=reading.text, hint="write one: x**2")
    if not names:
        hint = f"name one of {', '.join(reading.shapes)}: --wrt, or wrt= in Python"
        raise TheoryError("a derivative is taken with respect to a variable", got=reading.text, hint=hint)
    for key in names:
        if key not in reading.shapes:
            raise TheoryError(
                "there is no variable of this name in the expression", got=key, hint=_instead(key, reading)
            )
        if f"d{key}" in reading.shapes:
            raise TheoryError(
                f"the name d{key} is needed for the differential of {key}", got=f"d{key}", hint="rename it"
            )
    return [name(key, reading.shapes[key]) for key in dict.fromkeys(names)]


def _instead(key: str, reading: Reading) -> str:
    """Names that are near; of entries that they stand within a sum."""
    numbered = [name for name in reading.shapes if re.fullmatch(rf"{re.escape(key)}_\d+", name)]
    if numbered:
        return f"each is a variable of its own: --wrt {','.join(numbered)}"
    if glued := next((name for name in reading.shapes if re.fullmatch(rf"{re.escape(key)}\d", name)), ""):
        return f"{glued} is one name, --wrt {glued}; a power is {key}**{glued[-1]}, a product {glued[-1]} * {key}"
    entries = [name for name in reading.shapes if re.fullmatch(rf"{re.escape(key)}_[a-z]{{1,2}}", name)]
    if not entries:
        first = (get_close_matches(key, reading.shapes, 1, 0.3) or [*reading.shapes])[0]
        return f"name one of {', '.join(reading.shapes)}: --wrt {first}"
    indices = "".join(
        dict.fromkeys("".join(name.partition("_")[2] for name in reading.shapes if re.search("_[ijk]{1,2}$", name)))
    )
    summed = f"entries stand within a sum: Σ_{{{','.join(indices)}}} {reading.text}; " if indices else ""
    return f"{summed}by its own name: --wrt {entries[0]}"


def _structures(given: Mapping[str, Sequence[str]], reading: Reading) -> Iterable[tuple[str, str]]:
    """The structure of each name that has one."""
    for structure, names in given.items():
        for key in (same(key, reading.shapes) for key in names):
            shape = reading.shapes.get(key)
            if shape is None:
                hint = nearest(key, reading.shapes)
                raise TheoryError("there is no variable of this name in the expression", got=key, hint=hint)
            if len(shape) != 2 or shape[0] != shape[1]:
                hint = f"--shape {key}=n,n makes it square"
                got = f"{key} {shape_text(shape)}"
                raise TheoryError(f"only a square matrix can be {structure}", got=got, hint=hint)
            yield key, structure


def _restricted(
    work: Work, typed: Typed, variables: list[Expr], setting: Setting, structures: Mapping[str, str]
) -> None:
    """Of variables with a structure also the gradient among matrices of that structure."""
    for variable in variables:
        key = variable.value
        if key not in structures:
            continue
        structure = STRUCTURES[structures[key]]
        raw = structure.restricted(work.answers[key], variable)
        found = setting.short(raw)
        label = f"{key} ({structures[key]})"
        work.answers[label] = found
        rule = structure.rule.format(key)
        work.lines.extend(_labelled([Line(rule, raw, found)], variable, variables) if text(raw) != text(found) else [])
        work.claims.append(answer(label, found, _asked_within(typed, key, structures[key])))


def _gradients(typed: Typed, variables: list[Expr], setting: Setting, oracle: str) -> Work:
    answers, lines, claims = dict[str, Expr](), list[Line](), list[Claim[Draw]]()
    _, ask = find_oracle(oracle)
    for variable in variables:
        answers[variable.value], found = gradient(typed.reading.expr, variable, setting)
        lines += _labelled(found, variable, variables)
        claims.append(answer(variable.value, answers[variable.value], _asked(ask, typed, variable.value)))
    shapes = ", ".join(f"{v.value} {shape_text(v.shape)}" if v.shape else f"{v.value}, a scalar" for v in variables)
    return Work("Gradient", answers, lines, claims, f"the gradient has the shape of {shapes}")


def _jacobians(typed: Typed, variables: list[Expr], setting: Setting, oracle: str) -> Work:
    answers, lines, claims = dict[str, Expr](), list[Line](), list[Claim[Draw]]()
    _, ask = find_oracle(oracle)
    for variable in variables:
        df, found, steps = derivative(typed.reading.expr, variable, setting)
        lines += _labelled(steps, variable, variables)
        if variable.shape and (typed.reading.expr.rank == 2 or variable.rank == 2):
            answers["df" if len(variables) == 1 else f"df ({variable.value})"] = df
        answers[variable.value] = found
        claims.append(answer(variable.value, answers[variable.value], _asked(ask, typed, variable.value)))
    return Work("Derivative", answers, lines, claims, _jacobian_layout(typed.reading.expr, variables))


def _jacobian_layout(f: Expr, variables: list[Expr]) -> str:
    if all(not variable.shape for variable in variables):
        return f"the derivative has the shape of f {shape_text(f.shape)}"
    if f.rank == 1 and all(variable.rank < 2 for variable in variables):
        return f"J[i, j] = ∂f_i/∂{variables[0].value}_j"
    return "df is the differential; J has the rows vec(f) and the columns vec(X): vec stacks the columns of a matrix"


def _hessians(typed: Typed, variables: list[Expr], setting: Setting, oracle: str) -> Work:
    first = _gradients(typed, variables, setting, oracle)
    answers, lines, claims = dict[str, Expr](), list(first.lines), list(first.claims)
    for place, one in enumerate(variables):
        for other in variables[place:]:
            key = f"{one.value}, {other.value}"
            _, answers[key], steps = derivative(first.answers[one.value], other, setting)
            known = {line.texts for line in lines}
            fresh = [line for line in steps if line.texts not in known]
            lines += _labelled(fresh, other, variables, "second differential")
            claims.append(answer(key, answers[key], _asked_twice(typed, one.value, other.value)))
    return Work("Hessian", answers, lines, claims, _hessian_layout(variables))


def _hessian_layout(variables: list[Expr]) -> str:
    if all(variable.rank < 2 for variable in variables):
        return "H[i, j] = ∂²f/∂x_i∂y_j for the pair x, y; every pair once, as H(y, x) = H(x, y).T"
    return "rows vec(first), columns vec(second) of the pair: vec stacks the columns of a matrix"


def _asked(ask: Oracle, typed: Typed, key: str) -> Callable[[Draw], Any]:
    return lambda draw: ask(typed, draw, key)


def _asked_twice(typed: Typed, first: str, other: str) -> Callable[[Draw], Any]:
    return lambda draw: second(typed, draw, first, other)


def _asked_within(typed: Typed, key: str, structure: str) -> Callable[[Draw], Any]:
    return lambda draw: structured(typed, draw, key, structure)


def _labelled(lines: list[Line], variable: Expr, variables: list[Expr], what: str = "") -> list[Line]:
    """Lines that say which variable varies, where there are several."""
    notes = [what] if what else []
    notes += [f"{variable.value} varies"] if len(variables) > 1 else []
    note = ", ".join(notes)
    return [Line(line.rule, line.before, line.after, note) for line in lines]


def _derivation(
    typed: Typed,
    variables: list[Expr],
    work: Work,
    names: Names,
    proof: Verified,
    structures: Mapping[str, str],
    against: str,
) -> Derivation:
    reading = typed.reading
    over = ", ".join(variable.value for variable in variables)
    restricted = [] if "" in proof.ways else sorted(proof.ways)
    forms = [STRUCTURES[structure].means.format(key) for key, structure in structures.items()]
    said = [*forms, *domain(reading.expr, (one.value for one in variables), structures), *restricted]
    return Derivation(
        title=f"{work.kind} of {reading.text} with respect to {over}",
        given=Formula(reading.text, latex(reading.expr)),
        wrt=tuple(variable.value for variable in variables),
        answers={key: formula(answer) for key, answer in work.answers.items()},
        steps=(*_normal_form(reading, proof), *_steps(work, names, proof)),
        layout=work.layout,
        shapes=dict(reading.shapes),
        max_relative_error=proof.error,
        draws=DRAWS,
        oracle=against,
        assumptions=tuple(said),
        read=tuple(_read_as(*item, whole=item[0] in exponents(reading.expr)) for item in reading.shapes.items()),
        doubts=reading.doubts,
        value=text(reading.expr),
        second=_second(typed, proof),
        structures=dict(structures),
        lets={key: formula(found) for key, found in names.parts.items()},
        short={key: formula(found) for key, found in names.short.items()} if names.parts else {},
        known=names.known,
    )


def _read_as(key: str, shape: Shape, whole: bool = False) -> str:
    """What a name was read as: ``A matrix m × n``."""
    kind = "whole number" if whole else KINDS.get(len(shape), "array")
    square = "square " if len(shape) == 2 and shape[0] == shape[1] else ""
    return " ".join([key, square + kind, " × ".join(map(size_text, shape))]).strip()


def _second(typed: Typed, proof: Verified) -> str:
    """Whether the text was read a second time, by rules that share nothing with the first."""
    if typed.second is None:
        return "read once: the second reading, by Python and NumPy, does not know all that was typed"
    return (
        f"read twice: by the reader, and by Python and NumPy from the same text; largest difference {proof.reading:.1e}"
    )


def _normal_form(reading: Reading, proof: Verified) -> Iterable[Step]:
    """A step from what was typed to what is worked with, where that is not the same but for spaces and brackets."""
    typed, normal = (
        re.sub(r"[\s()]|\bnp\.|linalg\.|torch\.", "", words) for words in (reading.text, text(reading.expr))
    )
    if typed != normal:
        yield Step("read as", Formula(reading.text, "f"), formula(reading.expr), proof.reading)


def formula(expr: Expr) -> Formula:
    """An expression in both notations."""
    return Formula(text(expr), latex(expr))


def _steps(work: Work, names: Names, proof: Verified) -> Iterable[Step]:
    """The lines with names for their parts, each once: of those that look alike then, the last."""
    steps = [_step(line, error, names, work.answers) for line, error in zip(work.lines, proof.lines, strict=True)]
    places = {(step.before.text, step.after.text): place for place, step in enumerate(steps)}
    return (steps[place] for place in sorted(places.values()))


def _step(line: Line, error: float, names: Names, answers: dict[str, Expr]) -> Step:
    before, after = (formula(written_in(side, names, answers)) for side in (line.before, line.after))
    return Step(line.rule, before, after, error, line.note or EXPLAINED.get(line.rule, ""))
