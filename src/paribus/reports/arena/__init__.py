"""The arena's records as tables, text, JSON and pages."""

from paribus.reports.arena.page import as_html
from paribus.reports.arena.plain import as_json
from paribus.reports.arena.tables import Sheet, sheet
from paribus.reports.arena.words import print_sheet

__all__ = ["Sheet", "as_html", "as_json", "print_sheet", "sheet"]
