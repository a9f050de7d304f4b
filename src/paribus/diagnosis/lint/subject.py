"""What the checks look at: the records of one run, its data and its network, each opened when it is first needed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from paribus.data.info import DataInfo
from paribus.data.prepare.prepared import PreparedData, prepare
from paribus.diagnosis.lint.outcome import Unchecked
from paribus.errors import MissingData
from paribus.models.declarations import fits_at_once
from paribus.models.network import Network
from paribus.progress import Announce, silent
from paribus.records.inputs import changes
from paribus.records.own import ORIGINS
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder, RunResult
from paribus.tasks.restored import known_recipe, restore
from paribus.tasks.task import Task


class Subject:
    """A run that is checked. What its records do not hold is :class:`Unchecked`, with the reason.

    Args:
        folder: of the run.
        progress: told how far a check is that takes long.
    """

    def __init__(self, folder: RunFolder, progress: Announce = silent) -> None:
        self.folder, self.progress = folder, progress

    @cached_property
    def content(self) -> dict[str, Any]:
        """Of ``recipe.json``."""
        return self.folder.read()

    @cached_property
    def recipe(self) -> Recipe:
        """Its recipe, whose own parts are at hand."""
        if origin := self.content.get("origin"):
            raise Unchecked(f"{ORIGINS.get(origin, origin)}: paribus knows neither its data nor its network")
        return known_recipe(self.folder)

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """One for each epoch."""
        return list(self.folder.history)

    @cached_property
    def result(self) -> RunResult:
        """What it left behind."""
        if (found := self.folder.result) is None:
            raise Unchecked(f"the run is {self.folder.status.state}")
        return found

    @cached_property
    def environment(self) -> dict[str, Any]:
        """Where it took place."""
        return self.folder.environment()

    @cached_property
    def began(self) -> Mapping[str, Any]:
        """Hashes from before its first step."""
        if "began" not in self.environment:
            raise Unchecked("no hashes were taken before the first step, as this version of paribus does")
        found: Mapping[str, Any] = self.environment["began"]
        return found

    @cached_property
    def info(self) -> DataInfo:
        """What it wrote down of its data."""
        if not (content := self.folder.info()):
            raise Unchecked("the run wrote nothing down of its data")
        return DataInfo.read(content)

    @cached_property
    def prepared(self) -> PreparedData:
        """Its data, divided as they were then."""
        recipe = self.recipe
        try:
            found = prepare(recipe, recipe.seeds(self.folder.seed))
        except MissingData as error:
            raise Unchecked(f"its data are not on this machine: {error.rule}") from None
        recorded = self.folder.inputs
        if recorded is not None and recorded.data.digest != found.inputs.data.digest:
            raise Unchecked(f"its data are others now: {'; '.join(changes(recorded, found.inputs))}")
        return found

    @cached_property
    def weights(self) -> dict[str, Tensor]:
        """Its final weights, by name."""
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        if not self.folder.weights.is_file():
            raise Unchecked("the run left no weights behind")
        try:
            return load_file(self.folder.weights)
        except (SafetensorError, OSError) as error:
            raise Unchecked(f"its weights cannot be read: {error}") from None

    @cached_property
    def _restored(self) -> tuple[Network, Task]:
        network, task, *_ = restore(self.folder, self.folder.weights, self.result.weights_sha256)
        with torch.random.fork_rng(devices=[]):
            task.prepare(self.prepared)
        return network, task

    @property
    def network(self) -> Network:
        """With its final weights, in evaluation mode, on the CPU."""
        _ = self.recipe, self.result, self.weights
        return self._restored[0]

    @property
    def task(self) -> Task:
        """What it was trained for, ready to evaluate."""
        _ = self.network
        return self._restored[1]

    @property
    def stepped(self) -> bool:
        """Whether it was trained by steps, and not fitted at once."""
        return not fits_at_once(self.network.model)
