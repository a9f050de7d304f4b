"""Several studies and runs on one page, with room for somebody's own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from paribus.records.wording import count
from paribus.reports.notes import Notes
from paribus.reports.page import Page, Section

SHOWN = (
    "Noise",
    "Effects",
    "Arms",
    "Learning curves",
    "Errors",
    "Worst examples",
)  # the rest is in their own reports


def course_page(parts: Mapping[str, Page], notes: Notes | None = None, title: str = "Experiments") -> Page:
    """The main findings of each page below each other.

    Args:
        parts: name → page of a study or a run.
        notes: somebody's own words, by these names.
        title: of the whole.
    """
    notes = notes or Notes()
    sections: list[Section] = [Section(words=notes.above)] if notes.above else []
    for place, (name, page) in enumerate(parts.items(), 1):
        sections += _part(place, name, page, notes)
    kinds = [page.kind for page in parts.values()]
    sizes = [
        count(kinds.count(kind), word) if word == "run" or kinds.count(kind) == 1 else f"{kinds.count(kind)} studies"
        for kind, word in (("Study", "study"), ("Run", "run"))
        if kind in kinds
    ]
    return Page("Report", " and ".join(sizes), title, sections=tuple(sections))


def _part(place: int, name: str, page: Page, notes: Notes) -> Iterator[Section]:
    """One study: its question and reason, the words about it, its answers, its main pictures and tables."""
    said = tuple(filter(None, (page.question, page.why, page.summary, *page.warnings)))
    yield Section(name, said, words=notes.about.get(name), answers=page.answers)
    for section in page.sections:
        if section.title in SHOWN:
            figure = replace(section.figure, name=f"{place}-{section.figure.name}") if section.figure else None
            matrix = replace(section.matrix, cells={}) if section.matrix else None
            yield replace(section, figure=figure, matrix=matrix, level=3)
