"""Races: paths equal torch's, batches equal single walks, and endings are what they are called."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from paribus.errors import TheoryError
from paribus.theory import arena
from paribus.theory.arena import outcome
from paribus.theory.arena.optimizers import Asked
from paribus.theory.arena.race import GRID, best_rate, run

TORCH = {
    "sgd": lambda p: torch.optim.SGD(p, 0.01),
    "momentum": lambda p: torch.optim.SGD(p, 0.01, 0.9),
    "nesterov": lambda p: torch.optim.SGD(p, 0.01, 0.9, nesterov=True),
    "adagrad": lambda p: torch.optim.Adagrad(p, 0.01),
    "rmsprop": lambda p: torch.optim.RMSprop(p, 0.01),
    "adam": lambda p: torch.optim.Adam(p, 0.01),
    "adamw": lambda p: torch.optim.AdamW(p, 0.01),
    "adamax": lambda p: torch.optim.Adamax(p, 0.01),
    "nadam": lambda p: torch.optim.NAdam(p, 0.01),
    "amsgrad": lambda p: torch.optim.Adam(p, 0.01, amsgrad=True),
}


def himmelblau(x: torch.Tensor) -> torch.Tensor:
    return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2


@pytest.mark.parametrize("name", TORCH)
def test_100_steps_equal_torch(name: str) -> None:
    start = torch.tensor([0.5, -1.0], dtype=torch.float64, requires_grad=True)
    theirs, points = TORCH[name]([start]), []
    for _ in range(100):
        theirs.zero_grad()
        himmelblau(start).backward()
        theirs.step()
        points.append(start.detach().numpy().copy())
    trajectory = run(arena.problem("himmelblau"), arena.optimizer(name, {"lr": 0.01}), np.array([[0.5, -1.0]]), 100)
    np.testing.assert_allclose(trajectory.points[1:, 0], points, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", arena.LABELS)
def test_a_batch_of_starts_walks_as_each_alone(name: str) -> None:
    problem, starts = arena.problem("beale"), arena.problem("beale").draw(4, 0)
    optimizer = arena.optimizer(name)
    together = run(problem, optimizer, starts, 30)
    for i, start in enumerate(starts):
        alone = run(problem, optimizer, start[None], 30)
        np.testing.assert_allclose(together.points[:, i], alone.points[:, 0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("lr", "kind"), [(0.199, "global minimum"), (0.201, "diverged")])
def test_gradient_descent_on_a_quadratic_diverges_beyond_2_over_the_largest_eigenvalue(lr: float, kind: str) -> None:
    trajectory = run(
        arena.problem("quadratic", condition=10.0, angle=20.0),
        arena.optimizer("sgd", {"lr": lr}),
        np.array([[4.0, 4.0]]),
        3000,
    )
    assert trajectory.summary.ends[0].kind == kind


def test_newton_needs_one_step_on_a_quadratic() -> None:
    problem = arena.problem("quadratic", 5, 1e4)
    trajectory = run(problem, arena.optimizer("newton"), problem.draw(3, 0), 5)
    assert [end.steps for end in trajectory.summary.ends] == [1, 1, 1]
    assert trajectory.asked.hessians <= 3 * 5


def test_where_paths_end() -> None:
    problem = arena.problem("himmelblau")
    starts = np.array([[2.9, 2.1], [-0.27, -0.92], [0.08, 2.88]])  # near a minimum, the maximum and a saddle
    newton = run(problem, arena.optimizer("newton"), starts, 50)
    assert [end.kind for end in newton.summary.ends] == ["global minimum", "maximum", "saddle"]
    slow = run(problem, arena.optimizer("sgd", {"lr": 1e-5}), starts + 0.3, 5)
    assert slow.summary.kinds == {"on the way": 3}
    assert newton.summary.reached.count == 1


def test_a_local_minimum_is_not_the_global_one() -> None:
    trajectory = run(arena.problem("rastrigin"), arena.optimizer("sgd", {"lr": 1e-3}), np.array([[2.1, -0.9]]), 500)
    (end,) = trajectory.summary.ends
    assert end.kind == "local minimum"
    assert end.place == pytest.approx((1.99, -0.995), abs=0.01)


def test_the_edge_of_a_box_holds() -> None:
    trajectory = run(
        arena.problem("eggholder"), arena.optimizer("sgd", {"lr": 0.2}), np.array([[505.0, 405.0], [-500.0, 0.0]]), 2000
    )
    assert trajectory.summary.ends[0].kind == "global minimum"  # on the edge, where the gradient points outwards
    assert np.abs(trajectory.points).max() <= 512


def test_settled_counts_from_the_last_step_outside() -> None:
    problem = arena.problem("quadratic")
    path = np.array([[4.0, 0], [0, 0], [1, 0], [0, 0], [1e-4, 0]])[:, None]
    assert outcome.settled(problem, path, np.zeros(2)).tolist() == [3]
    assert outcome.settled(problem, path[:3], np.zeros(2)).tolist() == [-1]
    assert outcome.settled(problem, path[3:], np.zeros(2)).tolist() == [0]


@pytest.mark.parametrize(("count", "of"), [(0, 10), (3, 10), (10, 10), (50, 97)])
def test_the_ends_of_wilsons_interval_are_where_the_score_test_rejects(count: int, of: int) -> None:
    found = arena.wilson(count, of)
    for p in (found.low, found.high):
        assert (count / of - p) ** 2 == pytest.approx(1.959963984540054**2 * p * (1 - p) / of, abs=1e-12)


def test_divergence_is_a_result() -> None:
    trajectory = run(arena.problem("rosenbrock"), arena.optimizer("sgd", {"lr": 1.0}), np.array([[-1.2, 1.0]]), 50)
    assert trajectory.summary.kinds == {"diverged": 1}
    assert np.isnan(trajectory.points[-1]).all()
    assert trajectory.summary.last == np.inf


def test_tuning_takes_the_best_of_the_grid() -> None:
    """On ½λx² the best constant rate is 1/λ: one step; of the grid, the nearest that still contracts fastest."""
    problem = arena.problem("quadratic", 1, 10.0)  # one eigenvalue: 10
    chosen = best_rate(problem, arena.optimizer("sgd"), problem.draw(10, 0), 50)
    assert chosen == 0.1
    race = arena.race(
        problem, [arena.optimizer("sgd"), arena.optimizer("sgd", {"lr": 0.02}), arena.optimizer("newton")], 5, 50
    )
    assert [trajectory.optimizer.settings.get("lr") for trajectory in race.trajectories] == [0.1, 0.02, None]
    assert [bool(trajectory.tuned) for trajectory in race.trajectories] == [True, False, False]
    assert race.trajectories[0].tuned == GRID


def test_without_a_minimum_nothing_is_tuned() -> None:
    race = arena.race(arena.problem("saddle"), [arena.optimizer("sgd")], steps=10)
    assert not race.trajectories[0].optimizer.settings


def test_a_singular_hessian_stops_newton() -> None:
    trajectory = run(arena.problem("monkey"), arena.optimizer("newton"), np.zeros((1, 2)), 10)
    np.testing.assert_array_equal(trajectory.points[-1], [[0, 0]])
    assert trajectory.summary.ends[0].kind == "degenerate"


def test_costs_are_counted() -> None:
    trajectory = run(arena.problem("rosenbrock"), arena.optimizer("linesearch"), np.array([[-1.2, 1.0]]), 1)
    assert trajectory.asked == Asked(values=1 + 11, gradients=1, hessians=0)  # f(x), then lengths 2⁰ … 2⁻¹⁰


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"lr": 0.0}, "learning rate is above 0"),
        ({"lr": float("nan")}, "learning rate is above 0"),
        ({"beta1": 1.0}, r"beta1 lies in \[0, 1\)"),
        ({"bta1": 0.9}, "did you mean 'beta1'"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, float], said: str) -> None:
    with pytest.raises(TheoryError, match=said):
        arena.optimizer("adam", settings)


@pytest.mark.parametrize(
    ("starts", "steps", "said"),
    [
        ([1.0], 5, "2 coordinates"),
        ([1.0, 2.0, 3.0], 5, "2 coordinates"),
        ([9.0, 9.0], 5, "lie in the domain"),
        ([float("nan"), 1.0], 5, "lie in the domain"),
        (0, 5, "at least one starting point"),
        (None, 0, "at least one step"),
        (10_000, 1_000_000, "fit into memory"),
    ],
)
def test_races_that_cannot_be(starts: object, steps: int, said: str) -> None:
    with pytest.raises(TheoryError, match=said):
        arena.race(arena.problem("rosenbrock"), [arena.optimizer("sgd", {"lr": 1e-3})], starts, steps)


def test_unknown_optimizers() -> None:
    with pytest.raises(TheoryError, match="did you mean 'adam'"):
        arena.optimizer("adamm")
    assert arena.optimizer("L-BFGS").name == "lbfgs"
