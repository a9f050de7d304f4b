"""The page about where a network looks says the verdict first, and why."""

from __future__ import annotations

from dataclasses import replace

from tests import attended

from paribus import notebook
from paribus.reports.attention import NECESSARY, attention_page
from paribus.reports.render import to_html


def html(record):
    page = attention_page(record)
    return to_html(page, {figure.name: "<svg ></svg>" for figure in page.figures})


def test_a_certified_map_says_what_it_passed_and_that_this_is_not_all():
    page = attention_page(attended.made())
    first = page.answers[0]
    assert (first.about, first.verdict, first.tone) == ("Grad-CAM of stages.1", "certified", "better")
    assert first.finding == "passes all 7 tests on 12 pictures"
    assert [answer.verdict for answer in page.answers[1:]] == ["passes"] * 7
    assert page.summary == NECESSARY
    assert "necessary, not sufficient" in NECESSARY
    (row,) = page.sections[0].tables[0].rows
    assert row == ("example 3", "dog (predicted)", "−1.50", "75 %", "2×2", "−1 … 2", "25.0 %")
    assert "in truth cat" in page.photos[0].caption
    assert html(attended.made()).count('<figure class="small"') == len(attended.made().maps)


def test_a_map_that_survives_random_weights_is_refused_first_of_all():
    page = attention_page(attended.made(survives=0.9))
    assert page.answers[0].verdict == "refused"
    assert "random weights give much the same maps" in page.answers[0].finding
    assert "These maps are refused" in page.sections[0].text[0]


def test_what_is_not_passed_is_named():
    page = attention_page(attended.made(gain=0.05))
    assert page.answers[0].verdict == "not certified"
    assert "does not pass deletion against centre blob, insertion against centre blob" in page.answers[0].finding


def test_single_maps_are_refused_with_the_reason_and_a_missing_certificate_has_one():
    record = replace(attended.made(refused="it is nowhere positive"), certificate=None, untested="too few")
    page = attention_page(record)
    assert (page.answers[0].finding, page.answers[0].verdict) == ("too few", "not tested")
    assert "example 3, dog: refused, it is nowhere positive" in page.sections[0].notes
    assert "Refused: it is nowhere positive." in page.photos[0].caption
    assert len(page.sections) == 1


def test_R27_names_of_layers_are_harmless_and_a_notebook_shows_the_maps():
    assert "<b>" not in html(attended.made())
    shown = notebook.html(replace(attended.made(), certificate=None))
    assert shown.count("data:image/png;base64,") == 1
