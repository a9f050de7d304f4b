"""The design of a study: which arms, which seeds, what is measured. Frozen, and written to ``study.json``."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from paribus import files
from paribus.chance import STREAMS
from paribus.errors import RunError, StudyError, nearest
from paribus.records import earlier
from paribus.records.claims import Claim
from paribus.records.looks import Looking
from paribus.records.metric import Metric
from paribus.records.options import designed, explain
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.records.wording import short_names, show

FORMAT = 1
_MENDED = "delete this file and run the study again: its runs are kept"

Layout = Literal["factorial", "one-at-a-time", "noise", "listed"]
Origin = Literal["recipe", "numbers", "function", "command", "log"]
"""Who trained: paribus from a recipe; or others, of whose trainings there are numbers, a function that is called, a
command that is run, or a log that a loop of its own wrote."""
ARM = "arm"  # the one factor of arms that have a name and nothing else
REFERENCE = "reference"  # the arm from which others differ in one of several factors


@dataclass(frozen=True)
class Arm:
    """One variant of the recipe in a study.

    Args:
        name: how people call it: ``norm=batch, lr=0.1``.
        settings: the fields that make it, dotted name → value.
        stream: in a noise study, the one stream of chance that follows the seed; ``None`` where all do.
    """

    name: str
    settings: Mapping[str, Any]
    stream: str | None = None

    @property
    def slug(self) -> str:
        """The name as a folder name."""
        return slug(self.name)


class Judging(BaseModel):
    """By what a study was judged before it was asked for something else.

    Args:
        metric: the figure's full name: ``val/accuracy``.
        delta: the smallest difference that matters; ``None`` if there was none.
        confidence: of the intervals.
        seeds: how many there were.
        claim: what verdicts were about; ``None`` where an earlier version judged, which knew but one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: str
    delta: float | None
    confidence: float
    seeds: int
    claim: Claim | None = None


