"""Evidence from the stores of other tools: the same as from the figures themselves."""

from __future__ import annotations

import pytest
from tests.exchange.test_wandb import record, written
from tests.logged import LR, SEEDS, mlflow_files, run, runs

import paribus as pb
from paribus.errors import EvidenceError, ParibusError
from paribus.exchange import tensorboard

METRIC = "val/accuracy"


@pytest.fixture
def direct():
    return pb.evidence(
        {f"lr={lr}": [run(lr, seed).curves[METRIC][-1][1] for seed in SEEDS] for lr in LR}, metric=METRIC
    )


def mlruns(place):
    return mlflow_files(place, runs())


def logs(place):
    tensorboard.write(runs(), place, place)
    return place


def offline(place):
    for number, one in enumerate(runs()):
        record(place / f"run-{number}.wandb", *written(one))
    return place


@pytest.mark.parametrize("write", [mlruns, logs, offline])
def test_a_store_gives_the_evidence_of_its_figures(write, tmp_path, direct):
    result = pb.evidence(write(tmp_path / "store"), arm="lr", metric=METRIC)
    [effect], [known] = result.effects, direct.effects
    assert effect.label == "lr: 0.01 − 0.1"
    assert (effect.estimate.low, effect.estimate.high) == (known.estimate.low, known.estimate.high)
    assert effect.verdict == known.verdict
    assert [len(curve) for curve in result.arms[0].curves[METRIC]] == [4, 4, 4]
    assert result.data["store"].startswith("store (")


def test_what_differs_beside_the_arms_stands_in_the_warnings(tmp_path):
    given = [run(lr, seed, params={"lr": lr, "batch": int(64 * lr * 10), "seed": seed}) for lr in LR for seed in SEEDS]
    result = pb.evidence(mlflow_files(tmp_path, given), arm="lr", metric=METRIC)
    assert any(text.startswith("batch differs between the runs (64, 6)") for text in result.warnings)


def test_a_run_done_twice_is_named_with_what_tells_the_two_apart(tmp_path):
    again = run(0.1, 0, params={"lr": 0.1, "seed": 0, "host": "b"})
    with pytest.raises(EvidenceError, match=r"lr=0\.1 has seed 0") as caught:
        pb.evidence(mlflow_files(tmp_path, [*runs(), again]), arm="lr", metric=METRIC)
    assert "host" in caught.value.hint


def test_runs_without_seeds_are_compared_by_their_means(tmp_path):
    given = [run(lr, seed, params={"lr": lr}) for lr in LR for seed in SEEDS]
    result = pb.evidence(mlflow_files(tmp_path, given), arm="lr", metric=METRIC)
    assert not result.design.paired


def test_the_best_step_can_be_asked_for(tmp_path):
    curve = {METRIC: ((1, 0.75), (2, 0.5))}
    given = [run(lr, seed, curves=curve) for lr in LR for seed in SEEDS]
    result = pb.evidence(mlflow_files(tmp_path, given), arm="lr", metric=METRIC, by_epoch="best:step")
    assert {*result.arms[0].values.values()} == {0.75}


def test_what_is_no_store_is_refused(tmp_path):
    with pytest.raises(ParibusError, match="no runs of a tool that is known"):
        pb.evidence(tmp_path, arm="lr", metric=METRIC)
