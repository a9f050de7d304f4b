"""Pages as data: the tables that a command prints, as CSV or JSON, with raw numbers and their units in the heads."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from paribus import progress
from paribus.files import dumps, save_all
from paribus.reports.page import Page, Row, Table
from paribus.reports.terminal import print_line, print_page
from paribus.streams import say


def deliver(page: Page, json: bool = False, csv: Path | None = None, overwrite: bool = False) -> None:
    """Print a page, or its data instead: as JSON, or as CSV into a file, ``-`` being the standard output.

    A page of several tables gives several files, each with the name of its table: ``x-effects.csv``; printed, an empty
    line parts them. A file that is there is written over only if that is said.

    Raises:
        RunError: naming the file.
    """
    texts = _texts(page) if csv is not None else {}
    if str(csv) == "-":
        print("\n".join(texts.values()), end="")
    elif json:
        print(to_json(page))
    else:
        print_page(page)
    if csv is not None and str(csv) != "-":
        named = {csv if len(texts) == 1 else csv.with_stem(f"{csv.stem}-{_slug(name)}"): texts[name] for name in texts}
        for path in save_all(named, overwrite):
            say(f"table in {path}")


def deliver_with_report(
    page: Page, draw: Callable[[], Path], json: bool = False, csv: Path | None = None, overwrite: bool = False
) -> None:
    """Print an answer, then draw its report: the answer is what matters, and the report is drawn if nobody reads it."""
    try:
        deliver(page, json, csv, overwrite)
        sys.stdout.flush()
    except (OSError, SystemExit):  # the disk is full, or the reader went away, where Rich ends the program
        draw()
        raise
    with progress.working("drawing the report"):
        report = draw()
    tell_report(report, json, csv)


def tell_report(report: Path, json: bool = False, csv: Path | None = None) -> None:
    """Say where the report is, behind a printed page; beside data on the standard output it is said elsewhere."""
    tell = say if json or str(csv) == "-" else print_line
    tell(f"\nreport: {report}")


def _texts(page: Page) -> dict[str, str]:
    from paribus.exchange.tables import to_csv  # what it reads records with takes longer than most pages to load

    return {name: to_csv(rows) for name, rows in records(page).items()}


def records(page: Page) -> dict[str, Sequence[Row]]:
    """The rows of all tables of a page by name: the title of their section, with a number where it has several."""
    found: dict[str, Sequence[Row]] = {}
    for section in page.sections:
        for table in section.tables:
            name = section.title or page.kind.lower() or "table"
            found[name if name not in found else f"{name} {len(found) + 1}"] = rows_of(table)
    return found


def rows_of(table: Table) -> Sequence[Row]:
    """A table as data: raw where it has raw numbers, else as it is printed."""
    if table.data is not None:
        return table.data()
    return [dict(zip(table.heads, row, strict=True)) for row in table.rows]


def to_json(page: Page) -> str:
    """All that a page says, its tables under their names; what is not finite is ``null``."""
    said = {"kind": page.kind, "title": page.title, "question": page.question, "summary": page.summary.strip()}
    content = {
        **{name: text for name, text in said.items() if text},
        **page.data,
        "warnings": page.warnings,
        "tables": records(page),
    }
    return dumps(content, indent=2)


def _slug(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name).strip("-")
