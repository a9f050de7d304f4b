"""Pairs of sentences as padded tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from paribus.data.columns import Column
from paribus.data.metadata import Metadata, PairsInfo, TextInfo
from paribus.data.sources.pairs.tokens import BEGIN, PAD, Tokens
from paribus.data.splits import SPLITS
from paribus.data.write.writer import Writer

Numbers = Sequence[int]  # of a sentence's tokens
Split = tuple[Sequence[Numbers], Sequence[Numbers]]  # what is read, and what is to be written


def write(cache: Writer, splits: Mapping[str, Split], tokens: Tokens, info: PairsInfo) -> None:
    """Write all pairs: ``source`` (S,), ``before`` (T,), which is what stands before each token, and targets (T,).

    All are padded to the longest of their kind; a network sees of ``before`` only what it has written already.
    """
    sizes = [max(len(one) for split in splits.values() for one in split[side]) for side in (0, 1)]
    cache.start(
        classes=(),
        inputs={"source": Column("int64", (sizes[0],)), "before": Column("int64", (sizes[1],))},
        target_shape=(sizes[1],),
        count=sum(len(sources) for sources, _ in splits.values()),
        metadata=Metadata(text=TextInfo(tuple(tokens.vocabulary), ignore=PAD), pairs=info),
    )
    for name in SPLITS:
        if name in splits:
            sources, targets = (padded(side, size) for side, size in zip(splits[name], sizes, strict=True))
            cache.add({"source": sources, "before": shifted(targets)}, targets, name)


def padded(sentences: Sequence[Numbers], size: int) -> NDArray[np.int64]:
    """Sentences of different length as (N, size)."""
    found = np.full((len(sentences), size), PAD, np.int64)
    for row, sentence in zip(found, sentences, strict=True):
        row[: len(sentence)] = sentence
    return found


def shifted(targets: NDArray[np.int64]) -> NDArray[np.int64]:
    """What stands before each token (N, T): the first one is the sign to begin."""
    return np.concatenate([np.full((len(targets), 1), BEGIN), targets[:, :-1]], 1)
