"""Names for what occurs again and again in an answer: let p = softmax(z)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction

from paribus.theory.expressions.moments import deviation_of
from paribus.theory.expressions.shares import SAID, responsibility, with_share
from paribus.theory.expressions.text import text
from paribus.theory.expressions.tree import BUILD, Expr, name, nodes, number, replace

LONG, SHORT, MOST = 70, 12, 5  # letters of an answer that needs names, of what is worth one, and how many names
LETTERS = {
    "softmax": "p",
    "sigmoid": "s",
    "inv": "V",
    "exp": "e",
    "norm": "r",
    "add": "r",
    "std": "s",
    "tanh": "h",
    "pow": "s",
}


def lets(answers: dict[str, Expr], taken: set[str]) -> tuple[dict[str, Expr], dict[str, Expr], dict[str, str]]:
    """Names with what they stand for in the order in which they are needed, the answers in them, and what they are.

    Args:
        answers: the answers by what they answer.
        taken: names that are in use.
    """
    named, short = _shared(answers, taken)
    known = dict.fromkeys(named, SAID)
    while len(named) < MOST and any(len(text(answer)) > LONG for answer in short.values()):
        best = max(_repeated([*short.values(), *named.values()]), default=(0, "", None))[2]
        if best is None:
            break
        letter = _letter(best, taken | set(named))
        letters = name(letter, best.shape)
        stands = {best: letters, best.T: letters.T, **_powers(best, letters, [*short.values(), *named.values()])}
        short = {key: replace(answer, stands) for key, answer in short.items()}
        named = {letter: best} | {key: replace(value, stands) for key, value in named.items()}
    return _ordered(named), short, known


def _shared(answers: dict[str, Expr], taken: set[str]) -> tuple[dict[str, Expr], dict[str, Expr]]:
    """The responsibilities of mixtures, named however short the answers are."""
    named, short = dict[str, Expr](), dict(answers)
    while len(named) < MOST and (share := responsibility(short.values())) is not None:
        letter = _numbered("r", taken | set(named))
        for key, answer in short.items():
            short[key] = with_share(answer, share, name(letter, share.shape))
        named[letter] = share
    return named, short


def _ordered(named: dict[str, Expr]) -> dict[str, Expr]:
    """What others need comes first."""
    found = dict[str, Expr]()
    while len(found) < len(named):
        key = next(
            key for key, value in named.items() if key not in found and not (value.names & set(named)) - set(found)
        )
        found[key] = named[key]
    return found


def _repeated(exprs: Iterable[Expr]) -> Iterable[tuple[int, str, Expr]]:
    """What occurs more than once, with how many letters a name would save."""
    counted = Counter[Expr]()

    def walk(node: Expr) -> None:
        if deviation_of(node) is not None:
            counted[_root(node)] += 1
            return
        counted[_upright(node)] += 1
        for arg in node.args:
            walk(arg)

    for expr in exprs:
        walk(expr)
    for node, count in counted.items():
        written = text(node)
        if count > 1 and len(written) >= SHORT and node.args and node.names and node.op not in ("T", "d"):
            yield (count - 1) * len(written), written, node


def _root(expr: Expr) -> Expr:
    """σ of a power of σ."""
    return BUILD["pow"](expr.args[0], number(Fraction(1, 2)))


def _powers(best: Expr, letters: Expr, exprs: list[Expr]) -> dict[Expr, Expr]:
    """The other powers of a standard deviation that has a name."""
    if deviation_of(best) is None:
        return {}
    found = {node for expr in exprs for node in nodes(expr) if node.op == "pow" and node.args[0] == best.args[0]}
    return {node: letters ** (node.args[1] * 2) for node in found}


def _upright(expr: Expr) -> Expr:
    """The expression or its transpose, whichever is written with fewer transposes."""
    if expr.rank != 2:
        return expr
    return min((expr, expr.T), key=lambda one: text(one).count(".T"))


def _letter(expr: Expr, taken: set[str]) -> str:
    first = LETTERS.get(expr.op, "u")
    return _numbered(first.upper() if expr.rank == 2 else first.lower(), taken)


def _numbered(first: str, taken: set[str]) -> str:
    numbered = [first, *(f"{first}{number}" for number in range(1, 10 + len(taken)))]
    return next(letter for letter in numbered if letter not in taken)
