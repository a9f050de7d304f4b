"""All checks on a run, or on a study and each of its runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from paribus.diagnosis.lint.arms import Whole
from paribus.diagnosis.lint.outcome import ORDER, Lint, Outcome, Unchecked
from paribus.diagnosis.lint.subject import Subject
from paribus.diagnosis.lint.table import RUN, STUDY, Check, leaks
from paribus.errors import ParibusError, RunError
from paribus.progress import Announce, silent
from paribus.records import store
from paribus.records.given import run_folder
from paribus.records.run import RunFolder
from paribus.records.study import StudyDesign
from paribus.records.study import run_folder as folder_of


def lint(run: Any, *, runs: str | Path = "runs", progress: Announce = silent) -> Lint:
    """Whether a run, or a study and all of its runs, keep what they claim, from hashes and records.

    Nothing is trained and nothing is written; data and weights are read where they are still there.

    >>> pb.lint("last").broken  # doctest: +SKIP
    ()

    Args:
        run: a run or a study: its folder, a part of its name, ``last``, or whatever has such a folder.
        runs: the folder below which names are looked for.
        progress: told how far it is.

    Raises:
        RunError: if there is no such run or study.
    """
    place = _place(run, Path(runs))
    if (place / store.MARKERS["study"]).exists():
        return _study(place, progress)
    folder = RunFolder(place)
    outcomes = of_run(Subject(folder, progress), progress)
    return Lint(str(place), 1, _sorted(outcomes), leaks(outcomes))


def of_run(subject: Subject, progress: Announce = silent) -> list[Outcome]:
    """Every check of a run."""
    subject.folder.read()  # what is no run folder is refused, and not checked
    found = []
    for done, check in enumerate(RUN):
        progress(f"checking {subject.folder.path.name}", done, len(RUN))
        found.append(_outcome(check, subject, bool(subject.content.get("sources"))))
    return found


def _study(place: Path, progress: Announce) -> Lint:
    """The checks of the study itself, and of each run that was begun."""
    design = StudyDesign.open(place)
    subjects = {
        arm.name: {
            seed: Subject(folder, progress) for seed in design.seeds if (folder := folder_of(place, arm, seed)).exists
        }
        for arm in design.arms()
    }
    whole = Whole(design, subjects)
    outcomes = [_outcome(check, whole, False) for check in STUDY]
    each: list[Outcome] = []
    for arm, of_arm in subjects.items():
        for seed, subject in of_arm.items():
            name = f"{arm}, seed {seed}"
            each += [_about(one, name) for one in of_run(subject, progress)]
            of_arm[seed] = Subject(subject.folder, progress)  # lets go of its data and its network
    together = list(_together(each, sum(map(len, subjects.values()))))
    return Lint(str(place), sum(map(len, subjects.values())), _sorted([*outcomes, *together]), leaks(together))


def _outcome(check: Check, subject: Subject | Whole, own: bool) -> Outcome:
    """What a check says; what stands in its way is the reason why nothing is said."""
    try:
        found = check.look(subject)
    except Unchecked as reason:
        return Outcome(check.name, check.claim, "unchecked", str(reason))
    except ParibusError as error:
        return Outcome(check.name, check.claim, "unchecked", error.rule)
    except Exception as error:
        if not own:
            raise
        said = f"a part of its author's own raised {type(error).__name__}: {error}"
        return Outcome(check.name, check.claim, "unchecked", said)
    return Outcome(check.name, check.claim, found.state, found.says, found.evidence, found.way_out)


def _about(outcome: Outcome, run: str) -> Outcome:
    return replace(outcome, runs=(run,))


def _together(outcomes: Sequence[Outcome], runs: int) -> Iterator[Outcome]:
    """What all runs of a study say, once for each check and state."""
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for one in outcomes:
        groups.setdefault((one.check, one.state), []).append(one)
    for (_, state), same in groups.items():
        names = tuple(name for one in same for name in one.runs)
        if state == "kept" and len(same) < runs:
            continue
        yield replace(same[0], runs=names)


def _sorted(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    return tuple(sorted(outcomes, key=lambda one: ORDER.index(one.state)))


def _place(run: Any, runs: Path) -> Path:
    """The folder of the run or the study that somebody means."""
    if isinstance(folder := getattr(run, "folder", None), Path):
        return folder  # a Study, a StudyResult
    if isinstance(run, (str, Path)):
        if (Path(run) / store.MARKERS["study"]).exists():
            return Path(run)
        return store.find(str(run), runs, "run", "study")
    try:
        return run_folder(run, runs).path
    except RunError as error:
        raise RunError("this is no run and no study", got=error.got, hint=error.hint) from None
