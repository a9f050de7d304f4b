"""Open every picture of a folder before training, and report the bad ones."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import blake2b
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paribus.cache import paths
from paribus.data.sources.images import decoding
from paribus.data.sources.images.entry import Entry, Skipped
from paribus.data.sources.images.listing import Listing, listing
from paribus.data.splits import SPLITS
from paribus.errors import DataError
from paribus.files import CHUNK_BYTES
from paribus.progress import Announce, silent
from paribus.records.environment import cores

CHECKED_SIZE, COMPARED_SIZE = 64, 32  # pixels on a side, of what is opened to be checked and to be compared
MOST_COMPARED = 100_000  # pictures among which copies are looked for: 3 kB each


@dataclass(frozen=True)
class Checked:
    """A picture that was opened: its content's hash, height and width, and its pixels or why there are none."""

    entry: Entry
    digest: bytes = b""
    reason: str = ""
    pixels: NDArray[np.uint8] | None = None
    size: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Report:
    """What a folder of pictures holds.

    Args:
        root: the folder.
        classes: names of the classes.
        good: the pictures that can be used.
        bad: names of the files that cannot, each with the reason.
        duplicates: sets of names of files with identical content.
        sizes: number of good pictures by height and width, the most frequent first.
        copies: pairs of which one seems to be cut, mirrored, brightened or compressed from the other; nothing where
            they were not looked for.
    """

    root: str
    classes: tuple[str, ...]
    good: tuple[Entry, ...]
    bad: Skipped
    duplicates: tuple[tuple[Entry, ...], ...]
    sizes: Mapping[tuple[int, int], int] = field(default_factory=dict)
    copies: tuple[tuple[Entry, Entry], ...] | None = None

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Number of good pictures by split and class."""
        present = [split for split in SPLITS if any(entry.split == split for entry in self.good)]
        counts = {split: dict.fromkeys(self.classes, 0) for split in present}
        for entry in self.good:
            counts[entry.split][entry.label] += 1
        return counts

    @property
    def leaks(self) -> tuple[tuple[Entry, ...], ...]:
        """Duplicates that lie in more than one split: what was trained on is tested again."""
        return tuple(same for same in self.duplicates if len({entry.split for entry in same}) > 1)

    @property
    def conflicts(self) -> tuple[tuple[Entry, ...], ...]:
        """Duplicates that bear different labels."""
        return tuple(same for same in self.duplicates if len({entry.label for entry in same}) > 1)

    @property
    def shared_groups(self) -> tuple[str, ...]:
        """Groups that lie in more than one split."""
        splits: dict[str, set[str]] = defaultdict(set)
        for entry in self.good:
            splits[entry.group].add(entry.split)
        return tuple(sorted(group for group, where in splits.items() if group and len(where) > 1))


def scan(
    path: str | Path,
    labels: str = "folders",
    group: str | None = None,
    progress: Announce | None = None,
    copies: bool = False,
) -> Report:
    """Open every picture of a folder and say what is there; the arguments are those of :func:`listing`.

    With ``copies``, pictures are also looked for that were made from others: see :mod:`.duplicates`.

    Raises:
        DataError: if nothing can be learned from what is there; or copies are looked for among too many pictures.
    """
    found, announce = listing(paths.find_folder(str(path)), labels, group), progress or silent
    if not copies:
        opened = (one for batch in check(found, CHECKED_SIZE, progress=announce) for one in batch)
        return summarise(found, [replace(one, pixels=None) for one in opened])
    if len(found.entries) > MOST_COMPARED:
        rule = f"copies are looked for among at most {MOST_COMPARED:,} pictures"
        raise DataError(rule, got=f"{len(found.entries):,}", hint="look into a part of the folder")
    checked = [one for batch in check(found, COMPARED_SIZE, progress=announce) for one in batch]
    return replace(summarise(found, checked), copies=_copies(checked, announce))


def _copies(checked: Sequence[Checked], progress: Announce) -> tuple[tuple[Entry, Entry], ...]:
    import torch

    from paribus.data.prepare.duplicates import near

    seen = [one for one in checked if one.pixels is not None]
    if not seen:
        return ()
    pictures = torch.from_numpy(np.stack([one.pixels for one in seen if one.pixels is not None]))  # (N, 3, S, S)
    return tuple((seen[pair.first].entry, seen[pair.second].entry) for pair in near(pictures, progress))


def check(
    found: Listing,
    size: int = CHECKED_SIZE,
    colour: decoding.Colour = "rgb",
    fit: decoding.Fit = "crop",
    progress: Announce = silent,
) -> Iterator[list[Checked]]:
    """Decode all pictures, on all cores, in batches of one split each that bound the memory."""
    step = max(16, CHUNK_BYTES // (3 * size * size))
    open_one = partial(_check_one, found.root, size=size, colour=colour, fit=fit)
    done = 0
    with ThreadPoolExecutor(workers()) as pool:  # threads: Pillow decodes outside of Python's lock
        for _, entries in groupby(found.entries, key=lambda entry: entry.split):
            for batch in _batches(list(entries), step):
                checked = []
                for one in pool.map(open_one, batch):
                    checked.append(one)
                    progress("checking pictures", done + len(checked), len(found.entries))
                done += len(batch)
                yield checked


def summarise(found: Listing, checked: Sequence[Checked]) -> Report:
    """The report on pictures that were opened."""
    same: dict[bytes, list[Entry]] = defaultdict(list)
    for one in checked:
        if not one.reason:
            same[one.digest].append(one.entry)
    sizes = Counter(one.size for one in checked if not one.reason)
    return Report(
        root=str(found.root),
        classes=found.classes,
        good=tuple(one.entry for one in checked if not one.reason),
        bad=(*found.skipped, *((one.entry.name, one.reason) for one in checked if one.reason)),
        duplicates=tuple(tuple(entries) for entries in same.values() if len(entries) > 1),
        sizes=dict(sizes.most_common()),
    )


def require_usable(report: Report, bad: str) -> None:
    """Refuse a folder with bad files if that is the policy, and one in which bad files leave a class empty.

    Raises:
        DataError: naming the files and the reasons.
    """
    listed = "; ".join(f"{name}: {reason}" for name, reason in report.bad[:5])
    rest = f"; and {len(report.bad) - 5} more" if len(report.bad) > 5 else ""
    if bad == "fail" and report.bad:
        hint = "mend or remove them, or leave them out with data.bad=skip"
        count = "1 file" if len(report.bad) == 1 else f"{len(report.bad)} files"
        raise DataError(f"{count} cannot be used", got=listed + rest, hint=hint)
    empty = [label for label, count in report.counts.get("train", {}).items() if not count]
    if empty or not report.good:
        rule = "every class must have a training picture that can be read; without one: " + ", ".join(empty)
        raise DataError(rule if empty else "no picture can be read", got=listed + rest, hint="mend these files")


def workers() -> int:
    """How many pictures are decoded at once."""
    return min(16, cores())


def _check_one(root: Path, entry: Entry, size: int, colour: decoding.Colour, fit: decoding.Fit) -> Checked:
    try:
        content = decoding.read(root / entry.name)
        pixels = decoding.decode(content, size, colour, fit)
        whole = decoding.size_of(content, entry.name)
    except DataError as error:
        return Checked(entry, reason=error.rule)
    return Checked(entry, blake2b(content, digest_size=16).digest(), pixels=pixels, size=whole)


def _batches(entries: list[Entry], step: int) -> Iterator[list[Entry]]:
    for start in range(0, len(entries), step):
        yield entries[start : start + step]
