"""What a run works with: the examples, their split, and what is known of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from paribus import threads
from paribus.cache.checksums import checksum
from paribus.chance import Seeds
from paribus.data.dataset import Dataset, Examples
from paribus.data.deliver.episodes import Episodes
from paribus.data.deliver.loader import Batch, Drawn, Loader
from paribus.data.deliver.sampling import Sampling
from paribus.data.info import DataInfo
from paribus.data.prepare import cache
from paribus.data.prepare.agreeing import agreeing
from paribus.data.prepare.left_out import left_out
from paribus.errors import MissingData, RecipeError
from paribus.progress import Announce, silent
from paribus.records.inputs import DataRecord, Inputs
from paribus.records.parts import Part, build, factory_of, present
from paribus.records.recipe import Recipe
from paribus.records.sections import Training
from paribus.records.weights import NONE, is_arm, weights_file

RESIDENT_SHARE = 0.5  # of the free device memory that the data may take


@dataclass(frozen=True)
class PreparedData:
    """The data of a run.

    Args:
        examples: all of them.
        rows: split → its examples.
        info: what the rest of the system must know.
        inputs: what was read for them.
        seed: of the run.
        augmented: whether training examples are changed at random.
        split_seed: that the choice of examples followed.
    """

    examples: Examples
    rows: Mapping[str, Tensor]
    info: DataInfo
    inputs: Inputs = field(default_factory=Inputs)
    seed: int = 0
    augmented: bool = False
    split_seed: int = 0

    def on(self, device: str) -> PreparedData:
        """The same with the examples on the device, if there is room: one copy for all splits."""
        place = torch.device(device)
        if place.type == "cpu" or not _fits(self.examples.nbytes, place):
            return self
        return replace(self, examples=_placed(self.examples, place))

    def sample(self, examples: int = 2) -> Batch:
        """The first training examples."""
        return self.loader("train", examples, "cpu").take(self.rows["train"][:examples])

    def loader(self, split: str, batch_size: int, device: str, sampling: Drawn | None = None) -> Loader:
        """One split as a stream of batches."""
        return Loader(self.examples, self.rows[split], batch_size, torch.device(device), sampling)

    def sampling(self, training: Training) -> Drawn | None:
        """What an epoch takes where that is not every training example once.

        Raises:
            RecipeError, DataError: where examples cannot be drawn by their class.
        """
        if training.sampling == "all":
            return None
        if training.shuffle not in ("full", "always"):
            rule = (
                f"training.sampling draws from all examples, and training.shuffle={training.shuffle} reads neighbours"
            )
            raise RecipeError(rule, got="both", hint="leave one of them out")
        labels = getattr(self.examples, "labels", None)
        known = None if labels is None else labels.cpu()[self.rows["train"]]
        if training.sampling == "episodes" and known is not None:
            return Episodes.of(known, training.batch(len(known)), training.per_class)
        return Sampling.of(training.sampling, known, self.info.classes)


_opened: dict[str, Dataset] = {}  # filled before workers are forked, so that they share what is in memory
_there: dict[tuple[int, str], tuple[Examples, Examples]] = {}  # those of them that are on a device, beside the first


def open_dataset(part: Part, progress: Announce = silent) -> Dataset:
    """The data set of a recipe's ``data``: decoded once, then mapped from the cache."""
    name = repr(part)
    if name not in _opened:
        return cache.load(build("data", part), progress)
    return _opened[name]


def share(part: Part, progress: Announce = silent) -> None:
    """Open a data set as it is now, and keep it for this process and the workers it forks."""
    _opened[repr(part)] = cache.load(build("data", part), progress)


def forget() -> None:
    """Let go of what :func:`share` keeps."""
    _opened.clear()
    _there.clear()


def _placed(examples: Examples, device: torch.device) -> Examples:
    """Examples on a device: one copy for all runs of this process, where they are shared."""
    if all(examples is not one for one in _opened.values()):
        return examples.to(device)
    key = id(examples), str(device)
    if key not in _there:
        _there[key] = examples, examples.to(device)
    return _there[key][1]


