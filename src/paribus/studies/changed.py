"""A study whose runs read other data, other files or other code than they would read now: said, and set aside."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from paribus import files
from paribus.errors import RunError, RunLocked, StudyError
from paribus.records import store
from paribus.records.inputs import OnChange, changes, code_changes
from paribus.records.run import RunFolder
from paribus.records.wording import count
from paribus.studies.executors.job import Job
from paribus.training.execution import is_on

logger = logging.getLogger(__name__)


def since(jobs: Sequence[Job]) -> list[str]:
    """What is different now from when the runs that are there began, in words, each once."""
    known = {
        run.path: run.identity for folder in {job.path.parents[1] for job in jobs} for run in store.runs_of(folder)
    }
    others = [job for job in jobs if known.get(str(job.path), job.identity) != job.identity]
    if unrecorded := [job for job in others if _is_unrecorded(job.folder)]:
        logger.warning(
            "%s of an earlier version, which did not record their data: whether these are the same is not known",
            count(len(unrecorded), "run"),
        )
    return list(dict.fromkeys(change for job in others for change in _changes(job)))


def settle(folder: Path, jobs: Sequence[Job], what: OnChange, dry: bool) -> bool:
    """Whether something is different now from when the runs that are there began: refused then, or set aside.

    Args:
        folder: of the study or search.
        jobs: its runs.
        what: what is done then.
        dry: whether nothing is written: what would be set aside stays.

    Raises:
        StudyError, RunLocked: see :func:`refuse_or_set_aside`.
    """
    news = since(jobs)
    if news and (not dry or what == "refuse"):
        refuse_or_set_aside(folder, news, what)
    return bool(news)


def refuse_or_set_aside(folder: Path, news: Sequence[str], what: OnChange) -> None:
    """Refuse a study of which something changed, or rename its folder so that it can begin anew.

    Raises:
        StudyError: with what changed and the ways on.
        RunLocked: while one of its runs is going on.
    """
    if what == "refuse":
        raise StudyError(
            f"what this study is made of has changed since its runs began: {'; '.join(news)}",
            got=str(folder),
            hint="keep both: a new study with --name; or start it anew, the old one is kept: --data-changed restart",
        )
    if going := [run.path for run in store.runs_of(folder) if run.state == "running"]:
        raise RunLocked("a run of this study is going on", got=going[0], hint="wait for it, or stop it first")
    aside = files.aside(folder)
    with files.disk_errors(aside):
        folder.rename(aside)
    logger.warning("%s; the study begins anew, what was there is kept in %s", "; ".join(news), aside)


def refuse_other_device(jobs: Sequence[Job]) -> None:
    """Refuse a study with finished runs of another device than the one that is asked for.

    Raises:
        StudyError: naming one.
    """
    for job in jobs:
        result = job.folder.result if job.settings.device != "auto" else None
        if result is not None and not is_on(job.settings.device, result.execution):
            raise StudyError(
                f"runs of this study are finished on another device than {job.settings.device}",
                got=f"{result.execution['device']} in {job.path}",
                hint="leave --device out to keep them, or train a new study there with --name",
            )


def _changes(job: Job) -> Iterator[str]:
    """What a run that is there was made of, and is not now."""
    with suppress(RunError):  # a damaged folder is told where it is read
        content, recorded = job.folder.read(), job.folder.inputs
        if recorded is not None and job.inputs is not None:
            yield from changes(recorded, job.inputs)
        if content["recipe"] == job.recipe.content["recipe"]:
            yield from code_changes(content["sources"], job.recipe.content["sources"])


def _is_unrecorded(folder: RunFolder) -> bool:
    with suppress(RunError):
        return folder.inputs is None and folder.status.state != "new"
    return False