class StudyDesign(BaseModel):
    """What a study compares.

    The first value of every factor is the reference. ``factorial`` crosses all values of all factors;
    ``one-at-a-time`` changes one factor at a time from the base; ``noise`` holds all streams of chance fixed but one;
    ``listed`` has the arms in ``listed``, the reference first, and compares each other one with it.
    ``interim`` are the numbers of seeds at which interim analyses are planned, the last being the most. ``claim`` is
    what verdicts are about; without it, data like these wherever every seed draws its own validation split. ``looking``
    says whether results count when they are planned to, or at any time, so that seeds can be added after a look.

    Trainings that paribus did not write have another ``origin`` and no recipe. What the task of a recipe would say
    stands here then: ``figure`` is the metric; ``overlap`` the validation examples for each one that may train, where
    every seed draws its own split; ``uncontrolled`` says what is not known of their chance; and ``paired`` is false
    where the runs of one seed share nothing.

    ``tune`` are fields of which every arm has a value of its own, chosen among ``trials`` of it before the seeds run.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    format: int = FORMAT
    name: str
    origin: Origin = "recipe"
    recipe: dict[str, Any] = Field(default_factory=dict)
    figure: Metric | None = None
    factors: dict[str, tuple[Any, ...]] = Field(default_factory=dict)
    layout: Layout = "factorial"
    listed: tuple[dict[str, Any], ...] = ()
    seeds: tuple[int, ...] = Field(default=(0, 1, 2, 3, 4), min_length=1)
    metric: str | None = None
    delta: float | None = Field(None, gt=0)
    confidence: float = Field(0.95, gt=0.5, lt=1)
    claim: Claim | None = None
    looking: Looking = "planned"
    overlap: float | None = Field(None, gt=0)
    paired: bool = True
    uncontrolled: str = ""
    interim: tuple[int, ...] = Field((), validation_alias=AliasChoices("interim", "looks"))
    extended: tuple[int, ...] = ()  # numbers of seeds at which one looked without a plan before adding more
    judged: tuple[Judging, ...] = ()  # by what it was judged before metric, δ, claim or confidence became others
    command: str = ""
    tune: dict[str, str] = Field(default_factory=dict)  # in every arm by itself: field → range, as people write it
    trials: int = Field(0, ge=0)  # of each arm's tuning
    tuned: dict[str, dict[str, Any]] = Field(default_factory=dict)  # name of the arm → field → what tuning chose
    tuned_by: str = ""  # the figure that it was chosen by

    @cached_property
    def base(self) -> Recipe:
        """The recipe that is varied.

        Raises:
            StudyError: where there is none.
        """
        if self.foreign:
            raise StudyError("this study has no recipe: paribus did not write its trainings", got=self.name)
        return Recipe.read(self.recipe)

    @property
    def foreign(self) -> bool:
        """Whether its trainings are not those of a recipe."""
        return self.origin != "recipe"

    @property
    def question(self) -> str:
        """The study as one question."""
        where = f"for {self.recipe.get('name', self.name if self.foreign else 'this recipe')}"
        if self.layout == "noise":
            return f"Where does the spread between seeds come from {where}?"
        fields = [f"{path} ({', '.join(map(show, values))})" for path, values in self.factors.items()]
        return f"Does it matter {where}: {' and '.join(fields)}?" if fields else f"How well does it do {where}?"

    def arms(self) -> tuple[Arm, ...]:
        """All arms, the reference first."""
        if self.layout == "noise":
            return self._noise_arms()
        if self.layout == "one-at-a-time" and len(self.factors) > 1:
            return self._one_at_a_time()
        if self.layout == "listed":
            combinations = list(self.listed)
        else:
            combinations = [
                dict(zip(self.factors, values, strict=True)) for values in itertools.product(*self.factors.values())
            ]
        return tuple(Arm(self._named(settings), settings) for settings in combinations)

    def recipe_of(self, arm: Arm) -> Recipe:
        """The recipe of one arm, with what its tuning chose."""
        return self.base.override({**arm.settings, **self.tuned.get(arm.name, {})})

    def trial_of(self, arm: Arm, values: Mapping[str, Any]) -> Recipe:
        """The recipe of a trial of an arm's tuning, which is judged on examples of its own."""
        return self.base.override({**arm.settings, **values, "split.judged": "tuning"})

    def write(self, folder: Path) -> None:
        """Write ``study.json``, sealed with a hash: a line that is lost from it is noticed."""
        content = self.model_dump(mode="json")
        files.write_json(folder / "study.json", {**content, "seal": _seal(content)})

    @classmethod
    def open(cls, folder: Path) -> StudyDesign:
        """Read ``study.json`` of a study folder."""
        path = folder / "study.json"
        if not path.exists():
            raise StudyError("this is not a study folder", got=str(folder), hint="see: paribus list studies")
        try:
            content = files.read_json(path)
        except RunError as error:
            raise StudyError(error.rule, got=str(path), hint=_MENDED) from None
        if not isinstance(content, dict) or "format" not in content:
            raise StudyError(f"{path.name} is damaged: it holds no study", got=str(path), hint=_MENDED)
        if content["format"] != FORMAT:
            raise StudyError(
                f"this version of paribus reads study files of format {FORMAT}",
                got=f"format {content['format']!r} in {path}",
                hint="open it with the version of paribus that wrote it",
            )
        seal = content.pop("seal", None)  # none in those of earlier versions
        whole = seal in (None, _seal(content))
        if isinstance(recipe := content.get("recipe"), dict):  # what else there is, is refused below
            content["recipe"] = earlier.upgraded(recipe)
        if isinstance(factors := content.get("factors"), dict):
            content["factors"] = {earlier.RENAMED.get(path, path): given for path, given in factors.items()}
        try:
            found = cls.model_validate(content)
        except ValidationError as error:
            raise StudyError(
                f"{path.name} is damaged: {explain(error, '', cls.model_fields).rule}", got=str(path), hint=_MENDED
            ) from None
        if not found.foreign and "recipe" not in content:
            raise StudyError(f"{path.name} is damaged: it holds no recipe", got=str(path), hint=_MENDED)
        if not whole:
            raise StudyError(f"{path.name} is damaged: it is not what was written", got=str(path), hint=_MENDED)
        return found

    @classmethod
    def make(cls, **fields: Any) -> StudyDesign:
        """A design from its fields, validated.

        Raises:
            StudyError: naming the field and the value.
        """
        return designed(cls, fields)

    def _named(self, settings: Mapping[str, Any]) -> str:
        """How people call an arm of these settings."""
        if self.foreign and [*settings] == [ARM]:
            return show(settings[ARM])
        labels = short_names(self.factors)
        return ", ".join(f"{labels[path]}={show(value)}" for path, value in settings.items()) or "base"

    def _one_at_a_time(self) -> tuple[Arm, ...]:
        """The reference, and for each other value of a factor an arm that is called by what it changes."""
        reference = {path: values[0] for path, values in self.factors.items()}
        changed = [{path: value} for path, values in self.factors.items() for value in values[1:]]
        return (Arm(REFERENCE, reference), *(Arm(self._named(one), {**reference, **one}) for one in changed))

    def _noise_arms(self) -> tuple[Arm, ...]:
        fixed = self.base.chance.model_dump(exclude_none=True)  # a stream held by the recipe stays where it is
        idle = () if self.base.augment else ("augmentation",)
        free = [stream for stream in STREAMS if stream not in fixed and stream not in idle]
        arms = [Arm("all streams", {})]
        for stream in self.factors.get("chance", free):
            held = {f"chance.{other}": 0 for other in free if other != stream}
            arms.append(Arm(f"{stream} only", held, stream))
        return tuple(arms)


