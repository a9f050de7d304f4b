"""What happens several times in words about nets: as a count, ``block`` and a net in parentheses.

"two blocks of …", "three conv-relu-pool blocks", "4 blocks, each …", "… repeated three times", "… (twice)", "… x2".
"""

from __future__ import annotations

from collections.abc import Sequence

from paribus.theory.layers.brackets import closing, trimmed
from paribus.theory.layers.tokens import Token, Unread

ENDS = (";", "line")  # signs that end a sentence, as a full stop does
WIDTHS = ("filters", "units")
WHOLE = ("flatten", "gap", "gmp", "last")  # what a net does once
OPEN, CLOSE, BLOCK = Token("open", "", "("), Token("close", "", ")"), Token("block", "block", "block")


def ended(one: Token) -> bool:
    """Whether a sentence ends here."""
    return one.role == "stop" or one.which in ENDS


def wide(one: Token, times: int) -> bool:
    """Whether this gives each of so many layers or blocks a number of its own."""
    told = (one.role == "set" and one.which in WIDTHS) or one.role in ("list", "chain")
    return told and len(one.values) == times > 1


def enumerated(phrases: Sequence[Token]) -> list[Token]:
    """``32 filters in the first, 64 in the second`` as 32 and 64 filters; ``… in block 1, … in block 2`` likewise."""
    found, at = list[Token](), 0
    while at < len(phrases):
        values, end, many = list[str](), at, 0
        while end < len(phrases) and (
            (phrases[end].role == "set" and phrases[end].which in WIDTHS) or (values and phrases[end].role == "number")
        ):
            place = _placed(phrases, end + 1, many)
            if not place or len(phrases[end].values) != 1:
                break
            values.append(phrases[end].values[0])
            many, end = many + 1, place
            while end < len(phrases) and phrases[end].role in ("comma", "and"):
                end += 1
        if many > 1:
            found.append(Token("set", phrases[at].which, phrases[at].text, phrases[at].start, tuple(values)))
            while phrases[end - 1].role in ("comma", "and"):
                end -= 1
            at = end
        else:
            found.append(phrases[at])
            at += 1
    return found


def _placed(phrases: Sequence[Token], at: int, many: int) -> int:
    """Where ``in the second`` or ``in block 2`` ends; 0 if it does not stand there."""
    roles = [one.role for one in phrases[at : at + 2]]
    if roles[:1] == [("first", "second", "third", "")[min(many, 3)]]:
        return at + 1 + (roles[1:] in (["block"], ["layer"], ["head"]))
    if roles in (["block", "number"], ["layer", "number"]) and phrases[at + 1].values == (str(many + 1),):
        return at + 2
    return 0


def repeated(phrases: list[Token]) -> list[Token]:
    """Phrases in which what is said to happen so many times stands in parentheses behind its count."""
    for at, one in enumerate(phrases):
        if one.role not in ("again", "repeat", "times", "count", "number", "open"):
            continue
        times, end = _times(phrases, at)
        if times < 2:
            continue
        before, after = phrases[:at], phrases[end:]
        if _layers(before if one.role == "again" else before[_since(before) :]):
            start, body = _repeats(before)
            return [*before[:start], *_marked(times, one, body), *repeated(after)]
        if _layers(before) and not (before[-1].role in ("stop", "then", "comma") and _layers(after[:4])):
            continue
        body = after[1:] if after and after[0].role == "colon" else after  # three times: …
        cut = _cut(body, times)
        if _layers(body[:cut]):
            return [*before, *_marked(times, one, trimmed(body[:cut])), *repeated(body[cut:])]
    return phrases


def _repeats(before: list[Token]) -> tuple[int, Sequence[Token]]:
    """What is said to be repeated behind it, and where that begins: parentheses, a sentence, or the part said last.

    Raises:
        Unread: a parenthesis that is never opened.
    """
    last = len(before) - 1
    if before[-1].role == "close":
        opened = (i for i in range(last) if before[i].role == "open" and closing(before, i) == last)
        if (start := next(opened, -1)) < 0:
            raise Unread(before[-1], "never opened")
        if not start or before[start - 1].role not in ("head", "set", "number", "phi"):
            return start, before[start + 1 : -1]
    if before[-1].role == "comma":
        start = next((i + 1 for i in range(last, -1, -1) if ended(before[i]) or before[i].role == "colon"), 0)
    else:
        start = _since(before)
    while start <= last and before[start].role in ("and", "article"):
        start += 1
    return start, trimmed(before[start:])


def _since(phrases: Sequence[Token]) -> int:
    """Where begins what stands behind the last sign."""
    signs = ("stop", "then", "comma", "open")
    return next((i + 1 for i in range(len(phrases) - 1, -1, -1) if phrases[i].role in signs), 0)


def _times(phrases: Sequence[Token], at: int) -> tuple[int, int]:
    """How often, and where that ends: ``(x2)``, ``twice``, ``repeated three times``; 0 if it says no such thing."""
    if phrases[at].role == "open":
        times, end = _times(phrases, at + 1) if at + 1 < len(phrases) else (0, 0)
        return (times, end + 1) if times and end < len(phrases) and phrases[end].role == "close" else (0, 0)
    start = at
    while at < len(phrases) and phrases[at].role == "again":
        at += 1
    roles = [one.role for one in phrases[at : at + 2]]
    if roles[:1] == ["repeat"]:
        return int(phrases[at].values[0]), at + 1
    if roles in (["count", "times"], ["number", "times"]) and (phrases[at + 1].text != "x" or start < at):
        return int(phrases[at].values[0]), at + 2
    if roles in (["times", "number"], ["times", "count"]) and phrases[at].text in ("x", "*"):
        held = at and phrases[at - 1].role in ("close", "number", "count")  # [ … ] x2 is read as it stands
        return (0, 0) if held or (at and phrases[at - 1].which == "up") else (int(phrases[at + 1].values[0]), at + 2)
    return 0, 0


