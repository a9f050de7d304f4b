"""All lines from f to its gradient, Jacobian or Hessian, still as expressions, not yet checked."""

from __future__ import annotations

from dataclasses import dataclass

from paribus.errors import TheoryError
from paribus.theory.calculus.differential import Line, direction, total_differential
from paribus.theory.calculus.gradient import Move, Pair, adjoints
from paribus.theory.calculus.jacobian import flat, jacobian
from paribus.theory.calculus.rules import RULES, Rule
from paribus.theory.expressions.functions import differential
from paribus.theory.expressions.simplify import known, simplify, with_symmetry
from paribus.theory.expressions.sums import scalars
from paribus.theory.expressions.text import text
from paribus.theory.expressions.tree import Expr, Shape

PLAIN = {"linearity", "a scalar factor moves out", "sum with ones", "trace with the identity"}  # not worth a line
VEC = "vec(A @ L @ B) = kron(B.T, A) @ vec(L)"
LARGEST = 4000  # nodes; longer answers are not readable


@dataclass(frozen=True)
class Setting:
    """What holds for a whole derivation: symmetric matrices, and the table of rules."""

    symmetric: frozenset[str] = frozenset()
    rules: dict[str, Rule] | None = None

    def short(self, expr: Expr) -> Expr:
        """The expression simplified."""
        if expr.count > LARGEST:
            raise TheoryError(
                f"the answer has more than {LARGEST} parts", hint="derive it in pieces, with names for them"
            )
        return simplify(expr, self.symmetric)

    def transposed(self, expr: Expr) -> list[Line]:
        """The step that takes the transposes off symmetric matrices, where there are any."""
        plain = with_symmetry(expr, self.symmetric)
        used = [name for name in sorted(self.symmetric) if name in expr.names]
        return (
            [Line(" and ".join(f"{name} = {name}.T" for name in used), expr, plain)]
            if text(plain) != text(expr)
            else []
        )


def gradient(f: Expr, variable: Expr, setting: Setting) -> tuple[Expr, list[Line]]:
    """The gradient of a scalar in the shape of the variable, and the lines that lead there."""
    df, lines = _differential(f, variable, setting)
    dx = direction(variable)
    if not variable.shape:
        return _quotient(f, variable, df, lines, setting)
    raw, moves = adjoints(df, dx)
    found = setting.short(raw)
    lines += [_line(move) for move in moves if move.rule not in PLAIN]
    lines += setting.transposed(raw)
    lines.append(Line("simplify", with_symmetry(raw, setting.symmetric), found))
    lines.append(Line("read off the gradient", differential(f, variable), written(Pair(found, dx))))
    return found, distinct(lines)


def derivative(f: Expr, variable: Expr, setting: Setting) -> tuple[Expr, Expr, list[Line]]:
    """Differential and Jacobian of a vector or a matrix (both as vec), and the lines that lead there."""
    df, lines = _differential(f, variable, setting)
    dx = direction(variable)
    short = setting.short(df)
    if not variable.shape:
        found, lines = _quotient(f, variable, df, lines, setting)
        return short, found, lines
    raw = jacobian(df, dx)
    found = setting.short(raw)
    lines += setting.transposed(raw)
    product = _raw("matmul", (found, flat(dx)), flat(f).shape)
    if f.rank == 2 or variable.rank == 2:
        lines.append(Line("vec of a product", flat(df), _raw("matmul", (raw, flat(dx)), flat(f).shape), VEC))
    lines.append(Line("simplify", with_symmetry(raw, setting.symmetric), found))
    lines.append(Line("read off the Jacobian", flat(differential(f, variable)), product))
    return short, found, distinct(lines)


def distinct(lines: list[Line]) -> list[Line]:
    """Lines that say something, each once."""
    kept = {line.texts: line for line in reversed(lines)}
    return [line for (before, after), line in reversed(kept.items()) if before != after and not _sign(before, after)]


def _sign(before: str, after: str) -> bool:
    """Whether only a sign moves out, which nobody writes down: d(-u) = -d(u)."""
    return before.startswith("d(-") and after == f"-d({before[3:]}"


def written(pair: Pair) -> Expr:
    """⟨G, L⟩ as it is written: tr(G.T @ L), not in normal form."""
    g, linear = pair.adjoint, pair.linear
    if g.rank == 2:
        turned = _raw("T", (g,), g.shape[::-1]) if g.op != "T" else g.args[0]
        return _raw("tr", (_raw("matmul", (turned, linear), (g.shape[1], linear.shape[1])),), ())
    return _raw("matmul", (g, linear), ()) if g.rank == 1 else pair.value


def _differential(f: Expr, variable: Expr, setting: Setting) -> tuple[Expr, list[Line]]:
    plain = known(f)
    df, lines = total_differential(plain, variable, setting.rules or RULES)
    if plain != f:
        lines.insert(0, Line("known functions", f, plain))
    if len(lines) > 1:
        lines.append(Line("put together", differential(f, variable), df))
    return df, lines


def _quotient(f: Expr, variable: Expr, df: Expr, lines: list[Line], setting: Setting) -> tuple[Expr, list[Line]]:
    """For a scalar variable: df = f' dx."""
    dx = direction(variable)
    found = setting.short(jacobian(df, dx))
    return found, [*lines, Line("read off the derivative", differential(f, variable), found * dx)]


def _line(move: Move) -> Line:
    (after,) = move.after
    before = move.before
    plain = scalars(before.adjoint)[1].op in ("ones", "eye", "number")
    return Line(move.rule, before.value if plain else written(before), written(after))


def _raw(op: str, args: tuple[Expr, ...], shape: Shape) -> Expr:
    """A node as it is written, not in normal form."""
    return Expr(op, args, shape)
