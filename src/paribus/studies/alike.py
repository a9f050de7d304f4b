"""Runs that are there already and are like those of a planned study: what is known before anything is trained.

Alike are finished runs of the same data, split, task, model (by its name, whatever its options), budget and fixed
chance as one of the arms that are planned. What else differs is what studies vary.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paribus import files
from paribus.errors import ParibusError
from paribus.records import earlier, store
from paribus.records.run import RunFolder
from paribus.records.study import StudyDesign, run_folder
from paribus.studies.design import same
from paribus.studies.measure import find_figure
from paribus.studies.runs import RunRecord

SAME = ("data", "split", "budget", "chance")  # sections in which runs that are alike are equal
SAME_USE = ("task", "model")  # parts of which they have the same, with whatever options


@dataclass(frozen=True)
class Ran:
    """A finished run that is like those planned: where it lies, what it was, what came out and how long it took."""

    folder: Path
    setting: str
    recipe: str
    seed: int
    value: float
    seconds: float

    @property
    def study(self) -> Path:
        """The folder of its study."""
        return self.folder.parents[1]

    @property
    def arm(self) -> str:
        """The name of its arm's folder."""
        return self.folder.parent.name

    @property
    def name(self) -> str:
        """As it is typed: ``STUDY/ARM/SEED``."""
        return "/".join(self.folder.parts[-3:])


Arms = Mapping[str, Mapping[int, Ran]]
"""Setting → seed → run."""


@dataclass(frozen=True)
class Known:
    """What runs that are there tell of a study.

    Args:
        alike: those that are alike, by study; the reference of a study first.
        here: the very arms that are planned, a run for each in the order of the design, by seed: of the study that has
            the most seeds in all of them. Empty where no study has two.
        noise: folders of noise studies of a recipe that is alike.
    """

    alike: Mapping[Path, Arms]
    here: Mapping[int, Sequence[Ran]] = field(default_factory=dict)
    noise: tuple[Path, ...] = ()

    @property
    def runs(self) -> list[Ran]:
        """The runs of the very arms where there are some, else all that are alike."""
        own = [run for row in self.here.values() for run in row]
        return own or [run for arms in self.alike.values() for seeds in arms.values() for run in seeds.values()]


def look(design: StudyDesign, root: Path) -> Known:
    """What the runs below ``root`` tell of a study; where there is no recipe, only those of the very same arms do."""
    if design.foreign:
        return _same_arms(design, root)
    recipes = [design.recipe_of(arm).content["recipe"] for arm in design.arms()]
    keys = {_key(recipe) for recipe in recipes}
    found: dict[Path, dict[str, dict[int, Ran]]] = {}
    for run in _runs(find_figure(design), keys, root):
        found.setdefault(run.study, {}).setdefault(run.setting, {})[run.seed] = run
    alike = {study: _reference_first(study, arms) for study, arms in found.items()}
    texts = [files.dumps(recipe) for recipe in recipes]
    return Known(alike, _most_complete(alike, texts), tuple(_noise_studies(keys, root)))


def _same_arms(design: StudyDesign, root: Path) -> Known:
    """The runs of studies that compare the very same, whatever their names and seeds."""
    arms, figure, alike = design.arms(), find_figure(design), dict[Path, Arms]()
    for study in store.studies(root):
        with suppress(ParibusError):
            known = StudyDesign.open(study)
            if same(known, design):
                folders = {arm.slug: {seed: run_folder(study, arm, seed) for seed in known.seeds} for arm in arms}
                found = {slug: _finished(slug, of_arm, figure) for slug, of_arm in folders.items()}
                alike[study] = {slug: runs for slug, runs in found.items() if runs}
    return Known(alike, _most_complete(alike, [arm.slug for arm in arms]))


