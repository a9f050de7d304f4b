"""Case distinctions of LaTeX as ``where``."""

from __future__ import annotations

import re

from paribus.errors import TheoryError

CASES = r"(?:\\left\s*\\\{\s*)?\\begin\{cases\}(.*?)\\end\{cases\}(?:\s*\\right\s*\.)?"
COMPARED = r"\\(?:le|ge|leq|geq|lt|gt)(?![a-z])|[<>]=?|≤|≥|⩽|⩾"


def cases(text: str) -> str:
    """``where(x > 0, a, b)`` for the rows of a case distinction, of which the last one holds elsewhere.

    Raises:
        TheoryError: the last row does not say that it holds everywhere else.
    """
    return re.sub(CASES, _distinguished, text, flags=re.DOTALL)


def _distinguished(found: re.Match[str]) -> str:
    rows = [row.strip(" ,\n") for row in found[1].split(r"\\") if row.strip()]
    pairs = [[part.strip(" ,\n") for part in row.split("&", 1)] for row in rows]
    conditions = [_condition(pair[-1]) for pair in pairs]
    sides = [[re.sub(r"\s", "", side) for side in re.split(COMPARED, one)] for one in conditions]
    fits = len(rows) > 1 and all(len(pair) == 2 for pair in pairs) and all(len(one) == 2 for one in sides[:-1])
    if not fits or not (re.match(r"otherwise|else|$", conditions[-1]) or (len(rows) == 2 and sides[0] == sides[1])):
        hint = "write where(x > 0, a, b), with otherwise in the last row"
        raise TheoryError("the cases do not say what holds everywhere else", got=" ".join(found[0].split()), hint=hint)
    made = f"({pairs[-1][0]})"
    for (value, _), condition in reversed([*zip(pairs, conditions, strict=True)][:-1]):
        made = f"where({condition}, {value}, {made})"
    return made


def _condition(words: str) -> str:
    """What is compared, without the words around it."""
    bare = re.sub(r"\\(?:text|mathrm|mbox)\s*\{\s*(.*?)\s*\}", r"\1", words)
    return re.sub(r"\b(?:if|for|when)\b", "", bare).strip(" ,")
