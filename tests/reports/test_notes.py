"""Somebody's own words on a page: divided by names, and harmless."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from paribus.errors import ParibusError
from paribus.reports.notes import divided, read_notes, to_markup

TEXT = """Above.

# First

About *it*.

## A closer look

More.

# Second
Other
# Elsewhere
"""


def test_a_heading_that_is_a_name_begins_what_is_said_about_it():
    notes = divided(TEXT, ["first", "Second"])
    assert notes.above is not None
    assert notes.above.markdown == "Above."
    assert notes.about["first"].markdown == "About *it*.\n\n## A closer look\n\nMore."
    assert notes.about["Second"].markdown == "Other\n# Elsewhere"
    assert "<em>it</em>" in notes.about["first"].html
    assert "<h4>A closer look</h4>" in notes.about["first"].html


def test_names_within_code_and_lists_are_no_headings():
    assert divided("```\n# First\n```\n\n- # First\n", ["First"]).about == {}


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "![a](https://example.org/a.png)",
        "<javascript:alert(1)>",
        "[a](data:text/html;base64,AAAA)",
        "<iframe src=//example.org>",
    ],
)
def test_R27_R28_nothing_in_notes_runs_or_loads(hostile):
    html = to_markup(f"{hostile}\n\nText {hostile} text.\n")
    for start in ("<script", "<img", "<iframe", 'href="javascript', 'href="data'):
        assert start not in html.lower()


def test_notes_that_cannot_be_read_are_one_error(tmp_path: Path):
    with pytest.raises(ParibusError, match="the notes cannot be read"):
        read_notes(tmp_path / "none.md", ())
    (tmp_path / "odd.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ParibusError, match="UTF-8"):
        read_notes(tmp_path / "odd.md", ())
    (tmp_path / "large.md").write_bytes(b"a" * (1 << 20) + b"a")
    with pytest.raises(ParibusError, match="more than 1,048,576 bytes"):
        read_notes(tmp_path / "large.md", ())
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "endless.md").symlink_to("/dev/zero")
    for name in ("pipe.md", "endless.md"):
        with pytest.raises(ParibusError, match="a pipe, a socket or a device"):
            read_notes(tmp_path / name, ())


def test_R27_orders_to_a_terminal_in_notes_are_shown(tmp_path: Path):
    (tmp_path / "notes.md").write_text("a\x1b[31mred\n")
    above = read_notes(tmp_path / "notes.md", ()).above
    assert above is not None
    assert "a\\x1b[31mred" in above.html
