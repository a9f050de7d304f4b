"""S8, and that every option reaches torch."""

import numpy as np
import pytest
import torch

from paribus.errors import RecipeError
from paribus.records.options import options
from paribus.records.parts import Part, build, find, names

OPTIONS = {
    "sgd": ({"lr": 0.3, "momentum": 0.7, "nesterov": True, "weight_decay": 0.02}, "SGD"),
    "adam": ({"lr": 0.3, "beta1": 0.8, "beta2": 0.9, "eps": 1e-3, "weight_decay": 0.02, "amsgrad": True}, "Adam"),
    "adamw": ({"lr": 0.3, "beta1": 0.8, "beta2": 0.9, "eps": 1e-3, "weight_decay": 0.02}, "AdamW"),
    "rmsprop": ({"lr": 0.3, "alpha": 0.8, "momentum": 0.5, "eps": 1e-3, "weight_decay": 0.02}, "RMSprop"),
    "adagrad": ({"lr": 0.3, "lr_decay": 0.1, "eps": 1e-3, "weight_decay": 0.02}, "Adagrad"),
}


def make(use: str, weights: torch.Tensor, **settings) -> torch.optim.Optimizer:
    return build("optimizer", Part(use, **settings), params=[weights])


@pytest.mark.parametrize("use", names("optimizer"))
def test_every_option_reaches_torch(use):
    settings, name = OPTIONS[use]
    assert set(settings) == {option.name for option in options("optimizer", find("optimizer", use))}
    optimizer = make(use, torch.zeros(1, requires_grad=True), **settings)
    assert type(optimizer) is getattr(torch.optim, name)
    received = dict(optimizer.defaults)
    if "betas" in received:
        received["beta1"], received["beta2"] = received["betas"]
    assert {option: received[option] for option in settings} == settings


def test_nesterov_needs_momentum():
    with pytest.raises(RecipeError, match="momentum"):
        make("sgd", torch.zeros(1, requires_grad=True), momentum=0.0, nesterov=True)


def ridge(use: str, decay: float, penalty: float, **settings) -> np.ndarray:
    """Weights after many full-batch steps on ½‖Xw − y‖²/n + ½·penalty·‖w‖²."""
    x, y = (torch.from_numpy(array) for array in problem())
    weights = torch.zeros(x.shape[1], dtype=torch.float64, requires_grad=True)
    optimizer = make(use, weights, weight_decay=decay, **settings)
    for _ in range(4000):
        optimizer.zero_grad()
        loss = ((x @ weights - y) ** 2).mean() / 2 + penalty * (weights**2).sum() / 2
        loss.backward()
        optimizer.step()
    return weights.detach().numpy()


def problem() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    x = random.normal(size=(40, 3)) * [1.0, 2.0, 0.5]
    return x, x @ [1.0, -2.0, 3.0] + random.normal(size=40)


def closed_form(penalty: float) -> np.ndarray:
    x, y = problem()
    return np.linalg.solve(x.T @ x / len(x) + penalty * np.eye(3), x.T @ y / len(x))


SETTINGS = {
    "sgd": {"lr": 0.05, "momentum": 0.9},
    "adam": {"lr": 0.01},
    "rmsprop": {"lr": 1e-4, "alpha": 0.99},
    "adagrad": {"lr": 0.5},
}


@pytest.mark.parametrize("use", ["sgd", "adam", "adagrad"])
def test_S8_coupled_decay_reaches_the_ridge_solution(use):
    assert ridge(use, decay=0.3, penalty=0.0, **SETTINGS[use]) == pytest.approx(closed_form(0.3), abs=1e-6)


def test_S8_for_sgd_penalty_and_decay_are_the_same():
    by_decay, by_penalty = (ridge("sgd", *pair, **SETTINGS["sgd"]) for pair in ((0.3, 0.0), (0.0, 0.3)))
    assert by_decay == pytest.approx(by_penalty, abs=1e-12)


def test_S8_for_adam_decoupled_decay_is_another_solution():
    by_decay = ridge("adamw", 0.3, 0.0, **SETTINGS["adam"])
    by_penalty = ridge("adamw", 0.0, 0.3, **SETTINGS["adam"])
    assert by_penalty == pytest.approx(closed_form(0.3), abs=1e-4)
    assert np.abs(by_decay - by_penalty).max() > 0.05
