"""Pages of the arena in a terminal."""

from __future__ import annotations

from paribus.reports.arena.tables import ArenaPage
from paribus.reports.terminal import console, rendered, text, titled


def print_arena_page(page: ArenaPage) -> None:
    """Title, facts, tables and notes."""
    out = console()
    out.print(text(page.title, "bold"))
    for fact in page.facts:
        out.print(text(fact, "dim"))
    for title, table in page.tables:
        out.print()
        out.print(titled(title, rendered(table, out.width)) if title else rendered(table, out.width))
    if page.notes:
        out.print()
    for note in page.notes:
        out.print(text(f"note: {note}", "yellow"))
