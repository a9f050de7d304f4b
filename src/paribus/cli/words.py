"""Words that several commands share: options, overrides, and how folders are named."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from paribus.errors import ParibusError, RecipeError, RunError, nearest

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
    if files:
        import torch  # noqa: F401  (so that its modules are recognised)

        from paribus.records.parts import load_plugin

        for file in files:
            load_plugin(file)


def find_folder(name: str, runs: Path, marker: str) -> Path:
    """The folder that somebody means: a path, a name below the runs folder, a part of it, or ``last``.

    Args:
        name: what was typed.
        runs: the folder of the run folders.
        marker: the file that makes it one: ``recipe.json`` for a run, ``study.json`` for a study.
    """
    for candidate in (Path(name), runs / name):
        if (candidate / marker).exists():
            return candidate
    pattern = "*/*/*/recipe.json" if marker == "recipe.json" else "*/study.json"
    known = sorted((path.parent for path in runs.glob(pattern)), key=lambda path: (path / marker).stat().st_mtime)
    if name == "last" and known:
        return known[-1]
    fitting = [path for path in known if name in str(path.relative_to(runs))]
    if len(fitting) == 1:
        return fitting[0]
    kind = "run" if marker == "recipe.json" else "study"
    if fitting:
        listing = ", ".join(str(path.relative_to(runs)) for path in fitting[:8])
        raise RunError(f"several {kind} folders fit this name", got=name, hint=f"say which: {listing}")
    names = [str(path.relative_to(runs)) for path in known]
    hint = nearest(name, names[-20:]) if names else f"there is none in {runs} yet"
    raise RunError(f"there is no such {kind} folder", got=name, hint=hint)


def _pair(word: str) -> tuple[str, str]:
    field, equals, value = word.partition("=")
    if not equals or not field:
        raise RecipeError("changes are written FIELD=VALUE", got=word, hint="for example optimizer.lr=0.01")
    return field.strip(), value


def parse_seeds(text: str) -> int | list[int]:
    """``5`` for five seeds from 0, ``3,4,7`` for these."""
    try:
        numbers = [int(word) for word in text.split(",")]
    except ValueError:
        raise ParibusError(
            "--seeds is a number of seeds, or a list of them",
            got=text,
            hint="write --seeds 5 or --seeds 3,4,7",
        ) from None
    if min(numbers) < 0 or numbers == [0]:
        raise ParibusError("--seeds is at least 1, and no seed is negative", got=text, hint="write --seeds 5")
    return numbers if len(numbers) > 1 or text.endswith(",") else numbers[0]
