"""Where brackets are opened and closed, and those that a formula does not need: they come of putting parts in."""

from __future__ import annotations

import re

OPENED, CLOSED = "([{", ")]}"
ATOM = re.compile(r"[A-Za-z][\w.]*|\d+(?:\.\d+)?")
CALL = re.compile(r"[A-Za-z][\w.]*\(")
BEFORE = "+-*@,=([{⊙·"  # signs behind which a name may stand as it is
FIRST, LAST = ",=([{", "+-,)]}"  # and those between which a sum may
SPACE = r"(?:\s|\\[,;:! ]|~|\\q?quad)+$"  # of LaTeX, too
HELD = re.compile(r"[,:|<>=‖Σ∑&;?]|\\sum|\bif\b")


def unbracketed(text: str) -> str:
    """The text without round brackets around a name, a call or brackets, or a sum that stands first in others."""
    place = 0
    while (place := text.find("(", place)) >= 0:
        stop = closing(text, place)
        if stop and _needless(text, place, stop):
            inside = text[place + 1 : stop].strip()
            text = text[:place] + inside + text[stop + 1 :]
        else:
            place += 1
    return text


def closing(text: str, place: int) -> int:
    """Where the bracket at a place is closed; 0 where it never is."""
    depth = 0
    for here in range(place, len(text)):
        depth += (text[here] in OPENED) - (text[here] in CLOSED)
        if not depth:
            return here
    return 0


def opening(text: str, place: int) -> int:
    """Where the round or square bracket that closes at a place is opened; -1 where it never is."""
    depth = 0
    for here in range(place, -1, -1):
        depth += (text[here] in ")]") - (text[here] in "([")
        if not depth:
            return here
    return -1


def _needless(text: str, place: int, stop: int) -> bool:
    inside = text[place + 1 : stop].strip()
    before, after = re.sub(SPACE, "", text[:place])[-2:], text[stop + 1 :].lstrip()[:1]
    if inside.startswith("(") and closing(inside, 0) == len(inside) - 1:
        return True  # twice
    if before and (before[-1] not in BEFORE or before == "**"):
        return False
    if ATOM.fullmatch(inside) or (CALL.match(inside) and closing(inside, inside.index("(")) == len(inside) - 1):
        return not (inside[0].isdigit() and (after == "." or after.isalnum())) and after not in ("(", "[")
    first = not before or before[-1] in FIRST
    return first and (not after or after in LAST) and not HELD.search(inside)
