"""The curves of corrupted pictures of several arms beside each other, and what differs between them within seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from paribus.analysis.corruptions import Corruptions
from paribus.errors import DataError
from paribus.evidence.estimate import Estimate, mean_interval, paired_difference


@dataclass(frozen=True)
class Leaning:
    """One kind of corruption, asked of all seeds of an arm.

    Args:
        curve: accuracy at each strength, the mean over seeds.
        kept: mean accuracy over all strengths but 0, as a share of that at 0.
        minus: curve − that of the reference at each strength, paired by seed; of the reference itself nothing.
        minus_kept: kept − that of the reference; ``None`` of the reference.
    """

    curve: tuple[Estimate, ...]
    kept: Estimate
    minus: tuple[Estimate, ...] = ()
    minus_kept: Estimate | None = None


@dataclass(frozen=True)
class Severity:
    """How accuracy falls in the arms of a study.

    Args:
        split: of the data.
        examples: that each run was asked.
        seeds: that all arms have finished.
        strengths: from 0, the pictures as they are, to 1.
        kinds: kind → arm → what was found, the reference first.
        overlap: validation examples for each one that trains, where every seed draws its own validation split: then
            intervals are for data like these; 0: for these data.
        confidence: of each interval by itself.
    """

    split: str
    examples: int
    seeds: int
    strengths: tuple[float, ...]
    kinds: Mapping[str, Mapping[str, Leaning]]
    overlap: float
    confidence: float


def severity(arms: Mapping[str, Mapping[int, Corruptions]], overlap: float = 0.0) -> Severity:
    """Put the records of all runs of a study together.

    Args:
        arms: name → seed → record, all with the same options; the first arm is the reference.
        overlap: see :class:`Severity`.

    Raises:
        DataError: if fewer than two seeds have finished in all arms.
    """
    common = set.intersection(*(set(found) for found in arms.values()))
    seeds = [seed for seed in next(iter(arms.values())) if seed in common]
    if len(seeds) < 2:
        got = "; ".join(f"{arm}: {len(found)}" for arm, found in arms.items())
        raise DataError("arms are compared over two seeds or more that all of them have finished", got=got)
    table = {arm: [found[seed] for seed in seeds] for arm, found in arms.items()}
    one = next(iter(table.values()))[0]
    kinds = {kind: _leanings(kind, table, 1 / one.examples, overlap, one.confidence) for kind in one.curves}
    return Severity(one.split, one.examples, len(seeds), one.strengths, kinds, overlap, one.confidence)


def _leanings(
    kind: str, table: Mapping[str, Sequence[Corruptions]], step: float, overlap: float, confidence: float
) -> dict[str, Leaning]:
    """All arms under one kind; the step is that of an accuracy, which seeds may share by chance."""
    curves = {arm: list(zip(*(_values(one, kind) for one in runs), strict=True)) for arm, runs in table.items()}
    kept = {arm: [one.kept[kind] for one in runs] for arm, runs in table.items()}
    reference = next(iter(table))
    found = {}
    for arm, curve in curves.items():
        means = tuple(mean_interval(values, confidence, step, overlap=overlap) for values in curve)
        of_kept = mean_interval(kept[arm], confidence, overlap=overlap)
        if arm == reference:
            found[arm] = Leaning(means, of_kept)
            continue
        pairs = zip(curve, curves[reference], strict=True)
        minus = tuple(paired_difference(mine, theirs, confidence, step, overlap) for mine, theirs in pairs)
        found[arm] = Leaning(
            means, of_kept, minus, paired_difference(kept[arm], kept[reference], confidence, overlap=overlap)
        )
    return found


def _values(record: Corruptions, kind: str) -> list[float]:
    return [one.value for one in record.curves[kind]]
