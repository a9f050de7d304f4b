"""The arena's records as tables, text, JSON and pages."""

from paribus.reports.arena.page import as_html
from paribus.reports.arena.plain import as_json
from paribus.reports.arena.tables import ArenaPage, arena_page
from paribus.reports.arena.words import print_arena_page

__all__ = ["ArenaPage", "arena_page", "as_html", "as_json", "print_arena_page"]
