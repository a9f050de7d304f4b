"""Pages in a terminal: one printer for all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.segment import Segment, Segments
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
    "failed": "bold red",
    "no-difference": "cyan",
}
MANY = 2000  # rows of a table that are laid out in colours: more of them would take minutes
GAP = 2  # characters between two columns
LONG = 20  # columns that lack more characters than this grow together
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


def plain(content: str) -> Segments:
    """Lines as they are, which nobody lays out: of 100,000 of them that took as long as all else that lists them."""
    return Segments([Segment(escaped(content, keep="\n\t"))], new_lines=True)


def print_page(page: Page, out: Console | None = None) -> None:
    """Print the question, the answers, the sections, the warnings and the summary of a page; pictures are left out.

    A section with a title is set off by an empty line, and so is the summary behind it.
    """
    out = out or console()
    above = [*([text(page.question, "bold")] if page.question else []), *map(answered, page.answers)]
    for line in above:
        out.print(line)
    for place, section in enumerate(page.sections):
        if section.title and (place or above):
            out.print()
        for part in printed(section, out.width):
            out.print(plain(part) if isinstance(part, str) else part, crop=not isinstance(part, str))
    for warning in page.warnings:
        out.print(text(f"note: {warning}", "yellow"))
    if page.summary:
        if page.sections and page.sections[-1].title:
            out.print()
        out.print(text(page.summary), soft_wrap=True)  # paths stay whole, to be copied


def printed(section: Section, width: int) -> Iterator[RenderableType | str]:
    """What a section is made of, in order; a title stands on its first table even where that is narrower."""
    if section.title:
        yield text(section.title, TONES.get(section.tone, "bold"))
    yield from map(text, section.text)
    yield from (rendered(found, width) if len(found.rows) <= MANY else columns(found) for found in section.tables)
    yield from map(text, section.code)
    yield from (text(f"{term}: {meaning}") for term, meaning in section.terms)
    yield from chain(map(answered, section.answers), (text(note, "dim") for note in section.notes))


def answered(answer: Answer) -> Text:
    """An answer on one line: what it is about, what was found, the verdict in its colour."""
    found = f"{answer.finding}, {answer.verdict}" if answer.verdict else answer.finding
    more = (f"; {answer.beside}" if answer.beside else "") + (f" ({answer.sure})" if answer.sure else "")
    return Text.assemble(text(f"{answer.about}: "), text(found, TONES.get(answer.tone, "")), text(more))


def rendered(found: model.Table, width: int) -> RenderableType:
    """A page's table for a terminal of this width, in its colours; one that is too wide stands row by row."""
    widths = fitted(found, width)
    if widths is None:
        return Group(*stacked(found, width))
    heads = [_broken(head, characters) for head, characters in zip(found.heads, widths, strict=True)]
    grid = table(heads, (), found.align)
    for column, characters in zip(grid.columns, widths, strict=True):
        column.width = characters
    for i, row in enumerate(found.rows):
        tone = TONES.get(found.tones[i], "") if found.tones else ""
        cells = enumerate(map(_broken, row, widths))
        grid.add_row(*(text(cell, tone if j == found.tinted else "") for j, cell in cells))
    return grid


def fitted(found: model.Table, width: int) -> list[int] | None:
    """Widths of the columns in which no number and no word is broken; ``None`` where the table has no such.

    What is to spare goes to the names of the rows, then to who lacks least, so that short texts stay on a line and
    long ones wrap; heads wrap before what stands below them, and into lines of about one length.
    """
    columns = list(zip(found.heads, *found.rows, strict=True))
    widths = [_least(column, side) for column, side in zip(columns, found.align, strict=True)]
    spare = width - sum(widths) - GAP * len(widths)
    if spare < 0:
        return None
    for head in (1, 0):  # without the heads, and with them
        natural = [max(map(cell_len, column[head:]), default=0) for column in columns]
        while spare and (wanting := [place for place, wish in enumerate(natural) if widths[place] < wish]):
            first = min(wanting, key=lambda place: (_turn(place, natural[place] - widths[place]), widths[place]))
            widths[first], spare = widths[first] + 1, spare - 1
    return [_balanced(column, width) for column, width in zip(columns, widths, strict=True)]


def _turn(place: int, lacks: int) -> int:
    """How early a column gets what is to spare: the names of the rows first, then whoever lacks least."""
    return 0 if place == 0 and lacks <= LONG else min(lacks, LONG)


def _balanced(column: Sequence[str], width: int) -> int:
    """The width at which a head has as many lines as at this one, and none of them is much shorter than the others."""
    head, *cells = column
    least = max(map(cell_len, (*cells, *head.split(" "))))
    while width > least and len(_lines(head, width - 1)) == len(_lines(head, width)):
        width -= 1
    return width


def stacked(found: model.Table, width: int) -> Iterator[Text]:
    """A table that is too wide, row by row: the first cell, and below it the others beside their heads."""
    heads = [_lines(head, width // 2) for head in found.heads[1:]]
    label = max((cell_len(line) for head in heads for line in head), default=0)
    for i, (first, *rest) in enumerate(found.rows):
        yield from (_whole(line, "bold") for line in _lines(first, width) or [""])
        for j, (head, cell) in enumerate(zip(heads, rest, strict=True), start=1):
            tone = TONES.get(found.tones[i], "") if found.tones and j == found.tinted else ""
            for said, line in zip_longest(head, _lines(cell, width - label - 2 * GAP), fillvalue=""):
                before = " " * GAP + said + " " * (label - cell_len(said) + GAP)
                yield _whole(before, "dim").append(line, tone or "not dim")


def _least(column: Sequence[str], side: str) -> int:
    """Characters that a column needs: its longest word; a number stays whole, with its unit."""
    head, *cells = column
    words = [cell if side == "r" and not cell[:1].isalpha() else max(cell.split(" "), key=cell_len) for cell in cells]
    return max(map(cell_len, (*head.split(" "), *words)))


def _lines(text: str, width: int) -> list[str]:
    """A text broken between words, by the width that they have on a screen: ``m̂`` is two signs in one place."""
    lines: list[str] = []
    for word in text.replace("\n", " ").split(" "):
        if lines and cell_len(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return [line.strip() for line in lines if line.strip()]


def _broken(text: str, width: int) -> str:
    """A cell with its line breaks: rich would also break where no break is allowed."""
    return "\n".join(_lines(text, width))


def _whole(line: str, style: str) -> Text:
    return Text(line, style, no_wrap=True, overflow="ignore")


def columns(found: model.Table) -> str:
    """A long table as plain columns."""
    lines = (found.heads, *found.rows)
    widths = [max(len(line[i]) for line in lines) for i in range(len(found.heads))]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], align: str = "") -> Table:
    """Texts in rows and columns; nothing in them is taken for markup."""
    grid = Table(box=None, header_style="dim", padding=(0, GAP, 0, 0))
    for i, head in enumerate(heads):
        grid.add_column(text(head), justify="right" if align[i : i + 1] == "r" else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(text(cell) for cell in row))
    return grid


def titled(title: str, grid: RenderableType) -> RenderableType:
    """A table below its title, which may be wider than the table."""
    return Group(text(title, "bold"), grid)
