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
        behind = (
            next((i for i in range(at - 1, -1, -1) if phrases[i].role in ("stop", "then", "comma", "open")), -1) + 1
        )
        if not _layers(before[behind:]) and not (one.role == "again" and _layers(before)):
            if _layers(before) and not (before[-1].role in ("stop", "then", "comma") and _layers(after[:4])):
                continue
            body = after[1:] if after and after[0].role == "colon" else after
            cut = _cut(body, times)
            if not _layers(body[:cut]):
                continue
            marked = _marked(times, one, trimmed(body[:cut]))
            return [*before, *marked, *repeated(body[cut:])]
        if before[-1].role == "close":
            opened = (i for i in range(at) if before[i].role == "open" and closing(before, i) == at - 1)
            if (start := next(opened, -1)) < 0:
                raise Unread(before[-1], "never opened")
            if not start or before[start - 1].role not in ("head", "set", "number", "phi"):
                body = before[start + 1 : -1]
                return [*before[:start], *_marked(times, one, body), *repeated(after)]
        if before[-1].role == "comma":
            behind = next((i + 1 for i in range(at - 1, -1, -1) if ended(phrases[i]) or phrases[i].role == "colon"), 0)
        while behind < at and phrases[behind].role in ("and", "article"):
            behind += 1
        return [*before[:behind], *_marked(times, one, trimmed(before[behind:])), *repeated(after)]
    return phrases


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
        start = next((i for i in range(at - 1, max(-1, at - 7), -1) if phrases[i].role in ("count", "number")), -1)
        if (
            one.role != "block"
            or start < 0
            or any(ahead.role not in ("head", "phi", "set", "layer") for ahead in phrases[start + 1 : at])
        ):
            continue
        times, named = int(phrases[start].values[0]), phrases[start + 1 : at]
        begin, widths = at + 1, list[Token]()
        if begin < len(phrases) and phrases[begin].role == "open":
            end = closing(phrases, begin)
            inside = phrases[begin + 1 : end]
            sets = {ahead.role for ahead in inside} <= {"set", "list", "chain", "comma", "and"}
            if sets and any(wide(ahead, times) for ahead in inside):
                widths, begin = phrases[begin : end + 1], end + 1
        elif begin < len(phrases) and wide(phrases[begin], times):
            ahead = begin + 1
            if ahead < len(phrases) and (
                phrases[ahead].role in ("colon", "each", "of")
                or [one.role for one in phrases[ahead : ahead + 2]] == ["comma", "each"]
            ):
                widths, begin = [phrases[begin]], ahead
        first = begin
        while begin < len(phrases) and phrases[begin].role in ("of", "colon", "each", "comma", "layer"):
            begin += 1
        said = any(ahead.role in ("of", "colon", "each") for ahead in phrases[first:begin])
        if begin < len(phrases) and wide(phrases[begin], times) and not widths:
            said = False  # blocks with 32 and 64 filters each
        begin = begin if said else first
        if said and begin < len(phrases) and phrases[begin].role == "open":
            if len(named) > 1:
                raise Unread(one)
            return [*phrases[: start + 1], one, *blocked(phrases[begin:])]
        held = not said and not widths and begin < len(phrases) and phrases[begin].role == "open"
        if held and (not named or (len(named) == 1 and _layers(phrases[begin : closing(phrases, begin)]))):
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
