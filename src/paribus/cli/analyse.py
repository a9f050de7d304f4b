"""``paribus analyse``: one question of the table of analyses, asked of trained runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paribus.cli import completion
from paribus.cli.words import RUNS, Overwrite, Plugin, Runs, find_folder, finished, load_plugins, parse_overrides
from paribus.errors import ParibusError

if TYPE_CHECKING:
    from paribus.reports.page import Page


def analyse(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="The analysis (see: paribus list analyses).", autocompletion=completion.analyses
        ),
    ],
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help="A run folder or a study's folder, a part of its name, or: last.",
            autocompletion=completion.studies_and_runs,
        ),
    ],
    options: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="An option of the analysis (see: paribus show NAME)."),
    ] = None,
    arm: Annotated[
        str | None,
        typer.Option(help="Of an analysis of a study (ensemble, class-seeds), its arm: norm=batch, or a part of it."),
    ] = None,
    because: Annotated[
        str, typer.Option(help="Why the test is opened by --set split=test; it stands in the report.")
    ] = "",
    again: Annotated[bool, typer.Option("--again", help="Compute it even if the answer is kept.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the records as JSON.")] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the page with its pictures; of one run, or of all arms.")
    ] = None,
    overwrite: Overwrite = False,
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """Ask a trained run a question. The answer is kept in its folder, and shown in its report.

    Examples:

    - `paribus analyse latent-map last --html codes.html`

    - `paribus analyse likelihood last --set draws=500`

    - `paribus analyse skill last --set split=test --json`

    - `paribus analyse tta last --set views=8`

    - `paribus analyse ensemble digits-cnn--model.norm --arm norm=batch`

    - `paribus analyse embed last --set method=tsne --html map.html`

    - `paribus analyse corruptions digits-cnn--model.norm --html severity.html`
    """
    from paribus.analysis.kept import analyse as ask
    from paribus.analysis.table import find, resolve
    from paribus.progress import working

    load_plugins(plugin)
    make_page, settings = resolve(find(name).page), parse_overrides(options)
    if find(name).of == "arm":
        study = find_folder(run, runs, "study")
        record = _of_study("studies.ensemble:analyse_arm", study, name, arm=arm, because=because, **settings)
        _deliver({run: record}, make_page, json, html, overwrite)
        return
    if arm is not None or because:
        hint = "leave --arm and --because out, or: paribus test STUDY --arm ARM"
        raise ParibusError(f"the analysis {name} is about single runs", got=arm or because, hint=hint)
    if find(name).across and (arms := _study_of_arms(run, runs)):
        record = _of_study("studies.across:analyse_study", arms, name, again=again, **settings)
        _deliver({run: record}, resolve(find(name).across_page), json, html, overwrite)
        return
    folders = finished(run, runs, str(settings.get("split", "val")))
    if html is not None and len(folders) > 1:
        raise ParibusError("a page shows one run", got=f"{len(folders)} runs of {run}", hint="name one of them")
    with working(f"analysing {name}"):
        records = {folder: ask(folder, name, again=again, **settings) for folder in folders}
    _deliver({str(folder.path): record for folder, record in records.items()}, make_page, json, html, overwrite)


def _of_study(place: str, study: Path, name: str, **given: Any) -> Any:
    """An analysis of a study, by the function at a place below paribus, whose imports take their time as well."""
    from paribus.analysis.table import resolve
    from paribus.progress import working

    with working(f"analysing {name}"):
        return resolve(place)(study, name, **given)


def _study_of_arms(name: str, runs: Path) -> Path | None:
    """The folder of a study that has arms to compare, if that is what somebody means."""
    from paribus.records.store import MARKERS
    from paribus.records.study import StudyDesign

    found = find_folder(name, runs, "run", "study")
    if not (found / MARKERS["study"]).exists():
        return None
    return found if len(StudyDesign.open(found).arms()) > 1 else None


def _deliver(
    records: Mapping[str, Any], make_page: Callable[[Any], Page], json: bool, html: Path | None, overwrite: bool
) -> None:
    """Print the records of what was asked, or write the page of the only one."""
    from paribus.reports.terminal import print_line, print_page

    if json:
        _print_json(records)
        return
    for place, record in records.items():
        page = make_page(record)
        if html is not None:
            _write(page, html, overwrite)
        else:
            if len(records) > 1:
                print_line(f"\n{place}")
            print_page(page)


def _print_json(records: Mapping[str, Any]) -> None:
    from pydantic_core import to_jsonable_python

    from paribus.files import dumps

    plain = [{"run": place, **to_jsonable_python(record)} for place, record in records.items()]
    print(dumps(plain, indent=2))


def _write(page: Page, path: Path, overwrite: bool) -> None:
    from paribus.files import save
    from paribus.reports.render import draw, to_html
    from paribus.reports.terminal import print_line

    save(path, to_html(page, draw(page)), overwrite)
    print_line(f"page in {path}")
