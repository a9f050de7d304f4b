"""Series, texts and labelled sequences through the whole of a training."""

from __future__ import annotations

import math

import pytest
import torch

from paribus.analysis.skill import skill
from paribus.data.sources.text.lookahead import Lookahead
from paribus.diagnosis.doctor import diagnose
from paribus.errors import DataError, Interrupted
from paribus.inference.held_out import test as open_test
from paribus.inference.predict import predict, to_csv
from paribus.inference.sample import sample
from paribus.inference.trained import load
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.training import checkpoints

SMALL = {
    "series": ("seasons/lstm", {"data.steps": 600, "model.width": 8, "budget.epochs": 2, "data.stride": 2}),
    "convolutions": ("seasons/lstm", {"data.steps": 600, "model.use": "tcn", "model.width": 4, "budget.epochs": 2}),
    "text": ("markov/rnn", {"data.tokens": 4000, "model.dropout": 0.2, "budget.epochs": 2, "training.batch_size": 8}),
    "cells": (
        "markov/rnn",
        {"data.tokens": 4000, "model.use": "lstm", "model.width": 8, "model.depth": 2, "model.dropout": 0.2,
         "model.tie": True, "training.accumulate": 3, "training.batch_size": 8, "budget.epochs": 2},
    ),
    "causal": (
        "markov/rnn",
        {"data.tokens": 4000, "model": {"use": "causal_transformer", "width": 8, "heads": 2, "dropout": 0.1},
         "training.batch_size": 8, "budget.epochs": 2},
    ),
    "pairs": (
        "copy/attention",
        {"data.pairs": 200, "data.longest": 4, "model.width": 8, "model.select": "reinforce", "model.dropout": 0.1,
         "task.forcing": 0.7, "training.batch_size": 16, "budget.epochs": 2},
    ),
    "translation": (
        "copy/transformer",
        {"data.pairs": 200, "data.longest": 4, "model.width": 8, "model.heads": 2, "task": "translation",
         "training.batch_size": 16, "budget.epochs": 2},
    ),
    "labels": ("lookahead/bilstm", {"data.sequences": 200, "model.width": 8, "budget.epochs": 2}),
}  # fmt: skip


def outcome(folder: RunFolder, result) -> tuple:
    rows = [{name: value for name, value in row.items() if name != "seconds"} for row in folder.history]
    return result.weights_sha256, result.metrics, rows, result.steps


