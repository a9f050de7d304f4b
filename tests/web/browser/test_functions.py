"""The arithmetic of the page, asked in the browser that will compute it."""

from __future__ import annotations

import math
from typing import Any

import pytest


@pytest.fixture(scope="module")
def page(browser, entrance, server):
    """One page for all of them: they leave nothing behind."""
    context = browser.new_context(storage_state=entrance)
    found = context.new_page()
    found.goto(f"{server.base}/nowhere")
    yield found
    context.close()


@pytest.fixture
def ask(page):
    """Call a function of a module with arguments."""

    def call(module: str, name: str, *given: Any) -> Any:
        source = "async ([module, name, given]) => (await import(`/static/${module}.js`))[name](...given)"
        return page.evaluate(source, [module, name, list(given)])

    return call


def test_ticks_are_round_and_lie_inside(ask):
    assert ask("scale", "ticks", [0, 1], 5) == [0, 0.2, 0.4, 0.6, 0.8, 1]
    assert ask("scale", "ticks", [-0.013, 0.049], 3) == [0, 0.02, 0.04]
    for low, high in ((0, 7), (1e-9, 3e-9), (-5e4, 12e4), (99.2, 99.9)):
        found = ask("scale", "ticks", [low, high], 5)
        assert 2 <= len(found) <= 8
        assert all(low - 1e-12 <= tick <= high + 1e-12 for tick in found)


def test_plots_that_are_too_wide_are_narrowed(ask):
    inner = {"width": 400, "mark": "line"}
    found = ask("chart", "narrowed", {"concat": [inner, {"width": 120}], "title": "t"}, 180)
    assert found == {"concat": [{"width": 220, "mark": "line"}, {"width": 120}], "title": "t"}
    assert ask("chart", "narrowed", {"layer": [{"mark": "bar"}], "width": 300}, 250)["width"] == 150
    fixed = {"layer": [{"encoding": {"x": {"scale": {"range": [0, 300]}}}}], "width": 300}
    assert ask("chart", "narrowed", fixed, 250) == fixed
    long = {
        "encoding": {"x": {"title": "difference in validation accuracy", "axis": {"title": "difference in accuracy"}}}
    }
    (one,) = ask("chart", "narrowed", {"layer": [long], "width": 300}, 130)["layer"]
    assert one["encoding"]["x"]["title"] == ["difference in validation", "accuracy"]
    assert one["encoding"]["x"]["axis"]["title"] == ["difference in accuracy"]


def test_titles_are_broken_between_words(ask):
    title = {
        "text": "Learning curves",
        "subtitle": ["Means over seeds, and bands.", "Longerthanallowed"],
        "anchor": "start",
    }
    assert ask("chart", "wrapped", title, 12) == {
        "text": ["Learning", "curves"],
        "subtitle": ["Means over", "seeds, and", "bands.", "Longerthanallowed"],
        "anchor": "start",
    }
    assert ask("chart", "wrapped", None, 12) is None


def test_logarithmic_ticks_are_powers(ask):
    assert ask("scale", "ticks", [1e-4, 1], 5, True) == [1e-4, 1e-3, 1e-2, 1e-1, 1]
    assert ask("scale", "ticks", [0.8, 12], 5, True) == [1, 2, 5, 10]


def test_smoothing_keeps_a_constant_and_forgets_where_it_began(ask):
    assert ask("scale", "smoothed", [3.0] * 5, 0.9) == pytest.approx([3.0] * 5)
    values, weight = [1.0, 0.0, 0.5, 2.0], 0.6
    mean, expected = 0.0, []
    for place, value in enumerate(values, 1):
        mean = weight * mean + (1 - weight) * value
        expected.append(mean / (1 - weight**place))
    assert ask("scale", "smoothed", values, weight) == pytest.approx(expected)
    assert ask("scale", "smoothed", [1.0, None, 1.0], 0.5) == [1.0, None, 1.0]


def test_the_domain_of_a_logarithmic_axis_leaves_out_what_has_no_logarithm(ask):
    low, high = ask("scale", "domain", [[-1, 0, 0.1, 10, None]], True)
    assert 0 < low < 0.1
    assert high > 10


def test_a_band_is_the_mean_and_the_ends_where_all_lines_are(ask):
    lines = [{"x": [1, 2, 3], "y": [1.0, 2.0, 3.0]}, {"x": [1, 2], "y": [3.0, 6.0]}]
    assert ask("scale", "band", lines) == {"x": [1, 2], "y": [2.0, 4.0], "low": [1.0, 2.0], "high": [3.0, 6.0]}


@pytest.mark.parametrize("wanted", [0.2, 2.4, 2.6, 9.0])
def test_the_nearest_entry(ask, wanted):
    entries = [1, 2, 3, 5]
    assert ask("scale", "nearest", entries, wanted) == min(range(4), key=lambda place: abs(entries[place] - wanted))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.98765, "0.9877"),
        (12345, "12,345"),
        (-0.5, "−0.5"),
        (1e-7, "1.00e−7"),
        (None, "–"),
        (0, "0"),
        (98765.4, "98,765"),
    ],
)
def test_numbers_are_plain(ask, value, text):
    assert ask("format", "number", value) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.5, "0.5 s"), (75, "1 min 15 s"), (7260, "2 h 1 min"), (3 * 86400, "3 d")]
)
def test_times_in_their_two_largest_units(ask, seconds, text):
    assert ask("format", "duration", seconds) == text


@pytest.mark.parametrize(
    ("pattern", "path", "found"),
    [
        ("/runs/:id", "/runs/a%2Fb", {"id": "a/b"}),
        ("/runs/:id/explain/:what?", "/runs/1/explain", {"id": "1"}),
        ("/runs/:id", "/runs", None),
        ("/runs/:id", "/runs/%", {"id": "%"}),
        ("/", "/", {}),
    ],
)
def test_an_address_is_read_by_its_pattern(ask, pattern, path, found):
    assert ask("router", "match", pattern, path) == found


def test_texts_are_sorted_by_the_number_that_they_begin_with(ask):
    assert ask("tables", "numeric", "−1.90 points [1.20, 2.60]") == -1.9
    assert ask("tables", "numeric", "12,345") == 12345
    assert math.isnan(ask("tables", "numeric", "best") or math.nan)


def test_what_a_file_may_be_called(ask):
    assert ask("save", "filename", "val/accuracy <x>.svg") == "val-accuracy-x.svg"
    assert ask("save", "filename", "../../etc") == "etc"


def test_markup_of_the_server_loses_what_could_run(tab):
    tab.open("/nowhere")  # a tab of its own, which listens for violations of the policy
    html = "<p onclick='x()' style='--share: 1'>a</p><script>x()</script><a href='javascript:x()'>b</a>"
    source = "async (html) => (await import('/static/dom.js')).fragment(html).map((node) => node.outerHTML).join('')"
    assert tab.page.evaluate(source, html) == '<p style="--share: 1;">a</p><a>b</a>'
