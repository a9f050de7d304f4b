"""L-BFGS in the loop: minima of known problems, and what it is refused for; full batches on convex losses (S16)."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import minimize

from paribus.data.prepare.prepared import prepare
from paribus.errors import RecipeError
from paribus.inference.trained import load
from paribus.models.network import Network
from paribus.records.recipe import Recipe

FULL = {"training.batch_size": "full", "optimizer": {"use": "lbfgs"}}


def linear(changes) -> Recipe:
    """Softmax regression on 256 digits."""
    small = {
        "split.limit": 256,
        "training.batch_size": "full",
        "training.precision": "fp32",
        "model": {"use": "linear"},
    }
    return Recipe.load("digits/mlp", {**small, **changes})


def seen(recipe: Recipe, network: Network) -> tuple[np.ndarray, np.ndarray]:
    """The training inputs (n, 64) as the model sees them, and their classes."""
    prepared = prepare(recipe, recipe.seeds(0))
    batch = prepared.loader("train", 256, "cpu").take(prepared.rows["train"])
    return network.scaled(batch.inputs).flatten(1).double().numpy(), batch.targets.numpy()


def test_T_the_minimum_of_a_regularised_logistic_regression_is_that_of_scipy(train):
    l2 = 0.1
    changes = {**FULL, "optimizer.history": 20, "training.l2": l2, "budget.epochs": 60}
    folder, result = train(recipe := linear(changes))
    assert result.steps == result.epochs == 60  # one update an epoch
    network = load(folder.path).network
    x, y = seen(recipe, network)

    def objective(theta: np.ndarray) -> tuple[float, np.ndarray]:
        weights, bias = theta[:640].reshape(10, 64), theta[640:]
        logits = x @ weights.T + bias
        logits -= logits.max(1, keepdims=True)
        shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        loss = -np.log(shares[np.arange(len(y)), y]).mean() + l2 / 2 * (weights**2).sum()
        shares[np.arange(len(y)), y] -= 1
        gradient = shares.T @ x / len(y) + l2 * weights
        return loss, np.concatenate([gradient.ravel(), shares.mean(0)])

    best = minimize(objective, np.zeros(650), jac=True, method="L-BFGS-B", options={"maxiter": 2000, "gtol": 1e-9})
    ours = np.concatenate([it.detach().double().numpy().ravel() for it in network.model.parameters()])
    assert objective(ours)[0] == pytest.approx(best.fun, abs=1e-5)
    assert ours[:640] == pytest.approx(best.x[:640], abs=5e-3)


@pytest.mark.parametrize("model", ["mlp", "cnn"])
def test_it_learns_faster_than_gradient_descent_with_full_batches(train, digits, model):
    descent = {"training.batch_size": "full", "optimizer.momentum": 0.0, "optimizer.lr": 0.1}
    losses = [
        train(digits({**changes, "budget.epochs": 20}, model), name)[0].history[-1]["train/loss"]
        for name, changes in (("lbfgs", FULL), ("descent", descent))
    ]
    assert losses[0] < losses[1] / 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"training.batch_size": 100}, "batches differ"),
        ({"model.dropout": 0.3}, "twice the same examples gave two losses"),
        ({"augment": {"flip": True}}, "augmented examples differ"),
        ({"training.clip_norm": 1.0}, "clipped"),
        ({"training.l1": 0.1}, "no curvature"),
    ],
)
def test_what_makes_the_loss_another_function_is_refused(train, digits, changes, said):
    with pytest.raises(RecipeError, match=said):
        train(digits({**FULL, **changes}))


def test_batches_in_pieces_are_one_function(train, digits):
    whole, pieces = (
        train(digits({**FULL, "training.accumulate": n}), f"{n}")[0].history[-1]["train/loss"] for n in (1, 4)
    )
    assert whole == pytest.approx(pieces, rel=1e-3)


@pytest.mark.parametrize("share", [0.5, 0.99])
def test_S16_full_batch_descent_on_a_convex_loss_falls_monotonically_below_one_over_L(train, share):
    """Softmax regression has the curvature L ≤ ½·λ_max(XᵀX / n), the bias being a column of X (Böhning, 1992)."""
    recipe = linear({"budget.epochs": 1})
    x, _ = seen(recipe, load(train(recipe, "to see its inputs")[0].path).network)
    x = np.hstack([x, np.ones((len(x), 1))])
    smoothness = np.linalg.eigvalsh(x.T @ x / len(x))[-1] / 2
    descent = {"optimizer": {"use": "sgd", "momentum": 0.0, "lr": share / smoothness}, "budget.epochs": 40}
    folder, result = train(recipe.override(descent), "descent")
    losses = [row["train/loss"] for row in folder.history]
    assert result.steps == 40
    assert all(after < before for before, after in pairwise(losses))


def test_S16_mini_batches_at_a_large_rate_do_not(train):
    recipe = linear({"training.batch_size": 4, "optimizer.lr": 0.5, "budget.epochs": 10})
    losses = [row["train/loss"] for row in train(recipe)[0].history]
    assert any(after > before for before, after in pairwise(losses))


def test_the_number_of_all_examples_and_full_are_the_same_training(train, digits):
    words, number = (train(digits({"training.batch_size": size}), f"{size}")[1] for size in ("full", 256))
    assert words.weights_sha256 == number.weights_sha256


def test_a_batch_size_that_is_neither_is_refused(digits):
    with pytest.raises(RecipeError, match="batch_size"):
        digits({"training.batch_size": "whole"})
    with pytest.raises(RecipeError, match="batch_size"):
        digits({"training.batch_size": 0})
