"""From runs that another tool logged to a table for evidence: a row for each run, or for each of its steps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paribus.errors import EvidenceError, nearest
from paribus.exchange.logged import FINISHED, Logged, Points
from paribus.exchange.stores import Store
from paribus.records.wording import count, show

SEEDS = ("seed", "random_seed", "random_state", "rng_seed", "global_seed", "manual_seed", "torch_seed", "np_seed")
STEP = "step"
SHOWN = 5  # runs that are named one by one
FEW = 12  # values of a parameter that are named
_PICK = re.compile(r"(best|last|first|mean([1-9]\d{0,3})):")


@dataclass(frozen=True)
class Frame:
    """A table for evidence.

    Args:
        rows: column → value; ``None`` for the figure of a run that has none.
        arms: the columns that make an arm.
        seed: the column of the seeds; ``None`` where runs have none.
        metric: the column of the figure.
        notes: what readers have to know: runs that are left out, parameters that differ and are no arm.
    """

    rows: Sequence[Mapping[str, Any]]
    arms: tuple[str, ...]
    seed: str | None
    metric: str
    notes: tuple[str, ...] = ()


def frame(store: Store, metric: str, arms: Sequence[str], seed: str | None = None, by_step: bool = False) -> Frame:
    """The table of a store's runs.

    Args:
        store: what was read.
        metric: a figure by its name; its last value counts.
        arms: the parameters that make an arm.
        seed: the parameter that is the seed; by default the one that is called like one.
        by_step: whether all steps are wanted, or the last only.

    Raises:
        EvidenceError: for a parameter or a figure that no run has, naming those that there are.
    """
    runs = [_with_study(run, store.runs) for run in store.runs]
    _check(runs, metric, arms)
    chosen = seed or find_seed(runs, arms)
    if seed is not None:
        _known(seed, runs, "parameter")
    having = [run for run in runs if run.curves.get(metric)]
    rows = [row for run in runs for row in _rows(run, metric, arms, chosen, by_step)]
    notes = (*store.notes, *_missing(runs, metric), *_confounders(having, arms, chosen, metric))
    return Frame(rows, tuple(arms), chosen, metric, notes)


def find_seed(runs: Sequence[Logged], arms: Sequence[str] = ()) -> str | None:
    """The parameter that is the seed by its name, of several the one that differs.

    Raises:
        EvidenceError: if several do.
    """
    names = {name for run in runs for name in run.params if name.rpartition(".")[2].lower() in SEEDS}
    found = sorted(names - {*arms})
    if len(found) > 1:
        found = [name for name in found if len(_values(runs, name)) > 1] or found[:1]
    if len(found) > 1:
        said = [[run.params.get(name) for run in runs] for name in found]
        if any(values != said[0] for values in said):
            raise EvidenceError("several parameters are called like a seed", got=found, hint=f"write --seed {found[0]}")
    return found[0] if found else None


def _check(runs: Sequence[Logged], metric: str, arms: Sequence[str]) -> None:
    """Refuse what no run has."""
    if not arms:
        differ = sorted(_differing(runs, ()))
        hint = f"these parameters differ: {', '.join(differ)}" if differ else "no parameter differs between the runs"
        raise EvidenceError("arms are made by a parameter of the runs", got="no --arm", hint=hint)
    for arm in arms:
        _known(arm, runs, "parameter")
    if not any(run.curves.get(metric) for run in runs):
        figures = {name for run in runs for name in run.curves}
        raise EvidenceError("no run has logged this figure", got=metric, hint=nearest(metric, figures))


def _known(name: str, runs: Sequence[Logged], what: str) -> None:
    if not any(name in run.params for run in runs):
        params = {param for run in runs for param in run.params}
        raise EvidenceError(f"no run has this {what}", got=name, hint=nearest(name, params))


def _with_study(run: Logged, runs: Sequence[Logged]) -> Logged:
    """Where a store has several experiments, which one a run belongs to is one of its parameters."""
    if len({one.study for one in runs}) < 2 or "experiment" in run.params:
        return run
    from dataclasses import replace

    return replace(run, params={**run.params, "experiment": run.study})


def _rows(run: Logged, metric: str, arms: Sequence[str], seed: str | None, by_step: bool) -> Iterator[dict[str, Any]]:
    """The rows of a run; one that has not the figure, or failed, has one without it."""
    about = {name: _plain(run.params.get(name)) for name in arms}
    if seed is not None:
        about[seed] = run.params.get(seed)
    points: Points = run.curves.get(metric, ()) if run.state not in ("failed", "killed") else ()
    if not points:
        yield {**about, **({STEP: None} if by_step else {}), metric: None}
    elif by_step:
        yield from ({**about, STEP: step, metric: value} for step, value in points)
    else:
        yield {**about, metric: points[-1][1]}


def _plain(value: Any) -> Any:
    """A parameter as the name of an arm: a number, or a text."""
    return value if isinstance(value, (bool, int, float, str)) else show(value)


def _missing(runs: Sequence[Logged], metric: str) -> Iterator[str]:
    """Which runs have no figure, and why."""
    lacking = [run for run in runs if not run.curves.get(metric)]
    if lacking:
        yield f"{count(len(lacking), 'run')} logged no {metric}: {_names(lacking)}."
    ended = [run for run in runs if run.curves.get(metric) and run.state != FINISHED]
    for state in dict.fromkeys(run.state for run in ended):
        some = [run for run in ended if run.state == state]
        left = "their figures are left out" if state in ("failed", "killed") else "their last figures count"
        yield f"{count(len(some), 'run')} {state}; {left}: {_names(some)}."


def _names(runs: Sequence[Logged]) -> str:
    names = ", ".join(run.name for run in runs[:SHOWN])
    return names if len(runs) <= SHOWN else f"{names} and {len(runs) - SHOWN} more"


def _confounders(runs: Sequence[Logged], arms: Sequence[str], seed: str | None, metric: str) -> Iterator[str]:
    """Parameters that differ between runs and are neither arm nor seed: what they do is taken for what the arm does."""
    for name, values in sorted(_differing(runs, {*arms, *([seed] if seed else [])}).items()):
        if name == metric or name in ("run",):
            continue
        said = ", ".join(values[:FEW]) + (" …" if len(values) > FEW else "")
        within = any(len(of_arm) > 1 for of_arm in _by_arm(runs, name, arms).values())
        where = "within arms too" if within else "only between arms: what it does cannot be told from what they do"
        yield f"{name} differs between the runs ({said}) and is neither arm nor seed, {where}."


def _by_arm(runs: Sequence[Logged], name: str, arms: Sequence[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for run in runs:
        arm = show([run.params.get(one) for one in arms])
        found.setdefault(arm, set()).add(show(run.params.get(name)))
    return found


def _differing(runs: Sequence[Logged], known: Any) -> dict[str, list[str]]:
    """Parameters with several values: name → those, as people write them."""
    names = dict.fromkeys(name for run in runs for name in run.params if name not in known)
    return {name: values for name in names if len(values := _values(runs, name)) > 1}


def _values(runs: Sequence[Logged], name: str) -> list[str]:
    return list(dict.fromkeys(show(run.params.get(name)) for run in runs))
