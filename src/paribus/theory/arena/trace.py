"""The first steps of an optimizer, number by number.

Each rule is written once more here, as by hand: lines of formulas, which are read and computed as they stand.
What they give is compared with the step that :mod:`paribus.scratch.optim` takes, and shown only where both agree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from paribus.errors import TheoryError
from paribus.scratch.graph import Array
from paribus.scratch.optim import LBFGS, LineSearch, Newton, Rule, Trial
from paribus.scratch.optim.rules import rate
from paribus.theory.arena.expression import CONSTANTS, evaluate, read
from paribus.theory.arena.optimizers import Asked, Optimizer, settings_of
from paribus.theory.arena.problems import Point, Problem
from paribus.theory.arena.race import starting_points
from paribus.theory.arena.verify import Check, check
from paribus.theory.derivations.record import TOLERANCE

MOST = 1000  # steps of a trace
MEAN = (("m", "beta1*m + (1 - beta1)*g"), ("m_hat", "m / (1 - beta1**t)"))
SQUARE = (("v", "beta2*v + (1 - beta2)*g**2"), ("v_hat", "v / (1 - beta2**t)"))
ADAM = ("x", "x - lr*m_hat / (sqrt(v_hat) + eps)")

FORMULAS: dict[str, tuple[tuple[str, str], ...]] = {
    "sgd": (("x", "x - lr*g"),),
    "momentum": (("v", "mu*v + g"), ("x", "x - lr*v")),
    "nesterov": (("v", "mu*v + g"), ("x", "x - lr*(g + mu*v)")),
    "adagrad": (("s", "s + g**2"), ("x", "x - lr*g / (sqrt(s) + eps)")),
    "rmsprop": (("s", "alpha*s + (1 - alpha)*g**2"), ("x", "x - lr*g / (sqrt(s) + eps)")),
    "adam": (*MEAN, *SQUARE, ADAM),
    "adamw": (*MEAN, *SQUARE, ("x", "(1 - lr*decay)*x - lr*m_hat / (sqrt(v_hat) + eps)")),
    "adamax": (*MEAN, ("u", "max(beta2*u, abs(g) + eps)"), ("x", "x - lr*m_hat / u")),
    "nadam": (
        ("mu", "beta1*(1 - 0.5 * 0.96**(psi*t))"),
        ("nu", "beta1*(1 - 0.5 * 0.96**(psi*(t + 1)))"),
        ("p", "p*mu"),
        MEAN[0],
        ("m_hat", "nu*m / (1 - p*nu) + (1 - mu)*g / (1 - p)"),
        *SQUARE,
        ADAM,
    ),
    "amsgrad": (
        *MEAN,
        SQUARE[0],
        ("w", "max(w, v)"),
        ("w_hat", "w / (1 - beta2**t)"),
        ("x", "x - lr*m_hat / (sqrt(w_hat) + eps)"),
    ),
    "newton": (("d", "solve(H, g)"), ("x", "x - lr*d")),
    "linesearch": (("x", "x - a*g"),),
    "lbfgs": (("d", "-product(B, g)"), ("x", "x + a*d")),
}
MEMORY = {"m": 0.0, "v": 0.0, "s": 0.0, "u": 0.0, "w": 0.0, "p": 1.0}  # what each rule begins with
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sqrt": np.sqrt,
    "abs": np.abs,
    "max": np.maximum,
    "solve": np.linalg.solve,
    "product": np.matmul,
}


@dataclass(frozen=True)
class Line:
    """One line of a step: a symbol, the formula that gives it, and its numbers."""

    symbol: str
    formula: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class Step:
    """One step.

    Args:
        t: its number, from 1.
        before: the point it starts from.
        value: of the function there.
        lines: the gradient, then every line of the rule; the last is the new point.
        trials: the lengths that a line search has tried, the accepted one last.
        error: relative difference between the new point here and the one the library's rule gives.
    """

    t: int
    before: Point
    value: float
    lines: tuple[Line, ...]
    trials: tuple[Trial, ...]
    error: float


@dataclass(frozen=True)
class Trace:
    """The first steps of an optimizer on a surface, each verified.

    Args:
        problem: the surface.
        optimizer: the optimizer.
        settings: its numbers.
        steps: one after the other.
        checked: proof that the surface's gradient and Hessian are right.
        ended: why there are fewer steps than were asked for.
    """

    problem: Problem
    optimizer: Optimizer
    settings: dict[str, float]
    steps: tuple[Step, ...]
    checked: Check
    ended: str = ""

    @property
    def largest(self) -> float:
        """The largest relative difference between these formulas and the library's rule."""
        return max(step.error for step in self.steps)


