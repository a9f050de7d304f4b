"""Several studies and runs on one page."""

from __future__ import annotations

from pathlib import Path

from tests import made

from paribus.reports.files import write_course

WORDS = "Why all this.\n\n# second\n\nWe **expected** this. <script>alert(1)</script>\n"


def test_a_course_report_holds_findings_and_words_in_their_places(tmp_path: Path):
    notes = tmp_path / "notes.md"
    notes.write_text(WORDS, encoding="utf-8")
    parts = {"first": made.two_arms(), "second": made.factorial(), "run": made.run_folder(tmp_path / "run")}
    html = write_course(parts, tmp_path / "course.html", notes).read_text(encoding="utf-8")
    places = [
        html.index(text)
        for text in ("Why all this.", 'id="first"', 'id="second"', "<strong>expected</strong>", 'id="run"')
    ]
    assert places == sorted(places)
    assert html.count("<svg") == 3 + 3 + 1  # effects, arms, curves of each study; curves of the run
    assert "<script" not in html
    ids = [piece.split('"')[0] for piece in html.split(' id="')[1:]]
    assert len(ids) == len(set(ids))
    assert "+2.03 points" in html


def test_R27_hostile_names_stay_text_in_a_course_report(tmp_path: Path):
    path = write_course({made.HOSTILE: made.hostile()}, tmp_path / "course.html")
    html = path.read_text(encoding="utf-8")
    assert "<script" not in html
    assert 'href="javascript' not in html
