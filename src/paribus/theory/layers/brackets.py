"""What stands together in words about nets: parentheses, clauses, and blocks and branches that words put together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from paribus.theory.layers.tokens import Token, Unread

STRONG = ("then", "stop")


def branched(phrases: list[Token]) -> list[Token]:
    """Phrases in which branches that are said in words stand in parentheses, apart by | or &."""
    start = next((i for i, one in enumerate(phrases) if one.role == "branch"), -1)
    end = next((i for i in range(start + 1, len(phrases)) if phrases[i].role in ("join", "sum")), -1)
    if (
        start < 0
        and any(one.role == "skip" and one.text.startswith(("sh", "sk", "id")) for one in phrases)
        and any(one.role == "sum" for one in phrases)
    ):
        at = next(i for i, one in enumerate(phrases) if one.role == "skip")
        till = next((i for i in range(at, len(phrases)) if phrases[i].role == "sum"), -1)
        two = (
            till > at > 0
            and any(one.role == "head" for one in phrases[at:till])
            and any(one.role == "head" for one in phrases[:at])
        )
        marked = phrases[at - 1].role == "stop" or phrases[at - 1].which in (";", "line")
        if two and marked and phrases[at + 1].role not in ("open", "block", "of"):
            colon = next((i + 1 for i, one in enumerate(phrases[:at]) if one.role == "colon"), 0)
            inside = [
                Token("open", "", "("),
                *trimmed(phrases[colon:at]),
                Token("then", "|", "|"),
                *trimmed(phrases[at + 1 : till]),
            ]
            return [*inside, Token("close", "", ")"), *phrases[till + 1 :]]
    if start >= 0 and end >= 0:
        body = phrases[start:end]
        skips = [i for i, one in enumerate(body) if one.role == "skip"]
        if (
            skips
            and phrases[end].role == "sum"
            and not any(one.role in ("open", "colon") and one.text == "|" for one in body)
        ):
            main = body[1 : skips[0]]
            short = body[skips[0] + 1 :]
            while short and short[0].role in ("branch", "colon", "skip"):
                short = short[1:]
            while main and main[0].role == "colon":
                main = main[1:]
            if not any(one.role == "head" for one in main) or not any(one.role == "head" for one in short):
                raise Unread(body[0])
            cut = start
            while (
                cut
                and phrases[cut - 1].role not in ("stop",)
                and not any(o.role in ("head",) for o in phrases[cut - 1 : cut])
            ):
                cut -= 1
            inside = [
                Token("open", "", "("),
                *trimmed(main),
                Token("then", "|", "|"),
                *trimmed(short),
                Token("close", "", ")"),
            ]
            after = phrases[end + 1 :]
            return [*phrases[:cut], *inside, *after]
        if len(body) > 2 and body[1].role == "number" and body[2].role == "colon":
            marks = [i for i, one in enumerate(body) if one.role == "branch"]
            pieces = [body[i + 3 : j] for i, j in pairwise([*marks, len(body)])]
        elif any(one.role == "open" for one in body[:3]):
            pieces, at = [], next(i for i, one in enumerate(body) if one.role == "open")
            while at < len(body):
                if body[at].role == "open":
                    close = closing(body, at)
                    pieces.append(body[at + 1 : close])
                    at = close
                elif body[at].role not in ("and", "comma", "then"):
                    raise Unread(body[at])
                at += 1
        else:
            at = next((i for i, one in enumerate(body) if one.role == "colon"), 0)
            ways = [split(body[at + 1 :], (sign,)) for sign in ("then", "and", "comma")]
            ways = [
                [piece for piece in way if any(one.role in ("head", "skip", "input") for one in piece)] for way in ways
            ]
            many = [int(one.values[0]) for one in phrases[max(0, start - 3) : start] if one.role in ("count", "number")]
            pieces = next((way for way in ways if len(way) == (many or [len(way)])[-1] > 1), [])
            if not pieces:
                raise Unread(phrases[start], "which branches there are")
        sign = "&" if phrases[end].role == "join" else "|"
        before = phrases[:start]
        while before and before[-1].role in ("count", "number", "parallel", "block", "of"):
            before = before[:-1]
    else:
        start = next((i for i, one in enumerate(phrases) if one.role == "join"), -1)
        if (
            start < 0
            or (phrases[start - 1 : start] and phrases[start - 1].role not in ("then", "stop"))
            or start + 1 == len(phrases)
            or phrases[start + 1].role == "name"
        ):
            return phrases
        end = next(
            (i for i in range(start, len(phrases)) if phrases[i].role == "stop" or phrases[i].which in ("line", ";")),
            len(phrases),
        )
        at = next((i for i in range(start + 1, end) if phrases[i].role not in ("output", "of", "colon")), end)
        if at == end or phrases[at].role == "open" or not any(one.role == "head" for one in phrases[at:end]):
            return phrases
        if phrases[at].role == "head" and "output" in phrases[at].values:
            at += 1
        pieces = [[]]
        for one in phrases[at:end]:
            if one.role in ("comma", "and") and any(ahead.role == "head" for ahead in pieces[-1]):
                pieces.append([])
            elif one.role not in ("of", "comma", "and"):
                pieces[-1].append(one)
        sign, before, end = "&", phrases[:start], end - 1
    pieces = [
        [one for i, one in enumerate(piece) if one.role not in (*STRONG, "and", "comma") or 0 < i < len(piece) - 1]
        for piece in pieces
    ]
    pieces = [piece for piece in pieces if piece]
    if len(pieces) < 2:
        return phrases
    made = [Token("open", "", "(")]
    for piece in pieces:
        made += [Token("then", sign, sign)] * (len(made) > 1) + piece
    after = phrases[end + 1 :]
    while after and after[0].role in ("of", "unit", "block"):
        after = after[1:]
    return [*before, *made, Token("close", "", ")"), *after]


def trimmed(phrases: Sequence[Token]) -> list[Token]:
    """Phrases without signs at their ends."""
    found = list(phrases)
    signs = (*STRONG, "comma", "and", "colon")
    while found and found[0].role in signs:
        found = found[1:]
    while found and found[-1].role in signs:
        found = found[:-1]
    return found


def outer(phrases: Sequence[Token]) -> list[Token]:
    """Phrases that stand in no parentheses."""
    found, depth = list[Token](), 0
    for one in phrases:
        depth += one.role == "open"
        if not depth:
            found.append(one)
        depth -= one.role == "close"
    return found


def split(phrases: Sequence[Token], roles: Sequence[str], sign: str = "") -> list[list[Token]]:
    """Phrases apart behind tokens of some roles that stand in no parentheses."""
    found, depth = [list[Token]()], 0
    for at, one in enumerate(phrases):
        depth += (one.role == "open") - (one.role == "close")
        told = one.role == "then" and one.which not in (";", "line", "|") and found[-1] and _announced(phrases[:at])
        found[-1].append(one)
        if one.role in roles and not depth and not told and sign in ("", one.text.strip()):
            found.append([])
    return found


def shared(pieces: Sequence[list[Token]]) -> list[list[Token]]:
    """Pieces between commas; "each followed by bn, relu and a pool" is one."""
    found, at = list[list[Token]](), 0
    while at < len(pieces):
        till = next((i for i in range(at, len(pieces)) if not _beside(pieces[i])), len(pieces))
        roles = [one.role for piece in pieces[at:till] for one in piece]
        last = next((i for i in range(at, till) if "and" in [one.role for one in pieces[i]]), till - 1)
        begins = any(one.role == "each" for one in pieces[at][:2]) and pieces[at][-1].role != "each"
        whole = "and" in [one.role for one in pieces[last]] if last >= at else False
        if begins and last > at and (whole or till == len(pieces)) and roles.count("each") == 1:
            found.append([Token("and", "", ",") if one.role == "comma" else one
                          for piece in pieces[at : last + 1] for one in piece])  # fmt: skip
            at = last + 1
        else:
            found.append(pieces[at])
            at += 1
    return found


def _beside(piece: Sequence[Token]) -> bool:
    """Whether nothing in a piece is a layer of its own: norms, activations, pools and dropout."""
    heads = [one for one in piece if one.role == "head"]
    return all(one.which in ("bn", "ln", "gn", "instance", "pool", "avgpool", "dropout") for one in heads) and not any(
        one.role in ("colon", "block", "again", "sum", "skip", "join", "stop", "input") for one in piece
    )


def _announced(before: Sequence[Token]) -> bool:
    """Whether "followed by" belongs to "each (convolution) …"."""
    for one in reversed(before[-4:]):
        if one.role == "each":
            return True
        if one.role not in ("head", "layer", "of", "block"):
            return False
    return False


def closing(phrases: Sequence[Token], at: int) -> int:
    """Where a parenthesis closes."""
    depth = 0
    for end in range(at, len(phrases)):
        depth += (phrases[end].role == "open") - (phrases[end].role == "close")
        if not depth:
            return end
    raise Unread(phrases[at], "never closed")


def parted(held: list[Token]) -> tuple[list[Token], list[Token]]:
    """Attributes before and behind the last "and": of the layer before, and of the next one."""
    at = max((i for i, one in enumerate(held) if one.role == "and"), default=len(held))
    return held[:at], held[at + 1 :]
