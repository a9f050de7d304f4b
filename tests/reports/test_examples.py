"""Single examples in the report of a run."""

from __future__ import annotations

from dataclasses import replace

from tests.made import HOSTILE

from paribus.analysis.errors.errors import Errors
from paribus.analysis.errors.figures import class_figures
from paribus.analysis.examples import Cell, Example, Examples
from paribus.reports.errors import errors_page
from paribus.reports.examples import CLASSES
from paribus.reports.page import Page
from paribus.reports.render import draw, to_html, to_markdown

PIXEL = "data:image/png;base64,iVBORw0KGgo="
WRONG = Example(7, 2.5, "cat", "dog", {"dog": 0.9, "cat": 0.08, "eel": 0.02}, (PIXEL,))
RIGHT = Example(3, 0.01, "cat", "cat", {"cat": 0.99}, (PIXEL,))
RECORD = Examples(
    "val", 20, 40, "loss", (), ("cat", "dog", "eel"), ((8, 2, 0), (0, 5, 0), (1, 0, 4)), "examples",
    (WRONG,), (RIGHT,), (Cell(0, 1, (WRONG,)), Cell(0, 0, (RIGHT,))),
)  # fmt: skip


def page_of(record: Examples) -> Page:
    return errors_page(Errors(record, 0.95, class_figures(record.confusion, record.classes)))


def test_a_click_on_a_cell_opens_its_examples_without_a_script():
    page = page_of(RECORD)
    html = to_html(page, draw(page))
    assert '<a href="#cell-0-1">2</a>' in html
    assert 'id="cell-0-1"' in html
    assert html.count(PIXEL) == 4  # in two cells, among the worst and the best
    assert "<script" not in html
    assert "://" not in html
    assert "dog, in truth cat" in html
    assert "the first 20 of 40 validation examples" in html


def test_its_line_says_how_many_are_right_and_what_is_taken_for_what():
    assert "examples: right about 17 (85.0 %); most often cat is taken for dog (2)." in page_of(RECORD).summary
    pixels = replace(RECORD, unit="pixels", looked=2)
    assert ": right about 17 of 20 pixels (85.0 %)" in page_of(pixels).summary
    faultless = replace(RECORD, confusion=((8, 0, 0), (0, 5, 0), (0, 0, 4)))
    assert "taken for" not in page_of(faultless).summary


def test_figures_of_each_class_follow_from_the_confusions():
    _, classes, *_ = page_of(RECORD).sections
    (table,) = classes.tables
    shares = ("88.9 %", "80.0 %", "90.0 %", "84.2 %", "72.7 %")
    assert table.rows[0] == ("cat", "10", "8", "1", "2", "9", *shares)
    assert table.rows[2][6:8] == ("100.0 %", "80.0 %")


def test_of_many_classes_those_that_are_confused_most_are_shown():
    many = 50
    counts = [[9 if row == column else 0 for column in range(many)] for row in range(many)]
    counts[30][40], counts[41][30] = 5, 3
    wide = replace(
        RECORD, classes=tuple(f"class {k}" for k in range(many)), confusion=tuple(map(tuple, counts)), cells=()
    )
    first = page_of(wide).sections[0]
    assert first.matrix is not None
    assert len(first.matrix.classes) == CLASSES
    assert {"class 30", "class 40", "class 41"} <= set(first.matrix.classes)
    assert first.tables[0].rows[0] == ("class 30", "class 40", "5")


def test_R27_hostile_class_names_stay_text():
    page = page_of(
        replace(RECORD, classes=(HOSTILE, "dog", "eel"), worst=(replace(WRONG, truth=HOSTILE, text=HOSTILE),))
    )
    html, text = to_html(page, draw(page)), to_markdown(page)
    assert "<script" not in html
    assert "<script" not in text.replace("\\<", "")
