"""MLflow: written by its own client, read from its files without it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from paribus import files
from paribus.errors import ParibusError
from paribus.exchange import sqlite
from paribus.exchange.logged import FINISHED, Logged, as_text, from_text, in_order
from paribus.records import yaml

STATES = {"1": "running", "2": "scheduled", "3": FINISHED, "4": "failed", "5": "killed"}
SAID = {"finished": "FINISHED", "diverged": "FINISHED", "running": "RUNNING", "failed": "FAILED"}  # others were killed
MOST_BYTES = 1 << 28  # of a file of text
MOST_METRICS, MOST_PARAMS, LONGEST = 1000, 100, 6000  # of one call, and of the text of one parameter
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "MLFLOW_ALLOW_FILE_STORE": "true"}


def write(runs: Sequence[Logged], folder: Path, place: Path) -> None:
    """Write a store into ``folder/mlruns``, with an experiment for each study."""
    os.environ.update({name: os.environ.get(name, value) for name, value in QUIET.items()})
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=(folder / "mlruns").absolute().as_uri())
    experiments: dict[str, str] = {}
    for run in runs:
        if run.study not in experiments:
            artifacts = (place / "mlruns" / str(len(experiments))).as_uri()
            experiments[run.study] = client.create_experiment(run.study, artifact_location=artifacts)
        _write_run(client, experiments[run.study], run)


def _write_run(client: Any, experiment: str, run: Logged) -> None:
    from mlflow.entities import Metric, Param

    moment = int(1000 * (run.started or time.time()))
    tags = {"paribus.arm": run.arm} if run.arm else {}
    made = client.create_run(experiment, start_time=moment, tags=tags, run_name=run.name).info.run_id
    params = [Param(name, as_text(value)[:LONGEST]) for name, value in run.params.items()]
    points = [Metric(name, value, moment, step) for name, course in run.curves.items() for step, value in course]
    for start in range(0, len(params), MOST_PARAMS):
        client.log_batch(made, params=params[start : start + MOST_PARAMS])
    for start in range(0, len(points), MOST_METRICS):
        client.log_batch(made, metrics=points[start : start + MOST_METRICS])
    client.set_terminated(made, SAID.get(run.state, "KILLED"), end_time=moment)


def is_store(root: Path) -> bool:
    """Whether a folder is a store of MLflow, or one of its experiments."""
    return any(root.glob("*/meta.yaml"))


def read(root: Path) -> tuple[list[Logged], list[str]]:
    """All runs of a store that were not deleted, and what is to be known of them."""
    experiments = [root, *sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))]
    notes: list[str] = []
    found = []
    for experiment in experiments:
        about = _meta(experiment)
        for path in sorted(experiment.glob("*/meta.yaml")):
            meta = _meta(path.parent)
            if "run_id" not in meta and "run_uuid" not in meta:
                continue
            if meta.get("lifecycle_stage") != "deleted":
                found.append(_logged(path.parent, meta, str(about.get("name", experiment.name)), notes))
    return found, notes


def _logged(folder: Path, meta: Mapping[str, Any], study: str, notes: list[str]) -> Logged:
    texts = {name: _text(path) for name, path in _entries(folder / "params")}
    name = str(meta.get("run_name") or folder.name)
    points = {figure: list(_points(path, f"{name}: {figure}", notes)) for figure, path in _entries(folder / "metrics")}
    return _run(name, study, texts, points, str(meta.get("status")), float(meta.get("start_time") or 0), notes)


def _run(
    name: str,
    study: str,
    texts: Mapping[str, str],
    points: Mapping[str, Sequence[tuple[int, float]]],
    status: str,
    started: float,
    notes: list[str],
) -> Logged:
    curves = in_order(points, name, notes)
    params = {key: from_text(text) for key, text in texts.items()}
    return Logged(name, study, params, curves, state=STATES.get(status, status.lower()), started=started / 1000)


def _entries(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files below a folder by name, in which ``/`` may stand."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path


def _points(path: Path, figure: str, notes: list[str]) -> Iterator[tuple[int, float]]:
    """The lines of a metric: time, value, step."""
    for line in _text(path).splitlines():
        try:
            _, value, step, *_ = line.split(" ")
            yield int(step), float(value)
        except ValueError:
            notes.append(f"{figure}: a line that is none of MLflow's is left out: {line[:40]}")


def _meta(folder: Path) -> dict[str, Any]:
    """What ``meta.yaml`` says; nothing where it is damaged or not there."""
    try:
        content = yaml.parse(_text(folder / "meta.yaml"), "meta.yaml")
    except (OSError, ParibusError):
        return {}
    return content if isinstance(content, dict) else {}


def _text(path: Path) -> str:
    """The text of a file; a pipe or a device in its place is refused."""
    return files.read_regular(path, MOST_BYTES, ParibusError).decode("utf-8", "replace")


def is_database(path: Path) -> bool:
    """Whether a database is one of MLflow's."""
    return {"runs", "metrics", "params", "experiments"} <= sqlite.tables(path)


def read_database(path: Path) -> tuple[list[Logged], list[str]]:
    """All runs of a database that were not deleted: plain tables, which MLflow itself would first bring up to date."""
    with closing(sqlite.connect(path)) as database:
        runs = database.execute(
            "SELECT r.run_uuid, r.name, e.name, r.status, r.start_time FROM runs r JOIN experiments e "
            "ON r.experiment_id = e.experiment_id WHERE r.lifecycle_stage = 'active' ORDER BY r.start_time, r.run_uuid"
        ).fetchall()
        params: dict[str, dict[str, str]] = {}
        for run, key, value in database.execute("SELECT run_uuid, key, value FROM params"):
            params.setdefault(run, {})[key] = value
        points: dict[str, dict[str, list[tuple[int, float]]]] = {}
        logged = database.execute("SELECT run_uuid, key, value, step, is_nan FROM metrics ORDER BY step, timestamp")
        for run, key, value, step, is_nan in logged:
            figure = points.setdefault(run, {}).setdefault(key, [])
            figure.append((step, float("nan") if is_nan else value))
    notes: list[str] = []
    found = [
        _run(name or run, study, params.get(run, {}), points.get(run, {}), status, started or 0, notes)
        for run, name, study, status, started in runs
    ]
    return found, notes
