"""``paribus read``: texts in photographs, by a detector and a reader."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from paribus.cli import completion
from paribus.cli.words import RUNS, Overwrite, Plugin, Runs, find_folder, load_plugins

if TYPE_CHECKING:
    from paribus.inference.photos import Photo, Pipeline


def read(
    photos: Annotated[list[Path] | None, typer.Argument(metavar="PHOTOS...", help="Photographs, or folders.")] = None,
    detector: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RUN", help="The run that finds boxes; once for each reader.", autocompletion=completion.runs
        ),
    ] = None,
    reader: Annotated[
        list[str] | None,
        typer.Option(metavar="RUN", help="The run that reads what is in them.", autocompletion=completion.runs),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="File, box and text of each; then errors are split by where they arise."),
    ] = None,
    split: Annotated[
        Literal["val", "test"] | None,
        typer.Option(help="In place of photographs, those of a split of the detector's data; the test is opened."),
    ] = None,
    needed: Annotated[float, typer.Option(help="IoU from which a box is a good frame.", min=0.01, max=0.99)] = 0.5,
    csv: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a line for each text as CSV; - prints it.", allow_dash=True),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write the photographs with boxes and texts in them.")
    ] = None,
    overwrite: Overwrite = False,
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """Read what is written in photographs: one run finds boxes, another reads what is in them.

    Where the truth is known, texts that are lost are counted as missed, badly framed or misread, and beside it stands
    what would be right if all boxes were perfect. Several detectors and readers are taken in pairs, as folds are.

    Examples:

    - `paribus read street.jpg --detector plates-detector --reader plates-reader`

    - `paribus read photos --detector d --reader r --csv texts.csv --out annotated`

    - `paribus read --split val --detector plates-detector --reader plates-reader`
    """
    from paribus import files as disk
    from paribus.analysis.reading import of_split, of_table, pooled, seen_by
    from paribus.errors import DataError
    from paribus.inference.photos import Pipeline
    from paribus.inference.photos import read as read_photos
    from paribus.inference.predict import expanded
    from paribus.inference.trained import load
    from paribus.records.run import RunFolder
    from paribus.reports.live import counting
    from paribus.reports.reading import errors_page
    from paribus.reports.terminal import print_page

    load_plugins(plugin)
    if bool(photos) == bool(split or truth):
        rule = "what is read is photographs, or a table with --truth, or a split of the detector's data with --split"
        raise DataError(rule, got=f"{len(photos or ())} photographs", hint="name one of them")
    if not detector or not reader or len(detector) != len(reader):
        got = f"{len(detector or ())} detectors, {len(reader or ())} readers"
        raise DataError(
            "reading takes a detector and a reader, in pairs", got=got, hint="add --detector RUN --reader RUN"
        )
    if csv is not None and str(csv) != "-":
        disk.refuse_existing(csv, overwrite=overwrite)
    folders = [[RunFolder(find_folder(name, runs, "run")) for name in names] for names in (detector, reader)]
    pairs = list(zip(*([load(folder) for folder in some] for some in folders), strict=True))
    pipelines = [Pipeline(*pair) for pair in pairs]
    if photos:
        _only_one(pipelines)
        with counting() as progress:
            seen = read_photos(pipelines[0], expanded(photos), progress)
        _hand_out(seen, csv, out, overwrite)
        if all(photo.problem for photo in seen):
            raise typer.Exit(1)
        return
    if split == "test":
        from paribus.inference.held_out import test as open_test

        for folder in (one for some in folders for one in some):
            open_test(folder, "its errors on the way from photographs to texts")
    if truth is not None:
        _only_one(pipelines)
        true = [of_table(truth)]
    else:
        true = [of_split(one.detector, str(split)) for one in pipelines]
    with counting() as progress:
        photographs = seen_by(pipelines, true, progress)
    print_page(errors_page(pooled(pipelines, true, photographs, needed)))
    if csv is not None or out is not None:
        _hand_out([photo for some in photographs for photo in some], csv, out, overwrite, quiet=True)


def _only_one(pipelines: list[Pipeline]) -> None:
    from paribus.errors import DataError

    if len(pipelines) > 1:
        hint = "several pairs are for --split, where each has photographs of its own"
        raise DataError("photographs are read by one detector and one reader", got=f"{len(pipelines)} pairs", hint=hint)


def _hand_out(seen: list[Photo], csv: Path | None, out: Path | None, overwrite: bool, *, quiet: bool = False) -> None:
    from paribus import files as disk
    from paribus.inference.photos import annotated, to_csv
    from paribus.reports.reading import photos_page
    from paribus.reports.terminal import print_line, print_page

    if csv is None and not quiet:
        print_page(photos_page(seen))
    elif csv is not None and str(csv) == "-":
        print(to_csv(seen), end="")
    elif csv is not None:
        disk.save(csv, to_csv(seen), overwrite)
        print_line(f"{len(seen)} photographs in {csv}")
    if out is not None:
        named = {out / f"{Path(photo.file).stem}.png": annotated(photo) for photo in seen if not photo.problem}
        print_line(f"{len(disk.save_all(named, overwrite))} files in {out}")
