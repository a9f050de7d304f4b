"""Stores of MLflow: files and databases, read without it, written by it."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from tests.logged import mlflow_files, run, runs, same

from paribus.errors import ParibusError
from paribus.exchange import mlflow


def test_a_store_of_files_is_read(tmp_path):
    found, notes = mlflow.read(mlflow_files(tmp_path, runs()))
    assert notes == []
    same(found, runs())
    assert {one.study for one in found} == {"digits/rates"}


def test_an_experiment_is_read_alone(tmp_path):
    mlflow_files(tmp_path, runs())
    mlflow_files(tmp_path, [run(0.5, 9, study="other")], "2")
    assert len(mlflow.read(tmp_path)[0]) == 7
    assert len(mlflow.read(tmp_path / "2")[0]) == 1


def test_deleted_runs_and_the_bin_are_left_alone(tmp_path):
    mlflow_files(tmp_path, runs())
    mlflow_files(tmp_path / ".trash", [run(0.5, 9)], "1")
    meta = next((tmp_path / "1").glob("*/meta.yaml"))
    meta.write_text(meta.read_text().replace("active", "deleted"))
    assert len(mlflow.read(tmp_path)[0]) == 5


def test_a_line_that_is_torn_and_a_step_twice_are_said(tmp_path):
    mlflow_files(tmp_path, [run(0.1, 0)])
    [path] = tmp_path.glob("1/*/metrics/val/accuracy")
    path.write_text(path.read_text() + "1700000000001 0.75 4\n17000")
    [found], notes = mlflow.read(tmp_path)
    assert found.curves["val/accuracy"][-1] == (4, 0.75)
    assert "left out: 17000" in notes[0]
    assert "more than once for 1 step" in notes[1]


def database(path, given) -> None:
    """The tables of MLflow that matter, with the columns that it gives them."""
    with closing(sqlite3.connect(path)) as made, made:
        made.executescript(
            "CREATE TABLE experiments (experiment_id INTEGER, name TEXT);"
            "CREATE TABLE runs (run_uuid TEXT, name TEXT, experiment_id INTEGER, status TEXT, start_time BIGINT,"
            " lifecycle_stage TEXT);"
            "CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);"
            "CREATE TABLE metrics (key TEXT, value REAL, timestamp BIGINT, run_uuid TEXT, step BIGINT, is_nan BOOLEAN);"
            "INSERT INTO experiments VALUES (1, 'digits/rates');"
        )
        for place, one in enumerate(given):
            state = one.state.upper()
            made.execute("INSERT INTO runs VALUES (?, ?, 1, ?, 1700000000000, 'active')", (place, one.name, state))
            made.executemany("INSERT INTO params VALUES (?, ?, ?)", [(k, str(v), place) for k, v in one.params.items()])
            rows = [(k, v, 0, place, step, False) for k, points in one.curves.items() for step, v in points]
            made.executemany("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)", rows)


def test_a_database_is_read(tmp_path):
    database(tmp_path / "mlflow.db", runs())
    assert mlflow.is_database(tmp_path / "mlflow.db")
    same(mlflow.read_database(tmp_path / "mlflow.db")[0], runs())


def test_what_is_no_database_is_refused(tmp_path):
    (tmp_path / "x.db").write_text("no database, but text that is long enough to be looked at as one" * 10)
    with pytest.raises(ParibusError, match="cannot be read"):
        mlflow.is_database(tmp_path / "x.db")


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # theirs are not ours
def test_there_and_back_by_mlflow_itself(tmp_path):
    pytest.importorskip("mlflow", reason="mlflow is not installed")
    mlflow.write(runs(), tmp_path, tmp_path)
    found, notes = mlflow.read(tmp_path / "mlruns")
    assert notes == []
    same(found, runs())


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # theirs are not ours
def test_a_database_of_mlflow_itself_is_read(tmp_path):
    tracking = pytest.importorskip("mlflow.tracking", reason="mlflow is not installed")
    client = tracking.MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    experiment = client.create_experiment("digits/rates", artifact_location=str(tmp_path))
    for one in runs():
        mlflow._write_run(client, experiment, one)
    same(mlflow.read_database(tmp_path / "mlflow.db")[0], runs())
