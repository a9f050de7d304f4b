"""Pages of reports as plain data, which the browser renders: one shape for studies, runs, analyses and theory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from paribus.reports.page import Answer, Card, Figure, Matrix, Page, Photo, Section, Spots, Table

if TYPE_CHECKING:
    from paribus.analysis.pictures import Sprites

NO_SHEETS: Mapping[Sprites, str] = {}
MOST_ROWS = 5000  # rows that are sent as raw data beside the printed ones


def plain(page: Page) -> dict[str, Any]:
    """All that a page says."""
    return {
        "kind": page.kind,
        "title": page.title,
        "question": page.question,
        "answers": [_answer(one) for one in page.answers],
        "summary": page.summary.strip(),
        "why": page.why,
        "warnings": list(page.warnings),
        "sections": [_section(one, page.sheets) for one in page.sections],
        "sheets": {name: _sheet(sheet) for sheet, name in page.sheets.items()},
    }


def _answer(one: Answer) -> dict[str, str]:
    return {
        "about": one.about,
        "finding": one.finding,
        "verdict": one.verdict,
        "tone": one.tone,
        "sure": one.sure,
        "beside": one.beside,
    }


def _section(one: Section, sheets: Mapping[Sprites, str]) -> dict[str, Any]:
    return {
        "title": one.title,
        "level": one.level,
        "anchor": one.anchor,
        "tone": one.tone,
        "text": list(one.text),
        "figure": chart(one.figure, sheets) if one.figure else None,
        "photos": [_photo(photo) for photo in one.photos],
        "tables": [table(found, one.title) for found in one.tables],
        "code": list(one.code),
        "terms": [list(term) for term in one.terms],
        "notes": list(one.notes),
        "answers": [_answer(found) for found in one.answers],
        "matrix": _matrix(one.matrix) if one.matrix else None,
        "cards": [_card(card) for card in one.cards],
        "words": str(one.words.html) if one.words else None,
    }


def chart(figure: Figure, sheets: Mapping[Sprites, str] = NO_SHEETS) -> dict[str, Any]:
    """A picture as its Vega-Lite specification, with what it says to those who cannot see it.

    Args:
        figure: the picture.
        sheets: names of the sheets of small pictures, which stand in the page once.
    """
    return {
        "name": figure.name,
        "title": figure.chart.title,
        "alt": figure.alt,
        "spec": figure.chart.spec,
        "spots": _spots(figure.spots, sheets) if figure.spots else None,
        "table": None,
    }


def table(found: Table, title: str = "") -> dict[str, Any]:
    """A table as it is printed, and as raw numbers under heads that state their units."""
    return {
        "title": title,
        "heads": list(found.heads),
        "rows": [list(row) for row in found.rows],
        "align": found.align,
        "tones": list(found.tones),
        "tinted": found.tinted,
        "hints": list(found.hints),
        "data": _data(found),
    }


def _data(found: Table) -> list[Mapping[str, Any]] | None:
    if found.data is None or len(found.rows) > MOST_ROWS:
        return None
    return [dict(row) for row in found.data()]


def _spots(spots: Spots, sheets: Mapping[Sprites, str]) -> dict[str, Any]:
    sheet = sheets[spots.sprites] if spots.sprites else None
    return {"places": [list(place) for place in spots.places], "captions": list(spots.captions), "sheet": sheet}


def _sheet(sheet: Sprites) -> dict[str, Any]:
    return {"url": sheet.sheet, "width": sheet.width, "height": sheet.height, "columns": sheet.columns}


def _photo(photo: Photo) -> dict[str, str]:
    return {"name": photo.name, "url": photo.address, "caption": photo.caption}


def _matrix(matrix: Matrix) -> dict[str, Any]:
    cells = {f"{row}-{column}": [_card(card) for card in cards] for (row, column), cards in matrix.cells.items()}
    return {"classes": list(matrix.classes), "counts": [list(row) for row in matrix.counts], "cells": cells}


def _card(card: Card) -> dict[str, Any]:
    return {"pictures": list(card.pictures), "lines": list(card.lines), "tone": card.tone}
