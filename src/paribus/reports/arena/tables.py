"""What each of the arena's records says: a title, facts, tables and notes, ready to be rendered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

from paribus.records.wording import count
from paribus.reports.arena.numbers import error, listed, number, point, pretty, proof
from paribus.reports.page import Table
from paribus.theory.arena import Convexity, Map, Online, Problem, Race, Sweep, Trace, Trajectory
from paribus.theory.arena.optimizers import LABELS
from paribus.theory.arena.race import GRID, TUNING

MOST = 20  # stationary points in a table


@dataclass(frozen=True)
class ArenaPage:
    """A record in words: what it is, facts, titled tables, and notes that must not be missed."""

    title: str
    facts: tuple[str, ...]
    tables: tuple[tuple[str, Table], ...]
    notes: tuple[str, ...] = ()


@singledispatch
def arena_page(record: Any) -> ArenaPage:
    """The words of a record of :mod:`paribus.theory.arena`."""
    raise TypeError(f"the arena has no such record: {type(record).__name__}")


@arena_page.register
def _race(race: Race) -> ArenaPage:
    single = len(race.starts) == 1
    heads = ("optimizer", "ended at", "last value", "steps", "gradients", "values", "Hessians")
    shared = ("optimizer", "arrived", "95 % interval", "steps, 50 % [10, 90]", "median last", "ended")
    table = Table(heads, tuple(map(_single, race.trajectories)), "llrrrrr") if single else _table(shared, race)
    where = (
        f"start {point(race.starts[0])}"
        if single
        else f"{len(race.starts)} random starts (seed {race.seed}), the same for all"
    )
    if not single and race.seed is None:
        where = f"{len(race.starts)} starts, the same for all"
    facts = (*_about(race.problem), f"{where}; {race.steps} steps", proof(race.checked))
    tables = [("who arrives where", table)]
    if not single and (places := _places(race)).rows:
        tables.append(("where they end", places))
    return ArenaPage(f"{race.problem.name}: {race.problem.surface.formula}", facts, tuple(tables), _cautions(race))


@arena_page.register
def _sweep(sweep: Sweep) -> ArenaPage:
    heads = ("optimizer", sweep.setting, "arrived", "95 % interval", "median steps", "median last", "ended")
    rows = tuple(
        (
            LABELS[trial.optimizer.name],
            f"{trial.value:.4g}",
            *_share(trial.summary.reached),
            f"{trial.summary.steps[1]:.0f}" if trial.summary.steps else "–",
            number(trial.summary.last),
            _kinds(trial.summary.kinds),
        )
        for trial in sweep.trials
    )
    where = f"{count(sweep.starts, 'start')}{f' (seed {sweep.seed})' if sweep.seed is not None else ''}"
    facts = (*_about(sweep.problem), f"{where}, {sweep.steps} steps", proof(sweep.checked))
    title = f"{sweep.problem.name}: what {sweep.setting} does"
    notes = (
        () if sweep.setting == "lr" else ("learning rates are the library's own unless --lr or --set says otherwise",)
    )
    return ArenaPage(title, facts, ((f"{sweep.setting} varied", Table(heads, rows, "lrrrrrl")),), notes)


@arena_page.register
def _map(found: Map) -> ArenaPage:
    rows = [
        (
            one.kind,
            point(one.point, 6),
            number(one.value),
            f"{one.gradient:.0e}" if one.gradient else "0",
            listed(one.eigenvalues),
            one.note,
        )
        for one in found.points[:MOST]
    ]
    heads = ("kind", "point", "value", "largest |∂f|", "eigenvalues of the Hessian", "note")
    columns = 6 if any(row[5] for row in rows) else 5
    table = Table(heads[:columns], tuple(row[:columns] for row in rows), "llrrll"[:columns])
    left = len(found.points) - MOST
    notes = ["points that no start leads to are not found: the list may be incomplete"]
    if left > 0:
        notes.insert(0, f"{left} more points with larger values are not shown (all of them: --json)")
    if not found.starts:
        given = (found.problem.surface.formula, proof(found.checked))
        return ArenaPage(f"a point of {found.problem.name}", given, (("", table),))
    search = f"Newton's method from {found.starts} random starts (seed {found.seed}): {len(found.points)} points"
    facts = (*_about(found.problem), search, proof(found.checked))
    return ArenaPage(f"stationary points of {found.problem.name}", facts, (("lowest first", table),), tuple(notes))


@arena_page.register
def _convexity(found: Convexity) -> ArenaPage:
    rows: list[tuple[str, str]] = [("verdict", f"{found.verdict} on its domain" if found.witness else found.verdict)]
    if found.witness:
        one = found.witness
        rows += [
            ("a, b", f"{point(one.a)}, {point(one.b)}"),
            ("λ", f"{one.weight:g}"),
            ("f(λa + (1 − λ)b)", f"{number(one.value)}  at {point(one.between)}"),
            ("λf(a) + (1 − λ)f(b)", f"{number(one.chord)}  which is less: the chord is crossed"),
        ]
    if found.bend:
        rows.append(
            (
                "curvature",
                f"{number(found.bend.eigenvalue)} at {point(found.bend.point)} along {point(found.bend.direction)}",
            )
        )
    if found.reason:
        rows.append(("because", found.reason))
    if found.verdict == "no witness found":
        rows.append(("tried", f"{found.tries} points, smallest curvature {number(found.smallest)}: this is no proof"))
    facts = (*_about(found.problem), proof(found.checked))
    return ArenaPage(f"is {found.problem.name} convex?", facts, (("", Table(("", ""), tuple(rows), "ll")),))


@arena_page.register
def _trace(trace: Trace) -> ArenaPage:
    tables = []
    for step in trace.steps:
        rows = [(pretty(line.symbol), pretty(line.formula), listed(line.values, 8)) for line in step.lines]
        title = f"step {step.t}: x = {listed(step.before, 8)}, f(x) = {number(step.value)}"
        tables.append((title, Table(("", "formula", "value"), tuple(rows), "lll")))
        if step.trials:
            tables.append((f"backtracking in step {step.t}", _trials(step.trials)))
    said = ", ".join(f"{pretty(key)} = {value:g}" for key, value in trace.settings.items())
    agree = f"every step equals the library's rule to {error(trace.largest)}"
    facts = (trace.problem.surface.formula, said, agree, proof(trace.checked))
    notes = (trace.ended.replace("-", "−"),) if trace.ended else ()
    title = f"{LABELS[trace.optimizer.name]} on {trace.problem.name}, number by number"
    return ArenaPage(title, facts, tuple(tables), notes)


@arena_page.register
def _online(walk: Online) -> ArenaPage:
    rows = tuple((one.name, f"{one.x[-1]:+.4f}".replace("-", "−"), number(float(one.regret[-1]))) for one in walk.walks)
    facts = (
        f"f_t(x) = {walk.c:g}x for t mod 3 = 1, else −x, on [−1, 1]: three steps add up to {walk.c - 2:g}x",
        f"β₁ = 0, β₂ = 1/(1 + C²) = {1 / (1 + walk.c**2):.4g}, learning rate {walk.lr:g}/√t, {walk.steps} steps",
        f"best point in hindsight: x = {walk.best:+g}".replace("-", "−"),
    )
    table = Table(("optimizer", "last x", "average regret"), rows, "lrr")
    return ArenaPage("Reddi's counterexample", facts, (("", table),))


def known(problems: Sequence[Problem]) -> ArenaPage:
    """All surfaces."""
    rows = tuple(
        (one.name, one.surface.formula, point(one.minima[0]) if one.minima else "none", number(one.lowest), one.source)
        for one in problems
    )
    table = Table(("surface", "formula", "lowest at", "value", "source"), rows, "lllrl")
    return ArenaPage(
        "surfaces",
        (),
        (("", table),),
        ("race on one: paribus arena NAME; your own: paribus arena --function 'x**2 + 3*y**2'",),
    )


def _table(heads: tuple[str, ...], race: Race) -> Table:
    rows = tuple(
        (
            trajectory.optimizer.label,
            *_share(trajectory.summary.reached),
            _steps(trajectory),
            number(trajectory.summary.last),
            _kinds(trajectory.summary.kinds),
        )
        for trajectory in race.trajectories
    )
    return Table(heads, rows, "lrrrrl")


def _single(trajectory: Trajectory) -> tuple[str, ...]:
    end = trajectory.summary.ends[0]
    place = f"{end.kind} {point(end.place)}" if end.place else end.kind
    steps = str(end.steps) if end.steps is not None else "–"
    asked = trajectory.asked
    calls = (f"{n:,}" if n else "" for n in (asked.gradients, asked.values, asked.hessians))
    return (trajectory.optimizer.label, place, number(float(trajectory.values[-1, 0])), steps, *calls)


def _places(race: Race) -> Table:
    """The places that most paths lead to, over all optimizers."""
    rows = []
    for trajectory in race.trajectories:
        found = trajectory.summary.places
        shown = ", ".join(f"{number_of}× {point(place)}" for place, _, number_of in found[:3])
        if len(found) > 1 and found[0][2] == 1:
            rows.append((trajectory.optimizer.label, f"{len(found)} different places"))
        elif found:
            more = f", {count(len(found) - 3, 'other place')}" if len(found) > 3 else ""
            rows.append((trajectory.optimizer.label, shown + more))
    return Table(("optimizer", "most frequent places"), tuple(rows), "ll")


def _about(problem: Problem) -> tuple[str, ...]:
    domain = " × ".join(f"[{a:g}, {b:g}]" for a, b in zip(problem.low, problem.high, strict=True)).replace("-", "−")
    if problem.dimensions > 3:
        domain = f"{domain.split(' × ')[0]} × … ({problem.dimensions} coordinates)"
    lowest = f"; lowest {number(problem.lowest)} at {' '.join(map(point, problem.minima))}" if problem.minima else ""
    box = "; points are put back into it" if problem.boxed else ""
    derived = [f"gradient: ({', '.join(problem.derivatives)})"] if problem.derivatives else []
    return (f"domain {domain}{box}{lowest}", *problem.facts, *derived)


def _cautions(race: Race) -> tuple[str, ...]:
    notes = []
    if any(one.tuned for one in race.trajectories):
        drawn = f"on {TUNING} other random starts" if race.seed is not None else "on the same start"
        notes.append(
            f"learning rates are each optimizer's best of {len(GRID)} from {GRID[0]:g} to {GRID[-1]:g}, chosen {drawn};"
            " line search, Newton and L-BFGS begin with 1"
        )
    ends = (GRID[0], GRID[-1])
    if edges := [
        one.optimizer.label for one in race.trajectories if one.tuned and one.optimizer.settings["lr"] in ends
    ]:
        notes.append(f"the best rate lies at the end of what was tried: {', '.join(edges)}")
    if any(one.optimizer.name == "adamw" and one.optimizer.settings.get("decay", 1) for one in race.trajectories):
        notes.append("AdamW also shrinks x towards 0 (decay 0.01): it need not rest where the gradient is zero")
    if not race.problem.minima:
        notes.append("no global minimum is known here: learning rates are not tuned, arrived means at any minimum")
    if race.problem.derivatives and race.problem.minima:
        notes.append(f"the global minimum is {race.problem.source}: nothing proves that there is no lower one")
    return tuple(notes)


def _share(share: Any) -> tuple[str, str]:
    return f"{share.count}/{share.of}", f"[{100 * share.low:.0f}, {100 * share.high:.0f}] %"


def _steps(trajectory: Trajectory) -> str:
    steps = trajectory.summary.steps
    return f"{steps[1]:.0f} [{steps[0]:.0f}, {steps[2]:.0f}]" if steps else "–"


def _kinds(kinds: dict[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in kinds.items())


def _trials(trials: Sequence[Any]) -> Table:
    rows = tuple(
        (
            f"{t.length:.6g}",
            number(t.value),
            "≤" if t.accepted else ">",
            number(t.bound),
            "accepted" if t.accepted else "too long",
        )
        for t in trials
    )
    return Table(("a", "f(x + a d)", "", "f(x) + c·a·gᵀd", ""), rows, "rrlrl")
