"""Penalties: exact zeros of the lasso, ridge's closed form, and whom they leave alone."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from paribus.records.parts import Part, build
from paribus.training.penalty import add_l2, share_of_zeros, shrink


def problem(orthogonal: bool) -> tuple[torch.Tensor, torch.Tensor]:
    random = np.random.default_rng(3)
    x = random.normal(size=(60, 6)) * [1.0, 2.0, 0.5, 1.0, 1.5, 0.7]
    if orthogonal:
        x = np.linalg.qr(x)[0] * np.sqrt(60)  # XᵀX / n = 1
    y = x @ [2.0, -1.0, 0.0, 0.3, 0.05, -0.2] + 0.5 * random.normal(size=60)
    return torch.from_numpy(x), torch.from_numpy(y)


def trained(
    use: str,
    l1: float = 0.0,
    l2: float = 0.0,
    orthogonal: bool = True,
    steps: int = 500,
    fading: bool = False,
    **settings,
) -> np.ndarray:
    """Weights (6,) after full-batch steps on ½‖Xw − y‖²/n + l1·‖w‖₁ + ½·l2·‖w‖²."""
    x, y = problem(orthogonal)
    weights = nn.Parameter(torch.zeros(1, 6, dtype=torch.float64))
    optimizer = build("optimizer", Part(use, **settings), params=[weights], hidden=[])
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = settings["lr"] * (1 - step / steps if fading else 1)
        optimizer.zero_grad()
        ((x @ weights[0] - y).square().mean() / 2).backward()
        if l2:
            add_l2(optimizer, l2)
        optimizer.step()
        if l1:
            shrink(optimizer, l1)
    return weights.detach()[0].numpy()


@pytest.mark.parametrize(
    "settings", [{"momentum": 0.0}, {"momentum": 0.9}, {"momentum": 0.8, "nesterov": True}], ids=str
)
def test_S8_the_lasso_on_an_orthogonal_design_is_soft_thresholding(settings):
    x, y = (array.numpy() for array in problem(orthogonal=True))
    least_squares = x.T @ y / len(x)
    lasso = np.sign(least_squares) * np.maximum(np.abs(least_squares) - 0.25, 0)
    found = trained("sgd", l1=0.25, lr=0.1, **settings)
    assert found == pytest.approx(lasso, abs=1e-9)
    assert ((found == 0) == (lasso == 0)).all()
    assert 2 <= (found == 0).sum() < 6


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_S8_the_lasso_of_any_design_is_that_of_scikit_learn(momentum):
    from sklearn.linear_model import Lasso

    x, y = (array.numpy() for array in problem(orthogonal=False))
    lasso = Lasso(alpha=0.3, fit_intercept=False, tol=1e-12, max_iter=100_000).fit(x, y).coef_
    found = trained("sgd", l1=0.3, orthogonal=False, lr=0.2, momentum=momentum)
    assert found == pytest.approx(lasso, abs=1e-8)
    assert ((found == 0) == (lasso == 0)).all()


@pytest.mark.parametrize(("use", "settings"), [("sgd", {"lr": 0.05}), ("adam", {"lr": 0.03}), ("nadam", {"lr": 0.03})])
def test_S8_the_l2_penalty_is_ridge_for_every_optimizer(use, settings):
    x, y = (array.numpy() for array in problem(orthogonal=False))
    ridge = np.linalg.solve(x.T @ x / len(x) + 0.4 * np.eye(6), x.T @ y / len(x))
    found = trained(use, l2=0.4, orthogonal=False, steps=1000, fading=use != "sgd", **settings)
    assert found == pytest.approx(ridge, abs=1e-8 if use == "sgd" else 1e-3)  # of a tenth of a step of Adam's


def test_S8_both_are_the_elastic_net():
    x, y = (array.numpy() for array in problem(orthogonal=True))
    least_squares = x.T @ y / len(x)
    net = np.sign(least_squares) * np.maximum(np.abs(least_squares) - 0.25, 0) / (1 + 0.5)
    assert trained("sgd", l1=0.25, l2=0.5, lr=0.05) == pytest.approx(net, abs=1e-9)


RESCALING = {
    "adam": {"lr": 0.03},
    "amsgrad": {"lr": 0.03},
    "adamw": {"lr": 0.03, "weight_decay": 0.0},
    "nadam": {"lr": 0.03},
    "adamax": {"lr": 0.03},
    "rmsprop": {"lr": 0.01, "momentum": 0.5},
    "adagrad": {"lr": 0.3, "lr_decay": 1e-4},
    "muon": {"lr": 0.03, "weight_decay": 0.0},  # AdamW, for there is no hidden layer
}


@pytest.mark.parametrize("use", RESCALING)
def test_S8_the_lasso_is_where_optimizers_that_rescale_gradients_settle_too(use):
    x, y = (array.numpy() for array in problem(orthogonal=True))
    least_squares = x.T @ y / len(x)
    lasso = np.sign(least_squares) * np.maximum(np.abs(least_squares) - 0.25, 0)
    found = trained(use, l1=0.25, steps=1000, fading=True, **RESCALING[use])
    assert ((found == 0) == (lasso == 0)).all()
    assert found == pytest.approx(lasso, abs=1e-3)


def test_what_never_had_a_gradient_is_shrunk_by_two_steps_and_not_at_once():
    weights = nn.Parameter(torch.ones(1, 3))
    weights.grad = torch.zeros(1, 3)
    optimizer = build("optimizer", Part("adam", lr=0.1), params=[weights], hidden=[])
    optimizer.step()
    shrink(optimizer, 1e-4)
    torch.testing.assert_close(weights.detach(), torch.full((1, 3), 0.8))


def test_the_penalty_is_what_its_gradient_is_of():
    layer = nn.Linear(3, 2).double()
    for parameter in layer.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer = build("optimizer", Part("sgd"), params=list(layer.parameters()), hidden=[])
    penalty = add_l2(optimizer, 0.7)
    assert penalty.item() == pytest.approx(0.35 * layer.weight.square().sum().item())
    torch.testing.assert_close(layer.weight.grad, 0.7 * layer.weight.detach())


def test_biases_and_norms_go_free_and_what_has_no_gradient_stays():
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    before = {name: parameter.detach().clone() for name, parameter in network.named_parameters()}
    for parameter in network[:2].parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer = build("optimizer", Part("sgd", lr=0.1, momentum=0.0), params=list(network.parameters()), hidden=[])
    add_l2(optimizer, 0.5)
    shrink(optimizer, 100.0)
    changed = {name for name, it in network.named_parameters() if not torch.equal(it, before[name])}
    assert changed == {"0.weight"}
    assert (network[0].weight == 0).all()
    assert (network[0].bias.grad == 0).all()
    assert share_of_zeros(network.parameters()) == 12 / 20


def test_the_share_of_zeros_stands_in_the_record(train, digits):
    folder, result = train(digits({"training.l1": 0.003}))
    shares = [row["model/zeros"] for row in folder.history]
    assert 0 < shares[0] < shares[-1] < 1
    assert shares[-1] == result.metrics["model/zeros"]
    kept = [weight for weight in load_file(folder.weights).values() if weight.ndim == 2]  # of the two linear layers
    assert sum(int((it == 0).sum()) for it in kept) / sum(it.numel() for it in kept) == shares[-1]
