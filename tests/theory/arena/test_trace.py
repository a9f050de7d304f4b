"""Traces: the numbers of the formulas are torch's, and a wrong formula is noticed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from paribus.errors import TheoryError
from paribus.theory import arena
from paribus.theory.arena.trace import FORMULAS

STATES = {  # rule → our symbol and the name of the same thing in torch's state
    "momentum": {"v": "momentum_buffer"},
    "adagrad": {"s": "sum"},
    "rmsprop": {"s": "square_avg"},
    "adam": {"m": "exp_avg", "v": "exp_avg_sq"},
    "adamw": {"m": "exp_avg", "v": "exp_avg_sq"},
    "adamax": {"m": "exp_avg", "u": "exp_inf"},
    "nadam": {"m": "exp_avg", "v": "exp_avg_sq"},
    "amsgrad": {"m": "exp_avg", "v": "exp_avg_sq", "w": "max_exp_avg_sq"},
}
TORCH = {
    "momentum": lambda p: torch.optim.SGD(p, 0.1, 0.9),
    "adagrad": lambda p: torch.optim.Adagrad(p, 0.1),
    "rmsprop": lambda p: torch.optim.RMSprop(p, 0.1),
    "adam": lambda p: torch.optim.Adam(p, 0.1),
    "adamw": lambda p: torch.optim.AdamW(p, 0.1),
    "adamax": lambda p: torch.optim.Adamax(p, 0.1),
    "nadam": lambda p: torch.optim.NAdam(p, 0.1),
    "amsgrad": lambda p: torch.optim.Adam(p, 0.1, amsgrad=True),
}


@pytest.mark.parametrize("name", STATES)
def test_every_number_is_torchs(name: str) -> None:
    x = torch.tensor([-1.2, 1.0], dtype=torch.float64, requires_grad=True)
    theirs = TORCH[name]([x])
    optimizer = arena.optimizer(name, {"lr": 0.1})
    found = arena.trace(arena.problem("quadratic", condition=7.0, angle=30.0), optimizer, [-1.2, 1.0], 12)
    matrix = torch.tensor(np.array(found.problem.constant))
    for step in found.steps:
        theirs.zero_grad()
        (x @ matrix @ x / 2).backward()
        theirs.step()
        formulas = {line.symbol: line.values for line in step.lines}
        for symbol, state in STATES[name].items():
            np.testing.assert_allclose(formulas[symbol], theirs.state[x][state].numpy(), rtol=1e-6, atol=1e-12)
        np.testing.assert_allclose(formulas["x"], x.detach().numpy(), rtol=1e-6, atol=1e-9)


def test_adam_by_hand() -> None:
    """g = (0.5): m = .05, v = .00025, m̂ = .5, v̂ = .25, so the first step is lr."""
    (step,) = arena.trace(arena.typed("x**2 / 2"), arena.optimizer("adam", {"lr": 0.1}), [0.5], 1).steps
    formulas = {line.symbol: line.values[0] for line in step.lines}
    assert formulas == pytest.approx({"g": 0.5, "m": 0.05, "v": 0.00025, "m_hat": 0.5, "v_hat": 0.25, "x": 0.4})


@pytest.mark.parametrize("name", arena.LABELS)
def test_the_formulas_agrees_with_the_library(name: str) -> None:
    found = arena.trace(arena.problem("himmelblau"), arena.optimizer(name), [-1.2, 1.0], 15)
    assert found.largest < 1e-12
    for one, following in zip(found.steps, found.steps[1:], strict=False):
        np.testing.assert_allclose(one.lines[-1].values, following.before, rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "settings"), [("adam", {"decay": 0.1}), ("sgd", {"decay": 0.1}), ("newton", {"damping": 0.5})]
)
def test_settings_are_on_the_formulas(name: str, settings: dict[str, float]) -> None:
    assert arena.trace(arena.problem("beale"), arena.optimizer(name, settings), [0.1, 0.8], 6).largest < 1e-12


def test_a_wrong_formulas_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = tuple((symbol, text.replace("beta1**t", "beta1**(t + 1)")) for symbol, text in FORMULAS["adam"])
    monkeypatch.setitem(FORMULAS, "adam", wrong)
    with pytest.raises(TheoryError, match="formulas and library disagree"):
        arena.trace(arena.problem("himmelblau"), arena.optimizer("adam"), None, 2)


@pytest.mark.parametrize("name", ["linesearch", "lbfgs"])
@pytest.mark.parametrize("surface", ["rosenbrock", "beale", "himmelblau"])
def test_H12_the_accepted_length_satisfies_armijo_and_the_one_before_does_not(name: str, surface: str) -> None:
    found = arena.trace(arena.problem(surface), arena.optimizer(name), None, 10)
    for step in found.steps:
        x, g = np.array(step.before), np.array(step.lines[0].values)
        d = next((np.array(line.values) for line in step.lines if line.symbol == "d"), -g)
        holds = [
            float(found.problem.value(x + trial.length * d)) <= step.value + 1e-4 * trial.length * float(g @ d)
            for trial in step.trials
        ]
        assert holds == [False] * (len(holds) - 1) + [True]
        assert [trial.accepted for trial in step.trials] == holds


def test_lbfgs_knows_the_hessian_of_a_quadratic_after_n_steps() -> None:
    """B satisfies the secant equation By = s for the newest pair; on a quadratic y = As."""
    found = arena.trace(arena.problem("quadratic", condition=9.0, angle=40.0), arena.optimizer("lbfgs"), [3.0, -2.0], 3)
    b = next(np.array(line.values).reshape(2, 2) for line in found.steps[2].lines if line.symbol == "B")
    s = np.subtract(found.steps[2].before, found.steps[1].before)
    np.testing.assert_allclose(b @ np.array(found.problem.constant) @ s, s, rtol=1e-9)


def test_mistakes() -> None:
    with pytest.raises(TheoryError, match="1 to 1000 steps"):
        arena.trace(arena.problem("beale"), arena.optimizer("adam"), None, 0)
    with pytest.raises(TheoryError, match=r"singular here(.|\n)*damping"):
        arena.trace(arena.problem("monkey"), arena.optimizer("newton"), [0.0, 0.0], 1)
