"""What is claimed of the surfaces: published minima, found again by SciPy; and formulas of the user's own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq, minimize

from paribus.errors import TheoryError
from paribus.theory import arena
from paribus.theory.arena import verify

PUBLISHED = {  # first minimiser and value, as the literature prints them
    "rosenbrock": ((1, 1), 0),
    "rastrigin": ((0, 0), 0),
    "schwefel": ((420.96875, 420.96875), 0),
    "ackley": ((0, 0), 0),
    "beale": ((3, 0.5), 0),
    "eggholder": ((512, 404.2319), -959.6407),
    "himmelblau": ((3, 2), 0),
    "quadratic": ((0, 0), 0),
    "softplus": ((-0.28180,), 0.13742),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_minima(name: str) -> None:
    problem, (place, value) = arena.problem(name), PUBLISHED[name]
    np.testing.assert_allclose(problem.minima[0], place, atol=6e-5)  # five decimals are printed
    assert problem.lowest == pytest.approx(value, abs=6e-5)
    np.testing.assert_allclose(problem.value(np.array(problem.minima)), problem.lowest, atol=1e-9)


@pytest.mark.parametrize("name", PUBLISHED)
def test_scipy_finds_nothing_lower(name: str) -> None:
    problem = arena.problem(name)
    axes = [np.linspace(low, high, 801) for low, high in zip(problem.low, problem.high, strict=True)]
    points = np.stack(np.meshgrid(*axes), -1).reshape(-1, problem.dimensions)
    best = points[np.argsort(problem.value(points))[:20]]
    box = list(zip(problem.low, problem.high, strict=True))
    found = [minimize(problem.value, x, bounds=box, tol=1e-14).fun for x in best]
    assert problem.lowest is not None
    assert min(found) >= problem.lowest - 1e-9
    assert min(found) == pytest.approx(problem.lowest, abs=1e-6)


def test_the_minimum_of_softplus_solves_its_equation() -> None:
    """10σ(10x) + 2x = 0."""
    root = brentq(lambda x: 10 / (1 + np.exp(-10 * x)) + 2 * x, -1, 0, xtol=1e-15)
    assert arena.problem("softplus").minima[0][0] == pytest.approx(root, abs=1e-12)
    assert round(root, 5) == -0.28180


@pytest.mark.parametrize("name", arena.KNOWN)
def test_derivatives_are_verified(name: str) -> None:
    assert arena.check(arena.problem(name)).largest < 1e-6


@pytest.mark.parametrize("name", ["rosenbrock", "rastrigin", "schwefel", "ackley", "softplus", "quadratic"])
def test_many_dimensions(name: str) -> None:
    problem = arena.problem(name, 6)
    assert problem.dimensions == 6
    assert arena.check(problem).largest < 1e-6
    np.testing.assert_allclose(problem.value(np.array(problem.minima[0])), problem.lowest, atol=1e-9)


def test_a_wrong_gradient_is_refused() -> None:
    problem = arena.problem("himmelblau")
    wrong = replace(problem, surface=replace(problem.surface, gradient=lambda x: 1.00001 * problem.gradient(x)))
    with pytest.raises(TheoryError, match="nothing is shown that was not verified"):
        arena.check(wrong)


def test_differences_are_of_fourth_order() -> None:
    points = np.array([[0.3], [1.7]])
    errors = [
        abs(verify.differences(lambda x: np.exp(x[:, 0]), points, h)[:, 0] - np.exp(points[:, 0])) for h in (0.1, 0.05)
    ]
    np.testing.assert_allclose(errors[0] / errors[1], 16, rtol=0.05)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("rosenbroc",), "did you mean 'rosenbrock'"),
        (("beale", 3), "has 2 dimensions"),
        (("rosenbrock", 1), "two coordinates"),
        (("rastrigin", 1000), "1 to 100 dimensions"),
        (("quadratic", 2, 0.5), "condition number"),
    ],
)
def test_mistakes(words: tuple, said: str) -> None:
    with pytest.raises(TheoryError, match=said):
        arena.problem(*words)


FORMULAS = {
    "x**2 + 3*y**2": lambda x, y: x**2 + 3 * y**2,
    "(x - y)**4 / 2 + sin(pi*x)": lambda x, y: (x - y) ** 4 / 2 + np.sin(np.pi * x),
    "exp(-x**2) * cos(y) + tanh(x*y)": lambda x, y: np.exp(-(x**2)) * np.cos(y) + np.tanh(x * y),
    "log(1 + e**x) + sqrt(1 + y**2)": lambda x, y: np.log1p(np.exp(x)) + np.sqrt(1 + y**2),
    "sigmoid(x) - softplus(-y) + cosh(x/4)": lambda x, y: 1 / (1 + np.exp(-x)) - np.log1p(np.exp(-y)) + np.cosh(x / 4),
    "y**2": lambda x, y: y**2,
    "abs(x) + tan(y/10)": lambda x, y: abs(x) + np.tan(y / 10),
}


@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas_of_ones_own(formula: str) -> None:
    problem = arena.typed(formula)
    points = problem.draw(20, 1)
    np.testing.assert_allclose(problem.value(points), FORMULAS[formula](*points.T), rtol=1e-12)
    assert arena.check(problem).largest < 1e-6


def test_numbered_coordinates() -> None:
    problem = arena.typed("x1**2 + x4")
    assert problem.dimensions == 4
    np.testing.assert_allclose(problem.gradient(np.array([3.0, 1, 1, 1])), [6, 0, 0, 1])
    assert problem.derivatives == ("2*x1", "0", "0", "1")


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("x**2 +", "Python's notation"),
        ("x.real", r"arithmetic and functions \(column 1\)"),
        ("__import__('os').system('true')", "there is no function|arithmetic"),
        ("sin(x", "Python's notation"),
        ("sinn(x)", "did you mean 'sin'"),
        ("x + 2*w", r"w is not known here \(column 7\)"),
        ("x**y**2", "grows beyond all bounds"),
        ("x**99999", "exponent is at most"),
        ("3 + 4", "must depend on x"),
        ("x + x1", "not both"),
        ("x if y else 1", "arithmetic"),
        ("[x]", "arithmetic"),
        ("'x'", "arithmetic"),
        ("True*x", "arithmetic"),
        ("x" + "+x" * 3000, "characters"),
        ("log(x - x)", "no finite real value"),
        ("log(-1 - x**2)", "no value in most"),
        ("", "Python's notation"),
    ],
)
def test_formulas_that_cannot_be_read(formula: str, said: str) -> None:
    with pytest.raises(TheoryError, match=said):
        arena.check(arena.typed(formula))


def test_the_minimum_of_ones_own_is_the_lowest_found() -> None:
    race = arena.race(arena.typed("(x**2 - 4)**2 + x + y**2"), [arena.optimizer("lbfgs")], 5)
    best = minimize(lambda x: (x**2 - 4) ** 2 + x, -2, tol=1e-12)
    assert race.problem.minima[0][0] == pytest.approx(best.x[0], abs=1e-5)
    assert "lowest found" in race.problem.source
