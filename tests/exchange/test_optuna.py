"""Storages of Optuna, read by Optuna."""

from __future__ import annotations

import hashlib

import pytest

from paribus.exchange import stores

optuna = pytest.importorskip("optuna", reason="optuna is not installed")


@pytest.mark.filterwarnings("default")  # theirs are not ours
def test_trials_are_runs(tmp_path):
    path = tmp_path / "study.db"
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(storage=f"sqlite:///{path}", study_name="search", direction="maximize")

    def objective(trial):
        lr = trial.suggest_categorical("lr", [0.1, 0.01])
        seed = trial.suggest_int("seed", 0, 2)
        trial.set_user_attr("val_loss", 1 - lr)
        trial.report(0.5, step=1)
        if seed == 2:
            raise ValueError
        return lr + seed / 64

    grid = [{"lr": lr, "seed": seed} for lr in (0.1, 0.01) for seed in (0, 1, 2)]
    for params in grid:
        study.enqueue_trial(params)
    study.optimize(objective, n_trials=len(grid), catch=(ValueError,))
    del study
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    found = stores.read(path)
    assert found.kind == "Optuna"
    assert [{name: run.params[name] for name in ("lr", "seed")} for run in found.runs] == grid
    assert [run.state for run in found.runs] == ["finished", "finished", "failed"] * 2
    assert found.runs[1].curves["value"] == ((0, 0.1 + 1 / 64),)
    assert found.runs[1].curves["val_loss"] == ((0, 0.9),)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
