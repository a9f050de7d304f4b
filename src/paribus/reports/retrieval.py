"""The page about how near a network places what is of one class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from paribus.records.wording import SPLITS, clean, count, percent
from paribus.records.wording import share as short
from paribus.reports.neighbours import share
from paribus.reports.page import Figure, Page, Section, Table

if TYPE_CHECKING:
    from paribus.analysis.retrieval import Placed, Retrieval


def retrieval_page(record: Retrieval) -> Page:
    """Recall at k, verification, and one-shot tasks, beside what the inputs themselves tell."""
    from paribus.plots import retrieval as plots

    ks = list(next(iter(record.spaces.values())).recall)
    heads = ("distances between", *(f"recall at {k}" for k in ks), "AUROC", "EER", f"{record.ways}-way one-shot")
    rows = tuple((clean(name), *_cells(one)) for name, one in record.spaces.items())
    tasks = len(next(iter(record.spaces.values())).tasks)
    notes = (
        f"Recall, brackets: {percent(record.confidence)} intervals over the examples (Wilson). One-shot: over "
        f"{count(tasks, 'set')} of {record.ways} classes. Other seeds: a study.",
        "AUROC and EER are of telling pairs of one class from others by their distance; of more than 2,000 examples "
        "over 2,000, evenly spread. Inputs: plain pixels.",
    )
    section = Section(
        figure=Figure("retrieval", plots.verification(record), "ROC curves of telling pairs apart by distance."),
        tables=(Table(heads, rows, "l" + "r" * (len(heads) - 1)),),
        notes=notes,
    )
    whole = f"{record.examples:,} examples of the {SPLITS[record.split]} split."
    return Page("Analysis", "retrieval", "How near lies what is of one class?", summary=whole, sections=(section,))


def _cells(one: Placed) -> Iterator[str]:
    yield from map(share, one.recall.values())
    yield from (short(one.auroc), short(one.eer))
    if one.one_shot is not None:
        yield share(one.one_shot)
    else:
        yield short(sum(one.tasks) / len(one.tasks)) if one.tasks else ""
