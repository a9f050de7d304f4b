"""The drawing engine may die: whoever asked for a picture lives on, and says so."""

from __future__ import annotations

import os
import signal

import pytest

from paribus.plots import chart as module
from paribus.plots import engine
from paribus.plots.chart import Chart
from paribus.plots.engine import Engine, NotDrawn
from paribus.reports import render
from paribus.reports.page import Figure, Page, Section

SPEC = {"data": {"values": [{"x": 1}]}, "mark": "point", "encoding": {"x": {"field": "x", "type": "quantitative"}}}


@pytest.fixture
def dying(monkeypatch) -> None:
    """As V8 does where memory is short."""
    monkeypatch.setattr(engine, "SERVER", "import os; os.abort()")
    monkeypatch.setattr(module, "ENGINE", Engine())


def test_an_engine_that_dies_is_one_error(dying):
    with pytest.raises(NotDrawn, match=r"the drawing engine died(.|\n)*exit code"):
        Chart(SPEC, "points").svg()
    assert "text/plain" in Chart(SPEC, "points")._repr_mimebundle_()


def test_a_report_is_written_without_its_pictures(dying, capsys):
    page = Page("Run", "x", sections=(Section("points", figure=Figure("one", Chart(SPEC, "points"), "points")),))
    drawn = render.draw(page)
    assert "could not be drawn" in render.to_html(page, drawn)
    assert capsys.readouterr().err.count("without some of its pictures") == 1


def test_the_next_picture_gets_a_new_engine():
    drawing = Engine()
    first = drawing.draw("svg", SPEC)
    os.kill(drawing._process.pid, signal.SIGKILL)
    drawing._process.wait(10)
    assert drawing.draw("svg", SPEC)[:4] == first[:4] == b"<svg"
    running = drawing._process
    drawing.draw("svg", SPEC)
    assert drawing._process is running  # one process for all pictures
    drawing._stop()


def test_what_the_engine_refuses_is_said_and_harms_nothing():
    drawing = Engine()
    with pytest.raises(NotDrawn):
        drawing.draw("svg", {"mark": {"type": "point", "data": 3}, "layer": 7})
    assert drawing.draw("svg", SPEC)
    drawing._stop()
