"""From logged runs to a table for evidence: what is left out, what differs beside the arms, what is a seed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.logged import run, runs

from paribus.errors import EvidenceError
from paribus.exchange.frame import find_seed, frame
from paribus.exchange.stores import Store

METRIC = "val/accuracy"


def store(given):
    return Store("MLflow", given)


def test_a_row_for_each_run_with_its_last_value():
    found = frame(store(runs()), METRIC, ["lr"])
    assert (found.seed, found.notes) == ("seed", ())
    assert found.rows[0] == {"lr": 0.1, "seed": 0, METRIC: 0.5 + 1 / 8 - 1 / 16}
    assert len(found.rows) == 6


def test_a_row_for_each_step():
    found = frame(store(runs()), METRIC, ["lr"], by_step=True)
    assert len(found.rows) == 24
    assert [row["step"] for row in found.rows[:4]] == [1, 2, 3, 4]


def test_a_run_without_the_figure_is_named_and_its_row_is_empty():
    lacking = run(0.1, 1, curves={"train/loss": ((1, 0.5),)})
    found = frame(store([run(0.1, 0), lacking, run(0.01, 0)]), METRIC, ["lr"])
    assert found.rows[1] == {"lr": 0.1, "seed": 1, METRIC: None}
    assert found.notes == ("1 run logged no val/accuracy: lr=0.1/seed-1.",)


def test_a_run_that_failed_counts_as_lost_and_one_that_goes_on_by_its_last_figure():
    given = [run(0.1, 0), run(0.1, 1, state="failed"), run(0.01, 0), run(0.01, 1, state="running")]
    found = frame(store(given), METRIC, ["lr"])
    assert [row[METRIC] is None for row in found.rows] == [False, True, False, False]
    assert "1 run failed; their figures are left out" in found.notes[0]
    assert "1 run running; their last figures count" in found.notes[1]


def test_a_parameter_that_differs_and_is_no_arm_is_said():
    given = [replace(one, params={**one.params, "batch_size": 64 if one.params["lr"] == 0.1 else 32}) for one in runs()]
    [note] = frame(store(given), METRIC, ["lr"]).notes
    assert note.startswith("batch_size differs between the runs (64, 32)")
    assert "cannot be told" in note
    given = [replace(one, params={**one.params, "host": f"node{one.seed}"}) for one in runs()]
    [note] = frame(store(given), METRIC, ["lr"]).notes
    assert "within arms too" in note


def test_several_experiments_in_one_store_are_said():
    other = [replace(one, study="later") for one in runs()[3:]]
    [note] = frame(store([*runs()[:3], *other]), METRIC, ["lr"]).notes
    assert note.startswith("experiment differs between the runs (rates, later)")


def test_a_seed_is_recognised_by_its_name():
    named = [replace(one, params={"lr": one.params["lr"], "trainer.random_state": one.seed}) for one in runs()]
    assert find_seed(named) == "trainer.random_state"
    constant = [replace(one, params={**one.params, "data.seed": 0}) for one in runs()]
    assert find_seed(constant) == "seed"
    assert find_seed([replace(one, params={"lr": 1}) for one in runs()]) is None


def test_two_seeds_that_differ_are_asked_about():
    two = [replace(one, params={**one.params, "data_seed": 0, "random_state": 7 - one.seed}) for one in runs()]
    with pytest.raises(EvidenceError, match="several parameters") as caught:
        find_seed(two)
    assert "--seed" in caught.value.hint


@pytest.mark.parametrize(
    ("metric", "arms", "seed", "hint"),
    [
        ("val_accuracy", ["lr"], None, "did you mean 'val/accuracy'"),
        (METRIC, ["lrr"], None, "did you mean 'lr'"),
        (METRIC, [], None, "these parameters differ: lr, seed"),
        (METRIC, ["lr"], "sead", "did you mean 'seed'"),
    ],
)
def test_what_no_run_has_is_refused(metric, arms, seed, hint):
    with pytest.raises(EvidenceError) as caught:
        frame(store(runs()), metric, arms, seed)
    assert hint in caught.value.hint


def test_many_runs_are_counted_not_listed():
    lacking = [run(0.1, seed, curves={}) for seed in range(3, 20)]
    [note] = frame(store([*runs(), *lacking]), METRIC, ["lr"]).notes
    assert note.startswith("17 runs logged no val/accuracy: ")
    assert note.endswith("and 12 more.")
