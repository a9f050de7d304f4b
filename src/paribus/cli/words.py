"""Words that several commands share: options, overrides, and how folders are named."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paribus.errors import RecipeError, RunError, StudyError

if TYPE_CHECKING:
    from paribus.records.run import RunFolder

RecipeName = Annotated[
    str,
    typer.Argument(metavar="RECIPE", help="A recipe's name (see: paribus list) or the path of a recipe file."),
]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(metavar="[FIELD=VALUE]...", help="Changes to the recipe, such as optimizer.lr=0.01."),
]
Runs = Annotated[Path, typer.Option("--runs", metavar="DIR", help="Folder of the run folders.", envvar="PARIBUS_RUNS")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")]
Plugin = Annotated[
    list[Path] | None,
    typer.Option("--plugin", metavar="FILE.py", help="Python file with models or other parts of your own."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Write over files that are there already.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would be done, and do nothing.")]

RUNS = Path("runs")


def parse_overrides(words: list[str] | None) -> dict[str, Any]:
    """``["optimizer.lr=0.01"]`` → ``{"optimizer.lr": 0.01}``."""
    from paribus.records.yaml import parse_value

    return {field: parse_value(value) for field, value in map(_pair, words or [])}


def parse_vary(words: list[str] | None) -> dict[str, list[Any]]:
    """``["model.norm=none,batch"]`` → ``{"model.norm": ["none", "batch"]}``."""
    from paribus.records.yaml import split_values

    return {field: split_values(values) for field, values in map(_pair, words or [])}


def load_plugins(files: list[Path] | None) -> None:
    """Run the user's plug-in files."""
    for file in files or ():
        from paribus.records.plugins import load_plugin

        load_plugin(file)


def finished(name: str, runs: Path) -> list[RunFolder]:
    """The run that somebody means, or all finished runs of the study.

    Raises:
        RunError: if the study has none.
    """
    from paribus.records import store
    from paribus.records.run import RunFolder

    found = store.find(name, runs, "run", "study")
    if not (found / store.MARKERS["study"]).exists():
        return [RunFolder(found)]
    folders = [run.folder for run in store.runs_of(found) if run.figures is not None]
    if not folders:
        raise RunError("this study has no finished run", got=str(found), hint="run the study first")
    return folders


def find_folder(name: str, runs: Path, *kinds: str) -> Path:
    """The folder that somebody means: see :func:`paribus.records.store.find`."""
    from paribus.records.store import find  # not before it is needed: it takes pydantic

    return find(name, runs, *kinds)


def _pair(word: str) -> tuple[str, str]:
    field, equals, value = word.partition("=")
    if not equals or not field:
        raise RecipeError("changes are written FIELD=VALUE", got=word, hint="for example optimizer.lr=0.01")
    return field.strip(), value


def parse_seeds(text: str) -> int | list[int]:
    """``5`` for five seeds from 0, ``3,4,7`` for these, ``5,`` for this one."""
    try:
        numbers = [int(word) for word in text.removesuffix(",").split(",")]
    except ValueError:
        raise StudyError(
            "--seeds is a number of seeds, or a list of them", got=text, hint="write --seeds 5 or --seeds 3,4,7"
        ) from None
    if min(numbers) < 0 or text.strip() == "0":
        raise StudyError("--seeds is at least 1, and no seed is negative", got=text, hint="write --seeds 5")
    return numbers if "," in text else numbers[0]
