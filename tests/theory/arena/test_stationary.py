"""Stationary points: where they are, and of which kind."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

from paribus.errors import TheoryError
from paribus.theory import arena
from paribus.theory.arena.stationary import classify


def test_H14_beale_has_a_saddle_at_0_1() -> None:
    one = arena.describe(arena.problem("beale"), (0.0, 1.0))
    assert one.gradient == 0
    assert one.eigenvalues == pytest.approx((-27.75, 27.75), rel=1e-12)
    assert one.kind == "saddle"


def test_beale_has_no_other_stationary_points() -> None:
    """All real solutions of the two polynomial equations, by sympy's Gröbner bases."""
    x, y = sympy.symbols("x y", real=True)
    f = sum((sympy.Rational(c) - x + x * y**k) ** 2 for c, k in (("3/2", 1), ("9/4", 2), ("21/8", 3)))
    # ∂f/∂x is linear in x: put its root into ∂f/∂y and count the real roots of what remains
    at = sympy.solve(sympy.diff(f, x), x)[0]
    roots = sympy.Poly(sympy.numer(sympy.together(sympy.diff(f, y).subs(x, at))), y).real_roots()
    places = {(round(float(at.subs(y, root)), 6), round(float(root), 6)) for root in roots if root != 1}
    places.add((0.0, 1.0))  # at y = 1 the first equation does not depend on x; the second then asks for x = 0
    found = {tuple(np.round(one.point, 6) + 0.0) for one in arena.search(arena.problem("beale")).points}
    assert {place for place in places if max(map(abs, place)) <= 4.5} == found


def test_himmelblau_has_nine_stationary_points() -> None:
    kinds = [one.kind for one in arena.search(arena.problem("himmelblau")).points]
    assert sorted(kinds) == ["maximum"] + ["minimum"] * 4 + ["saddle"] * 4
    assert all(one.gradient < 1e-9 for one in arena.search(arena.problem("himmelblau")).points)


def test_morse_counts_on_rastrigin() -> None:
    """In one dimension minima and maxima alternate: 11 minima within ±5.12, 10 maxima between them."""
    kinds = [one.kind for one in arena.search(arena.problem("rastrigin", 1), 1000).points]
    assert (kinds.count("minimum"), kinds.count("maximum")) in {(11, 10), (11, 12), (11, 11)}


@pytest.mark.parametrize(
    ("eigenvalues", "kind"),
    [((1, 2), "minimum"), ((-2, -1), "maximum"), ((-1, 2), "saddle"), ((0, 1), "degenerate"), ((-1, 0, 1), "saddle")],
)
def test_kinds(eigenvalues: tuple[float, ...], kind: str) -> None:
    assert classify(np.array(eigenvalues, float)) == kind


def test_where_eigenvalues_say_nothing() -> None:
    monkey = arena.describe(arena.problem("monkey"), (0.0, 0.0))
    assert monkey.kind == "degenerate"
    assert "up" in monkey.note
    quartic = arena.describe(arena.typed("x**4 + y**4"), (0.0, 0.0))
    assert (quartic.kind, quartic.note) == ("degenerate", "of 64 directions 64 lead up and 0 down")


def test_the_foot_of_a_slope_is_no_minimum() -> None:
    """e^100x has a gradient of 10⁻⁷ where its largest is 10²¹⁹; Newton's step is 1/100 everywhere."""
    assert not [one for one in arena.search(arena.typed("exp(100*x)")).points if one.kind == "minimum"]


def test_points_that_are_not_stationary() -> None:
    assert arena.describe(arena.problem("beale"), (1.0, 1.0)).kind == "slope"
    assert arena.describe(arena.problem("ackley"), (0.0, 0.0)).kind == "kink"
    edge = arena.search(arena.problem("eggholder"), 50).points[0]
    assert (edge.kind, round(edge.value, 4)) == ("slope", -959.6407)
    with pytest.raises(TheoryError, match="2 coordinates"):
        arena.at(arena.problem("beale"), [1.0])
