"""Export of paribus's own runs, and the formats that there are."""

from __future__ import annotations

import csv
import math

import pytest
from tests import made

import paribus as pb
from paribus.errors import ParibusError, RunError
from paribus.exchange import ours, stores, targets
from paribus.exchange.logged import as_text, from_text


@pytest.fixture
def run(tmp_path):
    return made.run_folder(tmp_path / "runs" / "recipe" / "identity" / "seed-3")


def test_a_run_is_exported_into_its_own_folder_and_again(run):
    for _ in range(2):
        place = pb.export(run, "csv")
        assert place == run.path / "export" / "csv"
    rows = list(csv.DictReader((place / "metrics.csv").read_text().splitlines()))
    assert [float(row["value"]) for row in rows if row["metric"] == "val/loss"] == run.history["val/loss"]


def test_what_is_exported_is_read_back(run):
    found = stores.read(pb.export(run, "tensorboard"))
    [one] = found.runs
    assert one.params["seed"] == 3
    assert [value for _, value in one.curves["val/loss"]] == pytest.approx(run.history["val/loss"], rel=1e-6)
    assert one.curves["final/val/accuracy"][0][1] == pytest.approx(0.958)


def test_a_figure_that_was_not_finite_is_nan(run):
    run.append_metrics({"epoch": 7, "step": 140, "val/loss": math.inf})
    [[one], _] = ours.logged(run.path)
    assert math.isnan(one.curves["val/loss"][-1][1])


def test_what_lies_there_stays(run, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    with pytest.raises(RunError, match="there already"):
        pb.export(run, "csv", tmp_path / "out")
    pb.export(run, "csv", tmp_path / "out", overwrite=True)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["metrics.csv", "results.csv"]
    with pytest.raises(RunError, match="a file is there"):
        pb.export(run, "csv", run.path / "recipe.json", overwrite=True)


def test_an_unknown_format_and_one_without_its_package_are_refused(run, monkeypatch):
    with pytest.raises(ParibusError, match="no such format") as caught:
        pb.export(run, "excel")
    assert "parquet" in caught.value.hint
    assert "onnx" in caught.value.hint
    monkeypatch.setattr(targets, "find_spec", lambda _: None)
    for name in ("parquet", "mlflow", "wandb"):
        with pytest.raises(ParibusError, match=f"to export to {name} takes") as caught:
            pb.export(run, name)
        assert caught.value.hint.startswith("pip install")


@pytest.mark.parametrize("value", [0.1, 1e-5, 3, -2, True, False, None, "adam", "3e", "1_0"])
def test_settings_survive_as_texts(value):
    assert from_text(as_text(value)) == value


def test_a_tool_that_fails_is_one_error_and_leaves_nothing(run, monkeypatch):
    def fail(*_: object) -> None:
        raise ValueError("a quota")

    monkeypatch.setattr("paribus.exchange.tables.csv", fail)
    with pytest.raises(ParibusError, match="csv could not be written") as caught:
        pb.export(run, "csv")
    assert "a quota" in caught.value.got
    assert list((run.path / "export").iterdir()) == []
