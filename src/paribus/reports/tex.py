r"""Texts and tables for LaTeX: what stands in a name is printed, and never obeyed.

Only ``booktabs`` is needed beside what every LaTeX has. Latin and Greek letters and the signs that paribus writes are
set by pdflatex; :func:`foreign` finds the others, for which it takes lualatex or xelatex.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from paribus.records.wording import clean
from paribus.reports.page import Table

LONG = 30  # characters of a first column beyond which its names stand on lines of their own
LAST_LATIN = 0x17F  # pdflatex knows the accents up to here

SIGNS = {
    "\\": r"\textbackslash{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "`": "{`}",
    "[": "{[}",  # behind the end of a row it would be an option of that
    "]": "{]}",
    "*": "{*}",
    "\u00a0": "~",
    "–": "--",
    "—": "---",
    "…": r"\ldots{}",
    "−": "$-$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "·": r"$\cdot$",
    "→": r"$\to$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "≈": r"$\approx$",
    "∞": r"$\infty$",
}
_LETTERS = "αβγδεζηθικλμνξπρςστυφχψωΓΔΘΛΞΠΣΥΦΨΩ"
_WORDS = (
    "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho varsigma sigma tau upsilon "
    "varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
SIGNS |= {letter: f"$\\{word}$" for letter, word in zip(_LETTERS, _WORDS.split(" "), strict=True)}


def escape(text: str) -> str:
    r"""A text that LaTeX prints as it stands: ``50 %`` → ``50~\%``."""
    printed = "".join(SIGNS.get(sign, sign) for sign in clean(text))
    return re.sub("-(?=-)", "-{}", printed).replace(r" \%", r"~\%")


def foreign(text: str) -> list[str]:
    """The characters of a text that pdflatex cannot set, each once."""
    return sorted({sign for sign in text if ord(sign) > LAST_LATIN and sign not in SIGNS})


def tabular(table: Table) -> str:
    """A table in the manner of booktabs."""
    return grid(table.heads, [[row] for row in table.rows], table.align)


def grid(heads: Sequence[str], groups: Iterable[Sequence[Sequence[str]]], align: str) -> str:
    """Rows in groups, with some space between those of several rows; a long name stands on a line of its own."""
    groups = list(groups)
    above = max((len(row[0]) for group in groups for row in group), default=0) > LONG
    bodies = ["\n".join(_lines(group, above)) for group in groups]
    space = "\n\\addlinespace\n" if any("\n" in body for body in bodies) and len(bodies) > 1 else "\n"
    lines = [
        f"\\begin{{tabular}}{{@{{}}{align}@{{}}}}",
        r"\toprule",
        _row(heads),
        r"\midrule",
        space.join(bodies),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines)


def _lines(group: Sequence[Sequence[str]], above: bool) -> Iterator[str]:
    """The rows of a group; their name above them, or in the first one."""
    if above:
        yield _spanning(group[0][0], len(group[0]))
    yield from (_row(["", *row[1:]] if above else row) for row in group)


def _row(cells: Sequence[str]) -> str:
    return " & ".join(map(escape, cells)) + r" \\"


def _spanning(name: str, columns: int) -> str:
    """A name over all columns, broken into lines where it is longer than one."""
    return f"\\multicolumn{{{columns}}}{{@{{}}p{{\\linewidth}}@{{}}}}{{\\raggedright {escape(name)}}} \\\\"
