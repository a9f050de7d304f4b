"""What one should know of an activation, computed and checked: a sheet for each, and one table of all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

import numpy as np
from scipy.optimize import brentq

from paribus.errors import TheoryError
from paribus.theory.activations.table import ACTIVATIONS, Activation, Array, activation
from paribus.theory.derivations.record import TOLERANCE, Table

POINTS = (-5.0, -3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 5.0)
FLAT = 0.01  # an activation counts as saturated where |f′| is below this
REACH, STEP = 40.0, 2.0**-7  # the grid on which intervals are looked for; beyond ±40 nothing changes any more

Interval = tuple[float, float]


@dataclass(frozen=True)
class Sheet:
    """An activation and what was computed of it.

    Args:
        activation: the function with its formulas.
        mean: E f(Z) for a standard normal Z.
        saturation: the intervals in which |f′| < 0.01.
        values: f and f′ at fixed points.
        max_relative_error: of the derivative against central differences, and of the claimed range and Lipschitz
            constant against those found on a grid.
    """

    activation: Activation
    mean: float
    saturation: tuple[Interval, ...]
    values: Table
    max_relative_error: float

    @property
    def centred(self) -> bool:
        """Whether outputs have mean 0 where inputs are standard normal: odd functions, and selu by construction."""
        return abs(self.mean) < 1e-6  # the error of the quadrature

    @property
    def verified(self) -> bool:
        """Whether all claims passed their checks."""
        return self.max_relative_error <= TOLERANCE

    @property
    def range(self) -> str:
        """The interval of outputs, with a square bracket where an end is reached."""
        f = self.activation
        return f"{'[' if f.attained[0] else '('}{_number(f.low)}, {_number(f.high)}{']' if f.attained[1] else ')'}"


def sheet(name: str) -> Sheet:
    """Compute the sheet of one activation.

    Raises:
        TheoryError: no activation has this name, or a claim of the table does not hold.
    """
    f = activation(name)
    rows = tuple((float(p), float(f.value(np.array(p))), float(f.slope(np.array(p)))) for p in POINTS)
    made = Sheet(
        activation=f,
        mean=normal_mean(f),
        saturation=saturation(f),
        values=Table(f"{f.name} at fixed points", ("x", "f(x)", "f′(x)"), rows),
        max_relative_error=max(slope_error(f), range_error(f), lipschitz_error(f)),
    )
    if not made.verified:
        raise TheoryError("a sheet is shown only if it is verified", got=f"{f.name}: {made.max_relative_error:.1e}")
    return made


def sheets(names: Iterable[str] = ()) -> tuple[Sheet, ...]:
    """The sheets of these activations, or of all."""
    return tuple(sheet(name) for name in names or ACTIVATIONS)


def overview(all_of_them: Iterable[Sheet]) -> Table:
    """One line for each activation."""
    heads = ("activation", "range", "zero-centred", "mean", "Lipschitz", "|f′| < 0.01")
    rows = tuple(
        (
            s.activation.name,
            s.range,
            "yes" if s.centred else "no",
            "0" if s.centred else f"{s.mean:.3f}",
            f"{s.activation.lipschitz:.4g}",
            spans(s.saturation),
        )
        for s in all_of_them
    )
    return Table("Activations", heads, rows)


def grid() -> Array:
    """Points on both sides, the kinks at 0 and ±1 left out by half a step."""
    return np.arange(-REACH, REACH, STEP) + STEP / 2


def normal_mean(f: Activation) -> float:
    """E f(Z) by the trapezoidal rule: 12 standard deviations to each side, error of order h² = 2.5e-7 at a kink."""
    x = np.linspace(0.0, 12.0, 24_001)
    density = np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
    both = (f.value(x) + f.value(-x)) * density  # both sides at once: odd parts cancel
    return float((both.sum() - both[0] / 2) * (x[1] - x[0]))


def saturation(f: Activation) -> tuple[Interval, ...]:
    """The intervals in which |f′| < 0.01; ends are found to 1e-12, or are a kink."""
    x = grid()
    flat = np.abs(f.slope(x)) < FLAT
    ends = [-inf] if flat[0] else []
    ends += [_crossing(f, float(x[i]), float(x[i + 1])) for i in np.flatnonzero(flat[1:] != flat[:-1])]
    ends += [inf] if flat[-1] else []
    return tuple(zip(ends[::2], ends[1::2], strict=True))


def _crossing(f: Activation, left: float, right: float) -> float:
    """Where |f′| passes 0.01; the method halves its bracket, so a jump is found as well."""
    end = float(brentq(lambda t: float(np.abs(f.slope(np.array(t)))) - FLAT, left, right, xtol=1e-12))
    return next((kink for kink in f.kinks if abs(kink - end) < 1e-9), end)


def slope_error(f: Activation) -> float:
    """The derivative against central differences of fourth order (error h⁴ ≈ 1e-11), relative to max(1, |f′|)."""
    x = np.linspace(-8.0, 8.0, 801) + 1e-3
    h = 2e-3 / 2
    x = x[np.all([np.abs(x - kink) > 3 * h for kink in (*f.kinks, 0.0)], axis=0)]  # softsign and elu bend at 0
    differences = (8 * (f.value(x + h) - f.value(x - h)) - (f.value(x + 2 * h) - f.value(x - 2 * h))) / (12 * h)
    return float(np.max(np.abs(differences - f.slope(x)) / np.maximum(1.0, np.abs(f.slope(x)))))


def range_error(f: Activation) -> float:
    """How far outputs leave the claimed range, or stay from its finite ends."""
    far = np.array([-1e8, 1e8])
    y = np.concatenate([f.value(grid()), f.value(far), _polished(f)])
    ends = ((f.low, float(y.min())), (f.high, float(y.max())))
    return max((abs(claimed - found) for claimed, found in ends if np.isfinite(claimed)), default=0.0)


def _polished(f: Activation) -> Array:
    """Values on a fine grid around the least one of the coarse grid: minima lie between its points."""
    x = grid()
    middle = x[np.argmin(f.value(x))]
    return np.asarray(f.value(np.linspace(middle - STEP, middle + STEP, 10_001)))


def lipschitz_error(f: Activation) -> float:
    """How far the claimed constant is from the steepest slope found, at first on the grid, then around it."""
    x = grid()
    middle = x[np.argmax(np.abs(f.slope(x)))]
    fine = np.linspace(middle - STEP, middle + STEP, 10_001)
    return abs(float(np.abs(f.slope(fine)).max()) - f.lipschitz) / f.lipschitz


def spans(intervals: Iterable[Interval]) -> str:
    """Intervals as people write them."""
    return " ∪ ".join(f"({_number(low)}, {_number(high)})" for low, high in intervals) or "nowhere"


def _number(value: float) -> str:
    return "−∞" if value == -inf else "∞" if value == inf else f"{value:.4g}".replace("-", "−")
