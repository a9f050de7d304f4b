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
    return shell(derivation.title, as_article(derivation), STYLE)


def as_fragment(derivation: Record) -> str:
    """The same for the cell of a notebook."""
    return f"<style>{piece(STYLE)}</style>\n{as_article(derivation)}"


def as_article(derivation: Record) -> Markup:
    """The same for a page that has the style rules."""
    return piece(
        "derivation.html",
        derivation=derivation,
        answer_label=answer_label,
        cell_text=cell_text,
        error_text=error_text,
        shape_text=shape_text,
    )
