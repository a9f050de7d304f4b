"""How near translations come to references: BLEU and chrF as sums over sentences, defined as sacreBLEU defines them."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

ORDER = 4  # words of the longest n-grams of BLEU
SIGNS = 6  # characters of the longest n-grams of chrF
BETA = 2  # chrF counts recall so many times as much as precision

# The tokenisation 13a of mteval: signs stand alone, but for a full stop or a comma between digits.
RULES = (
    (re.compile(r"([\{-\~\[-\` -\&\(-\+\:-\@\/])"), r" \1 "),
    (re.compile(r"([^0-9])([\.,])"), r"\1 \2 "),
    (re.compile(r"([\.,])([^0-9])"), r" \1 \2"),
    (re.compile(r"([0-9])(-)"), r"\1 \2 "),
)
ENTITIES = (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))


def words(sentence: str) -> list[str]:
    """The words of a sentence, by the rules 13a."""
    found = sentence.replace("<skipped>", "").replace("-\n", "").replace("\n", " ").rstrip()
    for written, sign in ENTITIES:
        found = found.replace(written, sign)
    found = f" {found} "
    for pattern, replacement in RULES:
        found = pattern.sub(replacement, found)
    return found.split()


def bleu_counts(said: str, truth: str) -> list[int]:
    """Words said and true, then of each n-gram order those that are right and all: 2 + 2·4 numbers that add up."""
    mine, theirs = words(said), words(truth)
    found = [len(mine), len(theirs)]
    for n in range(1, ORDER + 1):
        own = _grams(mine, n)
        found += [(own & _grams(theirs, n)).total(), own.total()]
    return found


def bleu(counts: Sequence[float]) -> float:
    """BLEU, 0 … 100, of counts summed over sentences (Papineni et al., 2002).

    An order without a single right n-gram counts as half a right one, the next such as a quarter, as in mteval.
    """
    said, true, *orders = counts
    right, known = orders[::2], orders[1::2]
    if not right[0] or not all(known):
        return 0.0
    smoothed, logs = 1.0, 0.0
    for hits, total in zip(right, known, strict=True):
        if not hits:
            smoothed *= 2
        logs += math.log(hits / total if hits else 1 / (smoothed * total))
    return 100 * min(1.0, math.exp(1 - true / said)) * math.exp(logs / ORDER)


def chrf_counts(said: str, truth: str) -> list[int]:
    """Of each order of character n-grams, spaces left out, those said, true and right: 3·6 numbers that add up."""
    mine, theirs = ("".join(sentence.split()) for sentence in (said, truth))
    found: list[int] = []
    for n in range(1, SIGNS + 1):
        own, other = _grams(mine, n), _grams(theirs, n)
        found += [own.total() if other else 0, other.total(), (own & other).total()]
    return found


def chrf(counts: Sequence[float]) -> float:
    """chrF2, 0 … 100, of counts summed over sentences (Popović, 2015): mean precision and recall, over all orders."""
    orders = [counts[place : place + 3] for place in range(0, len(counts), 3)]
    known = [(right / said, right / true) for said, true, right in orders if said and true]
    if not known:
        return 0.0
    precision, recall = (sum(side) / len(known) for side in zip(*known, strict=True))
    if not precision + recall:
        return 0.0
    return float(100 * (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall))


def _grams(tokens: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(tokens[place : place + n]) for place in range(len(tokens) - n + 1))
