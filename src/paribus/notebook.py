"""Teaches IPython to show records, so that records stay free of drawing: ``%load_ext paribus.notebook``.

Nothing is imported before something is displayed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from paribus.errors import ParibusError

if TYPE_CHECKING:
    from paribus.reports.page import Page

PAGES = {  # module, name of the type → module and function that make its page, and the attribute they make it from
    ("paribus.records.result", "StudyResult"): ("paribus.reports.study", "study_page", ""),
    ("paribus.records.run", "RunFolder"): ("paribus.reports.run", "run_page", ""),
    ("paribus.study", "Study"): ("paribus.reports.study", "study_page", "result"),
    ("paribus.training.run", "Run"): ("paribus.reports.run", "run_page", "folder"),
}


def install(ipython: Any) -> None:
    """Register how records look with a running IPython."""
    formatter = ipython.display_formatter.formatters["text/html"]
    for module, name in PAGES:
        formatter.for_type_by_name(module, name, _shown)


def load_ipython_extension(ipython: Any) -> None:
    """What ``%load_ext`` calls."""
    install(ipython)


def html(record: Any) -> str:
    """A study's result or a run folder as a piece of HTML: the answer, the main figure and its table."""
    from paribus.reports.render import to_snippet

    return to_snippet(_page(record))


def _shown(record: Any) -> str:
    """What a notebook shows: a study or run that has not begun has no page yet, only its name."""
    from html import escape

    try:
        return html(record)
    except ParibusError:
        return f"<pre>{escape(repr(record))}</pre>"


def _page(record: Any) -> Page:
    from importlib import import_module

    for kind in type(record).__mro__:
        if place := PAGES.get((kind.__module__, kind.__name__)):
            module, function, attribute = place
            subject = getattr(record, attribute) if attribute else record
            page: Page = getattr(import_module(module), function)(subject)
            return page
    known = ", ".join(name for _, name in PAGES)
    raise ParibusError("there is no picture of this kind of record", got=type(record).__name__, hint=f"known: {known}")