@pytest.mark.parametrize("name", SMALL)
def test_interrupted_anywhere_it_ends_where_it_would_have(train, every_step, stop_at, name):
    recipe = Recipe.load(*SMALL[name])
    folder, result = train(recipe, "whole")
    expected = outcome(folder, result)
    per_epoch = folder.history[0]["step"]
    for step in sorted({1, per_epoch // 2, per_epoch, per_epoch + 2, result.steps - 1}):
        with pytest.raises(Interrupted):
            train(recipe, f"stopped at {step}", listen=stop_at(step))
        state, _ = checkpoints.newest(RunFolder(folder.path.parent / f"stopped at {step}").checkpoints)
        assert bool(state["task"]) == (name in ("text", "cells"))  # only a text keeps a state
        assert outcome(*train(recipe, f"stopped at {step}")) == expected, step


def test_T19_perplexity_falls_to_what_the_entropy_allows(train):
    """The loss on n letters of a chain has a standard error of σ/√n, where σ, the deviation of −log P, is below 1.

    4,000 validation letters: 0.016. A network of 32 units errs by less than that again in a thousand steps.
    """
    folder, result = train(Recipe.load("markov/rnn"))
    entropy = folder.info()["text"]["entropy"]
    assert result.metrics["val/loss"] == pytest.approx(entropy, abs=0.04)
    assert result.metrics["val/perplexity"] == pytest.approx(math.exp(result.metrics["val/loss"]))
    assert result.metrics["val/bits"] == pytest.approx(result.metrics["val/loss"] / math.log(2))
    trained = load(folder)
    letters = folder.info()["classes"]
    text = sample(trained, 1, length=3000).text
    numbers = torch.tensor([letters.index(letter) for letter in text])
    drawn = (numbers[:-1] * len(letters) + numbers[1:]).bincount(minlength=len(letters) ** 2)
    outputs = trained.network.model.advance(numbers[None, :-1], None)[0][0, :, : len(letters)].softmax(1)
    expected = torch.zeros(len(letters) ** 2)
    expected.index_add_(
        0, (numbers[:-1, None] * len(letters) + torch.arange(len(letters))).flatten(), outputs.detach().flatten()
    )
    # what is drawn is what the network expects: each count is off by less than 5 deviations of a Poisson variable
    assert ((drawn - expected).abs() < 5 * expected.clamp(min=1).sqrt() + 1).all()


def test_T20_who_reads_in_one_direction_stays_under_the_ceiling(train):
    ceiling = Lookahead().ceiling()
    _, forwards = train(Recipe.load("lookahead/bilstm", {"model.bidirectional": False}), "forwards")
    _, both = train(Recipe.load("lookahead/bilstm"), "both")
    # 2,880 validation tokens, of which neighbours hang together: a standard error of about 0.015
    assert ceiling - 0.05 < forwards.metrics["val/accuracy"] < ceiling + 0.045
    assert both.metrics["val/accuracy"] > 0.99


def test_T18_a_linear_forecast_comes_near_the_best_possible(train):
    """Three days show a network two periods of the season; what is left is the noise, of which the best is known."""
    recipe = Recipe.load(
        "seasons/linear",
        {"data.steps": 6000, "data.horizon": 3, "task.anchor": "none", "budget.epochs": 15, "optimizer.lr": 0.002},
    )
    folder, result = train(recipe)
    best = folder.info()["series"]["optimal"]
    # estimating 49 weights for each step from some 4,300 hours costs about 49/4300 = 1 % of the variance, and what is
    # seen on 480 validation hours has a standard error of some 6 % at this memory
    assert 0.85 * best["rmse"] < result.metrics["val/rmse"] < 1.25 * best["rmse"]
    assert result.metrics["val/skill"] > 0.2
    assert result.metrics["val/skill_naive"] > 0.2


@pytest.fixture
def forecaster(train) -> RunFolder:
    return train(Recipe.load("seasons/linear", {"data.steps": 800, "data.calendar": True, "budget.epochs": 5}))[0]


def test_skill_is_measured_on_the_same_windows(forecaster):
    found = skill(load(forecaster))
    figures = forecaster.result.metrics
    assert found.errors["forecast"] == pytest.approx(figures["val/mae"], rel=1e-5)
    assert found.against["seasonal"].value == pytest.approx(figures["val/skill"], abs=1e-5)
    assert found.against["naive"].value == pytest.approx(figures["val/skill_naive"], abs=1e-5)
    assert found.against["naive"].low < found.against["naive"].value < found.against["naive"].high
    assert skill(load(forecaster), split="test").errors["forecast"] == pytest.approx(
        open_test(forecaster).metrics["test/mae"], rel=1e-5
    )


def test_tasks_without_a_baseline_say_so(train, digits):
    folder, _ = train(digits())
    with pytest.raises(DataError, match="knows nothing that a network could be compared with"):
        skill(load(folder))
    assert diagnose(folder).names == ["trained too briefly"]  # 256 digits, an epoch or two


def test_a_forecast_goes_on_behind_the_end_of_a_file(forecaster, tmp_path):
    from paribus.data.sources.series.seasons import Seasons

    values = Seasons(steps=100, seed=5).values()
    times = [f"2024-02-{1 + hour // 24:02} {hour % 24:02}:00:00" for hour in range(100)]
    file = tmp_path / "now.csv"
    file.write_text("time,value\n" + "".join(f"{time},{value}\n" for time, value in zip(times, values, strict=True)))
    (found,) = predict(load(forecaster), [file])
    assert found.table["time"][:2] == ["2024-02-05 04:00:00", "2024-02-05 05:00:00"]
    assert len(found.table["value"]) == 12
    truth = Seasons(steps=112, seed=5).values()[100:]  # the noise differs, the season does not
    assert abs(torch.tensor(found.table["value"]) - torch.tensor(truth)).mean() < 5
    lines = to_csv([found]).splitlines()
    assert lines[0] == "file,time,value"
    assert len(lines) == 13
    file.write_text("time,value\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n")
    (found,) = predict(load(forecaster), [file])
    assert "trained on a series that is hourly" in found.problem


def test_previews_of_a_series_and_of_a_text(forecaster, train):
    import json

    curves = json.loads((forecaster.previews / "final.json").read_text())
    assert set(curves[0]) == {"past", "truth", "forecast", "seasonal"}
    assert curves[0]["truth"] != curves[1]["truth"]  # examples from all over the validation part
    folder, _ = train(Recipe.load(*SMALL["text"]), "text")
    assert len((folder.previews / "final.txt").read_text()) == 300
    assert load(folder).info.text.unknown
