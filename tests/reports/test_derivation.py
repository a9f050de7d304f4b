"""A derivation as a page and as a piece of a notebook."""

from __future__ import annotations

import paribus
from paribus.reports.derivation import as_fragment, as_html


def test_a_page_holds_every_step_and_asks_for_nothing():
    derivation = paribus.derive("sum((W @ x - y)**2)", "W")
    page = as_html(derivation)
    assert page.count("<math") == 2 + len(derivation.steps)
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/1998/Math/MathML", "")


def test_what_was_typed_is_text_not_markup():
    derivation = paribus.derive("sum(heaviside(x, 0) * x) + (x.T @ x) / 2", "x")
    hostile = type(derivation)(**(vars(derivation) | {"title": "<script>alert(1)</script>"}))
    assert "<script" not in as_html(hostile)
    assert "&lt;script&gt;" in as_fragment(hostile)
