"""``paribus data``: data sets, where they are, and whether pictures or a table of your own are fit for training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def data(
    path: Annotated[
        Path | None,
        typer.Argument(metavar="[FOLDER|FILE]", help="A folder of your own pictures, or a table, to examine."),
    ] = None,
    labels: Annotated[str, typer.Option(help="folders, or a CSV file with columns path, label and split.")] = "folders",
    group: Annotated[
        str | None, typer.Option(help="A CSV column, or a regular expression with one parenthesis, that names groups.")
    ] = None,
    masks: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Examine pictures with masks, which lie in this folder of it.")
    ] = None,
    images: Annotated[
        str, typer.Option(metavar="FOLDER", help="The folder of the pictures beside the masks.")
    ] = "images",
    suffix: Annotated[str, typer.Option(help="What mask names have behind the names of their pictures.")] = "",
    copies: Annotated[
        bool,
        typer.Option("--duplicates", help="Also look for pictures that were cut, mirrored or compressed from others."),
    ] = False,
    target: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Of a table, the column to predict: is it balanced, given away?"),
    ] = None,
    clear_cache: Annotated[
        bool, typer.Option("--clear-cache", help="Delete the decoded copies of all data sets.")
    ] = False,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify",
            help="Read all decoded copies and compare them with their checksums; exit code 1 if one is damaged.",
        ),
    ] = False,
) -> None:
    """Show the data sets and where they are looked for; examine a folder of pictures, or a table, before training.

    Examples:

    - `paribus data`

    - `paribus data my_pictures`

    - `paribus data my_pictures --duplicates`

    - `paribus data my_scenes --masks masks`

    - `paribus data patients.csv --target disease`

    - `paribus data --clear-cache`

    - `paribus data --verify`
    """
    from paribus.progress import working
    from paribus.reports import lists
    from paribus.reports.terminal import print_page

    if clear_cache:
        from paribus.data.prepare import cache

        print(f"freed {cache.clear() / 1e6:.1f} MB")
    elif verify:
        if not _verified():
            raise typer.Exit(1)
    elif path is None:
        with working("looking through the cache"):
            found = lists.sources()
        print_page(found)
    elif target is not None or is_table(path):
        _table(path, target)
    else:
        _refuse_known(path)
        bad = _scanned(path, labels, group, copies) if masks is None else _surveyed(path, images, masks, suffix)
        if bad:
            raise typer.Exit(1)


def _refuse_known(path: Path) -> None:
    """A data set that has a name is no folder of somebody's own.

    Raises:
        DataError: saying what shows it.
    """
    from paribus.errors import DataError
    from paribus.records.parts import names

    if not path.exists() and str(path) in names("data"):
        hint = f"paribus show {path} says what it is, and paribus lint RUN whether a run's parts share examples"
        raise DataError("this data set is known by its name, and is no folder of yours", got=str(path), hint=hint)


def _verified() -> bool:
    """Compare all decoded copies with their checksums, say which are not what was written, and whether all are."""
    from paribus.data.prepare import cache
    from paribus.records.wording import count

    found = list(cache.check())
    for name, wrong in found:
        if wrong:
            print(f"{name}: damaged ({', '.join(wrong)}); it is decoded again when it is needed")
    whole = sum(not wrong for _, wrong in found)
    print(f"{whole} of {count(len(found), 'decoded data set')} as written")
    return whole == len(found)


def _scanned(path: Path, labels: str, group: str | None, copies: bool) -> bool:
    """Examine pictures with classes; whether some are bad."""
    from paribus.data.prepare.scan import scan
    from paribus.reports.live import counting
    from paribus.reports.scans import scan_page
    from paribus.reports.terminal import print_page

    with counting() as progress:
        found = scan(path, labels, group, progress, copies)
    print_page(scan_page(found))
    return bool(found.bad)


def _surveyed(path: Path, images: str, masks: str, suffix: str) -> bool:
    """Examine pictures with masks; whether some are bad."""
    from paribus.data.prepare.survey import survey
    from paribus.reports.live import counting
    from paribus.reports.scans import survey_page
    from paribus.reports.terminal import print_page

    with counting() as progress:
        found = survey(path, images, masks, suffix, progress=progress)
    print_page(survey_page(found))
    return bool(found.bad)


TABLES = (".csv", ".tsv", ".txt", ".gz", ".parquet", ".pq")


def is_table(path: Path) -> bool:
    """Whether a path names a table, by its ending, and no folder."""
    return path.suffix.lower() in TABLES and not path.is_dir()


def _table(path: Path, target: str | None) -> None:
    """Examine a table."""
    from paribus.data.prepare.columns import survey_table
    from paribus.data.sources.table.table import Table
    from paribus.reports.live import counting
    from paribus.reports.scans import table_page
    from paribus.reports.terminal import print_page

    with counting() as progress:
        found = survey_table(Table(str(path), target or ()), progress)
    print_page(table_page(found))
