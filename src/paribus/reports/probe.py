"""The page about what can be read off a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paribus.records.wording import SPLITS, clean, percent
from paribus.reports.neighbours import share
from paribus.reports.page import Page, Section, Table

if TYPE_CHECKING:
    from paribus.analysis.probe import Probe


def probe_page(record: Probe) -> Page:
    """Accuracies by space and by number of labels."""
    heads = ("read off", "labels", "linear", f"{record.k} neighbours")
    rows = tuple(
        (clean(one.space), f"{one.labels:,}", share(one.linear), share(one.neighbours)) for one in record.readings
    )
    notes = (
        f"Brackets: {percent(record.confidence)} intervals over the examples (Wilson): how sure the figures of this "
        "one network are. Other seeds: a study with model.freeze.",
        "Untrained: the same layer of the same network with its initial weights. What training gave is beyond that.",
    )
    whole = f"{record.examples:,} examples of the {SPLITS[record.split]} split; the layer is {clean(record.layer)}."
    section = Section(tables=(Table(heads, rows, "lrrr"),), notes=notes)
    return Page("Analysis", "probe", "What can be read off a layer?", summary=whole, sections=(section,))
