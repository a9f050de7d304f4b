"""Spellings near one that is refused which are read: each is tried by the reader before it is named."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from difflib import get_close_matches

from paribus.errors import TheoryError
from paribus.theory.expressions.notation import ALIASES, EVERY, INSTEAD

MOST = 2  # spellings that a message names
TRIED = 16  # of those that there might be
GENERAL = ("operators are", "say otherwise", "NumPy notation", "write the formula of")
SIZES = "inner sizes|not multiplied|equal shapes|equal size|rows as long"  # of refusals for which one may lie
UNFINISHED = r"(?:[-+*/@^,.=·⊙⊗\s(\[{⟨]|\\(?:cdot|odot|otimes|times))+$"
CLOSING = {"(": ")", "[": "]", "{": "}", "⟨": "⟩"}


def led_on(error: TheoryError, text: str, reads: Callable[[str], object]) -> TheoryError:
    """The error with spellings in its hint that would be read.

    Args:
        error: why the text is refused.
        text: the formula.
        reads: reads a formula, or raises.
    """
    caret = re.search(r"\n( *)\^$", error.got)
    column = len(caret[1]) - len("  received: ") if caret else None
    found = list[str]()
    tried = dict.fromkeys(one for one in _near(text, column, error.rule) if " ".join(one.split()) != text)
    for other in list(tried)[:TRIED]:
        with suppress(TheoryError):
            reads(other)
            found.append(other)
        if len(found) == MOST:
            break
    hint = error.hint if not error.hint.startswith(GENERAL) else ""
    if found:
        written = f"write {' or '.join(found)}"
        hint = f"{hint} {written}" if hint.endswith("?") else f"{written}; {hint}" if hint else written
    return TheoryError(error.rule, got=error.got, hint=hint or error.hint)


def _near(text: str, column: int | None, rule: str) -> Iterable[str]:
    """Texts that might be meant, the likeliest first."""
    yield from _balanced(text)
    if column is not None:
        yield from _at(text, column, "cannot be read" in rule)
    for pattern, made in WHOLE:
        if re.search(pattern, text):
            yield re.sub(pattern, made, text)
    yield from _entries(text)
    yield from _sides(text)
    yield from _conditional(text)
    if re.search(SIZES, rule):
        yield from _turned(text)


def _balanced(text: str) -> Iterable[str]:
    """Brackets closed that are open, and those taken away that close nothing."""
    if text.count("‖") % 2:
        yield f"{text}‖"
    whole = _closed(text)
    if whole != text:
        yield whole
    if (bare := re.sub(UNFINISHED, "", text)) != text:
        yield _closed(bare)


def _closed(text: str) -> str:
    """The text with brackets closed that are open, and without those that close nothing."""
    opened, kept = list[str](), ""
    for sign in text:
        if sign in CLOSING:
            opened.append(CLOSING[sign])
        elif sign in CLOSING.values():
            if sign not in opened[-1:]:
                continue
            opened.pop()
        kept += sign
    return kept + "".join(reversed(opened))


def _at(text: str, column: int, unread: bool) -> Iterable[str]:
    """What may be meant at the place of the mistake."""
    before, rest = text[:column], text[column:]
    word = re.match(r"\\?([A-Za-z_]\w*)(?=\s*[(\[])", rest)
    if word and word[1] not in INSTEAD:
        known = [
            name for name in (*EVERY, *ALIASES) if name[0] == word[1][0].lower()
        ]  # nobody mistypes the first letter
        alike = get_close_matches(word[1].lower().replace("_", ""), known, 2, 0.7)
        yield from (f"{before}{one}{rest[word.end() :]}" for one in alike)
    if below := re.match(r"\d+\s*[A-Za-z]\w*(?:\^\{?\w+\}?|\*\*\w+|[²³])?", rest):  # 1/2s²
        start = before.rstrip()
        if start.endswith("/"):
            factors = re.sub(r"(\d)\s*([A-Za-z])", r"\1*\2", below[0])
            yield f"{start}({factors}){rest[below.end() :]}"
            number, _, others = factors.partition("*")
            yield f"{start}{number} * {others}{rest[below.end() :]}"
    if behind := re.match(r"(\d+)", rest):  # x2
        yield f"{before.rstrip()}^{behind[1]}{rest[behind.end() :]}"
        yield f"{before.rstrip()} * {rest}"
    if unread and (extra := re.match(r"[*+/@.]", rest)):  # a sign too many
        yield " ".join((before + rest[extra.end() :]).split())


WHOLE: tuple[tuple[str, str], ...] = (  # what others write, and what it may be here
    (r"\^\s*(?:\{\s*[tH*]\s*\}|[tH*])(?![\w])|\^\s*\\ast\b|\.H\b|\.conj\(\)\.T", "ᵀ"),
    (r"(?<![\w)\]}])\(([^(),]+),([^(),]+)\)", r"⟨\1,\2⟩"),
    (r"(?:\\left\s*)?(?:\||\\[lr]?vert)([^|]*?)(?:\\right\s*)?(?:\||\\[lr]?vert)", r"‖\1‖"),
    (r"(?<![A-Za-z\\])([A-Za-z])\[(\d+)\]", r"\1_\2"),
    (r"\.\s*(?:numpy|item|cpu|copy|evaluate|doit)\(\)", ""),
    (r"\b(?:\w+\.){2,}(?=\w+\()", ""),
    (r"^(['\"])(.*)\1$", r"\2"),
)


def _entries(text: str) -> Iterable[str]:
    """``x[i] * A[i, j]``, in which i and j run over all places."""
    made = re.sub(r"\[\s*([a-z])\s*(?:,\s*([a-z])\s*)?\]", lambda m: f"_{{{m[1]}{m[2] or ''}}}", text)
    indices = dict.fromkeys("".join(re.findall(r"_\{?([ijkl]{1,2})\b", made)))
    if indices and not re.search(r"[Σ∑]|\\sum", text):
        yield f"Σ_{{{','.join(indices)}}} {made}" if not re.search(r"[+-]", made) else _each_summed(made)


def _each_summed(text: str) -> str:
    """The terms of a text, each summed over its own indices."""
    out = []
    for term in re.split(r"(\s*[+-]\s*(?![^(]*\)))", text):
        indices = dict.fromkeys("".join(re.findall(r"_\{?([ijkl]{1,2})\b", term)))
        out.append(f"Σ_{{{','.join(indices)}}} {term}" if indices else term)
    return "".join(out)


def _sides(text: str) -> Iterable[str]:
    """Both sides of an equation: the right one is what a function is, their difference what is to vanish."""
    left, sign, right = text.rpartition("==" if "==" in text else "=")
    if sign and left.strip(" =:") and right.strip() and left.count("(") == left.count(")"):
        left, right = left.strip(" =:"), right.strip()
        if not re.fullmatch(r"-?[\d.]+|\w", right):
            yield right
        yield f"‖{left} - ({right})‖²" if right != "0" else left


def _conditional(text: str) -> Iterable[str]:
    """``a if c else b`` and ``c ? a : b`` as a case distinction."""
    if found := re.fullmatch(r"(.+?)\s+if\s+(.+?)\s+else\s+(.+)", text):
        yield f"where({found[2]}, {found[1]}, {found[3]})"
    if found := re.fullmatch(r"(.+?)\s*\?\s*(.+?)\s*:\s*(.+)", text):
        yield f"where({found[1]}, {found[2]}, {found[3]})"


def _turned(text: str) -> Iterable[str]:
    """One matrix or vector transposed, where sizes do not fit."""
    sign = ".T" if re.search(r"@|\*\*|\.T\b", text) else "ᵀ"
    for found in re.finditer(r"(?<![\w.\\{])([A-Za-z])(?![\w.(ᵀ⊤'^{}])", text):
        yield f"{text[: found.end()]}{sign}{text[found.end() :]}"
