"""Registers with IPython how records are shown, so that records stay free of drawing: ``%load_ext paribus.notebook``.

Nothing is imported before something is displayed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from paribus.analysis.table import Place, analyses, resolve
from paribus.errors import ParibusError

if TYPE_CHECKING:
    from paribus.reports.page import Page

PAGES: Mapping[Place, tuple[Place, str]] = {  # record → its page, and the attribute that the page is made from
    "diagnosis.finding:Diagnosis": ("reports.diagnosis:diagnosis_page", ""),
    "analysis.comparison:Comparison": ("reports.compare:comparison_page", ""),
    "analysis.explain:Explanation": ("reports.explain:explanation_page", ""),
    "inference.predict:Predictions": ("reports.outcomes:predictions_page", ""),
    "records.history:History": ("reports.run:history_page", ""),
    "records.plan:Plan": ("reports.plan:plan_page", ""),
    "records.result:StudyResult": ("reports.study:study_page", ""),
    "records.search:SearchResult": ("reports.search:search_page", ""),
    "records.run:RunFolder": ("reports.run:run_page", ""),
    "search:Tune": ("reports.search:search_page", "result"),
    "studies.flips:StudyFlips": ("reports.compare:flips_page", ""),
    "study:Study": ("reports.study:study_page", "result"),
    "theory.derivations.derivation:Derivation": ("reports.derivation:as_fragment", ""),  # HTML already
    "theory.layers.table:Table": ("reports.layers:layers_page", ""),
    "training.finder:RateRange": ("reports.rates:rates_page", ""),
    "training.costs:Costs": ("reports.costs:costs_page", ""),
    "run:Run": ("reports.run:run_page", "folder"),
}


def pages() -> dict[str, tuple[Place, str]]:
    """All records that have a page: those above, and those of the analyses."""
    found = {**PAGES, **{one.record: (one.page, "") for one in analyses().values()}}
    return {_place(record): page for record, page in found.items()}


def install(ipython: Any) -> None:
    """Register how records look with a running IPython."""
    formatter = ipython.display_formatter.formatters["text/html"]
    for place in pages():
        module, _, name = place.partition(":")
        formatter.for_type_by_name(module, name, _display)


def load_ipython_extension(ipython: Any) -> None:
    """What ``%load_ext`` calls."""
    install(ipython)


def html(record: Any) -> str:
    """A record as a piece of HTML: the answer, the main figure and its table."""
    from paribus.reports.render import to_snippet

    page = _page(record)
    return page if isinstance(page, str) else to_snippet(page)


def _display(record: Any) -> str:
    """What a notebook shows: a study or run that has not begun has no page yet, only its name."""
    from paribus.reports.html import environment

    try:
        return html(record)
    except ParibusError:
        return environment().get_template("plain.html").render(text=repr(record))


def _page(record: Any) -> Page | str:
    known = pages()
    for kind in type(record).__mro__:
        if found := known.get(_place(kind)):
            place, attribute = found
            page: Page | str = resolve(place)(getattr(record, attribute) if attribute else record)
            return page
    names = ", ".join(place.rpartition(":")[2] for place in known)
    raise ParibusError("there is no picture of this kind of record", got=type(record).__name__, hint=f"known: {names}")


def _place(kind: Place) -> str:
    """Where a class stands: ``paribus.records.result:StudyResult``."""
    return f"paribus.{kind}" if isinstance(kind, str) else f"{kind.__module__}:{kind.__qualname__}"
