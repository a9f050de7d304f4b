"""S8, and that every option reaches torch."""

import numpy as np
import pytest
import torch
from torch import nn

from paribus.errors import RecipeError
from paribus.models.cnn import CNN
from paribus.models.initialisation import initialise
from paribus.models.mlp import MLP
from paribus.records.options import options
from paribus.records.parts import Part, build, find, names
from paribus.training.groups import hidden_weights

OPTIONS = {
    "sgd": ({"lr": 0.3, "momentum": 0.7, "nesterov": True, "weight_decay": 0.02}, "SGD"),
    "adam": ({"lr": 0.3, "beta1": 0.8, "beta2": 0.9, "eps": 1e-3, "weight_decay": 0.02, "amsgrad": True}, "Adam"),
    "adamw": ({"lr": 0.3, "beta1": 0.8, "beta2": 0.9, "eps": 1e-3, "weight_decay": 0.02}, "AdamW"),
    "rmsprop": ({"lr": 0.3, "alpha": 0.8, "momentum": 0.5, "eps": 1e-3, "weight_decay": 0.02}, "RMSprop"),
    "adagrad": ({"lr": 0.3, "lr_decay": 0.1, "eps": 1e-3, "weight_decay": 0.02}, "Adagrad"),
    "amsgrad": ({"lr": 0.3, "beta1": 0.8, "beta2": 0.9, "eps": 1e-3, "weight_decay": 0.02}, "Adam"),
    "nadam": (
        {"lr": 0.3, "beta1": 0.8, "beta2": 0.9, "eps": 1e-3, "momentum_decay": 0.01, "weight_decay": 0.02},
        "NAdam",
    ),
    "adamax": ({"lr": 0.3, "beta1": 0.8, "beta2": 0.9, "eps": 1e-3, "weight_decay": 0.02}, "Adamax"),
    "lbfgs": ({"lr": 0.3, "iterations": 3, "history": 7, "line_search": "strong_wolfe"}, "LBFGS"),
}
TORCHS = {"iterations": "max_iter", "history": "history_size", "line_search": "line_search_fn"}


def make(use: str, weights: torch.Tensor, **settings) -> torch.optim.Optimizer:
    return build("optimizer", Part(use, **settings), params=[weights], hidden=[])


@pytest.mark.parametrize("use", sorted({*names("optimizer")} - {"muon"}))
def test_every_option_reaches_torch(use):
    settings, name = OPTIONS[use]
    assert set(settings) == {option.name for option in options("optimizer", find("optimizer", use))}
    optimizer = make(use, torch.zeros(1, requires_grad=True), **settings)
    assert isinstance(optimizer, getattr(torch.optim, name))
    received = dict(optimizer.defaults)
    if "betas" in received:
        received["beta1"], received["beta2"] = received["betas"]
    assert {option: received[TORCHS.get(option, option)] for option in settings} == settings
    assert received.get("amsgrad", False) == (use in ("adam", "amsgrad"))


FUSED = ("sgd", "adam", "adamw", "amsgrad", "adagrad")


@pytest.mark.parametrize("use", FUSED)
def test_fused_where_torch_can(use):
    assert make(use, torch.zeros(1, requires_grad=True)).defaults["fused"]


TWINS = {  # as torch has it, not fused
    "sgd": (torch.optim.SGD, {"momentum": 0.9}),
    "adam": (torch.optim.Adam, {}),
    "adamw": (torch.optim.AdamW, {"weight_decay": 0.01}),
    "amsgrad": (torch.optim.Adam, {"amsgrad": True}),
    "nadam": (torch.optim.NAdam, {}),
    "adamax": (torch.optim.Adamax, {}),
    "rmsprop": (torch.optim.RMSprop, {}),
    "adagrad": (torch.optim.Adagrad, {}),
}


def hundred_steps(network: nn.Module, *optimizers: torch.optim.Optimizer) -> list[torch.Tensor]:
    """The weights after full-batch steps on a fixed problem."""
    draws = torch.Generator().manual_seed(1)
    x, y = torch.randn(64, 1, 8, 8, generator=draws).double(), torch.randint(0, 3, (64,), generator=draws)
    for _ in range(100):
        for optimizer in optimizers:
            optimizer.zero_grad()
        nn.functional.cross_entropy(network(x), y).backward()
        for optimizer in optimizers:
            optimizer.step()
    return [parameter.detach() for parameter in network.parameters()]


