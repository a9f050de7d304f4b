"""A trained network, back from its run folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from paribus import files
from paribus.data.deliver.loader import Batch, Loader
from paribus.data.info import DataInfo
from paribus.data.prepare.prepared import PreparedData, prepare
from paribus.errors import DataError, RecipeError, RunError, nearest
from paribus.models.network import Network
from paribus.records.given import run_folder
from paribus.records.inputs import changes
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.tasks.evaluation import batch_size
from paribus.tasks.restored import restore
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

    def __repr__(self) -> str:
        return f"Trained({self.recipe.name!r}, seed={self.seed}, {str(self.folder.path)!r})"

    @torch.inference_mode()
    def predict(self, inputs: Tensor, batch_size: int = 256) -> Tensor:
        """What the network says of inputs ``(N, *input_shape)`` as stored: for classes their probabilities."""
        return torch.cat([self.task.predict(self.network, piece) for piece in inputs.split(batch_size)])


def prepared_with(trained: Trained, split: str) -> PreparedData:
    """The data that a network was trained on, divided as they were then.

    Raises:
        DataError: if they are others now, with what has changed, or have no test split.
        RecipeError: if there is no such split at all.
    """
    prepared = prepare(trained.recipe, trained.recipe.seeds(trained.seed))
    recorded = trained.folder.inputs
    if recorded is not None and recorded.data.digest != prepared.inputs.data.digest:
        raise DataError(
            f"these are not the data that the run was trained on: {'; '.join(changes(recorded, prepared.inputs))}",
            got=str(trained.folder.path),
            hint="bring those back; a path in a recipe starts at the current folder or at PARIBUS_DATA",
        )
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


def load(run: Any, epoch: int | Literal["final"] = "final", *, runs: str | Path = "runs") -> Trained:
    """Load the weights of a run, checked against the hash in its record.

    >>> pb.load("last").predict(inputs)  # doctest: +SKIP

    Args:
        run: a path, a part of a run's name, ``last``, a Run, a RunFolder.
        epoch: which weights: those that the run left behind, or those of an epoch that it was asked to keep.
        runs: the folder below which names are looked for.

    Raises:
        RunError: if there is no such run, it has not finished, its weights are damaged or were not kept, the
            description of its data is missing, or its own classes are not at hand.
    """
    folder = run_folder(run, runs)
    network, task, info, recipe = restore(folder, *_weights(folder, epoch))
    return Trained(network, task, info, recipe, folder.seed, folder)


def _weights(folder: RunFolder, epoch: int | Literal["final"]) -> tuple[Path, str]:
    """The file with the weights, and their hash."""
    if epoch == "final":
        if (result := folder.result) is not None:
            return folder.weights, result.weights_sha256
        got = f"{folder.path} is {folder.status.state}"
        raise RunError("only a finished run has weights", got=got, hint="train it first")
    if epoch not in folder.kept_epochs:
        kept = ", ".join(map(str, folder.kept_epochs)) or "none"
        hint = f"kept are: {kept}; train with keep='all', 'every:5', 'best' or 'last' to keep some"
        raise RunError("the weights of this epoch were not kept", got=f"epoch {epoch} of {folder.path}", hint=hint)
    path = folder.kept_weights(epoch)
    return path, str(files.read_json(path.with_suffix(".json"))["weights_sha256"])
