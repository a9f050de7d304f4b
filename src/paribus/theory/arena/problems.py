"""What is known about the test functions: where they live, where they are lowest, where races start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paribus.errors import TheoryError, nearest
from paribus.scratch import Tensor, grad
from paribus.scratch.graph import Array
from paribus.scratch.surfaces import SURFACES, Surface, bowl

Point = tuple[float, ...]
RARE = 12  # times as many points are drawn as are asked for, before a function counts as having no values
LARGEST = 100  # coordinates; a Hessian is computed row by row


@dataclass(frozen=True)
class Problem:
    """A surface with its domain and what is known of it.

    Args:
        surface: value and gradient.
        low: smallest coordinates of the domain.
        high: largest coordinates of the domain.
        start: where a race starts unless told otherwise.
        minima: the points where it is lowest; none where it has no bottom or they are not known.
        lowest: the value there.
        boxed: whether nothing is known outside of the domain; points that leave it are put back on its edge.
        source: where the minima come from.
        facts: what else is worth knowing, one sentence each.
        derivatives: the gradient in the notation of the formula, where it was derived here.
        constant: the Hessian, where it is known to be the same everywhere.
    """

    surface: Surface
    low: Point
    high: Point
    start: Point
    minima: tuple[Point, ...] = ()
    lowest: float | None = None
    boxed: bool = False
    source: str = ""
    facts: tuple[str, ...] = ()
    derivatives: tuple[str, ...] = ()
    constant: tuple[Point, ...] | None = None

    @property
    def name(self) -> str:
        """The surface's name."""
        return self.surface.name

    @property
    def dimensions(self) -> int:
        """Number of coordinates."""
        return len(self.start)

    @property
    def half(self) -> Array:
        """Half the width of the domain, (n,)."""
        return np.subtract(self.high, self.low) / 2

    def value(self, x: Any) -> Array:
        """The value at points (…, n); not a number where a formula has none."""
        with np.errstate(all="ignore"):
            return np.asarray(self.surface.value(x))

    def gradient(self, x: Array) -> Array:
        """The gradient in closed form, (…, n)."""
        with np.errstate(all="ignore"):
            return np.asarray(self.surface.gradient(x))

    def defined(self, x: Array) -> NDArray[np.bool_]:
        """At which points (…, n) a typed formula has a value and a gradient; a known surface has them everywhere."""
        if not self.derivatives:
            return np.ones(x.shape[:-1], bool)
        return np.asarray(np.isfinite(self.value(x)) & np.isfinite(self.gradient(x)).all(-1))

    def hessian(self, x: Array) -> Array:
        """Second derivatives by autograd, (…, n) → (…, n, n): a gradient for each entry of the gradient."""
        with np.errstate(all="ignore"):
            point = Tensor(x, requires_grad=True)
            (g,) = grad(self.surface.value(point).sum(), [point], create_graph=True)
            if not g.requires_grad:  # a plane
                return np.zeros((*point.shape, point.shape[-1]))
            seeds = np.eye(point.shape[-1])
            return np.stack([grad(g, [point], seed=np.broadcast_to(seed, g.shape))[0] for seed in seeds], -2)

    def keep(self, x: Array) -> Array:
        """The points themselves, or back on the edge where the domain is a box."""
        return np.asarray(np.clip(x, self.low, self.high)) if self.boxed else x

    def draw(self, number: int, seed: int) -> Array:
        """Random points of the domain at which the function has a value, (number, n).

        Raises:
            TheoryError: where such points are rare.
        """
        random, found = np.random.default_rng(seed), np.empty((0, self.dimensions))
        for _ in range(RARE):
            points = random.uniform(self.low, self.high, (number, self.dimensions))
            found = np.concatenate([found, points[self.defined(points)]])
            if len(found) >= number:
                return found[:number]
        rule = "the function has no value in most of its domain"
        raise TheoryError(rule, got=self.name, hint="is it meant so? choose another --width")


def _spread(one: float, n: int) -> Point:
    return (one,) * n


def _cube(surface: Surface, n: int, half: float, start: float, best: float, **known: Any) -> Problem:
    """A problem that looks the same in every coordinate."""
    low, high, first, least = (_spread(value, n) for value in (-half, half, start, best))
    return Problem(surface, low, high, first, minima=(least,), lowest=known.pop("lowest", 0.0), **known)


def _rosenbrock(surface: Surface, n: int) -> Problem:
    if n < 2:
        raise TheoryError("Rosenbrock's function needs two coordinates", got=n, hint="leave --dimension out")
    first = tuple((-1.2, 1.0)[i % 2] for i in range(n))
    facts = ("the valley is flat and bent: it is easy to find and hard to follow",)
    box = (_spread(-2.0, n), (2.0, *_spread(3.0, n - 1)))
    return Problem(surface, *box, first, (_spread(1.0, n),), 0.0, source="Rosenbrock 1960", facts=facts)


