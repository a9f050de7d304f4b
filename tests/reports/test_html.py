"""The shell of all pages: text is escaped, formulas are MathML, nothing is asked for."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from paribus.reports.html import mathml, piece, shell


def test_a_shell_escapes_what_is_not_markup():
    page = shell("<b> & co", Markup("<p>so</p>"), "derivation.css")
    assert "<title>&lt;b&gt; &amp; co</title>" in page
    assert "<p>so</p>" in page
    assert ".derivation" in page
    assert "&lt;p&gt;" in shell("", "<p>", "derivation.css")  # type: ignore[arg-type]


def test_formulas_are_of_the_displayed_size_and_operators_upright():
    formula = mathml(r"\mathrm{d}x = \frac{1}{2}")
    assert 'displaystyle="true"' in formula
    assert 'mathvariant="normal"' in formula


def test_what_a_template_lacks_is_an_error():
    with pytest.raises(UndefinedError):
        piece("derivation.html")
