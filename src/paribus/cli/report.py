"""``paribus report`` and ``paribus test``: reports of studies, searches and runs, and held-out tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paribus.cli import completion
from paribus.cli.words import RUNS, About, Csv, Json, Overwrite, Plugin, Runs, find_folder, load_plugins, read_claim
from paribus.errors import ParibusError, StudyError
from paribus.progress import working

if TYPE_CHECKING:
    from paribus.records.claims import Claim
    from paribus.records.result import StudyResult

OWN = Path("report.tex")  # of --latex alone: in the study's folder


class Command(typer.core.TyperCommand):
    """The command, whose ``--latex`` may stand without a file."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The words, read."""
        told = [
            f"{word}={OWN}" if word == "--latex" and not after.endswith(".tex") else word
            for word, after in zip(args, [*args[1:], ""], strict=True)
        ]
        return list(super().parse_args(ctx, told))


def report(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME...",
            help="Folders of studies, searches or runs, parts of their names, or: last.",
            autocompletion=completion.studies_and_runs,
        ),
    ],
    notes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.md",
            help="Own words for one page about all: what stands below a heading that is a name belongs to it.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.html",
            help="Where to write one page about all; course.html in the folder of the runs by default.",
        ),
    ] = None,
    claim: About = None,
    latex: Annotated[
        Path | None,
        typer.Option(
            metavar="[FILE.tex]",
            help="Write a study for a paper: tables, method and figures; report.tex in its folder by default.",
        ),
    ] = None,
    json: Json = False,
    csv: Csv = None,
    overwrite: Overwrite = False,
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """Write the report of a study, a search or a run: one self-contained HTML file, and Markdown beside it.

    Several names, --notes or --out make one page about all of them, `course.html` in the folder of the runs.

    Examples:

    - `paribus report last`

    - `paribus report norm=batch/seed-0`

    - `paribus report last --claim these`

    - `paribus report digits-cnn--model.norm digits-cnn--optimizer.lr --notes words.md --out course.html`

    - `paribus report digits-cnn--model.norm --latex`
    """
    load_plugins(plugin)
    if latex:
        _paper(names, latex, runs, read_claim(claim), overwrite, bool(notes or out or json or csv))
    elif len(names) > 1 or notes or out:
        if json or csv or claim:
            rule = "--json, --csv and --claim are for one study or run"
            raise ParibusError(rule, got=", ".join(names), hint="name one")
        _course(names, notes, out, runs, overwrite)
    else:
        _single(names[0], runs, read_claim(claim), json, csv, overwrite)


def _single(name: str, runs: Path, claim: Claim | None, json: bool, csv: Path | None, overwrite: bool) -> None:
    """Write the report of one study or run."""
    from dataclasses import replace
    from functools import partial

    from paribus.records.run import RunFolder
    from paribus.records.store import MARKERS
    from paribus.reports import brief
    from paribus.reports.export import deliver_with_report

    folder = find_folder(name, runs, "study", "search", "run")
    if claim and not (folder / MARKERS["study"]).exists():
        kind = "search" if (folder / MARKERS["search"]).exists() else "run"
        raise StudyError(f"a {kind} has no verdict, and so no claim", got=str(folder), hint="leave --claim out")
    if (folder / MARKERS["search"]).exists():
        _search(folder, json, csv, overwrite)
        return
    if (folder / MARKERS["run"]).exists():
        with working("looking at single examples"):
            from paribus.reports.files import look, write_run

            missing = look(RunFolder(folder))
        page = replace(brief.run(RunFolder(folder)), warnings=(missing,) if missing else ())
        draw = partial(write_run, RunFolder(folder))
    else:
        with working("reading the study"):
            from paribus.reports.files import write

            result = _result(folder, claim)
        page, draw = brief.study(result), partial(write, result, folder)
    deliver_with_report(page, draw, json, csv, overwrite)


