"""Several trained networks, and several views of each picture, as one: their probabilities are averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from paribus.errors import DataError, RunError, StudyError
from paribus.inference.trained import Trained, load
from paribus.inference.views import Wish, views
from paribus.records.given import run_folder
from paribus.records.run import RunFolder
from paribus.records.store import MARKERS, find
from paribus.records.study import Arm, StudyDesign, find_arm
from paribus.records.study import run_folder as folder_of
from paribus.tasks.classification import Classification
from paribus.tasks.pictures import of_one_size
from paribus.tasks.prediction import Prediction

LEAST = 1e-12  # probability below which the loss counts no further
SHOWN = 6  # classes that a message names


@dataclass(frozen=True)
class Ensemble:
    """Networks that predict together.

    Args:
        members: all of the same classes, for the same inputs.
        tta: the views of each picture: see :func:`paribus.inference.views.views`.

    Raises:
        DataError: for members that do not fit each other, or whose task has no classes to average over.
    """

    members: tuple[Trained, ...]
    tta: Wish = None

    def __post_init__(self) -> None:
        for one in self.members:
            _check_member(self.members[0], one)

    @property
    def looks(self) -> int:
        """How many views of each picture."""
        return len(views(self.members[0], self.tta))

    @torch.inference_mode()
    def opinions(self, inputs: Tensor) -> Tensor:
        """The probabilities of each member in each view (members, views, B, classes) for stored inputs."""
        return torch.stack([self._of(member, inputs) for member in self.members])

    def _of(self, member: Trained, inputs: Tensor) -> Tensor:
        seen = (view(inputs) for view in views(member, self.tta))
        return torch.stack([member.task.predict(member.network, one) for one in seen])

    def predict_inputs(self, inputs: Tensor) -> list[Prediction]:
        """A prediction for each input, with the share of opinions that agree with its label."""
        opinions = self.opinions(inputs)
        logits = opinions.mean((0, 1)).clamp(min=LEAST).log()  # of which a softmax gives the mean again
        said = self.members[0].task.predict_inputs(nn.Identity(), logits)
        return [replace(one, agreement=share) for one, share in zip(said, agreement(opinions).tolist(), strict=True)]

    def predict_files(self, files: Sequence[Path]) -> list[Prediction]:
        """A prediction for each picture file; one that cannot be read gets its reason."""
        return of_one_size(files, self.members[0].info, self.predict_inputs)


def agreement(opinions: Tensor) -> Tensor:
    """The share (B,) of members whose own label is that of all together; of a single member the share of its views."""
    own = opinions.mean(1) if len(opinions) > 1 else opinions[0]  # (opinions, B, classes)
    return (own.argmax(2) == own.mean(0).argmax(1)).double().mean(0)


def _check_member(first: Trained, other: Trained) -> None:
    """Refuse a network that cannot be averaged with another."""
    if not isinstance(other.task, Classification):
        rule = "probabilities of classes are averaged, and this task has none"
        hint = "ask one run, without --tta"
        raise DataError(rule, got=f"{other.folder.path}: {other.recipe.task.use}", hint=hint)
    a, b = first.info, other.info
    for what, one, two in (
        ("classes", a.classes, b.classes),
        ("inputs", a.input_shape, b.input_shape),
        ("decoding of pictures", dict(a.decoding), dict(b.decoding)),
    ):
        if one != two:
            got = f"{_short(one)} in {first.folder.path}, {_short(two)} in {other.folder.path}"
            rule = f"the members of an ensemble have the same {what}"
            raise DataError(rule, got=got, hint="take runs of one arm of a study, or of one recipe")


def _short(value: Any) -> str:
    if isinstance(value, tuple) and len(value) > SHOWN:
        return f"{', '.join(map(str, value[:SHOWN]))}, … ({len(value)})"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def members(what: Any, arm: str | None = None, runs: str | Path = "runs") -> tuple[Trained, ...]:
    """The trained networks that somebody means: of a run, of several, or of all finished seeds of a study's arm.

    Args:
        what: a trained network, or whatever stands for a run: see :func:`paribus.load`; a Study, its folder or its
            name; or a list of these.
        arm: of a study with several.
        runs: the folder below which names are looked for.

    Raises:
        RunError: if there is no such run, or none that has finished.
        StudyError: if it is not said which arm, or a run is asked for one.
    """
    if isinstance(what, (list, tuple)):
        if not what:
            raise RunError("an ensemble has members", got="an empty list", hint="give runs")
        return tuple(one for each in what for one in members(each, arm, runs))
    if isinstance(what, Trained):
        return (what,)
    found = _folder(what, Path(runs))
    if isinstance(found, Path):
        design = StudyDesign.open(found)
        return tuple(load(folder) for folder in finished(design, found, which(design, found, arm)))
    if arm is not None:
        raise StudyError("a run has no arms", got=str(found.path), hint="leave the arm out, or name its study")
    return (load(found),)


def _folder(what: Any, runs: Path) -> RunFolder | Path:
    """The folder of a run, or of a study."""
    own = getattr(what, "folder", what)
    if not isinstance(own, (str, Path)):
        return run_folder(what, runs)
    if str(own) == "last" or Path(own).is_dir():
        return Path(own) if (Path(own) / MARKERS["study"]).exists() else run_folder(own, runs)
    found = find(str(own), runs, "run", "study")
    return found if (found / MARKERS["study"]).exists() else RunFolder(found)


def which(design: StudyDesign, study: Path, arm: str | None) -> Arm:
    """The arm whose seeds predict together.

    Raises:
        StudyError: if it is not said which of several.
    """
    arms = design.arms()
    if design.foreign:
        raise StudyError("paribus predicts with its own trainings only", got=design.name, hint="name a run of paribus")
    if arm is not None:
        return find_arm(design, arm)
    if len(arms) > 1:
        names = "; ".join(one.name for one in arms[:8])
        raise StudyError("this is asked of one arm", got=f"{study.name}, with {len(arms)}", hint=f"--arm: {names}")
    return arms[0]


def finished(design: StudyDesign, study: Path, arm: Arm) -> list[RunFolder]:
    """The finished runs of an arm.

    Raises:
        RunError: if there is none.
    """
    found = [run for seed in design.seeds if (run := folder_of(study, arm, seed)).result is not None]
    if not found:
        raise RunError("this arm has no finished run", got=f"{study.name}: {arm.name}", hint="run the study first")
    return found