def _rastrigin(surface: Surface, n: int) -> Problem:
    facts = (f"about {11**n:,} local minima in the domain, one near every whole number",)
    return _cube(surface, n, 5.12, 3.3, 0.0, source="Rastrigin 1974", facts=facts)


def _schwefel(surface: Surface, n: int) -> Problem:
    facts = ("the second lowest minimum lies far from the lowest", "outside of the domain it falls without end")
    return _cube(surface, n, 500.0, 200.0, 420.9687462275, boxed=True, source="Schwefel 1981", facts=facts)


def _ackley(surface: Surface, n: int) -> Problem:
    facts = ("the minimum is a tip: the gradient jumps there, it is not zero around it",)
    return _cube(surface, n, 32.768, 2.3, 0.0, source="Ackley 1987", facts=facts)


def _beale(surface: Surface, n: int) -> Problem:
    facts = ("at (0, 1) the gradient is zero, and there is a saddle",)
    box = (_spread(-4.5, 2), _spread(4.5, 2), (-2.0, 1.5))
    return Problem(surface, *box, ((3.0, 0.5),), 0.0, source="Beale 1958", facts=facts)


def _eggholder(surface: Surface, n: int) -> Problem:
    facts = ("the lowest point of the domain lies on its edge, where the gradient is not zero",)
    best = ((512.0, 404.2318051372),)
    box = (_spread(-512.0, 2), _spread(512.0, 2), (0.0, 0.0))
    return Problem(surface, *box, best, -959.640662720851, True, "Whitley et al. 1996", facts)


def _himmelblau(surface: Surface, n: int) -> Problem:
    best = (
        (3.0, 2.0),
        (-2.805118086952745, 3.131312518250573),
        (-3.779310253377747, -3.283185991286170),
        (3.584428340330492, -1.848126526964404),
    )
    facts = ("four minima of the same value, four saddles and a maximum",)
    return Problem(surface, (-6, -6), (6, 6), (0.0, 0.0), best, 0.0, source="Himmelblau 1972", facts=facts)


def _quadratic(surface: Surface, n: int) -> Problem:
    matrix = tuple(map(tuple, surface.gradient(np.eye(n)).T.tolist()))
    facts = ("gradient descent converges if and only if lr < 2/λmax",)
    return _cube(surface, n, 5.0, 4.0, 0.0, facts=facts, constant=matrix)


def _softplus(surface: Surface, n: int) -> Problem:
    facts = ("convex: the second derivative is 100σ(1 − σ) + 2 ≥ 2 with σ = sigmoid(10x)",)
    lowest = n * 0.1374209389483877
    return _cube(surface, n, 2.0, 1.5, -0.28179891359486, lowest=lowest, source="root of x = −5σ(10x)", facts=facts)


def _saddle(surface: Surface, n: int) -> Problem:
    facts = ("no minimum: it falls without end along y",)
    return Problem(surface, (-2, -2), (2, 2), (1.0, 1e-3), facts=facts, constant=((2.0, 0.0), (0.0, -2.0)))


def _monkey(surface: Surface, n: int) -> Problem:
    facts = ("no minimum; at (0, 0) gradient and Hessian are both zero",)
    return Problem(surface, (-2, -2), (2, 2), (1.0, 0.2), facts=facts)


KNOWN: dict[str, Callable[[Surface, int], Problem]] = {
    "rosenbrock": _rosenbrock,
    "rastrigin": _rastrigin,
    "schwefel": _schwefel,
    "ackley": _ackley,
    "beale": _beale,
    "eggholder": _eggholder,
    "himmelblau": _himmelblau,
    "quadratic": _quadratic,
    "softplus": _softplus,
    "saddle": _saddle,
    "monkey": _monkey,
}


def problem(name: str, dimensions: int | None = None, condition: float = 10.0, angle: float = 0.0) -> Problem:
    """A test function by name.

    Args:
        name: one of :data:`KNOWN`.
        dimensions: number of coordinates, where the function leaves it open; 2 by default, 1 for softplus.
        condition: of the quadratic, the ratio of its largest to its smallest eigenvalue.
        angle: of the quadratic, by how many degrees its axes are turned.

    Raises:
        TheoryError: for unknown names and impossible numbers.
    """
    if name not in KNOWN:
        hint = nearest(name, KNOWN) if name.isidentifier() else f'a formula is given by --function "{name}"'
        raise TheoryError("there is no surface of this name", got=name, hint=hint)
    surface, n = SURFACES[name], dimensions or (1 if name == "softplus" else 2)
    if name == "quadratic":
        if not 1 <= condition <= 1e12:
            raise TheoryError("a condition number lies between 1 and 10¹²", got=condition)
        surface = bowl(condition, angle, n)
    if not 1 <= n <= LARGEST:
        raise TheoryError(f"a surface has 1 to {LARGEST} dimensions", got=n)
    if surface.dimensions not in (None, n):
        raise TheoryError(f"{name} has {surface.dimensions} dimensions and no others", got=n, hint="leave it out")
    return KNOWN[name](surface, n)
