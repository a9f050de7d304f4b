"""Optimizers: 100 steps beside torch, closed forms, and the theorems they were invented for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import rosen, rosen_der

from paribus.scratch import GradientError, ShapeError, Tensor, grad, nn, ops, optim
from paribus.scratch.optim import schedules

DECAY = {"weight_decay": 0.1}
ENDLESS: dict[str, Any] = {"history_size": 10, "tolerance_grad": 0, "tolerance_change": 0}
TWINS: dict[str, tuple[optim.Rule, Callable[[Any], torch.optim.Optimizer]]] = {
    "SGD": (optim.SGD(0.01), lambda p: torch.optim.SGD(p, 0.01)),
    "SGD, decay": (optim.SGD(0.01, 0.1), lambda p: torch.optim.SGD(p, 0.01, **DECAY)),
    "momentum": (optim.Momentum(0.01), lambda p: torch.optim.SGD(p, 0.01, 0.9)),
    "Nesterov": (optim.Nesterov(0.01, 0.1), lambda p: torch.optim.SGD(p, 0.01, 0.9, nesterov=True, **DECAY)),
    "Adagrad": (optim.Adagrad(0.05), lambda p: torch.optim.Adagrad(p, 0.05)),
    "RMSprop": (optim.RMSprop(0.01, 0.1), lambda p: torch.optim.RMSprop(p, 0.01, **DECAY)),
    "Adam": (optim.Adam(0.01), lambda p: torch.optim.Adam(p, 0.01)),
    "Adam, decay": (optim.Adam(0.01, 0.1), lambda p: torch.optim.Adam(p, 0.01, **DECAY)),
    "AdamW": (optim.AdamW(0.01, 0.1), lambda p: torch.optim.AdamW(p, 0.01, **DECAY)),
    "AdaMax": (optim.AdaMax(0.01), lambda p: torch.optim.Adamax(p, 0.01)),
    "Nadam": (optim.Nadam(0.01), lambda p: torch.optim.NAdam(p, 0.01)),
    "AMSGrad": (optim.AMSGrad(0.01), lambda p: torch.optim.Adam(p, 0.01, amsgrad=True)),
    "L-BFGS": (
        optim.LBFGS(lr=0.5),
        lambda p: torch.optim.LBFGS(p, 0.5, 1, **ENDLESS),
    ),
}
START = np.array([-1.2, 1.0, 0.7])


def rosenbrock(x: Any) -> Any:
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def valley(x: Any) -> Any:
    """Curved, of mixed scales, and flat enough for all rules."""
    return ((x[1:] - x[:-1] ** 2) ** 2).sum() + ((1 - x) ** 2).sum() * 0.1


@pytest.mark.parametrize("name", TWINS)
def test_100_steps_equal_torch(name: str) -> None:
    rule, make = TWINS[name]
    t = torch.tensor(START, requires_grad=True)
    theirs = make([t])

    def closure() -> torch.Tensor:
        theirs.zero_grad()
        loss = valley(t)
        loss.backward()
        return loss

    points = [START]
    for _ in range(100):
        theirs.step(closure)
        points.append(t.detach().numpy().copy())
    path = optim.descend(valley, START, rule, 100)
    np.testing.assert_allclose(path.points, np.stack(points), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", ["Adam", "Nesterov", "L-BFGS"])
def test_the_shell_moves_a_net_as_the_rule_moves_its_vector(name: str) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 3)), rng.normal(size=(20, 1))
    net = nn.Sequential(nn.Affine(3, 4, rng=0, dtype=float), nn.tanh, nn.Affine(4, 1, rng=1, dtype=float))
    shell = optim.Optimizer(net.parameters(), TWINS[name][0])
    vector, rule = optim.flatten(net.parameters()), TWINS[name][0]
    state = rule.init(vector)
    for _ in range(10):
        loss = nn.mse(net(x), y)
        loss.backward()
        g = np.concatenate([p.grad.ravel() for p in net.parameters()])
        vector, state = rule.update(g, state, vector)
        shell.step()
        shell.zero_grad()
        np.testing.assert_allclose(optim.flatten(net.parameters()), vector, rtol=1e-12)


def test_a_rule_changes_nothing_it_was_given() -> None:
    for rule in (rule for rule, _ in TWINS.values()):
        x, g = START.copy(), START.copy()
        state = rule.init(x)
        rule.update(g, state, x)
        np.testing.assert_array_equal(x, START)
        np.testing.assert_array_equal(g, START)


def test_float32_stays_float32() -> None:
    for rule in (rule for rule, _ in TWINS.values()):
        x = START.astype(np.float32)
        state = rule.init(x)
        for _ in range(3):
            x, state = rule.update(x * np.float32(0.5), state, x)
        assert x.dtype == np.float32


def test_newton_solves_a_quadratic_in_one_step() -> None:
    a = np.array([[3.0, 1.0], [1.0, 2.0]])
    quadratic: Callable[[Any], Any] = lambda x: 0.5 * (x @ (a @ x)) - x.sum()  # noqa: E731
    path = optim.descend(quadratic, np.array([9.0, -4.0]), optim.Newton(hessian=optim.hessian_of(quadratic)), 1)
    np.testing.assert_allclose(path.points[1], np.linalg.solve(a, [1, 1]), rtol=1e-12)


def test_hessian_at_beales_saddle() -> None:
    def beale(p: Any) -> Any:
        x, y = p[0], p[1]
        return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2

    at = Tensor([0.0, 1.0], requires_grad=True)
    np.testing.assert_allclose(grad(beale(at), [at])[0], [0, 0], atol=1e-12)
    eigenvalues = np.linalg.eigvalsh(optim.hessian_of(beale)(np.array([0.0, 1.0])))
    np.testing.assert_allclose(eigenvalues, [-27.75, 27.75], rtol=1e-12)
    minimum = optim.descend(beale, np.array([0.1, 0.8]), optim.Newton(hessian=optim.hessian_of(beale), damping=0.1), 50)
    assert minimum.values[-1] < minimum.values[0]  # the damped rule leaves the saddle


def test_rosenbrock_is_solved() -> None:
    value = lambda x: float(rosen(x))  # noqa: E731
    start = np.array([-1.2, 1.0])
    np.testing.assert_allclose(grad(rosenbrock(t := Tensor(start, requires_grad=True)), [t])[0], rosen_der(start))
    newton = optim.Newton(hessian=optim.hessian_of(rosenbrock))
    for rule, steps in [(optim.LBFGS(value=value), 60), (newton, 10)]:
        np.testing.assert_allclose(optim.descend(rosenbrock, start, rule, steps).points[-1], [1, 1], atol=1e-6)


def test_line_search_accepts_the_first_step_that_satisfies_armijo() -> None:
    value = lambda x: float(rosen(x))  # noqa: E731
    trials = optim.backtrack(value, np.array([-1.2, 1.0]), g := rosen_der(np.array([-1.2, 1.0])), -g)
    assert [t.accepted for t in trials] == [False] * (len(trials) - 1) + [True]
    assert [t.length for t in trials] == [0.5**i for i in range(len(trials))]
    path = optim.descend(rosenbrock, np.array([-1.2, 1.0]), optim.LineSearch(value=value), 200)
    assert (np.diff(path.values) <= 0).all()


def test_line_search_gives_up_uphill() -> None:
    trials = optim.backtrack(lambda x: float(x @ x), np.ones(2), np.ones(2) * 2, np.ones(2))
    assert trials[-1].length == 0


def test_lbfgs_with_line_search_on_a_net() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 2)), rng.normal(size=(30, 1))
    net = nn.Sequential(nn.Affine(2, 5, rng=0, dtype=float), nn.tanh, nn.Affine(5, 1, rng=1, dtype=float))
    loss = lambda: nn.mse(net(x), y)  # noqa: E731
    optimizer = optim.Optimizer(net.parameters(), optim.LBFGS(value=optim.value_of(loss, net.parameters())))
    values = []
    for _ in range(40):
        optimizer.zero_grad()
        (now := loss()).backward()
        values.append(now.item())
        optimizer.step()
    assert (np.diff(values) <= 0).all()
    assert values[-1] < 0.8 * values[0]


def test_reddis_counterexample_defeats_adam_not_amsgrad() -> None:
    """f_t(x) = 1010x every 101 steps, else −10x, on [−1, 1]: best is x = −1 (Reddi et al. 2018, section 5)."""

    def end(rule: optim.Rule) -> float:
        x, state = np.zeros(1), rule.init(np.zeros(1))
        for t in range(1, 30_001):
            x, state = rule.update(np.array([1010.0 if t % 101 == 1 else -10.0]), state, x)
            x = np.clip(x, -1, 1)
        return float(x[0])

    rate = lambda step: 0.5 / np.sqrt(step + 1)  # noqa: E731
    assert end(optim.Adam(rate, betas=(0.0, 1 - 1 / 20))) > 0.9
    assert end(optim.AMSGrad(rate, betas=(0.0, 1 - 1 / 20))) < 0


def test_gradient_descent_converges_iff_the_rate_is_below_two_over_curvature() -> None:
    curvature = np.array([1.0, 10.0])
    bowl = lambda x: (x * x * curvature).sum() * 0.5  # noqa: E731
    ends = [optim.descend(bowl, np.ones(2), optim.SGD(2 / 10 * f), 300).values[-1] for f in (0.99, 1.01)]
    assert ends[0] < 1e-2 < 1 < ends[1]


def test_softplus_bowl_has_its_known_minimum() -> None:
    bowl = lambda x: (ops.softplus(10 * x) + x * x).sum()  # noqa: E731
    path = optim.descend(bowl, np.array([1.0]), optim.Newton(hessian=optim.hessian_of(bowl)), 30)
    assert path.points[-1][0] == pytest.approx(-0.28180, abs=1e-5)


SCHEDULES: dict[str, tuple[schedules.Schedule, Callable[[Any], Any]]] = {
    "steps": (schedules.steps(0.1, [10, 30]), lambda o: torch.optim.lr_scheduler.MultiStepLR(o, [10, 30])),
    "exponential": (schedules.exponential(0.1, 0.9), lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.9)),
    "cosine": (schedules.cosine(0.1, 49, 0.01), lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 49, 0.01)),
    "warm up": (
        schedules.warm_up(schedules.constant(0.1), 10, 0.2),
        lambda o: torch.optim.lr_scheduler.LinearLR(o, 0.2, total_iters=10),
    ),
    "one cycle": (schedules.one_cycle(0.1, 50), lambda o: torch.optim.lr_scheduler.OneCycleLR(o, 0.1, 50)),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_equal_torch(name: str) -> None:
    ours, make = SCHEDULES[name]
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.1, momentum=0.9)
    theirs = make(optimizer)
    expected = []
    for _ in range(49):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        theirs.step()
    np.testing.assert_allclose([ours(step) for step in range(49)], expected, rtol=1e-12)


def test_a_schedule_is_what_the_rule_uses() -> None:
    path = optim.descend(lambda x: x.sum(), np.zeros(1), optim.SGD(schedules.steps(1.0, [2])), 4)
    np.testing.assert_allclose(-np.diff(path.points[:, 0]), [1, 1, 0.1, 0.1])


def test_errors_of_the_shell() -> None:
    x = Tensor(np.ones(2), requires_grad=True, name="w")
    with pytest.raises(GradientError, match="w"):
        optim.Optimizer([x], optim.SGD()).step()
    with pytest.raises(ShapeError):
        optim.unflatten(np.ones(3), [x])
