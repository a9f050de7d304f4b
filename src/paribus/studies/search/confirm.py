"""The winner of a search against the recipe, over fresh seeds.

The best of many trials flatters: it was chosen for its luck on one seed and one validation split too. So the winner and
the recipe are trained anew, paired, on seeds that the search never saw; each draws its own validation split where the
data bring none. What that study finds was not chosen, so its intervals mean what they say.
"""

from __future__ import annotations

from pathlib import Path

from paribus.progress import Announce
from paribus.records.result import StudyResult
from paribus.records.search import SearchDesign, SearchResult, Trial
from paribus.records.study import StudyDesign
from paribus.studies import runner
from paribus.studies.conclusions import analyse
from paribus.studies.design import folder_for
from paribus.studies.executors.job import EventListener, Executor
from paribus.training.execution import Settings


def fresh_seeds(design: SearchDesign) -> tuple[int, ...]:
    """Seeds that the search does not use."""
    return tuple(range(design.seed + 1, design.seed + 1 + design.confirm))


def plan(design: SearchDesign, winner: Trial, name: str) -> StudyDesign | None:
    """The study of the recipe and the winner; ``None`` where they are the same.

    Args:
        design: of the search.
        winner: the trial.
        name: of the search's folder.
    """
    settings = dict(winner.settings)
    if design.base.override(settings).identity == design.base.identity:
        return None
    return StudyDesign.make(
        name=f"{name}--confirmed",
        recipe=design.recipe,
        factors={path: (value,) for path, value in settings.items()},
        layout="listed",
        listed=({}, settings),
        seeds=fresh_seeds(design),
        metric=design.metric,
        command=design.command,
    )


def place(found: SearchResult) -> tuple[StudyDesign, Path] | None:
    """The study that confirms a winner, and its folder beside that of the search."""
    if found.best is None or not found.design.confirm:
        return None
    study = plan(found.design, found.best, found.folder.name)
    return None if study is None else (study, folder_for(study, found.folder.parent))


def run(
    found: SearchResult, settings: Settings, executor: Executor, listen: EventListener, progress: Announce
) -> StudyResult | None:
    """Train the winner and the recipe over fresh seeds; ``None`` where they are the same."""
    if (there := place(found)) is None:
        return None
    study, folder = there
    return runner.run(study, folder, settings, executor, listen=listen, progress=progress)


def known(found: SearchResult) -> StudyResult | None:
    """What was found of the winner before, rebuilt from the run folders."""
    if (there := place(found)) is None or not (there[1] / "study.json").exists():
        return None
    return analyse(StudyDesign.open(there[1]), there[1])
