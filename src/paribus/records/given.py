"""What people give for a run or a recipe in Python, as what it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paribus.errors import RecipeError, RunError
from paribus.records.run import RunFolder

if TYPE_CHECKING:
    from paribus.records.recipe import Recipe

SEVERAL = 8  # runs of a folder that a message still names


def run_folder(run: Any, runs: str | Path = "runs") -> RunFolder:
    """The folder of a run that is given as a path, a part of its name, ``last``, or by whatever has such a folder.

    Args:
        run: a path, a name below ``runs``, or a Run, a RunFolder, a trained network, a line of a list.
        runs: the folder below which names are looked for.

    Raises:
        RunError: if there is no such run, or more than one.
    """
    if isinstance(run, RunFolder):
        return run
    if isinstance(folder := getattr(run, "folder", None), RunFolder):
        return folder
    if not isinstance(run, (str, Path)):
        hint = "give a path, a part of a run's name, 'last', or a Run"
        raise RunError("this is no run", got=type(run).__name__, hint=hint)
    path = Path(run)
    if path.is_dir() and not (path / "recipe.json").exists() and path.resolve() != Path(runs).resolve():
        return _only_one(path)
    from paribus.records.store import find

    return RunFolder(find(str(run), Path(runs), "run"))


def _only_one(folder: Path) -> RunFolder:
    """The only run in a folder of an arm or a study."""
    found = sorted(path.parent for depth in ("*", "*/*") for path in folder.glob(f"{depth}/recipe.json"))
    if len(found) == 1:
        return RunFolder(found[0])
    if not found:
        raise RunError("there is no run in this folder", got=str(folder), hint="see: paribus list runs")
    shown = ", ".join(map(str, found[:SEVERAL])) + (", …" if len(found) > SEVERAL else "")
    raise RunError(f"there are {len(found)} runs in this folder", got=str(folder), hint=f"say which: {shown}")


def recipe_of(recipe: Any, changes: Mapping[str, Any] | None, fields: Mapping[str, Any]) -> Recipe:
    """A recipe by its name, by the path of its file, or itself, with changes.

    Args:
        recipe: it.
        changes: field → value, dotted or by a last word that can mean one field only.
        fields: the same as keywords.

    Raises:
        RecipeError: also if a field is given in both.
    """
    from paribus.records.recipe import Recipe

    if changes is not None and not isinstance(changes, Mapping):
        raise RecipeError("changes are a mapping of fields to values", got=changes, hint="write {'optimizer.lr': 0.01}")
    if twice := {*(changes or {})} & {*fields}:
        raise RecipeError("a field is changed once", got=f"{min(twice)} among changes and as a keyword")
    loaded = recipe if isinstance(recipe, Recipe) else Recipe.load(recipe)
    wished = {**(changes or {}), **fields}
    return loaded.override(wished) if wished else loaded
