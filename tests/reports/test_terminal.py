"""Pages printed: nothing is taken for markup, nothing is cut where the output is not a terminal."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from tests import made

from paribus.reports import brief, terminal
from paribus.reports.outcomes import predictions_page
from paribus.reports.page import Answer, Page, Section, Table
from paribus.reports.terminal import print_page
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
