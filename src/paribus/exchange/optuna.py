"""Optuna: the trials of a storage, read by Optuna itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from paribus.errors import ParibusError
from paribus.exchange import sqlite
from paribus.exchange.logged import FINISHED, Logged, Points, number

STATES = {"COMPLETE": FINISHED, "FAIL": "failed", "PRUNED": "pruned", "RUNNING": "running", "WAITING": "new"}


def is_database(path: Path) -> bool:
    """Whether a database is one of Optuna's."""
    return {"studies", "trials", "trial_params"} <= sqlite.tables(path)


def read(path: Path) -> tuple[list[Logged], list[str]]:
    """All trials of all studies of a database, which is opened to be read only.

    Raises:
        ParibusError: if Optuna is not installed, or does not read it.
    """
    try:
        import optuna
    except ImportError:
        raise ParibusError(
            "to read a storage of Optuna takes Optuna", got=str(path), hint="pip install optuna"
        ) from None

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    address = f"sqlite:///{sqlite.address(path)}&uri=true"
    try:
        storage = optuna.storages.RDBStorage(address)
        studies = [optuna.load_study(study_name=one.study_name, storage=storage) for one in storage.get_all_studies()]
        found = [_logged(study, trial) for study in studies for trial in study.get_trials(deepcopy=False)]
    except Exception as error:  # whatever its versions raise
        raise ParibusError("Optuna does not read this storage", got=f"{path}: {error}") from None
    return found, []


def _logged(study: Any, trial: Any) -> Logged:
    names = study.metric_names or (["value"] if len(study.directions) == 1 else None)
    settings = {**trial.user_attrs, **trial.params}
    started = trial.datetime_start.timestamp() if trial.datetime_start else 0.0
    state = STATES.get(trial.state.name, trial.state.name.lower())
    curves = dict(_curves(trial, names))
    return Logged(
        f"{study.study_name}/{trial.number}", study.study_name, settings, curves, state=state, started=started
    )


def _curves(trial: Any, names: list[str] | None) -> Iterator[tuple[str, Points]]:
    """The values of a trial, those reported on the way, and numbers that somebody wrote down beside."""
    for place, value in enumerate(trial.values or ()):
        yield names[place] if names else f"values_{place}", ((0, float(value)),)
    if trial.intermediate_values:
        yield (
            "intermediate",
            tuple(sorted((int(step), float(value)) for step, value in trial.intermediate_values.items())),
        )
    for name, value in trial.user_attrs.items():
        if (figure := number(value)) is not None:
            yield name, ((0, figure),)
