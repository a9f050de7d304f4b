"""What lies in a place is recognised; what is none is refused with what to name instead."""

from __future__ import annotations

import pytest
from tests.exchange.test_mlflow import database
from tests.exchange.test_wandb import record, written
from tests.logged import mlflow_files, runs

from paribus.errors import ParibusError
from paribus.exchange import stores, tensorboard


def test_each_store_is_recognised(tmp_path):
    mlflow_files(tmp_path / "a" / "mlruns", runs())
    tensorboard.write(runs(), tmp_path / "b", tmp_path)
    for place, one in enumerate(runs()):
        record(tmp_path / "c" / f"run-{place}.wandb", *written(one))
    database(tmp_path / "mlflow.db", runs())
    places = {"a": "MLflow", "a/mlruns": "MLflow", "b": "TensorBoard", "c": "Weights & Biases", "mlflow.db": "MLflow"}
    for place, kind in places.items():
        found = stores.read(tmp_path / place)
        assert (found.kind, len(found.runs), found.notes) == (kind, 6, [])


def test_a_database_alone_in_its_folder_is_found(tmp_path):
    database(tmp_path / "mlflow.db", runs())
    assert stores.read(tmp_path).kind == "MLflow"


def test_what_is_no_store_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(ParibusError, match="holds no runs of a tool that is known") as caught:
        stores.read(tmp_path)
    assert "mlruns" in caught.value.hint
    with pytest.raises(ParibusError, match="no such store"):
        stores.read(tmp_path / "nowhere")


def test_an_empty_store_is_refused(tmp_path):
    mlflow_files(tmp_path, runs())
    for meta in tmp_path.glob("1/*/meta.yaml"):
        meta.unlink()
    with pytest.raises(ParibusError, match="MLflow holds no run"):
        stores.read(tmp_path)


def test_a_folder_with_runs_of_two_tools_is_asked_about(tmp_path):
    mlflow_files(tmp_path / "mlruns", runs())
    tensorboard.write(runs(), tmp_path / "logs", tmp_path)
    with pytest.raises(ParibusError, match="several tools") as caught:
        stores.read(tmp_path)
    assert "MLflow (mlruns), TensorBoard" in caught.value.hint