def _layers(phrases: Sequence[Token]) -> bool:
    return any(one.role in ("head", "phi") for one in phrases)


def _cut(phrases: Sequence[Token], times: int) -> int:
    """Where a net ends that is said to happen so many times: before its widths, or with its sentence."""
    depth = 0
    for at, one in enumerate(phrases):
        if not depth and (ended(one) or (wide(one, times) and one.role == "set")):
            return at
        if not depth and at and one.role == "head" and phrases[at - 1].role in ("comma", "then", "and"):
            windows = any(ahead.which in ("conv", "deconv", "dw") for ahead in phrases[:at])
            if one.which in WHOLE or (one.which == "linear" and windows):
                return at - 1
        if one.role == "open" and not depth:
            inside = phrases[at + 1 : closing(phrases, at)]
            sets = {ahead.role for ahead in inside} <= {"set", "list", "comma", "and"}
            if at and sets and any(wide(ahead, times) for ahead in inside) and phrases[at - 1].role != "head":
                return at
        depth += (one.role == "open") - (one.role == "close")
        then = not depth and one.role == one.which == "then" and at and phrases[at - 1].role == "comma"
        if then and not one.text.startswith(("follow", "gefolgt", "suivi")):
            return at
    return len(phrases)


def _marked(times: int, near: Token, body: Sequence[Token]) -> list[Token]:
    count = Token("count", "", near.text, near.start, (str(times),))
    return [count, BLOCK, OPEN, *body, CLOSE]


def blocked(phrases: list[Token]) -> list[Token]:
    """Phrases in which what a counted block holds stands in parentheses: two blocks of …, two conv-relu-pool blocks."""
    for at, one in enumerate(phrases):
        start = _counted(phrases, at) if one.role == "block" else -1
        if start < 0:
            continue
        times, named = int(phrases[start].values[0]), phrases[start + 1 : at]
        widths, first = _widths(phrases, at + 1, times)
        begin, said = _said(phrases, first, times, bool(widths))
        opens = begin < len(phrases) and phrases[begin].role == "open"
        if said and opens and len(named) > 1:
            raise Unread(one)
        inside = phrases[begin : closing(phrases, begin)] if opens else []
        held = opens and not widths and (not named or (len(named) == 1 and _layers(inside)))
        if (said and opens) or held:  # parentheses stand there already
            return [*phrases[: start + 1], one, *blocked(phrases[begin:])]
        if said and (not named or (len(named) == 1 and _layers(phrases[begin:]))):
            end = begin + _cut(phrases[begin:], times)
            body, begin = phrases[begin:end], end
        elif named:
            body, begin = named, first + (first < len(phrases) and phrases[first].role == "each")
        else:
            continue
        while body and body[-1].role in ("and", "comma"):
            body = body[:-1]
        if begin + 1 < len(phrases) and phrases[begin].role in ("then", "comma") and wide(phrases[begin + 1], times):
            begin += 1  # …; 32 filters in the first, 64 in the second
        return [*phrases[: start + 1], one, OPEN, *body, CLOSE, *widths, *blocked(phrases[begin:])]
    return phrases


def _counted(phrases: Sequence[Token], at: int) -> int:
    """Where the count of a block stands, with its layers alone between them; below zero if there is none."""
    start = next((i for i in range(at - 1, max(-1, at - 7), -1) if phrases[i].role in ("count", "number")), -1)
    between = phrases[start + 1 : at]
    return start if all(one.role in ("head", "phi", "set", "layer") for one in between) else -1


def _widths(phrases: list[Token], begin: int, times: int) -> tuple[list[Token], int]:
    """Widths right behind a block, ``blocks (32, 64)`` or ``blocks with 32 and 64 filters: …``, and where they end."""
    if begin >= len(phrases):
        return [], begin
    if phrases[begin].role == "open":
        end = closing(phrases, begin)
        inside = phrases[begin + 1 : end]
        sets = {one.role for one in inside} <= {"set", "list", "chain", "comma", "and"}
        return (phrases[begin : end + 1], end + 1) if sets and any(wide(one, times) for one in inside) else ([], begin)
    follows = [one.role for one in phrases[begin + 1 : begin + 3]]
    told = follows[:1] in (["colon"], ["each"], ["of"]) or follows == ["comma", "each"]
    return ([phrases[begin]], begin + 1) if told and wide(phrases[begin], times) else ([], begin)


def _said(phrases: Sequence[Token], first: int, times: int, widened: bool) -> tuple[int, bool]:
    """Where begins what a block holds, and whether a word says so: ``of``, ``each``, a colon."""
    begin = first
    while begin < len(phrases) and phrases[begin].role in ("of", "colon", "each", "comma", "layer"):
        begin += 1
    said = any(one.role in ("of", "colon", "each") for one in phrases[first:begin])
    if begin < len(phrases) and wide(phrases[begin], times) and not widened:
        said = False  # blocks with 32 and 64 filters each
    return (begin, True) if said else (first, False)
