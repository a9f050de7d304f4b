"""The shape of surfaces: stationary points, convexity; and Reddi's counterexample, sweeps."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

from paribus.errors import TheoryError
from paribus.theory import arena
from paribus.theory.arena.convexity import chord
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


@pytest.mark.parametrize("c", [3.0, 5.0, 10.0])
def test_H13_reddi_defeats_adam_and_not_amsgrad(c: float) -> None:
    walks = {walk.name: walk for walk in arena.reddi(c, 9000).walks}
    assert walks["Adam"].x[-1] == pytest.approx(1.0)
    assert walks["AMSGrad"].x[-1] < -0.98
    # at x = 1 three steps lose 2(C − 2) against x = −1
    assert walks["Adam"].regret[-1] == pytest.approx(2 * (c - 2) / 3, rel=0.02)
    # AMSGrad's regret falls like 1/√T (Reddi et al., corollary 1): four times the steps, half of it
    longer = {walk.name: walk for walk in arena.reddi(c, 36_000).walks}
    assert longer["AMSGrad"].regret[-1] < 0.6 * walks["AMSGrad"].regret[-1]
    assert longer["Adam"].regret[-1] > 0.95 * walks["Adam"].regret[-1]


def test_reddi_mistakes() -> None:
    for words, said in [((2.0,), "above 2"), ((3.0, 1), "3 to"), ((3.0, 10, 0.0), "above 0")]:
        with pytest.raises(TheoryError, match=said):
            arena.reddi(*words)


@pytest.mark.parametrize(
    ("text", "setting", "values"),
    [
        ("lr=1e-2..1:3", "lr", (0.01, 0.1, 1.0)),
        ("adam.beta1=0,0.5", "adam.beta1", (0.0, 0.5)),
        ("beta2=0.9..0.999:3", "beta2", (0.9, 0.99, 0.999)),
    ],
)
def test_sweeps_are_read(text: str, setting: str, values: tuple[float, ...]) -> None:
    found = arena.parse(text)
    assert found[0] == setting
    assert found[1] == pytest.approx(values)


@pytest.mark.parametrize(
    "text", ["lr", "lr=", "=1..2", "lr=a..b", "lr=0..1", "lr=1..1", "lr=1..2:1", "beta1=0.5..1", "lr=1..2:x"]
)
def test_sweeps_that_cannot_be_read(text: str) -> None:
    with pytest.raises(TheoryError, match=r"sweep is written|a range"):
        arena.parse(text)


def test_a_sweep_finds_the_limit_of_gradient_descent() -> None:
    """On a quadratic with λmax = 10 everything below 2/10 arrives, everything above diverges."""
    found = arena.sweep(arena.problem("quadratic"), [arena.optimizer("sgd")], "lr", (0.05, 0.19, 0.21), 10, 2000)
    assert [trial.summary.reached.count for trial in found.trials] == [10, 10, 0]
    assert found.trials[2].summary.kinds == {"diverged": 10}


def test_a_sweep_of_one_optimizer_leaves_out_the_others() -> None:
    optimizers = [arena.optimizer("adam"), arena.optimizer("nadam"), arena.optimizer("sgd")]
    found = arena.sweep(arena.problem("beale"), optimizers, "beta1", (0.0, 0.9), None, 5)
    assert {trial.optimizer.name for trial in found.trials} == {"adam", "nadam"}
    assert len(arena.sweep(arena.problem("beale"), optimizers, "adam.beta1", (0.0, 0.9), None, 5).trials) == 2
    with pytest.raises(TheoryError, match="has no setting"):
        arena.sweep(arena.problem("beale"), optimizers, "momentum.lr", (0.1,))
