"""Runs as CSV and Parquet."""

from __future__ import annotations

import csv
import math

import pytest
from tests.logged import run, runs

from paribus.exchange import tables


def test_metrics_have_a_row_for_each_figure_of_each_epoch(tmp_path):
    tables.csv(runs(), tmp_path, tmp_path)
    rows = list(csv.DictReader((tmp_path / "metrics.csv").read_text().splitlines()))
    assert len(rows) == 6 * 2 * 4
    assert rows[0] == {
        **{"study": "digits/rates", "arm": "lr=0.1", "lr": "0.1", "seed": "0"},
        **{"epoch": "1", "metric": "val/accuracy", "value": "0.125"},
    }
    written = {(row["lr"], row["seed"], row["epoch"], row["metric"]): float(row["value"]) for row in rows}
    for one in runs():
        for name, points in one.curves.items():
            for epoch, value in points:
                assert written[str(one.params["lr"]), str(one.seed), str(epoch), name] == value


def test_results_have_a_row_for_each_run_with_the_figures_of_its_final_weights(tmp_path):
    final = run(0.1, 0, curves={"val/accuracy": ((1, 0.5),), "final/val/accuracy": ((1, 0.75),)}, state="diverged")
    tables.csv([final], tmp_path, tmp_path)
    [row] = csv.DictReader((tmp_path / "results.csv").read_text().splitlines())
    assert (row["val/accuracy"], row["state"], row["batch_size"]) == ("0.75", "diverged", "64")


def test_a_text_that_a_spreadsheet_would_run_is_quoted():
    assert tables.to_csv([{"arm": "=1+1", "value": -0.5}]) == "arm,value\n'=1+1,-0.5\n"


@pytest.mark.filterwarnings("default")  # theirs are not ours
def test_there_and_back_by_parquet(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    mixed = [run(0.1, 0), run(0.1, 1, params={"lr": "auto", "seed": 1}, settings={"lr": "auto"})]
    lost = run(0.01, 2, curves={"val/accuracy": ((1, math.nan),)})
    tables.parquet([*mixed, lost], tmp_path, tmp_path)
    rows = parquet.read_table(tmp_path / "metrics.parquet").to_pylist()
    assert rows[0]["value"] == 0.125
    assert {row["lr"] for row in rows} == {"0.1", "auto", "0.01"}
    assert rows[-1]["value"] is None
    assert parquet.read_table(tmp_path / "results.parquet").num_rows == 3
