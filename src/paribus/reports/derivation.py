"""A derivation as a page of its own: every step with its rule and error, the answers, and the proof."""

from __future__ import annotations

from markupsafe import Markup

from paribus.reports.html import piece, shell
from paribus.theory.derivations.latex import answer_label
from paribus.theory.derivations.record import Record, cell_text
from paribus.theory.derivations.text import error_text, shape_text

STYLE = "derivation.css"


def as_html(derivation: Record) -> str:
    """A page that needs nothing else: no script, no request."""
    return shell(derivation.title, _article(derivation), STYLE)


def as_fragment(derivation: Record) -> str:
    """The same for the cell of a notebook."""
    return f"<style>{piece(STYLE)}</style>\n{_article(derivation)}"


def _article(derivation: Record) -> Markup:
    return piece(
        "derivation.html",
        derivation=derivation,
        answer_label=answer_label,
        cell_text=cell_text,
        error_text=error_text,
        shape_text=shape_text,
    )
