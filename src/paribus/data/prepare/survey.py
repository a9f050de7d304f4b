"""What a folder of pictures with masks holds, and which of them do not fit together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from paribus.cache import paths
from paribus.data.prepare.scan import workers
from paribus.data.sources.images import decoding
from paribus.data.sources.images.entry import Skipped
from paribus.data.sources.masks import labels
from paribus.data.sources.masks.pairs import Pair, pairs, same_size
from paribus.errors import DataError
from paribus.progress import Announce, silent


@dataclass(frozen=True)
class Survey:
    """Pictures with masks that were opened.

    Args:
        splits: number of good pairs by split.
        sizes: number of good pairs by height and width.
        values: mask value → share of all pixels.
        bad: pictures or masks that cannot be used, each with the reason.
    """

    splits: Mapping[str, int]
    sizes: Mapping[tuple[int, int], int]
    values: Mapping[int, float]
    bad: Skipped


class Mask(NamedTuple):
    """Height and width of a mask, and how often it holds each value (256,)."""

    size: tuple[int, int]
    counts: NDArray[np.int64]


def survey(
    path: str | Path,
    pictures: str = "images",
    masks: str = "masks",
    suffix: str = "",
    format: labels.Format = "auto",
    progress: Announce = silent,
) -> Survey:
    """Open every picture and mask of a folder; the arguments are those of :func:`.pairs.pairs`.

    Raises:
        DataError: if there are no pairs, or a picture or a mask is alone.
    """
    root = paths.find_folder(str(path))
    found = pairs(root, pictures, masks, suffix)
    with ThreadPoolExecutor(workers()) as pool:
        opened = []
        for one in pool.map(lambda pair: _opened(root, pair, format), found):
            opened.append(one)
            progress("checking pictures", len(opened), len(found))
    good = [(pair, one) for pair, one in zip(found, opened, strict=True) if isinstance(one, Mask)]
    counts = sum((one.counts for _, one in good), np.zeros(256, np.int64))
    return Survey(
        splits=Counter(pair.split for pair, _ in good),
        sizes=Counter(one.size for _, one in good),
        values={int(value): float(counts[value] / counts.sum()) for value in np.flatnonzero(counts)},
        bad=tuple((pair.mask, one) for pair, one in zip(found, opened, strict=True) if isinstance(one, str)),
    )


def _opened(root: Path, pair: Pair, format: labels.Format) -> Mask | str:
    """What is kept of a mask, or what is wrong with it or its picture."""
    try:
        content = decoding.read(root / pair.picture)
        decoding.decode(content, None)
        values = labels.read(root / pair.mask, format)
        same_size(decoding.size_of(content, pair.picture), values.shape, pair)
    except DataError as error:
        return error.rule
    height, width = values.shape
    return Mask((height, width), np.bincount(values.ravel(), minlength=256))
