"""Reports as texts and as files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from paribus.errors import ParibusError
from paribus.files import remove_old_leftovers, save, save_all
from paribus.plots.engine import NotDrawn
from paribus.records.result import StudyResult
from paribus.records.run import RunFolder
from paribus.records.search import SearchResult
from paribus.reports.course import course_page
from paribus.reports.latex import study_latex
from paribus.reports.notes import read_notes
from paribus.reports.page import Page
from paribus.reports.render import draw, marked, to_html, to_markdown
from paribus.reports.run import run_page
from paribus.reports.search import search_page
from paribus.reports.study import study_page
from paribus.streams import say

COURSE = "course.html"  # in the folder of the runs, where nobody says another name


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


def write(result: StudyResult, folder: Path, overwrite: bool = True) -> Path:
    """Write ``report.html``, ``report.md`` and ``figures/*.svg`` into ``folder``, by default that of the study.

    Returns:
        The path of the HTML page.

    Raises:
        RunError: if files of these names are there that may not be written over.
    """
    return _write(study_page(result), folder, overwrite)


def write_run(run: RunFolder, folder: Path | None = None) -> Path:
    """Write the report of a run, by default into its own folder; see :func:`write`.

    Raises:
        RunError: if another folder holds files of these names already.
    """
    return _write(run_page(run), folder or run.path, overwrite=folder is None)


def write_search(result: SearchResult) -> Path:
    """Write the report of a search into its own folder; see :func:`write`."""
    return _write(search_page(result), result.folder, overwrite=True)


def write_course(
    parts: Mapping[str, StudyResult | RunFolder], path: Path, notes: Path | None = None, overwrite: bool = False
) -> Path:
    """Write several studies and runs, by name, into one HTML page; ``notes`` is a Markdown file about them.

    Raises:
        RunError: if another file is there that may not be written over.
    """
    words = read_notes(notes, parts) if notes else None
    pages = {name: run_page(one) if isinstance(one, RunFolder) else study_page(one) for name, one in parts.items()}
    page = course_page(pages, words)
    return save(path, to_html(page, draw(page)), overwrite)


def write_latex(result: StudyResult, path: Path, overwrite: bool = False) -> list[Path]:
    """Write a study for a paper: a piece of LaTeX, and beside it a PDF of each figure, ``STEM-effects.pdf``.

    Returns:
        The paths, that of the LaTeX first.

    Raises:
        ParibusError: if the name of the file is none of LaTeX's.
        RunError: if another file is there that may not be written over.
    """
    if path.suffix != ".tex":
        raise ParibusError("LaTeX is written into a file.tex", got=str(path), hint=f"write {path.with_suffix('.tex')}")
    drawn: dict[Path, bytes] = {}
    figures = {}
    for figure in study_page(result).figures:
        name = f"{path.stem}-{figure.name}.pdf"
        try:
            drawn[path.with_name(name)] = figure.chart.pdf()
        except NotDrawn as error:
            say(f"note: {name} is left out\n{error}")
        else:
            figures[name] = figure
    return save_all({path: study_latex(result, figures, path.stem), **drawn}, overwrite)


def look(run: RunFolder) -> str:
    """Ask a finished run for its single examples, and keep the answer for its report; why not, where that fails."""
    from paribus.analysis.kept import analyse, kept
    from paribus.analysis.table import find

    if run.result is None or run.origin != "recipe":
        return ""
    try:
        if find("errors").needs.met(run) and not any(one.name == "errors" for one, _ in kept(run)):
            analyse(run, "errors")
    except ParibusError as error:
        return f"Single examples are not shown: {error.rule}."
    return ""


def _write(page: Page, folder: Path, overwrite: bool) -> Path:
    drawn = draw(page, folder / "figures")
    pictures = marked(page, drawn)
    contents: dict[Path, bytes | str] = {folder / "figures" / f"{name}.svg": svg for name, svg in pictures.items()}
    contents |= {folder / "figures" / f"{photo.name}.png": photo.png for photo in page.photos}
    contents |= {folder / "report.md": to_markdown(page), folder / "report.html": to_html(page, drawn)}
    for place in (folder, folder / "figures") if overwrite else ():  # where all such files are ours
        remove_old_leftovers(place)
    return save_all(contents, overwrite)[-1]