def prepare(recipe: Recipe, seeds: Seeds, progress: Announce = silent) -> PreparedData:
    """Open and split the data of a run."""
    dataset = open_dataset(recipe.data, progress)
    source = build("data", recipe.data)
    examples: Examples = source.to_examples(dataset) if hasattr(source, "to_examples") else dataset
    rows = examples.split(recipe.split, seeds)
    if recipe.training.agreeing:
        with threads.single():
            rows = {**rows, "train": agreeing(examples, rows["train"], recipe.training.agreeing)}
    with threads.single():  # moments are part of what is learned
        info = examples.info(rows, getattr(source, "decoding", {}))
    info = replace(info, left_out=left_out(dataset))
    if folds := recipe.split.folds:  # the mean over them, however uneven groups make single ones
        info = replace(info, overlap=1 / (folds - 1))
    elif recipe.split.tuning and info.overlap is not None:  # what tuning looks at trains in no run
        whole = examples.split(recipe.split.model_copy(update={"limit": None}), seeds) if recipe.split.limit else rows
        info = replace(info, overlap=len(whole["val"]) / len(whole["train"]))
    inputs = Inputs(dataset.record)
    with suppress(MissingData):  # needed to begin, which asks for them itself; not to look at what was trained
        inputs = with_files(dataset.record, recipe, seeds.seed)
    return PreparedData(examples, rows, info, inputs, seeds.seed, bool(recipe.augment), seeds.of("split"))


def inputs_of(recipe: Recipe, seed: int, progress: Announce = silent) -> Inputs:
    """What a run of a recipe with a seed would read, without opening more than is needed to know it.

    Raises:
        DataError: for data that are missing or unusable.
    """
    return with_files(record_of(recipe.data, progress), recipe, seed)


def record_of(part: Part, progress: Announce = silent) -> DataRecord:
    """What a run writes down of the data that a recipe names; opened only where that is needed to know it."""
    return cache.record(build("data", part), progress)


def with_files(data: DataRecord, recipe: Recipe, seed: int) -> Inputs:
    """The data, and files that options of parts other than the data name, such as weights that a model starts from.

    A part whose options name them in another way has a static method ``files(settings, seed)``: option → path.

    Raises:
        MissingData: if such a part needs what is not there.
    """
    found: dict[str, str] = {}
    by_seed: list[str] = []
    for field_, (kind, part) in recipe.fields.items():
        settings = recipe.settings(field_)
        for name, path in (named(settings, seed) if (named := _files(kind, part)) else {}).items():
            found[f"{field_}.{name}"] = checksum(path)
            if Path(str(settings[name])).name != path.parent.name:  # the run of this seed, where an arm is named
                by_seed.append(f"{field_}.{name}")
        for name, value in settings.items() if kind != "data" else ():
            if isinstance(value, (str, Path)) and Path(value).suffix and Path(value).expanduser().is_file():
                found[f"{field_}.{name}"] = checksum(Path(value).expanduser())
    if (source := recipe.common("model").get("weights", NONE)) != NONE:
        found["model.weights"] = checksum(weights_file(source, seed))
        by_seed += ["model.weights"] if is_arm(source) else []
    return Inputs(data, found, tuple(by_seed))


def reads_by_seed(recipe: Recipe) -> bool:
    """Whether runs of other seeds may read other files."""
    return is_arm(recipe.common("model").get("weights", NONE)) or any(
        _files(kind, part) for kind, part in recipe.parts()
    )


def _files(kind: str, part: Part) -> Callable[[Mapping[str, Any], int], Mapping[str, Path]] | None:
    """What names the files that a part reads, where its options do not."""
    return getattr(factory_of(kind, part), "files", None) if present(kind, part) and kind != "data" else None


def _fits(nbytes: int, device: torch.device) -> bool:
    free, _ = torch.cuda.mem_get_info(device) if device.type == "cuda" else (0, 0)
    return nbytes < RESIDENT_SHARE * free