def trace(problem: Problem, optimizer: Optimizer, start: Any = None, steps: int = 3) -> Trace:
    """Each number of an optimizer's first steps.

    Args:
        problem: the surface.
        optimizer: the optimizer; its library learning rate holds unless one was given.
        start: where to begin; the problem's own start by default.
        steps: how many steps.

    Raises:
        TheoryError: for impossible numbers, or should the formulas and the library's rule disagree.
    """
    if not 1 <= steps <= MOST:
        raise TheoryError(f"a trace has 1 to {MOST} steps", got=steps)
    checked, x = check(problem), starting_points(problem, start)[0]
    rule = optimizer.rule(problem, Asked())
    state, names, found, ended = rule.init(x), _settings(optimizer), [], ""
    memory: dict[str, Any] = {key: np.full_like(x, value) for key, value in MEMORY.items()}
    for t in range(1, steps + 1):
        g = problem.gradient(x)
        moved, after = _update(rule, g, state, x)
        lines, trials = _lines(optimizer.name, rule, problem, g, after, names | memory | {"x": x, "t": t})
        error = float(np.abs(np.array(lines[-1].values) - moved).max() / max(1.0, float(np.abs(moved).max())))
        if not error <= TOLERANCE:
            raise TheoryError("formulas and library disagree", got=f"{optimizer.label}, step {t}: {error:.1e}")
        found.append(Step(t, tuple(x.tolist()), float(problem.value(x)), lines, trials, error))
        memory |= {line.symbol: np.array(line.values) for line in lines if line.symbol in MEMORY}
        x, state = moved, after
        if not problem.defined(x):
            where = ", ".join(f"{v:.8g}" for v in x)
            ended = f"step {t} leads to ({where}), where f has no value: the path ends there"
            break
    settings = {key: value for key, value in names.items() if key not in CONSTANTS}
    return Trace(problem, optimizer, settings, tuple(found), checked, ended)


def _lines(
    name: str, rule: Rule, problem: Problem, g: Array, after: tuple[Any, ...], names: Mapping[str, Any]
) -> tuple[tuple[Line, ...], tuple[Trial, ...]]:
    """The lines of one step, computed from their own text."""
    known: dict[str, Any] = {**names, "g": g}
    trials: tuple[Trial, ...] = ()
    lines = [Line("g", "∇f(x)", _numbers(g))]
    if names.get("decay") and name != "adamw":
        known["g"] = g + names["decay"] * names["x"]
        lines.append(Line("g", "g + decay*x", _numbers(known["g"])))
    if isinstance(rule, Newton):
        known["H"] = _bent(problem.hessian(names["x"]), rule.damping)
        lines.append(Line("H", "∇²f(x)" if rule.damping is None else "∇²f(x), |λ| ≥ damping", _numbers(known["H"])))
    if isinstance(rule, LBFGS):
        known["B"] = inverse_hessian(after[1], len(g))
        lines.append(Line("B", f"inverse Hessian from {len(after[1])} pairs (s, y)", _numbers(known["B"])))
    for symbol, formula in FORMULAS[name]:
        if symbol == "x" and isinstance(rule, LineSearch):
            trials = tuple(rule.search(g, names["x"], known.get("d", -g), names["t"] - 1))
            known["a"] = trials[-1].length
        known[symbol] = evaluate(read(formula, known, FUNCTIONS), known, FUNCTIONS)
        lines.append(Line(symbol, formula, _numbers(known[symbol])))
    return tuple(lines), trials


def inverse_hessian(pairs: tuple[tuple[Array, Array], ...], n: int) -> Array:
    """L-BFGS's inverse Hessian written out: B ← VᵀBV + ρssᵀ with V = I − ρysᵀ, ρ = 1/yᵀs (Nocedal and Wright 7.16)."""
    b = np.eye(n)
    if pairs:
        s, y = pairs[-1]
        b *= (s @ y) / (y @ y)
    for s, y in pairs:
        rho = 1 / (y @ s)
        turn = np.eye(n) - rho * np.outer(y, s)
        b = turn.T @ b @ turn + rho * np.outer(s, s)
    return b


def _bent(h: Array, damping: float | None) -> Array:
    if damping is None:
        return h
    values, vectors = np.linalg.eigh(h)
    bent: Array = vectors @ np.diag(np.maximum(np.abs(values), damping)) @ vectors.T
    return bent


def _settings(optimizer: Optimizer) -> dict[str, Any]:
    """The rule's numbers under the names of the formulas."""
    letters = {"momentum": "mu", "warming": "psi"}
    whole = {**settings_of(optimizer.name), **optimizer.settings}
    numbers = {letters.get(key, key): rate(value, 0) for key, value in whole.items() if value is not None}
    return {**CONSTANTS, **numbers}


def _update(rule: Rule, g: Array, state: tuple[Any, ...], x: Array) -> tuple[Array, tuple[Any, ...]]:
    try:
        return rule.update(g, state, x)
    except np.linalg.LinAlgError:
        raise TheoryError(
            "the Hessian is singular here: Newton's step does not exist",
            got=x.tolist(),
            hint="--set newton.damping=0.1",
        ) from None


def _numbers(values: Any) -> tuple[float, ...]:
    return tuple(np.asarray(values, float).ravel().tolist())
