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


def test_a_row_for_each_run_where_it_logged_once():
    once = [replace(one, curves={METRIC: one.curves[METRIC][-1:]}) for one in runs()]
    found = frame(store(once), METRIC, ["lr"])
    assert (found.seed, found.step, found.notes) == ("seed", None, ())
    assert {name: column[0] for name, column in found.columns.items()} == {"lr": 0.1, "seed": 0, METRIC: 0.5625}
    assert len(found.columns["lr"]) == 6


def test_a_row_for_each_step():
    found = frame(store(runs()), METRIC, ["lr"])
    assert found.step == "step"
    assert found.columns["step"] == [1, 2, 3, 4] * 6
    assert found.columns[METRIC][:4] == [value for _, value in run(0.1, 0).curves[METRIC]]


def test_runs_without_a_seed_have_a_row_each():
    given = [replace(one, params={"lr": one.params["lr"]}) for one in runs()]
    found = frame(store(given), METRIC, ["lr"])
    assert (found.seed, found.step, len(found.columns["lr"])) == (None, None, 6)


def test_a_run_without_the_figure_has_an_empty_row():
    lacking = run(0.1, 1, curves={"train/loss": ((1, 0.5),)})
    found = frame(store([run(0.1, 0), lacking, run(0.01, 0)]), METRIC, ["lr"])
    assert [value for value in found.columns[METRIC] if value is None] == [None]


def test_a_run_that_failed_counts_as_lost_and_one_that_goes_on_by_its_last_figure():
    given = [run(0.1, 0), run(0.1, 1, state="failed"), run(0.01, 0), run(0.01, 1, state="running")]
    found = frame(store(given), METRIC, ["lr"])
    assert len(found.columns[METRIC]) == 3 * 4 + 1
    assert "1 run failed: lr=0.1/seed-1; what such a run logged does not count." in found.notes
    assert "1 run running: lr=0.01/seed-1; what such a run logged last counts." in found.notes


def test_runs_that_do_not_say_their_arm_or_seed_are_left_out_and_named():
    strangers = [run(0.1, 7, name="other", params={"seed": 7}), run(0.1, 8, name="lost", params={"lr": 0.1})]
    found = frame(store([*runs(), *strangers]), METRIC, ["lr"])
    assert found.notes == ("2 runs without lr or seed left out: other, lost.",)
    assert len(found.columns["lr"]) == 24


def test_a_parameter_that_differs_and_is_no_arm_is_said():
    given = [replace(one, params={**one.params, "batch_size": 64 if one.params["lr"] == 0.1 else 32}) for one in runs()]
    [note] = frame(store(given), METRIC, ["lr"]).notes
    assert note.startswith("batch_size differs between the runs (64, 32)")
    assert "cannot be told from what lr does" in note
    given = [replace(one, params={**one.params, "host": f"node{one.seed}"}) for one in runs()]
    [note] = frame(store(given), METRIC, ["lr"]).notes
    assert "it adds to the spread" in note
    assert frame(store(given), METRIC, ["lr"]).columns["host"][0] == "node0"  # tells two rows of a run apart


def test_several_experiments_in_one_store_are_said():
    other = [replace(one, study="later") for one in runs()[3:]]
    [note] = frame(store([*runs()[:3], *other]), METRIC, ["lr"]).notes
    assert note.startswith("experiment differs between the runs (digits/rates, later)")


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
        (METRIC, [], None, "these differ between the runs: lr, seed"),
        (None, ["lr"], None, "available: train/loss, val/accuracy"),
        (METRIC, ["lr"], "sead", "did you mean 'seed'"),
    ],
)
def test_what_no_run_has_is_refused(metric, arms, seed, hint):
    with pytest.raises(EvidenceError) as caught:
        frame(store(runs()), metric, arms, seed)
    assert hint in caught.value.hint


def test_many_runs_are_counted_not_listed():
    strangers = [run(0.1, seed, params={"seed": seed}) for seed in range(3, 20)]
    [note] = frame(store([*runs(), *strangers]), METRIC, ["lr"]).notes
    assert note.startswith("17 runs without lr or seed left out: ")
    assert note.endswith("and 12 more.")


def test_the_last_word_of_a_parameter_will_do():
    given = [replace(one, params={"optimizer.lr": one.params["lr"], "run.seed": one.seed}) for one in runs()]
    found = frame(store(given), METRIC, ["lr"])
    assert (found.arms, found.seed) == (("optimizer.lr",), "run.seed")
    twice = [replace(one, params={**one.params, "schedule.lr": 1}) for one in given]
    with pytest.raises(EvidenceError) as caught:
        frame(store(twice), METRIC, ["lr"])
    assert caught.value.hint == "say which: optimizer.lr, schedule.lr"
