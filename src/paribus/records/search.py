"""A search: its design, written to ``search.json``; its trials; and what was found. Frozen.

The run folders are the truth: ``trial-0007/trial.json`` says what was chosen for a trial, the run folder beside it how
it went. All else is rebuilt from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from paribus import files
from paribus.errors import DamagedRecord, RunError, StudyError
from paribus.files import finite
from paribus.records.metric import Metric
from paribus.records.options import designed, explain
from paribus.records.recipe import Recipe
from paribus.records.result import StudyResult
from paribus.records.run import RunFolder

FORMAT = 1
SEARCH, TRIAL = "search.json", "trial.json"
_MENDED = "delete this file and run the search again: its trials are kept"

Sampler = Literal["random", "grid", "tpe", "gp", "cmaes", "reinforce"]
Stop = Literal["none", "hyperband", "asha"]
TrialState = Literal["waiting", "running", "paused", "finished", "diverged", "failed"]


class SearchDesign(BaseModel):
    """What is searched.

    Args:
        name: of the search's folder.
        recipe: the recipe that is changed, as plain data.
        space: dotted field → what it may be, as people write it, or a list of values.
        sampler: what chooses the values of a trial.
        trials: how many there are.
        seed: of every trial, and of the sampler's own chance.
        metric: the validation figure that is to become best; the task's first by default.
        stop: whether bad trials are stopped early, and how.
        eta: one trial in so many goes on.
        min_epochs: before which none is stopped.
        confirm: over how many fresh seeds the winner is compared with the recipe; 0 for none.
        command: with which it was begun.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    format: int = FORMAT
    name: str
    recipe: dict[str, Any]
    space: dict[str, str | list[Any]]
    sampler: Sampler = "tpe"
    trials: int = Field(20, ge=1)
    seed: int = Field(0, ge=0)
    metric: str | None = None
    stop: Stop = "none"
    eta: int = 3
    min_epochs: int = 1
    confirm: int = Field(5, ge=0)
    command: str = ""

    @cached_property
    def base(self) -> Recipe:
        """The recipe that is changed."""
        return Recipe.read(self.recipe)

    @property
    def question(self) -> str:
        """The search as one question."""
        fields = [f"{path} ({self.text(path)})" for path in self.space]
        return f"Which values do best for {self.recipe.get('name', 'this recipe')}: {' and '.join(fields)}?"

    def text(self, path: str) -> str:
        """What a field may be, as people write it."""
        from paribus.records.wording import show

        given = self.space[path]
        return given if isinstance(given, str) else ", ".join(map(show, given))

    @classmethod
    def make(cls, **fields: Any) -> SearchDesign:
        """A design from its fields, validated.

        Raises:
            StudyError: naming the field and the value.
        """
        return designed(cls, fields)

    def write(self, folder: Path) -> None:
        """Write ``search.json``."""
        files.write_json(folder / SEARCH, self.model_dump(mode="json"))

    @classmethod
    def open(cls, folder: Path) -> SearchDesign:
        """Read ``search.json`` of a search's folder.

        Raises:
            StudyError: if it is not there, of another format, or damaged.
        """
        path = folder / SEARCH
        if not path.exists():
            raise StudyError("this is not the folder of a search", got=str(folder), hint="see: paribus list searches")
        try:
            content = files.read_json(path)
            return cls.model_validate(content)
        except (RunError, ValidationError) as error:
            reason = error.rule if isinstance(error, RunError) else explain(error, "", cls.model_fields).rule
            raise StudyError(f"{path.name} is damaged: {reason}", got=str(path), hint=_MENDED) from None


