"""Pages of the arena in a terminal."""

from __future__ import annotations

from rich.text import Text

from paribus.reports.arena.tables import ArenaPage
from paribus.reports.terminal import console, rendered, titled


def print_arena_page(page: ArenaPage) -> None:
    """Title, facts, tables and notes."""
    out = console()
    out.print(Text(page.title, style="bold"))
    for fact in page.facts:
        out.print(Text(fact, style="dim"))
    for title, table in page.tables:
        out.print()
        out.print(titled(title, rendered(table)) if title else rendered(table))
    if page.notes:
        out.print()
    for note in page.notes:
        out.print(Text(f"note: {note}", style="yellow"))