def _finished(arm: str, folders: Mapping[int, RunFolder], figure: str) -> dict[int, Ran]:
    """The runs of an arm that have a figure, by seed."""
    records = {seed: RunRecord.read(folder) for seed, folder in folders.items()}
    values = {seed: record.figure(figure) for seed, record in records.items()}
    return {
        seed: Ran(folder.path, arm, arm, seed, value, _seconds(records[seed]))
        for seed, folder in folders.items()
        if (value := values[seed]) is not None and records[seed].status.state == "finished"
    }


def _most_complete(alike: Mapping[Path, Arms], recipes: Sequence[str]) -> Mapping[int, Sequence[Ran]]:
    """The runs of the study that has the most seeds in all of the planned arms; nothing where none has two."""
    complete = [_complete(arms, recipes) for arms in alike.values()] if len(recipes) > 1 else []
    here = max(complete, key=len, default={})
    return here if len(here) > 1 else {}


def _runs(figure: str, keys: set[str], root: Path) -> Iterator[Ran]:
    """All runs that are alike and have this figure; what is damaged tells nothing."""
    recipes: dict[str, str] = {}  # setting → recipe; empty for those that are not alike
    for run in store.runs(root):
        if run.state != "finished":
            continue
        with suppress(ParibusError, KeyError):  # a recipe.json of which something is lost
            if run.setting not in recipes:
                content = run.folder.read()
                recipe = {} if "origin" in content else earlier.upgraded(content["recipe"])
                recipes[run.setting] = files.dumps(recipe) if recipe and _key(recipe) in keys else ""
            record = RunRecord.read(run.folder) if recipes[run.setting] else None
            value = record.figure(figure) if record else None
            if record and value is not None:
                place = Path(run.path)
                yield Ran(place, run.setting, recipes[run.setting], run.seed, value, _seconds(record))


def _key(recipe: Mapping[str, Any]) -> str:
    """What runs that are alike share, as text."""
    same = {name: recipe.get(name) for name in SAME}
    return files.dumps({**same, **{name: recipe.get(name, {}).get("use") for name in SAME_USE}})


def _seconds(run: RunRecord) -> float:
    """From the start of a run to its end; of one that was resumed, or tells no times, those of its steps."""
    status = run.status
    whole = status.heartbeat - status.started
    steps = run.result.seconds if run.result else 0.0
    return whole if status.started and not status.resumed and whole > 0 else steps


def _reference_first(study: Path, arms: Arms) -> Arms:
    """The arms of a study in the order of its design; where it has none, in that of their folders."""
    order: dict[str, int] = {}
    with suppress(ParibusError):
        order = {arm.slug: place for place, arm in enumerate(StudyDesign.open(study).arms())}
    names = {setting: next(iter(seeds.values())).arm for setting, seeds in arms.items()}
    ranked = sorted(arms, key=lambda setting: (order.get(names[setting], len(order)), names[setting]))
    return {setting: arms[setting] for setting in ranked}


def _complete(arms: Arms, recipes: Sequence[str]) -> dict[int, Sequence[Ran]]:
    """The seeds of a study with a run of each of these recipes."""
    by_recipe = {next(iter(seeds.values())).recipe: seeds for seeds in arms.values()}
    columns = [by_recipe.get(recipe, {}) for recipe in recipes]
    return {seed: [column[seed] for column in columns] for seed in columns[0] if all(seed in one for one in columns)}


def _noise_studies(keys: set[str], root: Path) -> Iterator[Path]:
    """Noise studies of a recipe that is alike."""
    for study in store.studies(root):
        with suppress(ParibusError):
            design = StudyDesign.open(study)
            if design.layout == "noise" and _key(design.base.content["recipe"]) in keys:
                yield study


def info_of(runs: Sequence[Ran]) -> list[dict[str, Any]]:
    """What runs say of their data, once for each arm."""
    found = []
    for run in {run.setting: run for run in runs}.values():
        with suppress(ParibusError):
            found.append(RunFolder(run.folder).info())
    return found
