"""Convexity: witnesses against it, and reasons for it."""

from __future__ import annotations

import numpy as np
import pytest

from paribus.theory import arena
from paribus.theory.arena.convexity import chord


@pytest.mark.parametrize("name", sorted(set(arena.KNOWN) - {"quadratic", "softplus"}))
def test_witnesses_against_convexity(name: str) -> None:
    problem = arena.problem(name)
    found = arena.convexity(problem, 500)
    assert (found.verdict, found.reason) == ("not convex", "")
    one = found.witness
    assert one is not None
    a, b = np.array(one.a), np.array(one.b)
    between = one.weight * a + (1 - one.weight) * b  # the definition, computed once more
    assert problem.value(between) > one.weight * problem.value(a) + (1 - one.weight) * problem.value(b)
    assert (a >= problem.low).all()
    assert (b <= problem.high).all()
    assert found.bend is not None
    direction = np.array(found.bend.direction)
    curvature = direction @ problem.hessian(np.array(found.bend.point)) @ direction
    assert curvature == pytest.approx(found.bend.eigenvalue, rel=1e-9)
    assert curvature < 0


def test_convex_with_a_reason() -> None:
    assert arena.convexity(arena.problem("softplus")).verdict == "convex"
    assert arena.convexity(arena.problem("softplus")).smallest >= 2
    assert "eigenvalues 1, 1000" in arena.convexity(arena.problem("quadratic", condition=1e3, angle=10)).reason
    assert arena.convexity(arena.typed("x**2 + x*y + 3*y**2")).verdict == "convex"
    assert arena.convexity(arena.typed("x**2 - 3*y**2")).verdict == "not convex"


def test_no_witness_is_no_proof() -> None:
    found = arena.convexity(arena.typed("abs(x) + exp(y)"))
    assert (found.verdict, found.witness, found.reason) == ("no witness found", None, "")


def test_a_kink_is_disproved_by_chords() -> None:
    found = arena.convexity(arena.typed("-abs(x) + 2*y"))
    assert found.verdict == "not convex"
    assert found.bend is None


def test_convex_functions_have_no_crossed_chords() -> None:
    problem = arena.problem("quadratic", condition=100.0)
    points = problem.draw(200, 5)
    assert not any(chord(problem, a, b, 0.3) for a, b in zip(points[::2], points[1::2], strict=True))
