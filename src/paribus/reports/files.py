"""Reports as texts and as files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from paribus.errors import ParibusError
from paribus.files import write_bytes
from paribus.records.result import StudyResult
from paribus.records.run import RunFolder
from paribus.reports.course import course_page
from paribus.reports.notes import read_notes
from paribus.reports.page import Page
from paribus.reports.render import draw, to_html, to_markdown
from paribus.reports.run import run_page
from paribus.reports.study import study_page


def study_html(result: StudyResult) -> str:
    """The report of a study as one HTML page that needs no network and holds no script."""
    page = study_page(result)
    return to_html(page, draw(page))


def study_markdown(result: StudyResult) -> str:
    """The report of a study as Markdown; its pictures are ``figures/NAME.svg`` beside it."""
    return to_markdown(study_page(result))


def run_html(folder: RunFolder) -> str:
    """The report of a single run as one HTML page."""
    page = run_page(folder)
    return to_html(page, draw(page))


def write(result: StudyResult, folder: Path) -> Path:
    """Write ``report.html``, ``report.md`` and ``figures/*.svg`` into ``folder``.

    Returns:
        The path of the HTML page.
    """
    return _write(study_page(result), folder)


def write_run(run: RunFolder, folder: Path | None = None) -> Path:
    """Write the report of a run, by default into its own folder; see :func:`write`."""
    return _write(run_page(run), folder or run.path)


def write_course(parts: Mapping[str, StudyResult | RunFolder], path: Path, notes: Path | None = None) -> Path:
    """Write several studies and runs, by name, into one HTML page; ``notes`` is a Markdown file about them."""
    words = read_notes(notes, parts) if notes else None
    pages = {name: run_page(one) if isinstance(one, RunFolder) else study_page(one) for name, one in parts.items()}
    page = course_page(pages, words)
    write_bytes(path, to_html(page, draw(page)).encode())
    return path


def look(run: RunFolder) -> str:
    """Ask a finished run for its single examples, and keep the answer for its report; why not, where that fails."""
    from paribus.analysis.kept import analyse
    from paribus.analysis.table import find

    if run.result is None:
        return ""
    try:
        if find("examples").needs.met(run):
            analyse(run, "examples")
    except ParibusError as error:
        return f"Single examples are not shown: {error.rule}."
    return ""


def _write(page: Page, folder: Path) -> Path:
    drawn = draw(page)
    for name, svg in drawn.items():
        write_bytes(folder / "figures" / f"{name}.svg", svg.encode())
    for photo in page.photos:
        write_bytes(folder / "figures" / f"{photo.name}.png", photo.png)
    write_bytes(folder / "report.md", to_markdown(page).encode())
    write_bytes(folder / "report.html", to_html(page, drawn).encode())
    return folder / "report.html"
