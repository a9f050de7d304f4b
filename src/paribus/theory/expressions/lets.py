"""Names for what occurs again and again in an answer: let p = softmax(z)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from paribus.theory.expressions.moments import deviation_of
from paribus.theory.expressions.shares import SAID, responsibility, with_share
from paribus.theory.expressions.simplify import expand, simplify
from paribus.theory.expressions.text import text
from paribus.theory.expressions.tree import BUILD, Expr, name, nodes, number, replace

LONG, LONGEST, SHORT = 70, 80, 12  # letters of an answer that needs names, of what has a name, of what is worth one
MOST = 5  # names
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


@dataclass(frozen=True)
class Names:
    """Names for what occurs again and again.

    Args:
        parts: what each name stands for, in the order in which they are needed.
        short: the answers in these names.
        known: what people call it, where there is a word for it.
    """

    parts: dict[str, Expr]
    short: dict[str, Expr]
    known: dict[str, str]


def lets(answers: dict[str, Expr], taken: set[str]) -> Names:
    """Names for the parts of long answers.

    Args:
        answers: the answers by what they answer.
        taken: names that are in use.
    """
    named, short = _shared(answers, taken)
    known = dict.fromkeys(named, SAID)
    while len(named) < MOST and (_longer(short, LONG) or _longer(named, LONGEST)):
        best = max(_repeated([*short.values(), *named.values()]), default=(0, "", None))[2]
        if best is None:
            break
        letter = _letter(best, taken | set(named))
        letters = name(letter, best.shape)
        stands = {best.T: letters.T, best: letters, **_powers(best, letters, [*short.values(), *named.values()])}
        short = {key: replace(answer, stands) for key, answer in short.items()}
        named = {letter: best} | {key: replace(value, stands) for key, value in named.items()}
    return Names(_ordered(named), short, known)


def _longer(found: dict[str, Expr], most: int) -> bool:
    return any(len(text(one)) > most for one in found.values())


def written_in(expr: Expr, names: Names, answers: dict[str, Expr]) -> Expr:
    """A line with the names in it wherever what they stand for is written; nothing else of it changes.

    Args:
        expr: the line, which need not be in normal form.
        names: the names.
        answers: the answers without them.
    """
    whole = {answers[key]: short for key, short in names.short.items()} if names.parts else {}
    letters = dict[Expr, Expr]()
    for key, value in names.parts.items():
        letter, stands = name(key, value.shape), replace(value, letters)
        letters[letter], whole[stands] = stands, letter
        if key in names.known:
            expr = with_share(expr, stands, letter)

    def walk(node: Expr) -> Expr:
        return whole[node] if node in whole else Expr(node.op, tuple(map(walk, node.args)), node.shape, node.value)

    return walk(expr) if whole else expr


def _shared(answers: dict[str, Expr], taken: set[str]) -> tuple[dict[str, Expr], dict[str, Expr]]:
    """The responsibilities of mixtures, named however short the answers are."""
    named, short = dict[str, Expr](), {key: expand(answer, _exponential) for key, answer in answers.items()}
    while len(named) < MOST and (share := responsibility(short.values())) is not None:
        letter = _numbered("r", taken | set(named))
        for key, answer in short.items():
            short[key] = with_share(answer, share, name(letter, share.shape))
        named[letter] = share
    return named, {key: simplify(found) for key, found in short.items()} if named else dict(answers)


def _exponential(total: Expr) -> bool:
    return any(node.op == "exp" for node in nodes(total))


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
