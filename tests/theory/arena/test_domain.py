"""Formulas that have no value somewhere: nothing walks there, and what was verified says so."""

from __future__ import annotations

import numpy as np
import pytest

from paribus.errors import TheoryError
from paribus.reports.arena import arena_page
from paribus.theory.arena import at, optimizer, race, search, trace, typed
from paribus.theory.arena.verify import check

PARTLY = ("log(x)", "x - log(x)", "sqrt(x)*x", "x*log(x) + y**2", "x**0.5 + x**2", "1/x + x**2*sqrt(x)")


@pytest.mark.parametrize("formula", PARTLY)
def test_derivatives_are_verified_where_there_are_values(formula):
    problem = typed(formula)
    found = check(problem)
    points = problem.draw(50, 0)
    assert np.isfinite(problem.value(points)).all()
    assert found.points == 50
    assert found.empty == pytest.approx(0.5, abs=0.05)  # the half with x < 0: ±0.05 is three deviations of 1000 draws


def test_what_has_a_value_everywhere_is_drawn_as_before():
    problem = typed("x**2 + y**2")
    drawn = np.random.default_rng(3).uniform(-5, 5, (40, 2))
    assert np.array_equal(problem.draw(40, 3), drawn)
    assert check(problem).empty == 0


def test_a_path_ends_where_the_values_end():
    found = trace(typed("x - log(x)"), optimizer("sgd").having(lr=1.0), [1.9], steps=5)
    assert len(found.steps) == 5
    assert found.ended == ""
    left = trace(typed("sqrt(x)"), optimizer("sgd").having(lr=1.0), [0.2], steps=5)  # 0.2 − 1/(2√0.2) < 0
    assert len(left.steps) == 1
    assert "f has no value: the path ends there" in left.ended
    assert arena_page(left).notes == (left.ended.replace("-", "−"),)


def test_a_race_says_who_left():
    found = race(typed("sqrt(x)"), [optimizer("sgd").having(lr=1.0)], [0.2], steps=20, tune=False)
    (path,) = found.trajectories
    assert path.summary.kinds == {"no value": 1}
    assert (path.points[1:] == path.points[1]).all()  # and it stays where it fell


@pytest.mark.parametrize("formula", ["log(x)", "sqrt(x)"])
def test_no_start_without_a_value(formula):
    with pytest.raises(TheoryError, match="no value"):
        trace(typed(formula), optimizer("sgd"), [-1.0])
    with pytest.raises(TheoryError, match="no value at this point"):
        at(typed(formula), [-1.0])


def test_no_stationary_point_without_a_value():
    """x + log(x) has slope 1 + 1/x, which is zero at −1; there is no logarithm."""
    assert search(typed("x + log(x)")).points == ()


def test_a_function_with_hardly_any_values_is_refused():
    with pytest.raises(TheoryError, match="no value in most"):
        check(typed("sqrt(x - 4.9)"))
