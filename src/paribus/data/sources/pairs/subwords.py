"""Byte-pair encoding: words in pieces, the more frequent the longer (Sennrich et al., 2016)."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Mapping
from itertools import pairwise

Pair = tuple[str, str]


def learn(words: Mapping[str, int], size: int) -> list[str]:
    """The pieces that words are made of: single characters in their order, then what merging the commonest pairs gives.

    The most frequent pair of neighbouring pieces is merged everywhere, again and again; of equally frequent ones the
    first in alphabetical order.

    Args:
        words: word → how often it occurs.
        size: how many pieces there shall be; fewer where no pair occurs twice any more.
    """
    pieces = {word: list(word) for word in words}
    found = dict.fromkeys(sorted({sign for word in words for sign in word}))
    counts: Counter[Pair] = Counter()
    where: defaultdict[Pair, set[str]] = defaultdict(set)
    for word, times in words.items():
        for pair in pairwise(pieces[word]):
            counts[pair] += times
            where[pair].add(word)
    heap = [(-times, pair) for pair, times in counts.items()]
    heapq.heapify(heap)
    while heap and len(found) < size:
        times, best = heapq.heappop(heap)
        if -times != counts[best]:  # it has changed since it was put there; where it still occurs, it is there again
            continue
        if counts[best] < 2:
            break
        found["".join(best)] = None
        changed: set[Pair] = set()
        for word in where.pop(best):
            before = Counter(pairwise(pieces[word]))
            pieces[word] = _joined(pieces[word], best)
            after = Counter(pairwise(pieces[word]))
            for pair in before.keys() | after.keys():
                if difference := after[pair] - before[pair]:
                    counts[pair] += difference * words[word]
                    changed.add(pair)
                if pair in after:
                    where[pair].add(word)
        counts.pop(best, None)
        for pair in changed - {best}:
            heapq.heappush(heap, (-counts[pair], pair))
    return list(found)


def merged(word: str, numbers: Mapping[str, int]) -> list[str]:
    """A word in pieces of a vocabulary: of neighbours that together are a piece, those learned first are merged."""
    pieces = list(word)
    while len(pieces) > 1:
        known = [pair for pair in pairwise(pieces) if "".join(pair) in numbers]
        if not known:
            break
        pieces = _joined(pieces, min(known, key=lambda pair: numbers["".join(pair)]))
    return pieces


def _joined(pieces: list[str], pair: Pair) -> list[str]:
    """With every occurrence of a pair as one piece, from the left."""
    found: list[str] = []
    for piece in pieces:
        if found and (found[-1], piece) == pair:
            found[-1] += piece
        else:
            found.append(piece)
    return found
