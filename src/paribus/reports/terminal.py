"""Pages in a terminal: one printer for all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import chain

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from paribus.reports import page as model
from paribus.reports.page import Answer, Page, Section
from paribus.streams import escaped

TONES = {
    "better": "bold green",
    "worse": "bold red",
    "interaction": "bold blue",
    "undecided": "yellow",
    "diverged": "bold magenta",
    "no-difference": "cyan",
}
MANY = 2000  # rows of a list that are laid out in colours
MANY = 2000  # rows of a table that are laid out in colours: more of them would take minutes
WIDTH = 140  # characters on a line where the output is not a terminal


def console() -> Console:
    """A console that keeps tables whole where the output is not a terminal, unless COLUMNS says how wide it is."""
    out = Console(highlight=False, markup=False, emoji=False)  # names are names, [brackets] and :colons: included
    if not out.is_terminal and not os.environ.get("COLUMNS", "").isdigit():
        out.width = WIDTH
    return out


def text(content: str, style: str = "") -> Text:
    """Text for a terminal, in which names from elsewhere are harmless."""
    return Text(escaped(content, keep="\n"), style)


def print_line(line: str) -> None:
    """Print a line in which there are names."""
    print(escaped(line, keep="\n\t"))


def print_page(page: Page) -> None:
    """Print the question, the answers, the sections, the warnings and the summary of a page; pictures are left out.

    A section with a title is set off by an empty line, and so is the summary behind it.
    """
    out = console()
    above = [*([text(page.question, "bold")] if page.question else []), *map(answered, page.answers)]
    for line in above:
        out.print(line)
    for place, section in enumerate(page.sections):
        if section.title and (place or above):
            out.print()
        for part in printed(section):
            print_line(part) if isinstance(part, str) else out.print(part)
    for warning in page.warnings:
        out.print(text(f"note: {warning}", "yellow"))
    if page.summary:
        if page.sections and page.sections[-1].title:
            out.print()
        out.print(text(page.summary), soft_wrap=True)  # paths stay whole, to be copied


def printed(section: Section) -> Iterator[RenderableType | str]:
    """What a section is made of, in order; a title stands on its first table even where that is narrower."""
    if section.title:
        yield text(section.title, TONES.get(section.tone, "bold"))
    yield from map(text, section.text)
    yield from (rendered(found) if len(found.rows) <= MANY else columns(found) for found in section.tables)
    yield from map(text, section.code)
    yield from (text(f"{term}: {meaning}") for term, meaning in section.terms)
    yield from chain(map(answered, section.answers), (text(note, "dim") for note in section.notes))


def answered(answer: Answer) -> Text:
    """An answer on one line: what it is about, what was found, the verdict in its colour."""
    found = f"{answer.finding}, {answer.verdict}" if answer.verdict else answer.finding
    sure = f" ({answer.sure})" if answer.sure else ""
    return Text.assemble(text(f"{answer.about}: "), text(found, TONES.get(answer.tone, "")), text(sure))


def rendered(found: model.Table) -> Table:
    """A page's table for the terminal, in its colours."""
    grid = table(found.heads, (), found.align)
    for i, row in enumerate(found.rows):
        tone = TONES.get(found.tones[i], "") if found.tones else ""
        grid.add_row(*(text(cell, tone if j == found.tinted else "") for j, cell in enumerate(row)))
    return grid


def columns(found: model.Table) -> str:
    """A long table as plain columns."""
    lines = (found.heads, *found.rows)
    widths = [max(len(line[i]) for line in lines) for i in range(len(found.heads))]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], align: str = "") -> Table:
    """Texts in rows and columns; nothing in them is taken for markup."""
    grid = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for i, head in enumerate(heads):
        grid.add_column(text(head), justify="right" if align[i : i + 1] == "r" else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(text(cell) for cell in row))
    return grid


def titled(title: str, grid: Table) -> RenderableType:
    """A table below its title, which may be wider than the table."""
    return Group(text(title, "bold"), grid)
