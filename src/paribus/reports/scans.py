"""What a folder of pictures or a table holds, and what is wrong with it, as pages."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.data.prepare.columns import TableSurvey
from paribus.data.prepare.scan import Report
from paribus.data.prepare.survey import Survey
from paribus.data.sources.images.entry import Skipped
from paribus.records.wording import clean, count
from paribus.reports.page import Page, Section, Table


def scan_page(found: Report) -> Page:
    """Pictures with classes."""
    parts = list(found.counts)
    rows = [(name, *(f"{found.counts[part][name]:,}" for part in parts)) for name in found.classes]
    good = Table(("class", *parts), tuple(rows), "l" + "r" * len(parts))
    section = Section(f"{len(found.good):,} good pictures", tables=(good, *_left_out(found.bad)))
    return Page("Data", warnings=tuple(_warnings(found)), sections=(section,))


def survey_page(found: Survey) -> Page:
    """Pictures with masks."""
    sizes = ", ".join(f"{width} × {height} ({number})" for (height, width), number in list(found.sizes.items())[:5])
    rows = tuple((str(value), f"{share:.2%}") for value, share in found.values.items())
    splits = ", ".join(f"{split} {number:,}" for split, number in found.splits.items())
    good = Section(
        f"{sum(found.splits.values()):,} good pictures with masks: {splits}",
        tables=(Table(("mask value", "pixels"), rows, "rr"),),
    )
    rest = Section(text=(f"sizes: {sizes or 'none'}",), tables=tuple(_left_out(found.bad)))
    return Page("Data", sections=(good, rest))


def table_page(found: TableSurvey) -> Page:
    """A table of numbers and categories."""
    rows = tuple((clean(one.name), one.kind, f"{one.missing:.1%}", clean(one.values)) for one in found.columns)
    columns = Section(
        f"{count(found.rows, 'row')}", tables=(Table(("column", "kind", "missing", "values"), rows, "llrl"),)
    )
    known = max(1, sum(found.classes.values()))
    balance = tuple((clean(name), f"{number:,}", f"{number / known:.1%}") for name, number in found.classes.items())
    classes = Section("target", tables=(Table(("class", "rows", "share"), balance, "lrr"),) if balance else ())
    repeated = f"rows that repeat another one in all columns: {found.duplicates:,}"
    notes = Section("noticed", notes=tuple(map(clean, (*found.notes, *([repeated] if found.duplicates else [])))))
    sections = (columns, *([classes] if balance else []), *([notes] if notes.notes else []))
    return Page("Data", warnings=tuple(map(clean, found.warnings)), sections=sections)


def _left_out(bad: Skipped) -> Iterator[Table]:
    if bad:
        yield Table(("left out", "reason"), tuple(bad), "ll")


def _warnings(found: Report) -> Iterator[str]:
    for problem, entries in (("identical pictures in different splits", found.leaks),
                             ("identical pictures with different labels", found.conflicts)):  # fmt: skip
        if entries:
            examples = "; ".join(" = ".join(entry.name for entry in same) for same in entries[:3])
            yield f"{len(entries)} {problem}: {examples}"
    if found.shared_groups:
        yield f"groups in several splits: {', '.join(found.shared_groups[:5])}"
