"""A sheet in a terminal."""

from __future__ import annotations

from rich.text import Text

from paribus.reports.arena.tables import Sheet
from paribus.reports.terminal import console, rendered, titled


def print_sheet(sheet: Sheet) -> None:
    """Title, facts, tables and notes."""
    out = console()
    out.print(Text(sheet.title, style="bold"))
    for fact in sheet.facts:
        out.print(Text(fact, style="dim"))
    for title, table in sheet.tables:
        out.print()
        out.print(titled(title, rendered(table)) if title else rendered(table))
    if sheet.notes:
        out.print()
    for note in sheet.notes:
        out.print(Text(f"note: {note}", style="yellow"))