def convolutional() -> nn.Module:
    network = CNN((1, 8, 8), 3, widths=(4, 6), hidden=(12,), activation="tanh")
    initialise(network, 0)
    return network.double()  # steps are divided by small roots, which float32 does not know to the last bit


@pytest.mark.parametrize("use", TWINS)
def test_T_a_hundred_steps_are_those_of_torch(use):
    kind, settings = TWINS[use]
    ours, torchs = convolutional(), convolutional()
    one = build("optimizer", Part(use, lr=0.01), params=list(ours.parameters()), hidden=[])
    other = kind(torchs.parameters(), lr=0.01, **settings)
    before = [parameter.detach().clone() for parameter in ours.parameters()]
    found = hundred_steps(ours, one)
    for mine, known, start in zip(found, hundred_steps(torchs, other), before, strict=True):
        torch.testing.assert_close(mine, known, rtol=1e-8, atol=1e-10)
        assert not torch.allclose(mine, start, atol=1e-2)


def test_T_a_hundred_steps_of_muon_are_those_of_torchs_muon_and_adamw():
    ours, torchs = (MLP((1, 8, 8), 3, widths=(16, 12), activation="tanh").double() for _ in range(2))
    initialise(ours, 0)
    torchs.load_state_dict(ours.state_dict())
    hidden = [layer.linear.weight for layer in torchs.hidden]
    rest = [parameter for parameter in torchs.parameters() if all(parameter is not it for it in hidden)]
    muon = torch.optim.Muon(hidden, lr=0.01, weight_decay=0.01, adjust_lr_fn="match_rms_adamw")
    adamw = torch.optim.AdamW(rest, lr=0.01, weight_decay=0.01)
    wanted = [layer.linear.weight for layer in ours.hidden]
    assert list(map(id, hidden_weights(ours))) == list(map(id, wanted))
    own = build("optimizer", Part("muon", lr=0.01), params=list(ours.parameters()), hidden=wanted)
    for mine, known in zip(hundred_steps(ours, own), hundred_steps(torchs, muon, adamw), strict=True):
        torch.testing.assert_close(mine, known, rtol=1e-8, atol=1e-10)


def test_muon_steps_along_an_orthogonal_matrix_whatever_the_layout_of_a_convolution():
    gradient = torch.randn(8, 3, 3, 3, generator=torch.Generator().manual_seed(0))
    steps = []
    for layout in (torch.contiguous_format, torch.channels_last):
        weight = nn.Parameter(torch.zeros(8, 3, 3, 3).to(memory_format=layout))
        weight.grad = gradient.clone().to(memory_format=layout)
        build("optimizer", Part("muon", lr=1.0), params=[weight], hidden=[weight]).step()
        steps.append(weight.detach().flatten(1))
    torch.testing.assert_close(*steps, rtol=0.02, atol=0.02)  # bfloat16 sums in another order
    singular = torch.linalg.svdvals(steps[0]) / (0.2 * 27**0.5)
    assert ((singular > 0.6) & (singular < 1.3)).all()  # Jordan's polynomial leaves them near 1, not at it


def test_muon_leaves_outputs_embeddings_and_single_columns_to_adamw():
    network = nn.Sequential(
        nn.Embedding(5, 4), nn.Linear(4, 6), nn.Linear(6, 1), nn.Linear(1, 4), nn.LayerNorm(4), nn.Linear(4, 3)
    )
    assert [id(it) for it in hidden_weights(network)] == [id(network[1].weight)]


def test_muon_learns_in_groups_of_the_models_own():
    first, second = (nn.Linear(4, 4) for _ in range(2))
    groups = [
        {"params": list(first.parameters()), "lr_factor": 0.5},
        {"params": list(second.parameters()), "lr_factor": 1.0},
    ]
    optimizer = build("optimizer", Part("muon"), params=groups, hidden=[first.weight])
    assert [(group["matrices"], group["lr_factor"], len(group["params"])) for group in optimizer.param_groups] == [
        (True, 0.5, 1),
        (False, 0.5, 1),
        (False, 1.0, 2),
    ]


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