def _search(folder: Path, json: bool, csv: Path | None, overwrite: bool) -> None:
    """Write the report of a search."""
    from functools import partial

    from paribus.reports.export import deliver_with_report
    from paribus.reports.search import brief_page
    from paribus.search import Tune

    with working("reading the search"):
        from paribus.reports.files import write_search

        result = Tune.open(folder).result
    deliver_with_report(brief_page(result), partial(write_search, result), json, csv, overwrite)


def _result(folder: Path, claim: Claim | None) -> StudyResult:
    """What a study says; judged anew where another claim is asked for."""
    from paribus.studies.runner import judge_anew
    from paribus.study import Study

    return judge_anew(folder, claim) if claim else Study.open(folder).result


def _paper(names: list[str], path: Path, runs: Path, claim: Claim | None, overwrite: bool, more: bool) -> None:
    """Write a study for a paper."""
    from paribus.reports.terminal import print_line

    if more or len(names) > 1:
        hint = "ask for the other things by another command"
        raise ParibusError("--latex is for one study, and writes nothing else", got=" ".join(names), hint=hint)
    folder = find_folder(names[0], runs, "study")
    with working("writing LaTeX"):
        from paribus.reports.files import write_latex

        own = path == OWN
        written = write_latex(_result(folder, claim), folder / path if own else path, overwrite or own)
    for file in written:
        print_line(str(file))


def _course(names: list[str], notes: Path | None, out: Path | None, runs: Path, overwrite: bool) -> None:
    """Write one page about several studies and runs."""
    from paribus.records.run import RunFolder
    from paribus.records.store import MARKERS
    from paribus.reports.terminal import print_line

    parts: dict[str, Any] = {}
    folders = list(dict.fromkeys(find_folder(name, runs, "study", "run") for name in names))
    with working("writing one page about all"):
        from paribus.reports.files import COURSE, look, write_course
        from paribus.study import Study

        for folder in folders:
            if (folder / MARKERS["run"]).exists():
                run = RunFolder(folder)
                look(run)
                parts["/".join(folder.parts[-3:])] = run
            else:
                parts[folder.name] = Study.open(folder).result
        written = write_course(parts, out or runs / COURSE, notes, overwrite or out is None)
    for name in parts:
        print_line(name)
    print_line(f"report: {written}")


def test(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A run folder or a study's folder, a part of its name, or: last.",
            autocompletion=completion.studies_and_runs,
        ),
    ],
    arm: Annotated[
        str | None,
        typer.Option(
            help="Of a study, the arm that was chosen: norm=batch, or as many of its fields as make it the only one."
        ),
    ] = None,
    because: Annotated[
        str, typer.Option(help="Why the test is opened; it stands in the report. A second arm needs it.")
    ] = "",
    json: Json = False,
    csv: Csv = None,
    overwrite: Overwrite = False,
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """Open the held-out test: once for each run, and written down. Choose on validation figures, then test.

    Of a study it is opened for one arm: comparing arms on the test spends it.

    Examples:

    - `paribus test last --because "the recipe of the paper"`

    - `paribus test digits-cnn--model.norm --arm norm=batch`

    - `paribus test norm=batch/seed-0`
    """
    from paribus.records.run import RunFolder
    from paribus.records.store import MARKERS
    from paribus.reports.export import deliver
    from paribus.reports.outcomes import held_out_page

    load_plugins(plugin)
    folder = find_folder(name, runs, "run", "study")
    is_study = (folder / MARKERS["study"]).exists()
    if arm is not None and not is_study:
        raise StudyError("a run has no arms", got=str(folder), hint="leave --arm out, or name its study")
    with working("testing"):
        from paribus.studies.held_out import test_arm, test_run

        run = RunFolder(folder)
        tests = test_arm(folder, arm, because) if is_study else [(run, test_run(run, because))]
        _again(folder if is_study else folder.parents[1])
    deliver(held_out_page(tests), json, csv, overwrite)


def _again(study: Path) -> None:
    """Write the report of a study again, if it has one: what it says of the test would be old."""
    from paribus.reports.files import write
    from paribus.study import Study

    if (study / "report.html").exists() and (study / "study.json").exists():
        write(Study.open(study).result, study)
