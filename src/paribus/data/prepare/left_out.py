"""What a source had and did not take, in words: files that cannot be read, sentences that are too long."""

from __future__ import annotations

import logging
from functools import lru_cache

from paribus.data.dataset import Dataset
from paribus.records.wording import clean, count

NAMED = 3  # files that are still named

logger = logging.getLogger(__name__)


def left_out(dataset: Dataset) -> tuple[str, ...]:
    """A sentence for the files, and one for the pairs; none where everything was taken."""
    return (*_files(dataset), *_pairs(dataset))


@lru_cache
def tell(sentences: tuple[str, ...]) -> None:
    """Say it once in a process: data are opened to be checked, for every seed, and to be trained on."""
    for sentence in sentences:
        logger.warning("of the data %s", sentence)


def _files(dataset: Dataset) -> tuple[str, ...]:
    if not dataset.skipped:
        return ()
    named = ", ".join(f"{clean(name)} ({clean(reason)})" for name, reason in dataset.skipped[:NAMED])
    more = f" and {len(dataset.skipped) - NAMED:,} more" if len(dataset.skipped) > NAMED else ""
    return (f"{count(len(dataset.skipped), 'file')} {_are(len(dataset.skipped))} left out: {named}{more}",)


def _pairs(dataset: Dataset) -> tuple[str, ...]:
    pairs = dataset.metadata.pairs
    if pairs is None or not pairs.left_out:
        return ()
    share = f"{pairs.left_out:,} of {len(dataset) + pairs.left_out:,} pairs {_are(pairs.left_out)}"
    return (f"{share} left out: a sentence has more tokens than data.longest",)


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
