"""Runs of models that are fitted at once: one step, no optimizer, and everything else as of a network."""

import pytest
import torch

import paribus as pb
from paribus.errors import RecipeError
from paribus.inference.evaluation import evaluate
from paribus.inference.held_out import test as open_test
from paribus.records.recipe import Recipe
from paribus.reports.method import at_once
from paribus.reports.study import study_page
from paribus.training.execution import Settings
from paribus.training.loop import train

FORESTS = {"model.use": ["linear", "random_forest", "knn"]}


def quiet(*_) -> None:
    """Hear nothing."""


def wine(**changes) -> Recipe:
    return Recipe.load(
        "wine/mlp", {"model": {"use": "random_forest", "trees": 10}, "training.precision": "fp32", **changes}
    )


def trained(tmp_path, seed=0, **changes):
    run = pb.Run(wine(**changes), seed=seed, runs=tmp_path)
    run.train(listen=quiet)
    return run


@pytest.mark.parametrize("model", ["random_forest", "gradient_boosting", "knn", "logistic", "majority"])
def test_a_run_is_one_step_and_can_be_asked(model, tmp_path):
    run = trained(tmp_path, model=model)
    result = run.result
    assert (result.epochs, result.steps, len(run.history)) == (1, 1, 1)
    assert result.parameters > 0
    assert result.execution["fitted"]
    again = pb.load(run)
    assert evaluate(again) == pytest.approx(result.metrics)
    assert open_test(run.folder).metrics["test/accuracy"] > (0.3 if model == "majority" else 0.8)


def test_equal_seeds_are_bit_equal_and_others_are_not(tmp_path):
    hashes = [trained(tmp_path / str(place), seed).result.weights_sha256 for place, seed in enumerate((1, 1, 2))]
    assert hashes[0] == hashes[1] != hashes[2]


def test_order_and_budget_change_nothing(tmp_path):
    plain = trained(tmp_path).result.weights_sha256
    other = {"budget.epochs": 3, "training.batch_size": 16, "optimizer": "sgd", "chance.order": 5, "training.ema": 0.9}
    assert trained(tmp_path, **other).result.weights_sha256 == plain


def test_the_training_rows_are_those_of_a_network(tmp_path):
    neighbours = pb.load(trained(tmp_path, model="knn"))
    network = pb.load(trained(tmp_path, model="mlp", **{"budget.epochs": 1}))
    assert neighbours.info == network.info  # sizes, class counts, and what was fitted to columns


def test_what_only_steps_can_follow_is_refused_before_anything_is_done(tmp_path):
    recipe = wine(task={"use": "classification", "label_smoothing": 0.1})
    with pytest.raises(RecipeError, match="know no shares of classes"):
        pb.Run(recipe, runs=tmp_path).check()
    assert not any(tmp_path.iterdir())


def test_an_interrupted_fit_starts_again(tmp_path):
    from paribus.errors import Interrupted
    from paribus.records.run import RunFolder

    folder = RunFolder(tmp_path / "run")

    def stop(_) -> None:
        raise Interrupted("stopped", hint="")

    with pytest.raises(Interrupted):
        train(folder, wine(), 0, Settings("cpu", 1), stop)
    assert train(folder, wine(), 0, Settings("cpu", 1)).weights_sha256 == trained(tmp_path).result.weights_sha256


def test_they_are_arms_beside_networks_and_the_report_says_what_does_not_apply(tmp_path):
    changes = {"budget.epochs": 2}
    result = pb.Study("wine/mlp", vary=FORESTS, seeds=2, runs=tmp_path, changes=changes).run(jobs=1)
    assert result.complete
    text = " ".join(at_once(result))
    assert "model=random_forest, model=knn" in text
    assert "optimizer do not apply" in text
    assert "nodes of trees of model=random_forest" in text
    page = study_page(result)
    assert any(text in section.text for section in page.sections if section.title == "Costs")


@pytest.mark.parametrize("model", ["mlp", "random_forest"])
def test_numbers_are_predicted_of_pictures_too(model, tmp_path):
    noise = torch.rand(200, 8, 8, generator=torch.Generator().manual_seed(0))
    pictures = (noise * torch.linspace(50, 255, 200)[:, None, None]).byte()
    light = pictures.float().mean((1, 2)).div(255).numpy()  # how bright each one is
    recipe = Recipe(name="light", data=pb.Data(pictures, light), model=model, task="regression", optimizer="adam")
    run = pb.Run(recipe, runs=tmp_path)
    run.train(listen=quiet)
    assert run.metrics["val/r2"] > 0.5
    found = pb.predict(run, pictures[:3].numpy())
    assert [one.figures["value"] for one in found] == pytest.approx(light[:3], abs=0.1)


def test_regression_is_fitted_on_standardised_numbers(tmp_path):
    recipe = Recipe.load("diabetes_progression/linear", {"model": "ridge"})
    run = pb.Run(recipe, runs=tmp_path)
    run.train(listen=quiet)
    assert 0.3 < run.metrics["val/r2"] < 0.7  # a linear model explains about half of it
    assert 35 < run.metrics["val/mae"] < 60
    assert pb.load(run).predict(torch.zeros(2, 10)).shape == (2, 1)