@dataclass(frozen=True)
class Trial:
    """One choice of values, and how its run went.

    Args:
        number: counted from 0.
        settings: dotted field → value.
        state: where it stands; ``paused`` where it was stopped early, and may go on.
        value: its figure, after as many epochs as it was trained; ``None`` while it has none.
        epochs: how many these are.
        figures: its figure after every epoch.
        seconds: time spent in training steps.
        error: why it failed or diverged.
        bracket: of Hyperband.
        beside: numbers of the earlier trials that were not over when it was chosen.
        refused: why its recipe could not even begin.
    """

    number: int
    settings: Mapping[str, Any]
    state: TrialState = "waiting"
    value: float | None = None
    epochs: int = 0
    figures: tuple[float | None, ...] = ()
    seconds: float = 0.0
    error: str = ""
    bracket: int = 0
    beside: tuple[int, ...] = ()
    refused: str = ""

    @property
    def label(self) -> str:
        """The name of its folder."""
        return f"trial-{self.number:04}"

    @property
    def over(self) -> bool:
        """Whether it came to its end."""
        return self.state in ("finished", "diverged", "failed")

    def run(self, search: Path, seed: int) -> RunFolder:
        """Its run folder."""
        return RunFolder(search / self.label / f"seed-{seed}")

    def write(self, search: Path) -> None:
        """Write down what was chosen, before it begins."""
        chosen = {"number": self.number, "settings": dict(self.settings), "bracket": self.bracket}
        about = {"format": FORMAT, **chosen, "beside": list(self.beside), "refused": self.refused}
        files.write_json(search / self.label / TRIAL, about)


def read_trials(search: Path) -> Iterator[Trial]:
    """What was chosen for the trials of a search, by number.

    Raises:
        DamagedRecord: for one whose ``trial.json`` cannot be read.
    """
    for path in sorted(search.glob(f"trial-*/{TRIAL}")):
        content = files.read_json(path)
        try:
            number, settings, beside = content["number"], dict(content["settings"]), tuple(content["beside"])
            trial = Trial(number, settings, bracket=content["bracket"], beside=beside, refused=content["refused"])
            if trial.label != path.parent.name:
                raise ValueError(f"it is that of {trial.label}")
        except (KeyError, TypeError, ValueError) as error:
            hint = f"delete {path.parent} and those of higher numbers, and run the search again"
            raise DamagedRecord(f"{TRIAL} is damaged: {error!r}", got=str(path), hint=hint) from None
        yield trial


@dataclass(frozen=True)
class SearchResult:
    """What a search found.

    Args:
        design: what was searched.
        folder: where it lies.
        metric_name: the figure's full name, ``val/accuracy``.
        metric: how people read it.
        trials: all of them, by number.
        importance: field → share of the spread of the figures that it accounts for; empty where too few are known.
        confirmed: the study of the winner against the recipe over fresh seeds; ``None`` where there is none yet.
        warnings: what to keep in mind.
    """

    design: SearchDesign
    folder: Path
    metric_name: str
    metric: Metric
    trials: tuple[Trial, ...]
    importance: Mapping[str, float] = field(default_factory=dict)
    confirmed: StudyResult | None = None
    warnings: tuple[str, ...] = ()

    @property
    def best(self) -> Trial | None:
        """The trial with the best figure, of those that were trained longest; of equal ones the first."""
        return best_of(self.trials, self.metric)

    @property
    def settings(self) -> dict[str, Any]:
        """The values of the winner, by field: ``Recipe.load(name, result.settings)``."""
        return dict(self.best.settings) if self.best else {}

    @property
    def complete(self) -> bool:
        """Whether no trial is left to be trained."""
        return all(trial.over or trial.state == "paused" for trial in self.trials)

    def __repr__(self) -> str:
        best = "nothing yet" if self.best is None else f"best={self.best.value:.6g} with {dict(self.best.settings)}"
        return f"SearchResult({self.design.name!r}, {self.metric_name}, {len(self.trials)} trials, {best})"

    def plain(self) -> dict[str, Any]:
        """The whole record as data that JSON can hold."""
        content = {
            "design": self.design.model_dump(mode="json"),
            "folder": str(self.folder),
            "metric_name": self.metric_name,
            "metric": asdict(self.metric),
            "trials": [asdict(trial) for trial in self.trials],
            "best": None if self.best is None else self.best.number,
            "importance": dict(self.importance),
            "confirmed": None if self.confirmed is None else self.confirmed.plain(),
            "warnings": list(self.warnings),
        }
        return finite(content)  # type: ignore[no-any-return]


def best_of(trials: tuple[Trial, ...], metric: Metric) -> Trial | None:
    """The trial with the best figure, of those that finished; where none has, of those that were trained longest."""
    sign = 1 if metric.higher_is_better else -1
    known = [trial for trial in trials if trial.value is not None and trial.state in ("finished", "paused", "running")]
    whole = [trial for trial in known if trial.state == "finished"]
    longest = max((trial.epochs for trial in known), default=0)
    among = whole or [trial for trial in known if trial.epochs == longest]
    return max(among, key=lambda trial: (sign * (trial.value or 0.0), -trial.number), default=None)
