"""The page about a network that was asked with other settings of its task."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from paribus.records import wording
from paribus.records.wording import SPLITS, clean, percent
from paribus.reports.page import Page, Section, Table

if TYPE_CHECKING:
    from paribus.analysis.otherwise import Otherwise, Paired
    from paribus.records.metric import Metric


def otherwise_page(record: Otherwise) -> Page:
    """All figures as trained and otherwise, and what single examples gained and lost."""
    rows = tuple(
        (clean(name), *(wording.format_figure(name, value, record.metrics) for value in values))
        for name, values in record.figures.items()
        if "/" not in name
    )
    tables = [Table(("figure", "as trained", "otherwise"), rows, "lrr")]
    if record.paired:
        heads = ("of single examples", "gained", "lost", "otherwise − as trained")
        tables.append(Table(heads, tuple(_rows(record)), "lrrr"))
    sure = percent(record.confidence)
    notes = (f"Brackets: {sure} intervals over the examples, of this very network; of other seeds they say nothing.",)
    changes = "; ".join(f"task.{name}: {before} → {now}" for name, (before, now) in record.changed.items())
    whole = f"{record.examples:,} examples of the {SPLITS[record.split]} split. {clean(changes)}."
    section = Section(tables=tuple(tables), notes=notes if record.paired else ())
    question = "What if the same network is asked otherwise?"
    return Page("Analysis", "otherwise", question, summary=whole, sections=(section,))


def _rows(record: Otherwise) -> Iterator[tuple[str, str, str, str]]:
    for name, one in record.paired.items():
        yield clean(name), f"{one.gained:,}", f"{one.lost:,}", _difference(wording.metric_of(name, record.metrics), one)


def _difference(metric: Metric, one: Paired) -> str:
    if one.difference is None:
        return wording.NONE
    said = wording.difference(metric, one.difference.value)
    return f"{said} {wording.difference_interval(metric, one.difference)}"
