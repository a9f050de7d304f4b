"""From runs that another tool logged to a table for evidence: a row for each run, or for each of its steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from paribus.errors import EvidenceError, nearest
from paribus.exchange.logged import FINISHED, Logged
from paribus.exchange.stores import Store
from paribus.records.wording import count, show

SEEDS = ("seed", "random_seed", "random_state", "rng_seed", "global_seed", "manual_seed", "torch_seed", "np_seed")
STEP = "step"
FOLDER = "run"  # the parameter that the name of a folder stands for: of course it differs
LOST = ("failed", "killed", "crashed")  # what their figures are worth, nobody knows
SHOWN = 5  # runs that are named one by one
FEW = 12  # values of a parameter that are named


@dataclass(frozen=True)
class Frame:
    """A table for evidence.

    Args:
        columns: name → values, a row for each run or for each of its steps; ``None`` for the figure of one that has
            none. Beside arms, seed and figure these are the parameters that differ.
        arms: the columns that make an arm.
        seed: the column of the seeds; ``None`` where runs have none.
        step: the column of the steps; ``None`` where there is a row for each run.
        notes: what readers have to know: runs that are left out, parameters that differ and are no arm.
    """

    columns: Mapping[str, list[Any]]
    arms: tuple[str, ...]
    seed: str | None
    step: str | None
    notes: tuple[str, ...] = ()


def frame(store: Store, metric: str | None, arms: Sequence[str], seed: str | None = None) -> Frame:
    """The table of a store's runs.

    Args:
        store: what was read.
        metric: a figure by its name. Where runs have a seed and logged it more than once, all of its steps are rows;
            else the last one is.
        arms: the parameters that make an arm; the last word of a dotted one will do where it means one only.
        seed: the parameter that is the seed; by default the one that is called like one.

    Raises:
        EvidenceError: for a parameter or a figure that no run has, naming those that there are.
    """
    every = [_with_study(run, store.runs) for run in store.runs]
    figure = _check_figure(every, metric)
    arms = _arms(every, arms)
    chosen = find_seed(every, arms) if seed is None else _parameter(seed, every)
    needed = [*arms, *([chosen] if chosen else [])]
    runs = [run for run in every if all(run.params.get(name) is not None for name in needed)]
    if not runs:
        raise EvidenceError(f"no run says all of {', '.join(needed)}", got=_names(every), hint="name others")
    differing = _differing(runs, needed)
    by_step = chosen is not None and any(len(run.curves.get(figure, ())) > 1 for run in runs)
    rows = [row for run in runs for row in _rows(run, figure, [*needed, *differing], by_step)]
    notes = (
        *store.notes,
        *_left(every, runs, needed),
        *_lost(runs, figure),
        *_confounders(runs, differing, arms, figure),
    )
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return Frame(columns, arms, chosen, STEP if by_step else None, notes)


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


def _check_figure(runs: Sequence[Logged], metric: str | None) -> str:
    """The name of the figure, which some run has logged."""
    figures = {name for run in runs for name in run.curves}
    if metric is None:
        rule = "it has to be said which figure is compared"
        raise EvidenceError(rule, got="no --metric", hint=nearest("", figures))
    if metric not in figures:
        raise EvidenceError("no run has logged this figure", got=metric, hint=nearest(metric, figures))
    return metric


def _arms(runs: Sequence[Logged], given: Sequence[str]) -> tuple[str, ...]:
    """The parameters that make an arm."""
    if not given:
        differ = sorted(_differing(runs, ()))
        hint = f"these differ between the runs: {', '.join(differ)}" if differ else "none differs between the runs"
        raise EvidenceError("it has to be said which parameter makes the arms", got="no --arm", hint=hint)
    return tuple(_parameter(name, runs) for name in given)


def _parameter(name: str, runs: Sequence[Logged]) -> str:
    """The parameter that somebody means: by its name, or by the last word of a dotted one that alone ends so."""
    params = dict.fromkeys(param for run in runs for param in run.params)
    meant = [param for param in params if param.rpartition(".")[2] == name]
    if name not in params and len(meant) != 1:
        hint = f"say which: {', '.join(meant)}" if meant else nearest(name, params)
        raise EvidenceError("no run has this parameter", got=name, hint=hint)
    return name if name in params else meant[0]


def _with_study(run: Logged, runs: Sequence[Logged]) -> Logged:
    """Where a store has several experiments, which one a run belongs to is one of its parameters."""
    if len({one.study for one in runs}) < 2:
        return run
    return replace(run, params={"experiment": run.study, **run.params})


def _rows(run: Logged, metric: str, names: Sequence[str], by_step: bool) -> Iterator[dict[str, Any]]:
    """The rows of a run; one that has not the figure, or failed, has one without it."""
    about = {name: _plain(run.params.get(name)) for name in names}
    points = run.curves.get(metric, ()) if run.state not in LOST else ()
    if by_step:
        yield from ({**about, STEP: step, metric: value} for step, value in points or ((0, None),))
    else:
        yield {**about, metric: points[-1][1] if points else None}


def _plain(value: Any) -> Any:
    """A parameter as a cell of a table."""
    return value if value is None or isinstance(value, (bool, int, float, str)) else show(value)


def _left(every: Sequence[Logged], runs: Sequence[Logged], needed: Sequence[str]) -> Iterator[str]:
    """Which runs lack a parameter that makes the arm, or the seed: of these nobody knows where they belong."""
    known = {id(run) for run in runs}
    if left := [run for run in every if id(run) not in known]:
        yield f"{count(len(left), 'run')} without {' or '.join(needed)} left out: {_names(left)}."


def _lost(runs: Sequence[Logged], metric: str) -> Iterator[str]:
    """Which runs did not finish, and what becomes of their figures."""
    ended = [run for run in runs if run.curves.get(metric) and run.state != FINISHED]
    for state in dict.fromkeys(run.state for run in ended):
        some = [run for run in ended if run.state == state]
        what = "what such a run logged does not count" if state in LOST else "what such a run logged last counts"
        yield f"{count(len(some), 'run')} {state}: {_names(some)}; {what}."


def _names(runs: Sequence[Logged]) -> str:
    names = ", ".join(run.name for run in runs[:SHOWN])
    return names if len(runs) <= SHOWN else f"{names} and {len(runs) - SHOWN} more"


def _confounders(
    runs: Sequence[Logged], differing: Mapping[str, Sequence[str]], arms: Sequence[str], metric: str
) -> Iterator[str]:
    """Parameters that differ and are neither arm nor seed: what they do is taken for what the arm does."""
    for name, values in differing.items():
        if name in (metric, FOLDER):
            continue
        said = ", ".join(values[:FEW]) + (" …" if len(values) > FEW else "")
        text = f"{name} differs between the runs ({said}) and is neither arm nor seed"
        if any(len(of_arm) > 1 for of_arm in _by_arm(runs, name, arms).values()):
            yield f"{text}: it adds to the spread, and where arms have it unevenly, to the differences."
        else:
            yield f"{text}: what it does cannot be told from what {' and '.join(arms)} does."


def _by_arm(runs: Sequence[Logged], name: str, arms: Sequence[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for run in runs:
        arm = show([run.params.get(one) for one in arms])
        found.setdefault(arm, set()).add(show(run.params.get(name)))
    return found


def _differing(runs: Sequence[Logged], known: Sequence[str]) -> dict[str, list[str]]:
    """Parameters with several values: name → those, as people write them."""
    names = dict.fromkeys(name for run in runs for name in run.params if name not in known)
    return {name: values for name in names if len(values := _values(runs, name)) > 1}


def _values(runs: Sequence[Logged], name: str) -> list[str]:
    return list(dict.fromkeys(show(run.params.get(name)) for run in runs))
