"""``paribus diagnose``: what is wrong with a training, and whether its treatment helps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paribus.cli import completion
from paribus.cli.words import RUNS, Device, Jobs, Overwrite, Plugin, Runs, find_folder, load_plugins


def diagnose(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="A run's folder, a part of its name, or: last.", autocompletion=completion.runs
        ),
    ],
    treat: Annotated[
        bool, typer.Option("--treat", help="Run the treatment as a study: the recipe against itself with one change.")
    ] = False,
    finding: Annotated[
        str | None,
        typer.Option(metavar="ID", help="The finding that is treated; by default the first that has a treatment."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=2, help="Pairs of runs that judge a treatment.")] = 5,
    jobs: Jobs = None,
    device: Device = "auto",
    json: Annotated[bool, typer.Option("--json", help="Print the findings, and what was looked at, as JSON.")] = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the page with its pictures.")] = None,
    overwrite: Overwrite = False,
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """Say from its records what is wrong with a run, with the evidence and a one-change treatment.

    Causes come first, what follows from them below. It also says what it looked for, and what cannot be checked.

    Examples:

    - `paribus diagnose last`

    - `paribus diagnose last --treat --seeds 10`

    - `paribus diagnose last --treat --finding overfitting`

    - `paribus diagnose runs/energy-lstm/3f2a/seed-0 --html diagnosis.html`
    """
    from json import dumps

    from paribus.errors import RunError
    from paribus.files import finite
    from paribus.progress import working
    from paribus.records.run import RunFolder
    from paribus.reports.diagnosis import diagnosis_page
    from paribus.reports.terminal import print_line, print_page

    load_plugins(plugin)
    if finding is not None and not treat:
        raise RunError("--finding says what is treated", got=finding, hint="add --treat")
    folder = RunFolder(find_folder(run, runs, "run"))
    with working("looking through the records"):
        from paribus.doctor import diagnose as examine

        found = examine(folder)
    if treat:
        found = examine(folder, treat=True, finding=finding, seeds=seeds, runs=runs, jobs=jobs, device=device)
    page = diagnosis_page(found)
    if html is not None:
        from paribus.files import save
        from paribus.reports.render import draw, to_html

        save(html, to_html(page, draw(page)), overwrite)
        print_line(f"page in {html}")
    elif json:
        print(dumps(finite(found.plain()), indent=2, ensure_ascii=False))
    else:
        print_page(page)