def find_arm(design: StudyDesign, text: str) -> Arm:
    """The arm that somebody means by its name, or by as many of its fields as make it the only one.

    ``optimizer=adam`` is the arm ``optimizer=adam(lr=0.001)``, and ``norm=batch`` that of ``model.norm=batch``.

    Raises:
        StudyError: if there is none, or more than one.
    """
    arms = design.arms()
    if named := [arm for arm in arms if text in (arm.name, arm.slug)]:
        return named[0]
    wished = [part.partition("=") for part in re.split(r",\s*(?=[\w.]+=)", text.strip())]
    labels = short_names(design.factors)
    found = [arm for arm in arms if all(_fits(arm, labels, field, value) for field, _, value in wished)]
    if len(found) == 1:
        return found[0]
    if found:
        hint = f"say more of it: {'; '.join(arm.name for arm in found[:8])}"
        raise StudyError("more than one arm fits this", got=text, hint=hint)
    raise StudyError("there is no such arm", got=text, hint=nearest(text, [arm.name for arm in arms]))


def _fits(arm: Arm, labels: Mapping[str, str], field: str, value: str) -> bool:
    """Whether one of an arm's fields has this name, in short or whole, and this value, or a part of this name."""
    for path, level in arm.settings.items():
        if field.strip() in (labels.get(path), path, path.removesuffix(".use")):
            use = level.get("use") if isinstance(level, Mapping) else None
            return value.strip() in (show(level), use)
    return False


def run_folder(study: Path, arm: Arm, seed: int) -> RunFolder:
    """Where a run of a study lies."""
    return RunFolder(study / arm.slug / f"seed-{seed}")


def _seal(content: Mapping[str, Any]) -> str:
    """SHA-256 of what a ``study.json`` says, however it is laid out."""
    return hashlib.sha256(files.dumps(content).encode()).hexdigest()


def slug(name: str) -> str:
    """A text as a portable folder name of at most 80 bytes."""
    text = re.sub(r"[^\w.=+-]+", "-", name).strip("-.")
    if len(text.encode()) > 80:
        start = text.encode()[:70].decode(errors="ignore")
        text = f"{start}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return f"{text}-" if _DEVICE.match(text) else text or "run"


_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|\Z)", re.IGNORECASE)  # what Windows never takes for a folder
