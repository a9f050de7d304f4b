"""Whatever is on the screen can be taken away: charts as drawings, pictures and numbers, tables as numbers."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image
from tests.web.browser.conftest import PATIENCE, Tab, downloaded

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import expect

expect.set_options(timeout=PATIENCE)


def rows_of(path: Path) -> list[list[str]]:
    """A CSV file, all of whose rows are of one length."""
    assert path.suffix == ".csv"
    rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    assert len({len(row) for row in rows}) == 1
    assert len(rows) > 1
    return rows


def save(tab: Tab, chart, kind: str) -> Path:
    chart.get_by_role("button", name=re.compile("^Save")).click()
    return downloaded(tab, tab.page.get_by_role("menuitem", name=kind).click)


def saved(tab: Tab, chart) -> list[list[str]]:
    """All that a chart can be saved as; each is what its name says, and none is empty."""
    drawing = ElementTree.parse(save(tab, chart, "SVG")).getroot()
    assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
    assert sum(1 for one in drawing.iter() if one.tag.rpartition("}")[2] in ("path", "polyline", "circle", "text")) > 3
    assert not [one.tag for one in drawing.iter() if one.tag.rpartition("}")[2] in ("script", "foreignObject")]
    with Image.open(save(tab, chart, "PNG")) as picture:
        assert min(picture.size) > 50
        assert len(picture.convert("RGB").getcolors(1 << 24) or ()) > 2  # something is drawn on it
    return rows_of(save(tab, chart, "CSV"))


def test_every_chart_of_a_study_is_drawn_and_saved(tab):
    page = tab.open(f"/studies/{tab.id_of('study', 'digits-mlp')}")
    charts = page.locator("figure.charted")
    charts.first.wait_for()
    for place in range(charts.count()):
        chart = charts.nth(place)
        chart.scroll_into_view_if_needed()
        expect(chart.locator("[data-drawn=yes]")).to_be_attached()
        saved(tab, chart)
    assert charts.count() > 3


def test_every_table_of_a_study_is_saved(tab):
    page = tab.open(f"/studies/{tab.id_of('study', 'digits-mlp')}")
    tables = page.locator(".tabled")
    tables.first.wait_for()
    for place in range(tables.count()):
        table = tables.nth(place)
        rows = rows_of(downloaded(tab, table.get_by_role("button", name="CSV").click))
        assert len(rows) - 1 >= table.locator("tbody tr").count()  # the table of arms holds the value of every run
    assert tables.count() > 1


def test_curves_are_saved_as_they_are_and_so_are_choices(tab):
    page = tab.open(f"/runs/{tab.id_of('run', 'digits-vae')}")
    chart = page.locator("figure.curves").first
    expect(chart.get_by_role("img")).to_have_attribute("aria-label", re.compile("ends at"))
    heads, *rows = saved(tab, chart)
    assert heads[0] == "epoch"
    assert [float(row[0]) for row in rows] == [1, 2]
    choices = rows_of(downloaded(tab, page.locator("#recipe").get_by_role("button", name="CSV").click))
    assert choices[0] == ["field", "value", "meaning"]
    assert "optimizer.lr" in [row[0] for row in choices]


def test_compared_curves_and_tables_are_saved(tab):
    page = tab.open(f"/compare?ids={tab.id_of('study', 'digits-mlp')}&metrics=val/accuracy")
    chart = page.locator("figure.curves")
    expect(chart.get_by_role("img")).to_have_attribute("aria-label", re.compile("ends at"))
    heads, *rows = saved(tab, chart)
    assert len(heads) == 7  # the axis, and six runs
    assert len(rows) == 2
    for place in range(page.locator(".tabled").count()):
        rows_of(downloaded(tab, page.locator(".tabled").nth(place).get_by_role("button", name="CSV").click))
    assert page.locator(".tabled").count() == 2
