"""A finished run's network and task, rebuilt from its folder and checked against its record."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from paribus import files
from paribus.chance import Seeds
from paribus.data.info import DataInfo
from paribus.errors import RecipeError, RunError
from paribus.models.network import Network, assemble
from paribus.models.weights import hash_of
from paribus.records.parts import build
from paribus.records.recipe import Recipe
from paribus.records.run import SEALED, RunFolder
from paribus.tasks.task import Task


class Restored(NamedTuple):
    """What was trained.

    Args:
        network: with the weights asked for, in evaluation mode, on the CPU.
        task: what it was trained for.
        info: the data it was trained on.
        recipe: how.
    """

    network: Network
    task: Task
    info: DataInfo
    recipe: Recipe


def restore(folder: RunFolder, path: Path, expected: str) -> Restored:
    """Rebuild the network of a run.

    Args:
        folder: of the run.
        path: the file with the weights.
        expected: their hash.

    Raises:
        RunError: if the weights are lost or damaged, the description of the data is missing, or its classes are not at
            hand.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    folder.check_seal([name for name in SEALED if (folder.path / name).exists()])  # of one that is missing more is said
    recipe, info = known_recipe(folder), known_info(folder)
    task: Task = build("task", recipe.task, info=info)
    network = assemble(recipe.model, task, Seeds(folder.seed), blank=True)
    try:
        files.open_regular(path, error=RunError).close()
        weights = load_file(path)
        network.load_state_dict(weights)
    except FileNotFoundError:
        hint = "copy the whole folder, or delete it and train again"
        raise RunError("this run has lost its weights", got=str(path), hint=hint) from None
    except (SafetensorError, OSError, RuntimeError, MemoryError) as error:
        raise _damaged(path, str(error) or type(error).__name__) from None
    if hash_of(weights) != expected:
        raise _damaged(path, "they do not match the recorded hash")
    return Restored(network.eval(), task, info, recipe)


def known_recipe(folder: RunFolder) -> Recipe:
    """The recipe of a run, whose own classes are at hand and are those that it was trained with."""
    recipe = folder.recipe
    expected = folder.read()["sources"]
    try:
        present = recipe.sources()
        recipe.resolved()
    except RecipeError as error:
        if not expected:
            raise
        own = ", ".join(expected)
        raise RunError(
            f"this run uses parts of its author's own: {own}", hint="pass the file with --plugin FILE.py"
        ) from error
    if present != expected:
        raise RunError(
            "a part of this run's recipe has changed since",
            got=", ".join(expected),
            hint="use the version it was trained with",
        )
    return recipe


def known_info(folder: RunFolder) -> DataInfo:
    """What a run wrote down of its data."""
    content = folder.info()
    if not content:
        raise RunError(
            "this run has no info.json, which says how large its pictures are and what its classes are called",
            got=str(folder.path),
            hint="copy the whole folder, or delete it and train again",
        )
    return DataInfo.read(content)


def _damaged(path: Path, reason: str) -> RunError:
    return RunError(
        f"the weights are damaged: {reason}",
        got=str(path),
        hint="delete the folder and train again",
    )
