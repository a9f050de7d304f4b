"""The page model: one record of a report, which every format renders."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markupsafe import Markup

    from paribus.analysis.pictures import Sprites
    from paribus.plots import Chart

Row = Mapping[str, Any]  # of a table as data: head → value


@dataclass(frozen=True)
class Answer:
    """One finding as a sentence: ``norm: batch − none``: ``+1.90 points [1.20, 2.60]``, ``better``.

    Args:
        about: what is compared.
        finding: the number and its interval.
        verdict: the word, empty where nothing is judged.
        tone: the kind of verdict, for its colour.
        sure: how sure that is.
        beside: what is found where the same is asked of something else.
    """

    about: str
    finding: str
    verdict: str = ""
    tone: str = ""
    sure: str = ""
    beside: str = ""


@dataclass(frozen=True)
class Table:
    """Texts in rows and columns.

    Args:
        heads: titles of the columns.
        rows: the cells, as they are printed.
        align: a letter for each column: l for text, r for numbers.
        tones: a tone for each row, or nothing.
        tinted: the column that is written in the tone of its row.
        hints: for each row what a page shows when it is pointed at, or nothing.
        data: makes the rows as data, raw numbers under heads that state their units; made only where it is asked for.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str
    tones: tuple[str, ...] = ()
    tinted: int = -1
    hints: tuple[str, ...] = ()
    data: Callable[[], Sequence[Row]] | None = None


@dataclass(frozen=True)
class Spots:
    """Places in a picture that say something to whoever points at them, in an HTML page.

    Args:
        places: of each, from the left and from the top, in per cent of the whole picture.
        captions: what each says.
        sprites: a picture of each on one sheet, or nothing.
    """

    places: tuple[tuple[float, float], ...]
    captions: tuple[str, ...]
    sprites: Sprites | None = None


@dataclass(frozen=True)
class Figure:
    """A picture, the name of its file, what it shows for those who cannot see it, and what it says where one points."""

    name: str
    chart: Chart
    alt: str
    spots: Spots | None = None


@dataclass(frozen=True)
class Photo:
    """A picture made of pixels: the name of its file, the content of the PNG file, what it shows, and its place.

    A small one stands beside others, where there is room.
    """

    name: str
    png: bytes
    caption: str
    small: bool = False

    @property
    def address(self) -> str:
        """The whole picture as an address, for pages that stand alone."""
        return f"data:image/png;base64,{b64encode(self.png).decode()}"


@dataclass(frozen=True)
class Words:
    """Somebody's own words: as they wrote them, in Markdown, and as harmless HTML."""

    markdown: str
    html: Markup


@dataclass(frozen=True)
class Card:
    """One example: its pictures as addresses beside each other, and what is said of it."""

    pictures: tuple[str, ...]
    lines: tuple[str, ...]
    tone: str = ""


@dataclass(frozen=True)
class Matrix:
    """How often one class was taken for another.

    Args:
        classes: names of the rows and the columns.
        counts: a row for each class.
        cells: (row, column) → the examples that a click opens.
    """

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    cells: Mapping[tuple[int, int], tuple[Card, ...]]

    def share(self, row: int, column: int) -> float:
        """The part of a row that lies in a cell."""
        return self.counts[row][column] / max(1, sum(self.counts[row]))


@dataclass(frozen=True)
class Section:
    """A part of a report: some of text, picture, photographs, tables, code and terms, in this order.

    Args:
        title: its heading; a page with one short section needs none.
        text: sentences before everything else.
        notes: what else is to be known of the tables, in small print below them.
        answers: what follows from it: a treatment.
        tone: the kind of verdict that colours the title.
        matrix: a matrix of confusions, before the tables.
        cards: single examples, before the tables.
        words: somebody's own words, HTML made by :func:`paribus.reports.notes.to_markup`, before everything else.
        level: 2 for a part of the page, 3 for a part of such a part.
    """

    title: str = ""
    text: tuple[str, ...] = ()
    figure: Figure | None = None
    photos: tuple[Photo, ...] = ()
    tables: tuple[Table, ...] = ()
    code: tuple[str, ...] = ()
    terms: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    tone: str = ""
    matrix: Matrix | None = None
    cards: tuple[Card, ...] = ()
    words: Words | None = None
    level: int = 2

    @property
    def anchor(self) -> str:
        """The name of the section in addresses."""
        return self.title.lower().replace(" ", "-")


@dataclass(frozen=True)
class Page:
    """What a record says, whole: a report, or the few lines that a command prints.

    Args:
        kind: of the record: Study, Run.
        title: what it is called.
        question: that the page answers.
        answers: in short.
        summary: one sentence about it all.
        why: the reason for it, in the words of whoever planned it.
        warnings: what to keep in mind.
        sections: everything else.
        data: what those who read it as JSON need beside its tables.
    """

    kind: str = ""
    title: str = ""
    question: str = ""
    answers: tuple[Answer, ...] = ()
    summary: str = ""
    why: str = ""
    warnings: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All pictures, in order."""
        return tuple(section.figure for section in self.sections if section.figure)

    @property
    def sheets(self) -> dict[Sprites, str]:
        """The sheets of small pictures that figures show, with names: each stands in the page once."""
        found = (figure.spots.sprites for figure in self.figures if figure.spots)
        return {sheet: f"sheet-{place}" for place, sheet in enumerate(dict.fromkeys(filter(None, found)))}

    @property
    def photos(self) -> tuple[Photo, ...]:
        """All pictures made of pixels, in order."""
        return tuple(photo for section in self.sections for photo in section.photos)
