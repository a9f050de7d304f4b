"""S10: scripted losses, and what a training does with the verdict."""

import math

import pytest

from paribus.errors import RecipeError
from paribus.inference.trained import load
from paribus.models.weights import hash_of
from paribus.records.parts import Part, build
from paribus.training.session import Session

DIRECTIONS = {"val/loss": False, "val/accuracy": True}
NAN = math.nan

SCRIPTS = {  # figures of the epochs: patience, min_delta → last epoch, best epoch
    "falls for ever": ([5, 4, 3, 2, 1], 2, 0.0, 5, 5),
    "rises at once": ([1, 2, 3, 4, 5], 2, 0.0, 3, 1),
    "late luck is not awaited": ([3, 2, 2.5, 2.6, 1], 2, 0.0, 4, 2),
    "late luck is awaited": ([3, 2, 2.5, 2.6, 1], 3, 0.0, 5, 5),
    "equal is no improvement": ([1, 1, 1, 1], 2, 0.0, 3, 1),
    "too small an improvement": ([1, 0.95, 0.9, 0.85], 2, 0.1, 3, 1),
    "small ones add up": ([1, 0.95, 0.85, 0.8], 2, 0.1, 4, 3),
    "never a number": ([NAN, NAN, NAN, NAN], 2, 0.0, 2, 0),
    "no number at first": ([NAN, 2, 1, 1.5], 2, 0.0, 4, 3),
    "no number in between": ([3, NAN, 2, NAN, NAN, 1], 2, 0.0, 5, 3),
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
@pytest.mark.parametrize("metric", DIRECTIONS)
def test_S10_scripted_figures(script, metric):
    figures, patience, min_delta, last, best = script
    sign = -1 if DIRECTIONS[metric] else 1
    rule = build("stopping", Part("patience", metric=metric, patience=patience, min_delta=min_delta))
    for epoch, figure in enumerate(figures, 1):
        rule.observe(epoch, {metric: sign * figure}, DIRECTIONS)
        if rule.stop:
            break
    assert (epoch, rule.best_epoch) == (last, best)


def test_S10_never_stops():
    rule = build("stopping", Part("never"))
    assert not any(rule.observe(epoch, {"val/loss": 1.0}, DIRECTIONS) or rule.stop for epoch in range(1, 100))


@pytest.mark.parametrize("field", ["stopping", "schedule"])
@pytest.mark.parametrize("metric", ["val/los", "lr", "train/macro_f1"])
def test_S10_an_unknown_figure_is_an_error(train, digits, field, metric):
    use = {"stopping": "patience", "schedule": "plateau"}[field]
    with pytest.raises(RecipeError, match=rf"{field}.metric(.|\n)*{metric}(.|\n)*val/loss"):
        train(digits({f"{field}.use": use, f"{field}.metric": metric}))


def test_S10_a_misspelt_figure_costs_no_epoch(train, digits):
    steps = []
    with pytest.raises(RecipeError, match="did you mean 'val/loss'"):
        train(digits({"stopping.use": "patience", "stopping.metric": "val/los"}), listen=steps.append)
    assert steps == []


def weights_by_epoch(monkeypatch) -> dict[int, str]:
    hashes: dict[int, str] = {}
    original = Session.end_epoch

    def end_epoch(session, row):
        original(session, row)
        hashes[session.epoch] = hash_of(session.evaluated.state_dict())

    monkeypatch.setattr(Session, "end_epoch", end_epoch)
    return hashes


OVERFITS = {"budget.epochs": 30, "split.limit": 64, "optimizer.lr": 0.5, "stopping.use": "patience"}


@pytest.mark.parametrize("ema", [None, 0.5])
@pytest.mark.parametrize("metric", DIRECTIONS)
def test_S10_the_best_epoch_is_what_remains(train, digits, monkeypatch, metric, ema):
    hashes = weights_by_epoch(monkeypatch)
    changes = {**OVERFITS, "stopping.metric": metric, "stopping.patience": 3, "training.ema": ema}
    folder, result = train(digits(changes))
    rows = {row["epoch"]: row[metric] for row in folder.history}
    assert result.stopped_early
    assert result.epochs == len(rows) == result.best_epoch + 3
    assert rows[result.best_epoch] == (max if DIRECTIONS[metric] else min)(rows.values())
    assert result.metrics[metric] == pytest.approx(rows[result.best_epoch], rel=1e-12)
    assert result.weights_sha256 == hashes[result.best_epoch] != hashes[result.epochs]
    assert hash_of(load(folder).network.state_dict()) == result.weights_sha256


def test_S10_without_restore_the_last_epoch_remains(train, digits, monkeypatch):
    hashes = weights_by_epoch(monkeypatch)
    _, result = train(digits({**OVERFITS, "stopping.patience": 3, "stopping.restore": False}))
    assert result.stopped_early
    assert result.weights_sha256 == hashes[result.epochs]


def test_S10_a_budget_that_is_used_up_is_not_an_early_stop(train, digits):
    _, result = train(digits({"stopping.use": "patience", "stopping.patience": 3}))
    assert not result.stopped_early
    assert result.epochs == 3
