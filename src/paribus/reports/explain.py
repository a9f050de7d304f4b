"""Several analyses of one run as one page: first what they found in short, then each of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from paribus.analysis.table import find, resolve
from paribus.reports.analyses import sections_of
from paribus.reports.page import Page, Section, Table

if TYPE_CHECKING:
    from paribus.analysis.explain import Explanation

FEW = 4  # answers of an analysis that stand in its line
PARTS = 3  # of a run's folder that name it: of its recipe, its fingerprint, its seed
CELLS = 4  # of a table that stands for an analysis without an answer


def explanation_page(found: Explanation) -> Page:
    """Everything: what was found in short, and each analysis with its pictures."""
    page = brief_page(found)
    return replace(page, sections=(*page.sections, *_whole(found)))


def brief_page(found: Explanation) -> Page:
    """What was found, a line for each analysis, and what was not asked."""
    rows = tuple((name, _short(page_of(found, name))) for name in found)
    sections = [Section("In short", tables=(Table(("analysis", "what it found"), rows, "ll"),))] if rows else []
    if found.left_out:
        table = Table(("analysis", "why not"), tuple(found.left_out.items()), "ll")
        sections.append(Section("Left out", tables=(table,)))
    name = "/".join(Path(found.run).parts[-PARTS:])
    return Page("Run", name, f"What does the network of {name} do?", sections=tuple(sections))


def page_of(found: Explanation, name: str) -> Page:
    """The page of one of the analyses."""
    page: Page = resolve(find(name).page)(found.records[name])
    return page


def _whole(found: Explanation) -> Iterator[Section]:
    for name in found:
        first, *rest = sections_of(name, page_of(found, name))
        yield first
        yield from (replace(section, level=3) for section in rest)


def _short(page: Page) -> str:
    """An analysis in a line: its answers, or the sentence about it, or the beginning of its table."""
    if page.answers:
        said = (f"{one.about}: {one.finding}{', ' * bool(one.verdict)}{one.verdict}" for one in page.answers[:FEW])
        return "; ".join(said)
    if page.summary:
        return page.summary
    tables = (table for section in page.sections for table in section.tables if table.rows)
    if (table := next(tables, None)) is not None:
        return ", ".join(f"{head} {cell}" for head, cell in list(zip(table.heads, table.rows[0], strict=True))[:CELLS])
    return next((text for section in page.sections for text in section.text), page.question)
