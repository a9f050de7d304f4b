"""Pages printed: nothing is taken for markup, nothing is cut where the output is not a terminal."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from tests import made

from paribus.reports import brief, lists, terminal
from paribus.reports.outcomes import predictions_page
from paribus.reports.page import Answer, Page, Section, Table
from paribus.reports.study import study_page
from paribus.reports.terminal import GAP, fitted, print_page
from paribus.tasks.prediction import Prediction


def test_all_parts_of_a_page_are_printed_in_order(capsys):
    table = Table(("name", "value"), (("a", "1"), ("b", "22")), "lr", ("better", ""), 1)
    section = Section("Title", ("Text.",), tables=(table,), code=("code",), notes=("small print",))
    treated = Section("Other", answers=(Answer("treatment", "x=1", "better", "better", "sure"),))
    page = Page(
        question="Why?", answers=(Answer("a", "1"),), summary="end", warnings=("careful",), sections=(section, treated)
    )
    print_page(page)
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "Why?", "a: 1", "",
        "Title", "Text.", "name  value", "a         1", "b        22", "code", "small print", "",
        "Other", "treatment: x=1, better (sure)", "note: careful", "", "end",
    ]  # fmt: skip


def test_a_page_of_one_table_is_that_table(capsys):
    print_page(Page(summary="end", sections=(Section(tables=(Table(("n",), (("1",),), "l"),)),)))
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == ["n", "1", "end"]


def test_R27_hostile_texts_are_printed_as_they_are(capsys):
    print_page(predictions_page([Prediction("[red]x[/b].png", "[/]", {"[/]": 0.7, ":smile:": 0.3})]))
    print_page(brief.design(made.hostile().design, Path("[/x]")))
    said = capsys.readouterr().out
    assert [text for text in ("[red]x[/b].png", ":smile: 30.0%", "into [/x]", "alert('x')") if text not in said] == []


@pytest.mark.parametrize(("columns", "width"), [(None, terminal.WIDTH), ("60", 60), ("wide", terminal.WIDTH)])
def test_tables_stay_whole_in_pipes_unless_told_otherwise(monkeypatch, columns, width):
    if columns:
        monkeypatch.setenv("COLUMNS", columns)
    out = terminal.console()
    assert out.width == width
    out.file = io.StringIO()
    out.print(terminal.table(["name"], [["x" * (width - 2)]]))
    assert "x" * (width - 2) in out.file.getvalue()


WIDE = Table(
    ("run", "test/loss", "test/accuracy", "verdict"),
    (("whole/optimizer=adam-lr=0.001/seed-0", "−0.1234", "93.12 %", "no difference beyond 1.00 points"),) * 2,
    "lrrl",
    ("better", "worse"),
    3,
)
PAGES = {
    "study": lambda: brief.study(made.factorial()),
    "noise": lambda: brief.study(made.noise()),
    "lost": lambda: brief.study(made.failed()),
    "run": lambda: Page(sections=(Section(tables=(WIDE,)),)),
    "part": lambda: lists.part("model", "cnn"),
    "recipes": lambda: lists.recipes(["digits/cnn", "gaussians/gan"]),
    "report": lambda: study_page(made.two_arms()),
}


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_broken_within_a_word_or_a_number(monkeypatch, capsys, name, width):
    monkeypatch.setenv("COLUMNS", str(width))
    page = PAGES[name]()
    print_page(page)
    said = capsys.readouterr().out
    lines = [line.strip() for line in said.splitlines()]
    for table in (table for section in page.sections for table in section.tables):
        words = [word for row in (table.heads[1:], *table.rows) for cell in row for word in cell.split(" ")]
        assert [word for word in words if word not in said] == []
        numbers = [cell for row in table.rows for side, cell in zip(table.align, row, strict=True) if side == "r"]
        assert [number for number in numbers if number not in said and not number[0].isalpha()] == []
    longest = max(len(word) for word in said.split())
    assert max(map(len, lines)) <= max(width, longest)


def test_a_table_that_is_too_wide_stands_row_by_row(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "60")
    print_page(Page(sections=(Section(tables=(WIDE,)),)))
    assert capsys.readouterr().out.splitlines()[:4] == [
        "whole/optimizer=adam-lr=0.001/seed-0",
        "  test/loss      −0.1234",
        "  test/accuracy  93.12 %",
        "  verdict        no difference beyond 1.00 points",
    ]


def test_titles_may_be_wider_than_their_tables():
    title = "the title of a table of one narrow column"
    assert printed(terminal.titled(title, terminal.table(["n"], [["1"]]))).splitlines()[0] == title


def printed(what) -> str:
    out = terminal.console()
    out.file = io.StringIO()
    out.print(what)
    return out.file.getvalue()


def test_very_long_tables_are_plain_columns(capsys):
    rows = tuple((f"run {number}", "[b]x[/b]") for number in range(terminal.MANY + 1))
    print_page(Page(sections=(Section(tables=(Table(("run", "figures"), rows, "ll"),)),)))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == terminal.MANY + 2
    assert lines[:2] == ["run       figures", "run 0     [b]x[/b]"]


def test_a_short_text_stays_on_its_line_where_a_long_one_can_wrap():
    short, long = "dropout: 0.2 − 0", "no difference beyond 1.00 points"
    found = Table(("comparison", "adjusted", "verdict"), ((short, "0.703", long),), "lrl")
    widths = fitted(found, 50)
    assert widths is not None
    assert widths[:2] == [len(short), len("adjusted")]
    assert sum(widths) + GAP * len(widths) == 50


def test_a_head_wraps_before_what_stands_below_it():
    found = Table(("comparison", "95 % interval for data like these"), (("norm: batch − none", "[0.40, 3.60]"),), "lr")
    assert fitted(found, 40) == [18, 17]


def test_no_word_of_the_arena_is_broken_on_a_narrow_terminal(capsys, monkeypatch):
    from paribus.reports.arena.tables import ArenaPage
    from paribus.reports.arena.words import print_arena_page

    monkeypatch.setenv("COLUMNS", "40")
    found = Table(("surface", "formula"), (("rosenbrock", "Σ 100 (x − x²)² + (1 − x)² and so on"),), "ll")
    print_arena_page(ArenaPage("arena", (), tables=(("surfaces", found),)))
    assert "rosenbrock" in capsys.readouterr().out


def test_a_formula_is_as_wide_as_it_looks():
    formula = "x − lr·m̂ / (√v̂ + ε)"
    found = terminal.rendered(Table(("", "formula"), (("x", formula),), "ll"), 40)
    assert formula in printed(found)
