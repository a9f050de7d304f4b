"""The teacher: a finished run, found, checked against what its student may know, and asked once for all arms."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from paribus import files
from paribus.cache import paths
from paribus.cache.lock import locked
from paribus.data.dataset import Dataset
from paribus.data.deliver.loader import Loader
from paribus.data.prepare.prepared import PreparedData, prepare
from paribus.errors import DataError, MissingData, ParibusError, RecipeError
from paribus.models.weights import hash_of, pack
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.records.study import slug
from paribus.records.weights import cautions, runs_folder, started_from
from paribus.records.wording import count
from paribus.tasks.classification import Classification, final_activation
from paribus.tasks.evaluation import batch_size
from paribus.tasks.restored import Restored, known_info, restore

FORMAT = 1  # of cached answers; raise it when they would be others


def find(teacher: str, seed: int) -> RunFolder:
    """The finished run that is meant: by its path, or that of its arm or recipe, of whose runs the one of this seed.

    Raises:
        MissingData: if there is none, or it is not finished.
        RecipeError: if several fit.
    """
    named = runs_folder() / teacher  # as commands look for names by default
    for place in (Path(teacher).expanduser(), named, named.with_name(slug(named.name))):
        if found := _runs_in(place, seed):
            return _finished(_only(found))
        if others := sorted(path.parent.name for path in place.glob("seed-*/recipe.json")):
            hint = f"there are {', '.join(others)}: train the teacher with this seed too, or name one run of it"
            raise MissingData(f"the teacher has no run of seed {seed}", got=str(place), hint=hint)
    hint = "give the path of a finished run, or of its arm with one run a seed; see: paribus list runs"
    raise MissingData("there is no such teacher", got=teacher, hint=hint)


def _runs_in(place: Path, seed: int) -> list[Path]:
    """The run at a place; or those of the seed in the folder of an arm, of a study or of a recipe."""
    patterns = ("recipe.json", f"seed-{seed}/recipe.json", f"*/seed-{seed}/recipe.json")
    return next((found for pattern in patterns if (found := sorted(place.glob(pattern)))), [])


def _only(found: list[Path]) -> RunFolder:
    if len(found) > 1:
        arms = ", ".join(str(path.parent.parent) for path in found)
        raise RecipeError("task.teacher must be one run a seed", got=f"{len(found)} runs", hint=f"say which: {arms}")
    return RunFolder(found[0].parent)


def _finished(folder: RunFolder) -> RunFolder:
    if folder.result is None:
        got = f"{folder.path} is {folder.status.state}"
        raise MissingData("only a finished run can teach", got=got, hint="train it to its end first")
    return folder


@dataclass(frozen=True)
class Teacher:
    """A network to learn from.

    Args:
        network: in evaluation mode; nothing in it is trained.
        weights: SHA-256 of its weights.
        run: where it comes from.
        notes: what those who read its students' figures must know.
    """

    network: nn.Module
    weights: str
    run: str = ""
    notes: tuple[str, ...] = ()

    def __deepcopy__(self, memo: object) -> Teacher:
        return self  # whoever copies a task leaves its teacher alone, and saves a copy of a large network

    def plain(self) -> dict[str, Any]:
        """For the record of a student."""
        return {"run": self.run, "weights_sha256": self.weights, "notes": list(self.notes)}

    def logits(self, inputs: Tensor) -> Tensor:
        """What it says of inputs (B, …): (B, classes), up to a constant for each example."""
        with torch.no_grad():
            outputs: Tensor = self.network(inputs).float()
        return as_logits(self.network, outputs)

    def cached_logits(self, prepared: PreparedData, device: torch.device) -> Tensor:
        """What it says of all training examples as they are stored, (n, classes) in the order of their rows.

        It is asked once, whatever arms, temperatures and weights there are: the answers lie in the cache, by the hashes
        of its weights and of the examples, and are mapped from there.
        """
        examples, rows = prepared.examples, prepared.rows["train"]
        contents = examples.contents if isinstance(examples, Dataset) else {}
        if not contents:
            return self._asked(prepared, device)
        known = repr((FORMAT, self.weights, sorted(contents.items()))).encode() + rows.numpy().tobytes()
        path = paths.writable_cache() / "teachers" / f"{sha256(known).hexdigest()[:24]}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        with paths.cache_errors(path.parent), locked(path.with_suffix(".lock"), lambda: None):
            if (found := _read(path, len(rows))) is None:
                found = self._asked(prepared, device)
                files.write_shared(path, pack({"logits": found}, {"sha256": hash_of({"logits": found})}))
        return found

    def _asked(self, prepared: PreparedData, device: torch.device) -> Tensor:
        self.network.to(device)
        loader = Loader(prepared.examples, prepared.rows["train"], batch_size(prepared.info), device)
        return torch.cat([self.logits(batch.inputs).cpu() for batch in loader.in_order()])


def as_logits(network: nn.Module, outputs: Tensor) -> Tensor:
    """Outputs (B, classes) of a network whose last function is none or a softmax as logits."""
    return outputs.clamp(min=1e-12).log() if final_activation(network) == "softmax" else outputs


def load(teacher: str, prepared: PreparedData) -> Teacher:
    """The teacher of a run, which must know its classes and pictures, and not what it is examined on.

    Raises:
        RecipeError: if it does not fit, or has learned from the student's validation or test examples.
        ParibusError: if it is missing, unfinished or damaged.
    """
    folder = find(teacher, prepared.seed)
    info = known_info(folder)
    _refuse_other("classes", info.classes, prepared.info.classes, folder)
    _refuse_other("input shape", info.input_shape, prepared.info.input_shape, folder)
    assert folder.result is not None
    weights = folder.result.weights_sha256
    restored = restore(folder, folder.weights, weights)
    if not isinstance(restored.task, Classification) or final_activation(restored.network) == "sigmoid":
        rule = "a teacher is a classifier with logits or a softmax, whose answers are spread over the classes"
        raise RecipeError(rule, got=f"task={restored.recipe.task.use} of {folder.path}", hint="choose another run")
    refuse_leak(restored, folder, prepared)
    return Teacher(restored.network.requires_grad_(False), weights, str(folder.path), tuple(cautions(folder)))


def _refuse_other(what: str, of_teacher: tuple[object, ...], own: tuple[object, ...], folder: RunFolder) -> None:
    if of_teacher != own:
        got = f"{_listed(of_teacher)} of {folder.path}, {_listed(own)} of these data"
        hint = "choose a teacher that was trained on the same kind of data"
        raise RecipeError(f"teacher and student must have the same {what}", got=got, hint=hint)


def _listed(values: tuple[object, ...]) -> str:
    return ", ".join(map(str, values[:8])) + (f", … ({len(values)})" if len(values) > 8 else "")


def refuse_leak(teacher: Restored, folder: RunFolder, prepared: PreparedData) -> None:
    """Refuse a teacher that was trained on examples which the student is examined on: it would pass them on.

    Its examples are known by their rows where its data are the student's. Validation examples follow the seed, so the
    teacher of another seed has seen most of them.
    """
    theirs = _training_rows(teacher.recipe, folder.seed, prepared)
    for split in ("val", "test"):
        own = prepared.rows.get(split)
        seen = int(torch.isin(own, theirs).sum()) if own is not None else 0
        if own is not None and seen:
            seed = teacher.recipe.seeds(folder.seed).fixed.get("split", folder.seed)
            name = {"val": "validation", "test": "test"}[split]
            raise RecipeError(
                f"the teacher was trained on {seen:,} of the {count(len(own), f'{name} example')} of this run, whose "
                "figures would flatter",
                got=f"{folder.path}, and this is seed {prepared.seed}",
                hint="name the folder of the teacher's arm, with a run for each of your seeds and the same split; or "
                f"hold the split where the teacher's was: chance.split={seed}",
            )


def _training_rows(recipe: Recipe, seed: int, prepared: PreparedData) -> Tensor:
    """The rows that a run was trained on, and those that the run was which it started from.

    None of a run whose data are others or not at hand, and of one without an epoch none of its own.
    """
    seen = torch.empty(0, dtype=torch.int64)
    if recipe.budget.epochs:
        with suppress(DataError):
            then = prepare(recipe, recipe.seeds(seed))
            if _content(then) == _content(prepared):
                seen = then.rows["train"]
    if (source := started_from(recipe, seed)) is not None:
        seen = torch.cat([seen, _training_rows(source.recipe, source.seed, prepared)]).unique()
    return seen


def _content(prepared: PreparedData) -> object:
    """What tells data from others: their checksums, or else what was read for them, and how many there are."""
    contents = getattr(prepared.examples, "contents", None)
    return dict(contents) if contents else (prepared.inputs.data.digest, len(prepared.examples))


def _read(path: Path, rows: int) -> Tensor | None:
    """Answers from the cache; ``None`` if they are missing or damaged."""
    from safetensors import SafetensorError, safe_open

    with suppress(OSError, SafetensorError, ValueError, MemoryError, ParibusError):
        files.open_regular(path).close()
        with safe_open(path, "pt") as file:
            found: Tensor = file.get_tensor("logits")
            written = (file.metadata() or {}).get("sha256")
        return found if len(found) == rows and hash_of({"logits": found}) == written else None
    return None
