"""A trained network, back from its run folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from paribus.chance import Seeds
from paribus.data.deliver.loader import Batch, Loader
from paribus.data.info import DataInfo
from paribus.data.prepare.prepared import PreparedData, prepare
from paribus.errors import DataError, RecipeError, RunError, nearest
from paribus.models.network import Network, assemble
from paribus.models.weights import hash_of
from paribus.records.parts import build
from paribus.records.recipe import Recipe
from paribus.records.run import SEALED, RunFolder
from paribus.tasks.evaluation import batch_size
from paribus.tasks.task import Task

SplitName = Literal["train", "val", "test"]


@dataclass(frozen=True)
class Trained:
    """A finished run, ready for questions.

    Args:
        network: with the run's final weights, in evaluation mode, on the CPU.
        task: what it was trained for.
        info: the data it was trained on.
        recipe: how.
        seed: with which seed.
        folder: where it comes from.
    """

    network: Network
    task: Task
    info: DataInfo
    recipe: Recipe
    seed: int
    folder: RunFolder

    @torch.inference_mode()
    def predict(self, inputs: Tensor, batch_size: int = 256) -> Tensor:
        """What the network says of inputs ``(N, *input_shape)`` as stored: for classes their probabilities."""
        return torch.cat([self.task.predict(self.network, piece) for piece in inputs.split(batch_size)])


def prepared_with(trained: Trained, split: str) -> PreparedData:
    """The data that a network was trained on, divided as they were then.

    Raises:
        DataError: if they have no test split.
        RecipeError: if there is no such split at all.
    """
    prepared = prepare(trained.recipe, trained.recipe.seeds(trained.seed))
    if split in prepared.rows:
        return prepared
    if split == "test":
        hint = "train it with split.test=0.2"
        raise DataError("this data set has no test split", got=trained.recipe.data.use, hint=hint)
    raise RecipeError("there is no such split of the data", got=split, hint=nearest(split, prepared.rows))


def batches(trained: Trained, split: str, most: int | None = None) -> Iterator[Batch]:
    """The first ``most`` examples of a split in order, all by default, in batches for evaluation on the CPU.

    Raises:
        DataError, RecipeError: see :func:`prepared_with`.
    """
    prepared = prepared_with(trained, split)
    return loader_of(prepared, split, most).in_order()


def loader_of(prepared: PreparedData, split: str, most: int | None = None) -> Loader:
    """A split of prepared data, or its first ``most`` examples, in batches for evaluation on the CPU."""
    return Loader(prepared.examples, prepared.rows[split][:most], batch_size(prepared.info), torch.device("cpu"))


def load(folder: RunFolder) -> Trained:
    """Load the final weights of a finished run, checked against the hash in its record.

    Raises:
        RunError: if the run has not finished, its weights are damaged, the description of its data is missing, or its
            own classes are not at hand.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    result = folder.result
    if result is None:
        raise RunError(
            "only a finished run has weights",
            got=f"{folder.path} is {folder.status.state}",
            hint="train it first",
        )
    folder.check_seal([name for name in SEALED if (folder.path / name).exists()])  # of one that is missing more is said
    recipe, info = _known_recipe(folder), _info(folder)
    task: Task = build("task", recipe.task, info=info)
    network = assemble(recipe.model, task, Seeds(folder.seed))
    try:
        weights = load_file(folder.weights)
        network.load_state_dict(weights)
    except (SafetensorError, OSError, RuntimeError) as error:
        raise _damaged(folder, str(error)) from None
    if hash_of(weights) != result.weights_sha256:
        raise _damaged(folder, "they do not match the recorded hash")
    return Trained(network.eval(), task, info, recipe, folder.seed, folder)


def _known_recipe(folder: RunFolder) -> Recipe:
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


def _info(folder: RunFolder) -> DataInfo:
    content = folder.info()
    if not content:
        raise RunError(
            "this run has no info.json, which says how large its pictures are and what its classes are called",
            got=str(folder.path),
            hint="copy the whole folder, or delete it and train again",
        )
    return DataInfo.read(content)


def _damaged(folder: RunFolder, reason: str) -> RunError:
    return RunError(
        f"the weights are damaged: {reason}",
        got=str(folder.weights),
        hint="delete the folder and train again",
    )
