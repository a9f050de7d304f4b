"""The parts of the data are apart: no example, group or copy of one lies in two of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from paribus.data.dataset import Dataset
from paribus.data.deliver.windows import Windows
from paribus.data.prepare import duplicates
from paribus.diagnosis.lint.outcome import Unchecked, Verdict, broken, kept
from paribus.diagnosis.lint.subject import Subject
from paribus.records.wording import count

SHOWN = 3  # pairs that are named
SURPRISE = 10.0  # bits beyond those that the number of pairs takes, from which equal rows are no chance


def disjoint(subject: Subject) -> Verdict:
    """No row of the data is in two parts, and the parts are those of the record."""
    rows = subject.prepared.rows
    for one, other in combinations(rows, 2):
        if both := len(set(rows[one].tolist()) & set(rows[other].tolist())):
            return broken(
                f"{count(both, 'example')} are in both {one} and {other}",
                "let split of the recipe divide the data, or give sources of your own splits that do not overlap",
                examples=float(both),
            )
    recorded = {split: number for split, number in subject.info.sizes.items() if split in rows}
    now = {split: len(some) for split, some in rows.items()}
    if recorded != now:
        return broken(
            "the parts have other sizes than when the run was trained",
            "bring the data back, or train again",
            then=str(recorded),
            now=str(now),
        )
    if "test" not in rows:
        raise Unchecked(f"there is no test part: {' and '.join(now)} are apart, and the figure is one of validation")
    return kept(f"{', '.join(f'{name} {number:,}' for name, number in now.items())}: no example in two of them")


def groups(subject: Subject) -> Verdict:
    """All examples of a group (a patient, a camera) are on one side."""
    examples, rows = subject.prepared.examples, subject.prepared.rows
    known = getattr(examples, "groups", None)
    if not isinstance(known, Tensor):
        raise Unchecked("the data name no groups, such as patients or cameras (data.group)")
    of = {split: set(known[some].tolist()) for split, some in rows.items()}
    for one, other in combinations(of, 2):
        if both := sorted(of[one] & of[other]):
            return broken(
                f"{count(len(both), 'group')} have examples in both {one} and {other}",
                "let split divide them by group: give the source groups, and no splits of its own",
                groups=float(len(both)),
                first=float(both[0]),
            )
    return kept(f"{count(len(set.union(*of.values())), 'group')}, each on one side")


def stratified(subject: Subject) -> Verdict:
    """Each part has the mix of classes that the recipe claims."""
    prepared, section = subject.prepared, subject.recipe.split
    labels = getattr(prepared.examples, "labels", None)
    if not isinstance(labels, Tensor):
        raise Unchecked("the examples have no single class each")
    if not section.stratified:
        return kept("the recipe claims no mix of classes")
    if isinstance(getattr(prepared.examples, "groups", None), Tensor):
        raise Unchecked("whole groups are divided, and their mix of classes is what it is")
    official = getattr(prepared.examples, "official", {})
    drawn = [split for split in prepared.rows if split not in official or split == "train"]
    if len(drawn) < 2:
        raise Unchecked("the source divides the data itself, and whether its parts are alike stands in no record")
    counts = {split: labels[prepared.rows[split]].bincount(minlength=len(prepared.info.classes)) for split in drawn}
    together = sum(counts.values())
    assert isinstance(together, Tensor)
    for split, found in counts.items():
        asked = together * (int(found.sum()) / int(together.sum()))
        if (worst := float((found - asked).abs().max())) > 3 + 2 * len(counts):
            return broken(
                f"the classes of the {split} part are not in proportion",
                "split.stratified=true lets split divide each class in the same shares",
                part=split,
                off_by=worst,
            )
    return kept(f"{' and '.join(drawn)} have the same mix of classes")


def copies(subject: Subject) -> Verdict:
    """No example, to the last bit, is in two parts."""
    dataset, rows = _dataset(subject), subject.prepared.rows
    inputs = _stored(dataset)
    found = [group for group in duplicates.equal(inputs) if len(group) > 1]
    across = list(_across(found, rows))
    by_chance = _by_chance(inputs, dataset)
    if across and by_chance(across[0]):
        raise Unchecked(
            f"{count(len(across), 'row')} are in two parts, and their values are so common that this may be chance"
        )
    if across:
        return _copied(across, rows, dataset, "are there in two parts, to the last bit")
    return kept(f"{len(inputs):,} examples, none of them in two parts")


def near_copies(subject: Subject) -> Verdict:
    """No picture is a cut, mirrored, brightened or compressed copy of one in another part."""
    dataset, rows = _dataset(subject), subject.prepared.rows
    inputs = _stored(dataset)
    if inputs.ndim != 4 or inputs.dtype != torch.uint8:
        raise Unchecked("only of pictures it is known what a copy with small changes looks like")
    if min(inputs.shape[2:]) < duplicates.LEAST:
        raise Unchecked(f"pictures of {inputs.shape[3]} × {inputs.shape[2]} pixels are too small to tell copies apart")
    found = duplicates.known(dataset, subject.progress)
    across = list(_across([(one.first, one.second) for one in found], rows))
    if across:
        return _copied(across, rows, dataset, "have a copy with small changes in another part")
    return kept(f"{len(inputs):,} pictures, none of them with a changed copy in another part")


def _dataset(subject: Subject) -> Dataset:
    """The stored examples, one row each."""
    examples = subject.prepared.examples
    if isinstance(examples, Windows):
        raise Unchecked("windows of one series overlap by their nature; see: time order")
    if not isinstance(examples, Dataset) or examples.sequential:
        raise Unchecked("these examples are passages of one text, and not rows of their own")
    return examples


def _stored(dataset: Dataset) -> Tensor:
    inputs = dataset.inputs
    if not isinstance(inputs, Tensor):
        raise Unchecked("inputs are several tensors")
    return inputs


def _copied(across: list[tuple[int, ...]], rows: Mapping[str, Tensor], dataset: Dataset, what: str) -> Verdict:
    part = {row: split for split, some in rows.items() for row in some.tolist()}
    outside = {row for group in across for row in group if part.get(row, "train") != "train"}
    held = sum(len(some) for split, some in rows.items() if split != "train")
    names = dataset.names
    shown = [
        " = ".join(f"{names[row] if names else f'row {row}'} ({part[row]})" for row in group if row in part)
        for group in across[:SHOWN]
    ]
    return broken(
        f"{count(len(outside), 'example')} outside of training {what}",
        "give copies one group (data.group), so that split keeps them together, or leave them out",
        share_of_those_outside=len(outside) / max(1, held),
        pairs="; ".join(shown),
    )


def _across(found: list[tuple[int, ...]], rows: Mapping[str, Tensor]) -> Iterator[tuple[int, ...]]:
    """The groups of which examples lie in more than one part."""
    part = {row: split for split, some in rows.items() for row in some.tolist()}
    for group in found:
        if len({part[row] for row in group if row in part}) > 1:
            yield group


def _by_chance(inputs: Tensor, dataset: Dataset):  # type: ignore[no-untyped-def]
    """Whether rows of few distinct values may be equal by chance.

    A row that is there twice is no surprise if its values are common: its surprise, in bits, is the sum of −log₂ of how
    common each is, as if columns were independent, and N rows have N²/2 pairs to be equal in.
    """
    if inputs.dtype == torch.uint8 and inputs.ndim == 4:
        return lambda group: False
    flat: NDArray[np.generic] = inputs.reshape(len(inputs), -1).numpy(force=True)
    least = 2 * math.log2(max(2, len(flat))) - 1 + SURPRISE

    def chance(group: tuple[int, ...]) -> bool:
        row = flat[group[0]]
        same = (flat == row).mean(0)  # NaN is equal to nothing, and that is a surprise
        return float(-np.log2(np.maximum(same, 1 / len(flat))).sum()) < least

    return chance
