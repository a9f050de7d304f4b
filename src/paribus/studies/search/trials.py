"""The trials of a search as their run folders record them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from paribus.errors import DamagedRecord
from paribus.records.run import State
from paribus.records.search import SearchDesign, Trial, TrialState, read_trials
from paribus.studies.search.hyperband import Standing

STATES: dict[State, TrialState] = {
    "new": "waiting",
    "running": "running",
    "finished": "finished",
    "diverged": "diverged",
    "failed": "failed",
    "killed": "failed",
    "interrupted": "paused",
    "crashed": "paused",
}


def read(design: SearchDesign, folder: Path, figure: str) -> list[Trial]:
    """All trials by number, those behind a gap left out: what they were chosen by is lost.

    Args:
        design: of the search.
        folder: of the search.
        figure: full name of the figure that counts.
    """
    found = [stand(trial, folder, design.seed, figure) for trial in read_trials(folder)]
    return [trial for place, trial in enumerate(found) if trial.number == place]


def stand(trial: Trial, folder: Path, seed: int, figure: str) -> Trial:
    """A trial with all that its run folder says."""
    if trial.refused:
        return replace(trial, state="failed", error=trial.refused)
    run = trial.run(folder, seed)
    if not run.exists:
        return replace(trial, state="waiting")
    try:
        status, rows, result = run.status, run.history, run.result
    except DamagedRecord as error:
        return replace(trial, state="failed", error=error.rule)
    figures = tuple(row.get(figure) for row in rows)
    state = STATES[status.state]
    if state == "finished" and result is not None:
        value, seconds = result.metrics.get(figure), result.seconds
        if value is None:
            return replace(trial, state="failed", error=f"{figure} is not known", figures=figures)
        return replace(trial, state=state, value=value, epochs=len(rows), figures=figures, seconds=seconds)
    value = figures[-1] if figures and state in ("paused", "running") else None
    seconds = float(rows[-1]["seconds"]) if rows else 0.0
    why = status.error.split("\n")[0] if state in ("diverged", "failed") else ""
    return replace(trial, state=state, value=value, epochs=len(rows), figures=figures, seconds=seconds, error=why)


def standing(trial: Trial, rungs: Sequence[int], sign: float) -> Standing:
    """What a plan needs to know of a trial.

    Args:
        trial: it.
        rungs: the epochs at which trials are compared.
        sign: 1 where higher is better, else −1.
    """
    values = {}
    for epochs in rungs:
        value = trial.figures[epochs - 1] if epochs <= len(trial.figures) else None
        if trial.state == "finished" and epochs >= trial.epochs:  # its last figure, or that of the weights it kept
            value = trial.value
        if value is not None:
            values[epochs] = sign * value
    running, failed = trial.state == "running", trial.state in ("diverged", "failed")
    return Standing(trial.number, trial.bracket, values, failed, running)
