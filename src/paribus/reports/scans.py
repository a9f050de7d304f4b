"""What a folder of pictures or a table holds, and what is wrong with it, as pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from paribus.data.prepare.columns import TableSurvey
from paribus.data.prepare.scan import Report
from paribus.data.prepare.survey import Survey
from paribus.data.sources.images.entry import Entry, Skipped
from paribus.records.wording import clean, count
from paribus.reports.page import Page, Section, Table

SHOWN = 50  # sets of pictures that are the same


def scan_page(found: Report) -> Page:
    """Pictures with classes."""
    parts = list(found.counts)
    rows = [(name, *(f"{found.counts[part][name]:,}" for part in parts)) for name in found.classes]
    good = Table(("class", *parts), tuple(rows), "l" + "r" * len(parts))
    section = Section(
        f"{len(found.good):,} good pictures",
        text=(f"sizes: {_sizes(found.sizes)}",),
        tables=(good, *_twice(found), *_left_out(found.bad)),
    )
    return Page("Data", warnings=tuple(_warnings(found)), sections=(section,))


def survey_page(found: Survey) -> Page:
    """Pictures with masks."""
    rows = tuple((str(value), f"{share:.2%}") for value, share in found.values.items())
    splits = ", ".join(f"{split} {number:,}" for split, number in found.splits.items())
    good = Section(
        f"{sum(found.splits.values()):,} good pictures with masks: {splits}",
        tables=(Table(("mask value", "pixels"), rows, "rr"),),
    )
    rest = Section(text=(f"sizes: {_sizes(found.sizes)}",), tables=tuple(_left_out(found.bad)))
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


def _sizes(sizes: Mapping[tuple[int, int], int]) -> str:
    """Width × height of the most frequent ones, with how many pictures have it."""
    first = ", ".join(f"{width} × {height} ({number:,})" for (height, width), number in list(sizes.items())[:5])
    return f"{first}, and {len(sizes) - 5:,} more" if len(sizes) > 5 else first or "none"


def _twice(found: Report) -> Iterator[Table]:
    """Pictures that are there more than once: to the byte, and, where it was looked for, cut or compressed."""
    same = [("identical", *_named(entries)) for entries in found.duplicates]
    near = [("nearly identical", *_named(entries)) for entries in found.copies or ()]
    if rows := [*same, *near]:
        rest = [("", f"and {len(rows) - SHOWN:,} more", "")] if len(rows) > SHOWN else []
        yield Table(("there more than once", "pictures", "where"), (*rows[:SHOWN], *rest), "lll")


def _named(entries: Sequence[Entry]) -> tuple[str, str]:
    """Their names, and what splits and classes they lie in, each once."""
    where = dict.fromkeys(f"{entry.split} / {entry.label}" for entry in entries)
    return " = ".join(entry.name for entry in entries), ", ".join(where)


def _left_out(bad: Skipped) -> Iterator[Table]:
    if bad:
        yield Table(("left out", "reason"), tuple(bad), "ll")


def _warnings(found: Report) -> Iterator[str]:
    for problem, entries in (("identical pictures in different splits", found.leaks),
                             ("identical pictures with different labels", found.conflicts)):  # fmt: skip
        if entries:
            examples = "; ".join(" = ".join(entry.name for entry in same) for same in entries[:3])
            yield f"{len(entries)} {problem}: {examples}"
    if crossing := [pair for pair in found.copies or () if pair[0].split != pair[1].split]:
        first = "; ".join(" = ".join(entry.name for entry in pair) for pair in crossing[:3])
        yield f"{count(len(crossing), 'pair')} of nearly identical pictures in different splits: {first}"
    if found.shared_groups:
        yield f"groups in several splits: {', '.join(found.shared_groups[:5])}"
